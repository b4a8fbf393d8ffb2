// What the main thread and an engine's worker thread say to each other: numbered calls, answered in order. Large arrays
// are moved, not copied.

import { TollError, messageOf, type ErrorData } from '../../base/index.js'
import type { HostTensor, PortType } from '../engine.js'
import type { Accelerator } from '../options.js'

/** Given to the worker when it starts. */
export interface WorkerSettings {
  /** The main file of onnxruntime-node, which the worker loads. */
  readonly entry: string
  /** Devices to try in this order; the first that works is taken. */
  readonly devices: readonly Accelerator[]
  readonly threads: number
  /** Folder for ONNX Runtime's profiles. */
  readonly profile: string | undefined
  /** A small model that a device must run to be taken. */
  readonly probe: Uint8Array
  /** One Int32, the lock of the process's WebGPU context. */
  readonly gpu: SharedArrayBuffer
  /** One Int32, the lock that the worker holds while it is inside the library. */
  readonly inside: SharedArrayBuffer
  /** One Int32; set to 1 to stop between two runs. */
  readonly stop: SharedArrayBuffer
}

export interface Started {
  readonly device: Accelerator
}

export interface Loaded {
  readonly program: number
  readonly inputs: readonly PortType[]
  readonly outputs: readonly PortType[]
}

/** `program` names a loaded one for methods of an executor. */
export interface Call {
  readonly id: number
  readonly method: 'start' | 'load' | 'shutDown' | 'run' | 'begin' | 'advance' | 'state' | 'end' | 'close'
  readonly program?: number
  readonly argument?: unknown
}

export type Answer =
  { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: SentError }

/** An error without its class, which does not survive the way between threads. */
export interface SentError extends ErrorData {
  readonly cause: Error | undefined
}

export function sendError(error: unknown): SentError {
  if (error instanceof TollError) {
    const { cause } = error
    return { ...error.toJSON(), cause: cause === undefined ? undefined : new Error(messageOf(cause)) }
  }
  const failure = new TollError('internal', `the engine's thread failed: ${messageOf(error)}`)
  return { ...failure.toJSON(), cause: error instanceof Error ? error : new Error(messageOf(error)) }
}

export function receiveError({ cause, ...data }: SentError): TollError {
  return TollError.fromJSON(data, cause)
}

/** The buffers of tensors anywhere in a result, to be moved with it; texts have none and are copied. */
export function buffersOf(results: readonly Readonly<Record<string, HostTensor>>[]): ArrayBuffer[] {
  return results.flatMap((result) =>
    Object.values(result).flatMap(({ dtype, data }) => (dtype === 'string' ? [] : [data.buffer as ArrayBuffer])),
  )
}
