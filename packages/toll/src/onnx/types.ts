// What an ONNX file says, as plain data: a model holds a graph, a graph holds nodes, values and tensors. Shapes are
// lists of sizes. Optional texts and numbers are absent when they are empty or 0, so that a model equals itself after
// writing and reading.

/** The array that holds a tensor of each element type. */
export interface OnnxArrays {
  float32: Float32Array
  float64: Float64Array
  int8: Int8Array
  int16: Int16Array
  int32: Int32Array
  int64: BigInt64Array
  uint8: Uint8Array
  uint16: Uint16Array
  uint32: Uint32Array
  uint64: BigUint64Array
  /** 0 or 1. */
  bool: Uint8Array
  string: readonly string[]
  /** Bit patterns. */
  float16: Uint16Array
  bfloat16: Uint16Array
  float8e4m3fn: Uint8Array
  float8e4m3fnuz: Uint8Array
  float8e5m2: Uint8Array
  float8e5m2fnuz: Uint8Array
  float8e8m0: Uint8Array
  /** Several elements in a byte, the first in the lowest bits. */
  float4e2m1: Uint8Array
  int4: Uint8Array
  uint4: Uint8Array
  int2: Uint8Array
  uint2: Uint8Array
  /** Real and imaginary parts in turn. */
  complex64: Float32Array
  complex128: Float64Array
}

export type OnnxDType = keyof OnnxArrays

/** A tensor with its values, row-major; `dims` is `[]` for a scalar. The array belongs to the tensor. */
export type OnnxTensor<D extends OnnxDType = OnnxDType> = {
  [E in D]: { readonly name: string; readonly dtype: E; readonly dims: readonly number[]; readonly data: OnnxArrays[E] }
}[D]

/** A tensor of float values at the places that `indices` lists, zero elsewhere. */
export interface OnnxSparseTensor {
  readonly values: OnnxTensor
  readonly indices: OnnxTensor
  readonly dims: readonly number[]
}

/** A size, a named size (`batch`), or null when nothing is known. */
export type OnnxDim = number | string | null

/** The type of a value. Without `shape`, not even the rank is known. */
export type OnnxType =
  | { readonly kind: 'tensor' | 'sparse-tensor'; readonly dtype: OnnxDType; readonly shape?: readonly OnnxDim[] }
  | { readonly kind: 'sequence' | 'optional'; readonly element: OnnxType }
  | { readonly kind: 'map'; readonly key: OnnxDType; readonly value: OnnxType }

/** A named input, output or intermediate value. */
export interface OnnxValueInfo {
  readonly name: string
  readonly type?: OnnxType
  readonly doc?: string
}

/** An attribute of a node. Integers stay within 2^53; floats are single precision. */
export type OnnxAttribute =
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'tensor'; readonly value: OnnxTensor }
  | { readonly type: 'graph'; readonly value: OnnxGraph }
  | { readonly type: 'sparse-tensor'; readonly value: OnnxSparseTensor }
  | { readonly type: 'type'; readonly value: OnnxType }
  | { readonly type: 'ints'; readonly value: readonly number[] }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'tensors'; readonly value: readonly OnnxTensor[] }
  | { readonly type: 'graphs'; readonly value: readonly OnnxGraph[] }
  | { readonly type: 'types'; readonly value: readonly OnnxType[] }

export interface OnnxNode {
  readonly op: string
  /** The operator set of `op`; absent means ai.onnx. */
  readonly domain?: string
  readonly name?: string
  /** An empty name stands for an optional input that is not given. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, OnnxAttribute>>
  readonly doc?: string
}

export interface OnnxGraph {
  readonly name: string
  /** In topological order. */
  readonly nodes: readonly OnnxNode[]
  readonly inputs: readonly OnnxValueInfo[]
  readonly outputs: readonly OnnxValueInfo[]
  readonly initializers: readonly OnnxTensor[]
  /** Types of intermediate values. */
  readonly values?: readonly OnnxValueInfo[]
  readonly doc?: string
}

export interface OnnxModel {
  /** Version of the file format, 1 or more; 10 is read by ONNX Runtime since 1.18. */
  readonly irVersion: number
  /** Version of each operator set by domain; the domain of ai.onnx is `''`. */
  readonly opsets: Readonly<Record<string, number>>
  readonly graph: OnnxGraph
  readonly metadata: Readonly<Record<string, string>>
  readonly producerName?: string
  readonly producerVersion?: string
  readonly domain?: string
  readonly modelVersion?: number
  readonly doc?: string
}
