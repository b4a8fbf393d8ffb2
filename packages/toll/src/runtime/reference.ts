// The reference engine: the float64 interpreter behind the engine interface. Slow, needs nothing, and says what every
// other engine must give.

import { TollError, messageOf } from '../base/index.js'
import { interpret, isFloat, readModel, topological, type Fed, type Tensor, type Value } from '../graph/index.js'
import type { Engine, HostTensor, NumberTensor, PortType, Program } from './engine.js'
import { Stepper, Turns, type Kernel } from './executor.js'
import { pauseEvery } from './pause.js'
import { engineOver } from './session.js'

export interface ReferenceOptions {
  /**
   * What a run returns and what the next run of a loop starts from. `declared` (default): results rounded to the
   * element types of the graph. `float64`: every float port is float64 and nothing is rounded between two runs, so that
   * a float32 graph gives the exact course of its training; float32 may still be fed.
   */
  readonly precision?: 'declared' | 'float64'
}

/**
 * Opens the interpreter as an engine (device `reference`, one thread, float64 inside). Runs block the caller's thread;
 * between the runs of an `advance` timers fire.
 */
export function openReference(options: ReferenceOptions = {}): Engine {
  const { precision = 'declared' } = options
  if (precision !== 'declared' && precision !== 'float64') {
    throw new TollError(
      'out-of-domain',
      `precision must be 'declared' or 'float64', got ${JSON.stringify(precision)}`,
      { option: 'precision', value: precision, expected: ['declared', 'float64'] },
    )
  }
  let stopped = false
  const turns = new Turns(() => stopped)
  const pause = pauseEvery(30)
  return engineOver({
    device: 'reference',
    threads: 1,
    widens: precision === 'float64',
    open: (program) =>
      Promise.resolve(new Stepper(new InterpreterKernel(program, precision === 'float64', pause), turns)),
    close: async () => {
      stopped = true
      await turns.close()
    },
  })
}

/** What is fed to a run, or came out of one. */
type Held = Value | (Fed & { readonly dtype: 'string' })

class InterpreterKernel implements Kernel<Held> {
  readonly inputs: readonly PortType[]
  readonly outputs: readonly PortType[]
  readonly writesInto = false
  readonly #graph: Readonly<Record<string, Tensor>>
  readonly #exact: boolean
  readonly #pause: () => Promise<void>

  constructor(program: Program, exact: boolean, pause: () => Promise<void>) {
    const { inputs = [], outputs } = 'model' in program ? readModel(program.model) : program
    const port = (name: string, { dtype, shape }: Tensor): PortType => ({
      name,
      dtype: exact && isFloat(dtype) ? 'float64' : dtype,
      shape,
    })
    this.inputs = topological([...inputs, ...Object.values(outputs)])
      .filter((node) => node.op.name === 'input')
      .map((node) => port(node.attrs.name as string, node))
    this.outputs = Object.entries(outputs).map(([name, node]) => port(name, node))
    this.#graph = outputs
    this.#exact = exact
    this.#pause = pause
  }

  keep(): void {}

  hold(tensor: HostTensor): Held {
    return tensor.dtype === 'string'
      ? { ...tensor, data: [...tensor.data] }
      : {
          dtype: tensor.dtype,
          shape: tensor.shape,
          data: Float64Array.from<number | bigint>(tensor.data as ArrayLike<number>, Number),
        }
  }

  reside(tensor: HostTensor): Held {
    return this.hold(tensor)
  }

  // Always a copy: results of the interpreter may share memory with each other and with constants of the graph.
  host(value: Held): NumberTensor {
    const { dtype, shape, data } = value as Value
    switch (dtype) {
      case 'float32':
        return this.#exact
          ? { dtype: 'float64', shape, data: data.slice() }
          : { dtype, shape, data: Float32Array.from(data) }
      case 'float64':
        return { dtype, shape, data: data.slice() }
      case 'int64':
        return { dtype, shape, data: BigInt64Array.from(Array.from(data, BigInt)) }
      case 'bool':
        return { dtype, shape, data: Uint8Array.from(data) }
      case 'string':
        throw new TollError('internal', 'texts are only fed')
    }
  }

  async run(feeds: Readonly<Record<string, Held>>): Promise<Record<string, Value>> {
    await this.#pause()
    try {
      const results = interpret(this.#graph, feeds)
      return this.#exact
        ? results
        : Object.fromEntries(Object.entries(results).map(([name, value]) => [name, rounded(value)]))
    } catch (error) {
      throw error instanceof TollError ? error : new TollError('run-failed', messageOf(error), { cause: error })
    }
  }

  free(): void {}

  close(): void {}
}

function rounded(value: Value): Value {
  return value.dtype === 'float32' ? { ...value, data: value.data.map(Math.fround) } : value
}
