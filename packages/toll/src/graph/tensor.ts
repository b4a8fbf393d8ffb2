// Symbolic tensors: a graph is nothing but immutable nodes that point at their inputs, each made by one op of a closed
// vocabulary. A node has a type (element type and shape) that the op's rule derived; it never holds numbers, except
// constants.

import { TollError } from '../base/index.js'
import type { Lowering } from './lowering.js'

/** Element types. Only inputs are strings: `lookup` turns them into integers, and every other op refuses them. */
export type DType = 'float32' | 'float64' | 'int64' | 'bool' | 'string'

/** A size, or the name of a size that is known only when the graph runs (the batch axis of a scorer). */
export type Dim = number | string
export type Shape = readonly Dim[]

export interface TensorType {
  readonly dtype: DType
  readonly shape: Shape
}

/** A type whose every size is known. */
export interface ConcreteType {
  readonly dtype: DType
  readonly shape: readonly number[]
}

/** Numbers of the reference interpreter: always float64, whatever the element type (booleans are 0 and 1). */
export interface Value extends ConcreteType {
  readonly data: Float64Array
  /** The elements of a fed tensor of strings, whose `data` is empty. */
  readonly texts?: readonly string[]
}

export type AttributeValue =
  number | string | boolean | readonly number[] | readonly string[] | Shape | Float32Array | Float64Array
export type Attributes = Readonly<Record<string, AttributeValue>>

/** What names of sizes stand for in one run. */
export type Bindings = ReadonlyMap<string, number>

/** An example that the op suite runs: gradients against finite differences, ONNX Runtime against the interpreter. */
export interface Sample<A extends Attributes = Attributes> {
  readonly inputs: readonly SampleInput[]
  readonly attrs?: A
}

export interface SampleInput {
  readonly shape: readonly number[]
  readonly dtype?: DType
  /** Values are drawn uniformly from here; default [-2, 2]. */
  readonly range?: readonly [number, number]
  /** Exact values instead of drawn ones. */
  readonly values?: readonly number[]
  /** The elements where `dtype` is string. */
  readonly texts?: readonly string[]
}

/** What running a node takes. */
export interface Work {
  /**
   * Floating-point operations of sums of products; a multiplication and an addition are two. Positions in the padding
   * count.
   */
  readonly products: number
  /** Operations on single elements, whatever the function; an addition in a reduction counts too. */
  readonly elementwise: number
  /** Bytes read from operands and written to results, those of intermediate tensors within the op included. */
  readonly bytes: number
  /**
   * Short contiguous pieces (rows of image patches) that are copied one by one: what a convolution costs beyond its
   * product.
   */
  readonly pieces: number
  /** Bytes that are held only while the node runs. */
  readonly scratch: number
}

/** An operand as the rule of `Work` sees it. */
export interface Operand extends ConcreteType {
  /** Whether its numbers are known before the graph runs. */
  readonly constant: boolean
}

/** One operation: everything the compiler knows of it, in one record. */
export interface Op<A extends Attributes = Attributes> {
  readonly name: string
  /** The shape rule: the result's type, or a `shape` error. */
  type(inputs: readonly TensorType[], attrs: A): TensorType
  /**
   * The gradient of a scalar with respect to each input, given `g`, its gradient with respect to the node: ordinary
   * nodes again. `undefined` for an input that nothing flows to; without the rule nothing flows to any.
   */
  gradient?(node: Tensor<A>, g: Tensor): readonly (Tensor | undefined)[]
  /** Emits ONNX nodes and returns the name of the result. */
  lower(to: Lowering, node: Tensor<A>, inputs: readonly string[]): string
  /** The reference: plain float64 loops. */
  evaluate(inputs: readonly Value[], attrs: A, type: ConcreteType, bindings: Bindings): Float64Array
  /** Where it differs from one operation per element of the result, every operand read and the result written once. */
  work?(inputs: readonly Operand[], attrs: A, type: ConcreteType): Partial<Work>
  /** Whether its operands or its result may be strings. */
  readonly strings?: 'operands' | 'result'
  /** The result is the operand's memory under another type. */
  readonly view?: true
  readonly samples: readonly Sample<A>[]
}

export interface Tensor<A extends Attributes = Attributes> extends TensorType {
  readonly op: Op<A>
  readonly inputs: readonly Tensor[]
  readonly attrs: A
}

