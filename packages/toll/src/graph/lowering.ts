// What an op sees of the ONNX graph that it is lowered into.

import type { DType, Shape, Tensor } from './tensor.js'

/**
 * Attributes of an emitted node: integers and texts are plain, real numbers and lists that may be without a text are
 * marked, doubles are a tensor of one axis.
 */
export type EmitAttributes = Readonly<Record<string, EmitAttribute>>
export type EmitAttribute =
  | number
  | readonly number[]
  | string
  | readonly string[]
  | { readonly texts: readonly string[] }
  | { readonly float: number }
  | { readonly double: Float64Array }

/** Operator sets beside the standard one. */
export type OperatorDomain = 'ai.onnx.ml'

export interface Lowering {
  /** Appends a node of the standard operator set, or of `domain`, and returns the name of its only output. */
  emit(opType: string, inputs: readonly string[], attributes?: EmitAttributes, domain?: OperatorDomain): string
  /** Appends a node with several outputs and returns their names. */
  emitMany(
    opType: string,
    inputs: readonly string[],
    outputs: number,
    attributes?: EmitAttributes,
    domain?: OperatorDomain,
  ): string[]
  /** An initialiser; equal ones are shared. */
  constant(dtype: DType, shape: readonly number[], data: ArrayLike<number>): string
  /** An initialiser of its own, whose numbers are written later. */
  slot(name: string, dtype: DType, shape: readonly number[]): string
  /** A shape as an int64 vector: a constant, or put together at run time where a size has only a name. */
  shapeVector(shape: Shape): string
  /** The value of a named size as an int64 vector of one element. */
  sizeVector(symbol: string): string
  /** The name that stands for a tensor lowered earlier. */
  nameOf(tensor: Tensor): string
}
