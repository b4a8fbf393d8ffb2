// One engine for all models of the process that were given none: opened for the first of them, counted, and closed with
// the last. Whoever holds a share has an engine like any other; to close it is to give the share back.

import { TollError } from '../base/index.js'
import { openEngine } from '#engine'
import type { Engine, Program, Session } from './engine.js'

/** The engine that is open now and how many hold it. Engines are of the process, like the threads that they are. */
let current: { readonly engine: Promise<Engine>; holders: number } | undefined

class Share implements Engine {
  readonly #engine: Engine
  readonly #group: NonNullable<typeof current>
  #closing: Promise<void> | undefined

  constructor(engine: Engine, group: NonNullable<typeof current>) {
    this.#engine = engine
    this.#group = group
  }

  get device() {
    return this.#engine.device
  }

  get threads() {
    return this.#engine.threads
  }

  async load(program: Program): Promise<Session> {
    if (this.#closing) throw new TollError('aborted', 'the model that held this engine is closed')
    return this.#engine.load(program)
  }

  close(): Promise<void> {
    return (this.#closing ??= leave(this.#group))
  }

  /** One more share of the same engine. */
  again(): Share {
    if (this.#closing) throw new TollError('aborted', 'the model that held this engine is closed')
    this.#group.holders++
    return new Share(this.#engine, this.#group)
  }
}

async function leave(group: NonNullable<typeof current>): Promise<void> {
  if (--group.holders > 0) return
  if (current === group) current = undefined
  await (await group.engine).close()
}

/** A share of the engine that everything without one of its own runs on. Errors as those of `openEngine`. */
export async function sharedEngine(): Promise<Engine> {
  const group = (current ??= { engine: openEngine(), holders: 0 })
  group.holders++
  try {
    return new Share(await group.engine, group)
  } catch (error) {
    // What could not be opened is tried again by whoever comes next.
    if (current === group) current = undefined
    throw error
  }
}

/** A share of its own for another holder; an engine that the caller opened as it is. */
export function shareOf(engine: Engine): Engine {
  return engine instanceof Share ? engine.again() : engine
}

/** Gives a share back; an engine that the caller opened stays open. */
export async function release(engine: Engine): Promise<void> {
  if (engine instanceof Share) await engine.close()
}

/** Error: `argument` for what is given as an engine and is none. */
export function checkEngine(engine: unknown): void {
  if (engine === undefined || (typeof engine === 'object' && engine !== null && 'load' in engine)) return
  throw new TollError(
    'wrong-type',
    `the engine must be one that openEngine gives, got ${engine === null ? 'null' : typeof engine}`,
    {
      option: 'engine',
      value: engine,
      expected: 'Engine',
    },
  )
}
