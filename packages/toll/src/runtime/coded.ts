// Texts that become integers on the host, before they reach ONNX Runtime.

import { lookupsOnHost, type TextLookup } from '../graph/index.js'
import type { HostTensor, HostTensors, LoopOptions, NumberTensor, PortType } from './engine.js'
import type { Executor } from './executor.js'

/**
 * The program of a file, opened by `open`; without its lookups, which are then done here, where it takes texts and only
 * looks them up.
 */
export async function openCoded(bytes: Uint8Array, open: (bytes: Uint8Array) => Promise<Executor>): Promise<Executor> {
  const coded = lookupsOnHost(bytes)
  if (!coded) return open(bytes)
  const executor = await open(coded.model)
  const inputs = coded.inputs.map(({ name, texts }): PortType =>
    texts ? { name, dtype: 'string', shape: texts } : executor.inputs.find((port) => port.name === name)!,
  )
  return new CodedExecutor(inputs, executor, coded.lookups)
}

class CodedExecutor implements Executor {
  readonly inputs: readonly PortType[]
  readonly outputs: readonly PortType[]
  readonly #executor: Executor
  readonly #lookups: readonly TextLookup[]

  constructor(inputs: readonly PortType[], executor: Executor, lookups: readonly TextLookup[]) {
    this.inputs = inputs
    this.outputs = executor.outputs
    this.#executor = executor
    this.#lookups = lookups
  }

  async run(feeds: HostTensors): Promise<Record<string, NumberTensor>> {
    return this.#executor.run(this.#coded(feeds))
  }

  async begin(loop: LoopOptions): Promise<void> {
    return this.#executor.begin({ ...loop, constants: this.#coded(loop.constants) })
  }

  async advance(feeds: readonly HostTensors[]): Promise<Record<string, NumberTensor>[]> {
    return this.#executor.advance(feeds.map((feed) => this.#coded(feed)))
  }

  state(names?: readonly string[]): Promise<Record<string, NumberTensor>> {
    return this.#executor.state(names)
  }

  end(): Promise<void> {
    return this.#executor.end()
  }

  close(): Promise<void> {
    return this.#executor.close()
  }

  /** The feeds with the results of the lookups in place of the texts. */
  #coded(feeds: HostTensors): HostTensors {
    const coded = Object.entries(feeds).flatMap(([name, tensor]): [string, HostTensor][] => {
      if (tensor.dtype !== 'string') return [[name, tensor]]
      return this.#lookups
        .filter(({ texts }) => texts === name)
        .map((lookup) => [lookup.places, { ...tensor, dtype: 'int64', data: placesIn(lookup, tensor.data) }])
    })
    return Object.fromEntries(coded)
  }
}

function placesIn({ placeOf, otherwise }: TextLookup, texts: readonly string[]): BigInt64Array {
  const places = new BigInt64Array(texts.length)
  for (let i = 0; i < texts.length; i++) places[i] = placeOf.get(texts[i]) ?? otherwise
  return places
}
