// The door of every engine: checks what comes in, keeps one loop per session, and answers by name once something is
// closed.

import { TollError, messageOf } from '../base/index.js'
import { checkFeeds, checkLoop, type Sizes } from './check.js'
import type {
  Device,
  Engine,
  HostTensors,
  Loop,
  LoopOptions,
  NumberTensor,
  PortType,
  Program,
  Session,
} from './engine.js'
import type { Executor } from './executor.js'

/** What stands behind the door. */
export interface EngineCore {
  readonly device: Device
  readonly threads: number
  /** Whether float32 may be fed where float64 is declared. */
  readonly widens: boolean
  open(program: Program): Promise<Executor>
  /** Fails pending calls with `aborted` and frees everything; called once. */
  close(): Promise<void>
}

/** An engine over `core`. */
export function engineOver(core: EngineCore): Engine {
  let closing: Promise<void> | undefined
  return {
    device: core.device,
    threads: core.threads,
    async load(program) {
      if (closing) throw new TollError('aborted', 'the engine is closed')
      try {
        return new CheckedSession(await core.open(program), core.widens)
      } catch (error) {
        // Bytes come from outside; a graph that does not load is a fault of the compiler.
        if ('outputs' in program && error instanceof TollError && error.code === 'format') {
          throw new TollError('internal', `a compiled graph does not load: ${messageOf(error)}`, {
            ...error.details,
            cause: error.cause,
          })
        }
        throw error
      }
    },
    close: () => (closing ??= core.close()),
  }
}

class CheckedSession implements Session {
  readonly #executor: Executor
  readonly #widens: boolean
  readonly #name: string
  #loop: CheckedLoop | undefined
  #closing: Promise<void> | undefined

  constructor(executor: Executor, widens: boolean) {
    this.#executor = executor
    this.#widens = widens
    const names = executor.outputs.map((output) => `'${output.name}'`)
    this.#name =
      'the program for ' + `${names.slice(0, 3).join(', ')}${names.length > 3 ? `, ... (${names.length} outputs)` : ''}`
  }

  get inputs(): readonly PortType[] {
    return this.#executor.inputs
  }

  get outputs(): readonly PortType[] {
    return this.#executor.outputs
  }

  async run(feeds: HostTensors): Promise<Record<string, NumberTensor>> {
    this.#checkOpen()
    checkFeeds(this.inputs, feeds, this.#name, { sizes: new Map(), widen: this.#widens })
    return named(this.#name, () => this.#executor.run(feeds))
  }

  async loop(options: LoopOptions): Promise<Loop> {
    this.#checkOpen()
    if (this.#loop && !this.#loop.closed) {
      throw new TollError('busy', `${this.#name} is in a loop already; close that loop first`)
    }
    const { fed, sizes } = checkLoop(this.inputs, this.outputs, options, this.#name, this.#widens)
    const loop = new CheckedLoop(this.#executor, {
      fed,
      sizes,
      widens: this.#widens,
      name: this.#name,
      state: Object.keys(options.state),
    })
    this.#loop = loop
    try {
      await named(this.#name, () => this.#executor.begin(options))
    } catch (error) {
      this.#loop = undefined
      throw error
    }
    return loop
  }

  close(): Promise<void> {
    if (this.#loop) this.#loop.closed = true
    return (this.#closing ??= quietIfClosed(this.#executor.close()))
  }

  #checkOpen(): void {
    if (this.#closing) throw new TollError('aborted', `${this.#name} is closed`)
  }
}

interface LoopShape {
  readonly fed: readonly PortType[]
  readonly sizes: Sizes
  readonly widens: boolean
  readonly name: string
  /** Names of the state inputs. */
  readonly state: readonly string[]
}

class CheckedLoop implements Loop {
  readonly #executor: Executor
  readonly #shape: LoopShape
  closed = false

  constructor(executor: Executor, shape: LoopShape) {
    this.#executor = executor
    this.#shape = shape
  }

  async advance(feeds: readonly HostTensors[]): Promise<Record<string, NumberTensor>[]> {
    this.#checkOpen()
    const { fed, sizes, widens, name } = this.#shape
    // All of them before the first runs: a wrong feed leaves the state as it was.
    for (const feed of feeds) checkFeeds(fed, feed, name, { sizes, widen: widens })
    return named(name, () => this.#executor.advance(feeds))
  }

  async state(names?: readonly string[]): Promise<Record<string, NumberTensor>> {
    this.#checkOpen()
    const unknown = names?.find((name) => !this.#shape.state.includes(name))
    if (unknown !== undefined)
      throw new TollError(
        'unknown-parameter',
        `'${unknown}' is no state of ${this.#shape.name}; it has ${this.#shape.state.join(', ')}`,
        { option: 'names', value: unknown, expected: this.#shape.state },
      )
    return this.#executor.state(names)
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    await quietIfClosed(this.#executor.end())
  }

  #checkOpen(): void {
    if (this.closed) throw new TollError('aborted', `the loop over ${this.#shape.name} is closed`)
  }
}

/** Says which program failed. */
async function named<T>(name: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof TollError && error.code === 'data')
      throw new TollError(error.reason, `${name} failed: ${messageOf(error)}`, {
        ...error.details,
        part: name,
        cause: error.cause,
      })
    throw error
  }
}

/** Closing what went down with its engine is no error. */
async function quietIfClosed(closing: Promise<void>): Promise<void> {
  try {
    await closing
  } catch (error) {
    if (!(error instanceof TollError && (error.code === 'aborted' || error.code === 'device'))) throw error
  }
}