/** Makes a node; the op's rule checks the inputs and derives the type. */
export function apply<A extends Attributes>(op: Op<A>, inputs: readonly Tensor[], attrs: A): Tensor<A> {
  const { dtype, shape } = typeOf(op, inputs, attrs)
  return { op, inputs, attrs, dtype, shape }
}

/** What the op's rule derives, once strings are where they may be. */
export function typeOf<A extends Attributes>(op: Op<A>, inputs: readonly TensorType[], attrs: A): TensorType {
  const texts = op.strings === 'operands' ? undefined : inputs.find(({ dtype }) => dtype === 'string')
  if (texts)
    throw new TollError(
      'dtype-mismatch',
      `${op.name}: expected numbers, got string${showShape(texts.shape)}; turn the texts into integers with lookup`,
      { value: texts.dtype },
    )
  const type = op.type(inputs, attrs)
  if (type.dtype === 'string' && op.strings !== 'result')
    throw new TollError('dtype-mismatch', `${op.name}: only an input can be of strings`, { value: type.dtype })
  return type
}

/** Refuses results that are strings. */
export function checkResults(outputs: Readonly<Record<string, Tensor>>): void {
  for (const [name, { dtype, shape }] of Object.entries(outputs)) {
    if (dtype === 'string')
      throw new TollError(
        'dtype-mismatch',
        `output '${name}' must be numbers, got string${showShape(shape)}; turn the texts into integers with lookup`,
        { option: name, value: dtype },
      )
  }
}

/** Every node that `outputs` need, inputs before users. */
export function topological(outputs: Iterable<Tensor>): Tensor[] {
  const order: Tensor[] = []
  const state = new Map<Tensor, 'open' | 'done'>()
  const stack = [...outputs].reverse()
  while (stack.length > 0) {
    const node = stack[stack.length - 1]
    const seen = state.get(node)
    if (seen === undefined) {
      state.set(node, 'open')
      for (let i = node.inputs.length - 1; i >= 0; i--) {
        if (!state.has(node.inputs[i])) stack.push(node.inputs[i])
      }
    } else {
      stack.pop()
      if (seen === 'open') {
        state.set(node, 'done')
        order.push(node)
      }
    }
  }
  return order
}

/** Bytes of one element; of a text, those of a C++ string that is short enough to need no memory of its own. */
export const elementBytes: Readonly<Record<DType, number>> = { float32: 4, float64: 8, int64: 8, bool: 1, string: 32 }

/** Bytes of all elements. */
export function bytesOf({ dtype, shape }: ConcreteType): number {
  return shape.reduce((product, dim) => product * dim, elementBytes[dtype])
}

export function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64'
}

export function showShape(shape: Shape): string {
  return `(${shape.join(', ')})`
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i])
}

/** The shape that two shapes broadcast to (aligned at the right, a size of 1 stretches). */
export function broadcastShapes(a: Shape, b: Shape, what: string): Shape {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1
    const y = b[i - rank + b.length] ?? 1
    if (x !== y && x !== 1 && y !== 1) {
      throw new TollError('shape-mismatch', `${what}: shapes ${showShape(a)} and ${showShape(b)} do not broadcast`, {
        value: b,
        expected: showShape(a),
      })
    }
    return x === 1 ? y : x
  })
}

/** Axes counted from the front, in rising order; negative ones count from the back. */
export function normalizeAxes(axes: readonly number[], rank: number, what: string): number[] {
  const result = axes.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b)
  result.forEach((axis, i) => {
    if (!Number.isInteger(axis) || axis < 0 || axis >= rank || axis === result[i - 1]) {
      throw new TollError('shape-mismatch', `${what}: axes [${axes.join(', ')}] do not fit a tensor of rank ${rank}`, {
        option: 'axes',
        value: axes,
        limit: rank,
      })
    }
  })
  return result
}

/** A known size, where a rule cannot do without one. */
export function knownSize(dim: Dim, what: string): number {
  if (typeof dim !== 'number')
    throw new TollError('shape-mismatch', `${what}: the size '${dim}' must be a number here`, {
      value: dim,
      expected: 'a number',
    })
  return dim
}

/** The shape with every named size replaced. */
export function bindShape(shape: Shape, bindings: Bindings): number[] {
  return shape.map((dim) => {
    if (typeof dim === 'number') return dim
    const size = bindings.get(dim)
    if (size === undefined) throw new TollError('shape-mismatch', `no input gives the size '${dim}'`, { value: dim })
    return size
  })
}

/** Distance in elements between neighbours along each axis of a row-major array. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length)
  let step = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step
    step *= shape[i]
  }
  return strides
}
