// What ONNX Runtime for Node and for the web have in common: their tensors, the types of their ports, their errors.

import type { InferenceSession, Tensor } from 'onnxruntime-web'
import { TollError } from '../base/index.js'
import type { DType } from '../graph/index.js'
import type { HostTensor, NumberTensor, PortType } from './engine.js'
import type { Kernel } from './executor.js'
import { copyTensor, showType } from './host.js'
import { readFailure } from './ort-words.js'

/** The class that both packages take from onnxruntime-common. */
export type TensorClass = new (type: DType, data: HostTensor['data'], dims: readonly number[]) => Tensor

export interface OrtKernelOptions {
  readonly tensorClass: TensorClass
  /** The device and the package, for errors: `onnxruntime-node on cpu`. */
  readonly where: string
  /** Whether outputs are written into tensors that are passed in. */
  readonly writesInto: boolean
  /** Whether `hold` may use the array that it is given; else it copies. */
  readonly owns: boolean
  /** Whether to end profiling when the session closes. */
  readonly profiles: boolean
}

/** A program loaded into ONNX Runtime; values are its tensors. */
export class OrtKernel implements Kernel<Tensor> {
  readonly inputs: readonly PortType[]
  readonly outputs: readonly PortType[]
  readonly writesInto: boolean
  protected session: InferenceSession
  protected readonly options: OrtKernelOptions

  /** Throws `format` when the program has ports of other element types than ours, or gives strings. */
  constructor(session: InferenceSession, options: OrtKernelOptions) {
    this.session = session
    this.options = options
    this.writesInto = options.writesInto
    this.inputs = session.inputMetadata.map((meta) => portOf(meta, fedTypes))
    this.outputs = session.outputMetadata.map((meta) => portOf(meta, resultTypes))
  }

  keep(_outputs: readonly string[]): void | Promise<void> {}

  hold(tensor: HostTensor): Tensor {
    const { dtype, shape, data } = this.options.owns ? tensor : copyTensor(tensor)
    return new this.options.tensorClass(dtype, data, shape)
  }

  reside(tensor: HostTensor): Tensor {
    return this.hold(tensor)
  }

  async host(value: Tensor): Promise<NumberTensor> {
    const data = value.location === 'cpu' ? value.data : await value.getData()
    return { dtype: value.type, shape: [...value.dims], data } as NumberTensor
  }

  async run(
    feeds: Readonly<Record<string, Tensor>>,
    into: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Tensor>> {
    const fetches: Record<string, Tensor | null> = Object.fromEntries(this.outputs.map(({ name }) => [name, null]))
    try {
      const results = await this.session.run(feeds, { ...fetches, ...into }, { logSeverityLevel: 4 })
      return { ...results, ...into }
    } catch (error) {
      throw runError(error, this.options.where, feeds)
    }
  }

  free(value: Tensor): void {
    if (value.location !== 'cpu') value.dispose()
  }

  async close(): Promise<void> {
    if (this.options.profiles) this.session.endProfiling()
    await this.session.release()
  }
}

/** What to say of a model that ONNX Runtime does not load (code `format`, or `device` when memory ran out). */
export function loadError(error: unknown, where: string, bytes: number): TollError {
  const { line, outOfMemory } = readFailure(error)
  if (outOfMemory)
    return new TollError('out-of-memory', `${where} ran out of memory loading a model of ${bytes} bytes: ${line}`, {
      value: bytes,
      cause: error,
    })
  return new TollError('damaged-file', `${where} cannot load this model of ${bytes} bytes: ${line}`, {
    value: bytes,
    cause: error,
  })
}

function runError(error: unknown, where: string, feeds: Readonly<Record<string, Tensor>>): TollError {
  const { line, outOfMemory } = readFailure(error)
  if (outOfMemory)
    return new TollError('out-of-memory', `${where} ran out of memory; use smaller batches (${line})`, {
      cause: error,
    })
  const fed = Object.entries(feeds).map(
    ([name, { type, dims }]) => `${name} ${showType({ dtype: type as DType, shape: dims })}`,
  )
  const shown = fed.length > 8 ? [...fed.slice(0, 8), `and ${fed.length - 8} more`] : fed
  return new TollError('run-failed', `${where} says "${line}"; fed were ${shown.join(', ')}`, { cause: error })
}

function portOf(meta: InferenceSession.ValueMetadata, types: readonly DType[]): PortType {
  const dtype = meta.isTensor ? types.find((type) => type === meta.type) : undefined
  if (!meta.isTensor || dtype === undefined) {
    const kind = meta.isTensor ? meta.type : 'something else than a tensor'
    throw new TollError(
      'unsupported-content',
      `'${meta.name}' of this model holds ${kind}; the types here are ${types.join(', ')}`,
      { part: meta.name, value: kind, expected: types },
    )
  }
  // A size without a name gets one of its own.
  return { name: meta.name, dtype, shape: meta.shape.map((dim, axis) => (dim === '' ? `${meta.name}.${axis}` : dim)) }
}

const resultTypes: readonly DType[] = ['float32', 'float64', 'int64', 'bool']
const fedTypes: readonly DType[] = [...resultTypes, 'string']
