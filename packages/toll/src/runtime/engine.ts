// What the rest of the library knows of an engine: load a program, run it, or advance a loop whose state stays with the
// engine. ONNX Runtime (in a worker thread or in a browser) and the reference interpreter stand behind it.

import type { DType, Tensor } from '../graph/index.js'

/** Where a program runs. `reference` is the float64 interpreter. */
export type Device = 'cpu' | 'webgpu' | 'cuda' | 'wasm' | 'reference'

/** Numbers on the host, row-major. bool is one byte, 0 or 1. */
export type NumberTensor =
  | { readonly dtype: 'float32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'float64'; readonly shape: readonly number[]; readonly data: Float64Array }
  | { readonly dtype: 'int64'; readonly shape: readonly number[]; readonly data: BigInt64Array }
  | { readonly dtype: 'bool'; readonly shape: readonly number[]; readonly data: Uint8Array }

/**
 * What is fed: numbers, or texts, row-major. A missing text is ''; a text may hold any Unicode but NUL and half a
 * surrogate pair. Texts are only ever fed: neither the results of a program nor the state of a loop have any.
 */
export type HostTensor =
  NumberTensor | { readonly dtype: 'string'; readonly shape: readonly number[]; readonly data: readonly string[] }

export type HostTensors = Readonly<Record<string, HostTensor>>

/** What is run: named outputs of a graph, or the bytes of a plain ONNX file. */
export type Program =
  | { readonly outputs: Readonly<Record<string, Tensor>>; readonly inputs?: readonly Tensor[] }
  | { readonly model: Uint8Array }

export interface Engine {
  readonly device: Device
  /** Threads of one run. Equal numbers of threads give equal bits. */
  readonly threads: number
  load(program: Program): Promise<Session>
  /** Frees everything loaded; pending runs fail with code `aborted`. */
  close(): Promise<void>
}

export interface PortType {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly (number | string)[]
}

export interface Session {
  readonly inputs: readonly PortType[]
  readonly outputs: readonly PortType[]
  /**
   * Runs once. Feeds are copied, never changed; wrong names, types or shapes are refused by name (code `shape` or
   * `argument`).
   */
  run(feeds: HostTensors): Promise<Record<string, NumberTensor>>
  /** Starts a loop over this session; one loop at a time. */
  loop(options: LoopOptions): Promise<Loop>
  close(): Promise<void>
}

export interface LoopOptions {
  /** Inputs that stay the same over all runs and are sent once: the data set. */
  readonly constants: HostTensors
  /** First values of the inputs that each run replaces. */
  readonly state: HostTensors
  /** For every state input, the output that becomes its next value; types and shapes must agree. */
  readonly carry: Readonly<Record<string, string>>
}

/** Runs of one session in which the state of a run feeds the next, without leaving the engine. */
export interface Loop {
  /**
   * One run per element of `feeds`, in order; returns the outputs that are not state. A failure leaves the state of the
   * last good run.
   */
  advance(feeds: readonly HostTensors[]): Promise<Record<string, NumberTensor>[]>
  /** A copy of the current state, or of the inputs named. */
  state(names?: readonly string[]): Promise<Record<string, NumberTensor>>
  close(): Promise<void>
}
