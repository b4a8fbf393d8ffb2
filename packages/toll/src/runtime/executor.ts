// Inside an engine: what an implementation has to do itself, and the loop with carried state that all of them share.

import { TollError } from '../base/index.js'
import type { HostTensor, HostTensors, LoopOptions, NumberTensor, PortType } from './engine.js'
import { copyTensor } from './host.js'

/** One loaded program. Whoever calls has checked names, types and shapes, and runs one loop at a time. */
export interface Executor {
  readonly inputs: readonly PortType[]
  readonly outputs: readonly PortType[]
  run(feeds: HostTensors): Promise<Record<string, NumberTensor>>
  begin(loop: LoopOptions): Promise<void>
  advance(feeds: readonly HostTensors[]): Promise<Record<string, NumberTensor>[]>
  state(names?: readonly string[]): Promise<Record<string, NumberTensor>>
  end(): Promise<void>
  close(): Promise<void>
}

/** Runs a program on values of its own kind, `V`. */
export interface Kernel<V> {
  readonly inputs: readonly PortType[]
  readonly outputs: readonly PortType[]
  /** Whether `run` writes into buffers that it is given; else it returns new ones. */
  readonly writesInto: boolean
  /** Called when a loop begins: these outputs will be fed back, so they may stay where the engine computes. */
  keep(outputs: readonly string[]): void | Promise<void>
  /** The kernel's value of a host tensor; never changes the host's numbers later. */
  hold(tensor: HostTensor): V
  /** The value of a constant of a loop, held where the engine computes; never asked back. */
  reside(tensor: HostTensor): V
  /** The numbers of a value; may share memory with it. */
  host(value: V): NumberTensor | Promise<NumberTensor>
  run(feeds: Readonly<Record<string, V>>, into: Readonly<Record<string, V>>): Promise<Record<string, V>>
  /** Gives up a value. */
  free(value: V): void
  close(): void | Promise<void>
}

/**
 * Calls to one engine take turns, and a stopped engine fails them between two runs. Knows what is loaded, to free it at
 * the end.
 */
export class Turns {
  readonly #stopped: () => boolean
  readonly #open = new Set<Executor>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(stopped: () => boolean) {
    this.#stopped = stopped
  }

  take<T>(task: () => Promise<T>): Promise<T> {
    return this.last(async () => {
      this.check()
      const value = await task()
      this.check()
      return value
    })
  }

  /** A turn that a stopped engine still gives: for what frees. */
  last<T>(task: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(task)
    this.#last = result.catch(() => {})
    return result
  }

  opened(executor: Executor): void {
    this.#open.add(executor)
  }

  closed(executor: Executor): void {
    this.#open.delete(executor)
  }

  /** Frees everything loaded, after the call that runs now. */
  async close(): Promise<void> {
    await Promise.all([...this.#open].map((executor) => executor.close()))
    await this.last(() => {})
  }

  /** Throws `aborted` once the engine was closed. */
  check(): void {
    if (this.#stopped()) throw new TollError('aborted', 'the engine was closed')
  }
}

interface LoopValues<V> {
  readonly constants: Readonly<Record<string, V>>
  state: Readonly<Record<string, V>>
  /** What the next run writes its state into, under the names of the inputs. */
  spare: Readonly<Record<string, V>>
  readonly carry: Readonly<Record<string, string>>
}

/** Makes an executor of a kernel: holds the constants and the state of a loop, and swaps two buffers per state. */
export class Stepper<V> implements Executor {
  readonly #kernel: Kernel<V>
  readonly #turns: Turns
  #loop: LoopValues<V> | undefined
  #closing: Promise<void> | undefined

  constructor(kernel: Kernel<V>, turns: Turns) {
    this.#kernel = kernel
    this.#turns = turns
    turns.opened(this)
  }

  get inputs(): readonly PortType[] {
    return this.#kernel.inputs
  }

  get outputs(): readonly PortType[] {
    return this.#kernel.outputs
  }

  run(feeds: HostTensors): Promise<Record<string, NumberTensor>> {
    return this.#turns.take(async () => {
      const held = mapValues(feeds, (tensor) => this.#kernel.hold(tensor))
      const results = await this.#kernel.run(held, {})
      return this.#take(results)
    })
  }

  begin(loop: LoopOptions): Promise<void> {
    return this.#turns.take(async () => {
      await this.#kernel.keep(Object.values(loop.carry))
      this.#loop = {
        constants: mapValues(loop.constants, (tensor) => this.#kernel.reside(tensor)),
        state: mapValues(loop.state, (tensor) => this.#kernel.hold(tensor)),
        spare: this.#kernel.writesInto ? mapValues(loop.state, (tensor) => this.#kernel.hold(copyTensor(tensor))) : {},
        carry: loop.carry,
      }
    })
  }

  advance(feeds: readonly HostTensors[]): Promise<Record<string, NumberTensor>[]> {
    return this.#turns.take(async () => {
      const results: Record<string, NumberTensor>[] = []
      for (const feed of feeds) {
        this.#turns.check()
        results.push(await this.#step(feed))
      }
      return results
    })
  }

  state(names?: readonly string[]): Promise<Record<string, NumberTensor>> {
    return this.#turns.take(async () => {
      const copies: Record<string, NumberTensor> = {}
      const { state } = this.#begun()
      for (const name of names ?? Object.keys(state)) copies[name] = copyTensor(await this.#kernel.host(state[name]))
      return copies
    })
  }

  end(): Promise<void> {
    return this.#turns.last(() => this.#drop())
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#turns.last(async () => {
      this.#turns.closed(this)
      this.#drop()
      await this.#kernel.close()
    }))
  }

  async #step(feeds: HostTensors): Promise<Record<string, NumberTensor>> {
    const loop = this.#begun()
    const held = mapValues(feeds, (tensor) => this.#kernel.hold(tensor))
    const into = Object.fromEntries(Object.entries(loop.spare).map(([name, value]) => [loop.carry[name], value]))
    const results = await this.#kernel.run({ ...loop.constants, ...loop.state, ...held }, into)
    // Nothing of the loop has changed until here: a run that failed leaves the state of the last good one.
    const old = loop.state
    loop.state = mapValues(loop.carry, (output) => results[output])
    if (this.#kernel.writesInto) loop.spare = old
    else for (const value of Object.values(old)) this.#kernel.free(value)
    for (const output of Object.values(loop.carry)) delete results[output]
    return this.#take(results)
  }

  /** The numbers of values that nothing else needs. */
  async #take(values: Readonly<Record<string, V>>): Promise<Record<string, NumberTensor>> {
    const taken: Record<string, NumberTensor> = {}
    for (const [name, value] of Object.entries(values)) {
      taken[name] = await this.#kernel.host(value)
      this.#kernel.free(value)
    }
    return taken
  }

  #begun(): LoopValues<V> {
    if (!this.#loop) throw new TollError('internal', 'the loop has not begun')
    return this.#loop
  }

  #drop(): void {
    const loop = this.#loop
    if (!loop) return
    this.#loop = undefined
    for (const values of [loop.constants, loop.state, loop.spare]) {
      for (const value of Object.values(values)) this.#kernel.free(value)
    }
  }
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))
}
