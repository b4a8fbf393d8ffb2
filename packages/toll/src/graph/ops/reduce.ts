// Reductions over axes, and their adjoint: broadcasting.

import { TollError, sizeOf } from '../../base/index.js'
import {
  apply,
  broadcastShapes,
  isFloat,
  knownSize,
  normalizeAxes,
  sameShape,
  showShape,
  stridesOf,
  type ConcreteType,
  type Op,
  type Shape,
  type Tensor,
  type TensorType,
  type Value,
} from '../tensor.js'
import { equal, cast, div, mul } from './elementwise.js'
import { checkDim, dimSize } from './leaf.js'
import { lowerReshape, reshape } from './shape.js'

type ReduceAttributes = { readonly axes: readonly number[]; readonly keepDims: boolean }

function reducedType([x]: readonly TensorType[], { axes, keepDims }: ReduceAttributes): TensorType {
  if (x.dtype === 'bool')
    throw new TollError('dtype-mismatch', 'reductions need numbers, got bool; cast it', { value: x.dtype })
  const gone = new Set(axes)
  const shape = keepDims ? x.shape.map((dim, i) => (gone.has(i) ? 1 : dim)) : x.shape.filter((_, i) => !gone.has(i))
  return { dtype: x.dtype, shape }
}

/** One operation per element of the operand. */
const everyElement = ([x]: readonly ConcreteType[]) => ({ elementwise: sizeOf(x.shape) })

const samples = [
  { inputs: [{ shape: [2, 3, 4] }], attrs: { axes: [0, 2], keepDims: true } },
  { inputs: [{ shape: [2, 3, 4] }], attrs: { axes: [1], keepDims: false } },
  { inputs: [{ shape: [3, 2] }], attrs: { axes: [0, 1], keepDims: false } },
]

export const sumOp: Op<ReduceAttributes> = {
  name: 'sum',
  type: reducedType,
  gradient: ({ inputs: [x], attrs }, g) => [
    isFloat(x.dtype) ? broadcastTo(withAxes(g, x.shape, attrs), x.shape) : undefined,
  ],
  lower: (to, { inputs: [{ dtype, shape }], attrs: { axes, keepDims } }, [x]) => {
    // ONNX Runtime adds up a row in an order that depends on where in memory it begins, so that equal rows of a request
    // could get sums that differ in the last bit. A product with ones goes through every row in the same order.
    const last = shape.length - 1
    const size = shape[last]
    if (
      shape.some((dim) => typeof dim === 'string') &&
      isFloat(dtype) &&
      axes.length === 1 &&
      axes[0] === last &&
      last > 0 &&
      typeof size === 'number'
    ) {
      const sums = to.emit('MatMul', [x, to.constant(dtype, [size, 1], new Array<number>(size).fill(1))])
      return keepDims ? sums : lowerReshape(to, sums, shape.slice(0, last))
    }
    return to.emit('ReduceSum', [x, to.constant('int64', [axes.length], axes)], { keepdims: Number(keepDims) })
  },
  evaluate: ([x], { axes }, type) => fold(x, axes, type, 0, (sum, value) => sum + value),
  work: everyElement,
  samples,
}

// Ties share the gradient equally.
export const maxOverOp: Op<ReduceAttributes> = {
  name: 'maxOver',
  type: reducedType,
  gradient: (node, g) => {
    const [x] = node.inputs
    const { axes } = node.attrs
    const hits = cast(equal(x, broadcastTo(withAxes(node, x.shape, node.attrs), x.shape)), x.dtype)
    return [mul(broadcastTo(withAxes(g, x.shape, node.attrs), x.shape), div(hits, sum(hits, axes, true)))]
  },
  lower: (to, { attrs: { axes, keepDims } }, [x]) =>
    to.emit('ReduceMax', [x, to.constant('int64', [axes.length], axes)], { keepdims: Number(keepDims) }),
  evaluate: ([x], { axes }, type) =>
    fold(x, axes, type, -Infinity, (best, value) => (Number.isNaN(best) || best > value ? best : value)),
  work: everyElement,
  samples,
}

function reduce(op: Op<ReduceAttributes>, x: Tensor, axes: readonly number[] | undefined, keepDims: boolean): Tensor {
  const all = axes ?? x.shape.map((_, i) => i)
  const normal = normalizeAxes(all, x.shape.length, op.name)
  return normal.length === 0 ? x : apply(op, [x], { axes: normal, keepDims })
}

/** Sum over `axes` (all when left out). */
export function sum(x: Tensor, axes?: readonly number[], keepDims = false): Tensor {
  return reduce(sumOp, x, axes, keepDims)
}

/** Largest value over `axes` (all when left out). */
export function maxOver(x: Tensor, axes?: readonly number[], keepDims = false): Tensor {
  return reduce(maxOverOp, x, axes, keepDims)
}

/** Mean over `axes` (all when left out). */
export function mean(x: Tensor, axes?: readonly number[], keepDims = false): Tensor {
  if (!isFloat(x.dtype))
    throw new TollError('dtype-mismatch', `mean: expected real numbers, got ${x.dtype}; cast it`, {
      value: x.dtype,
      expected: ['float32', 'float64'],
    })
  const all = normalizeAxes(axes ?? x.shape.map((_, i) => i), x.shape.length, 'mean')
  const total = sum(x, all, keepDims)
  const named = all.map((axis) => x.shape[axis]).filter((dim) => typeof dim === 'string')
  const known = all.reduce(
    (product, axis) => (typeof x.shape[axis] === 'number' ? product * x.shape[axis] : product),
    1,
  )
  return named.reduce((value, dim) => div(value, dimSize(dim, x.dtype)), mul(total, 1 / known))
}

type BroadcastAttributes = { readonly shape: Shape }

export const broadcastToOp: Op<BroadcastAttributes> = {
  name: 'broadcastTo',
  type: ([x], { shape }) => {
    for (const dim of shape) checkDim(dim)
    if (!sameShape(broadcastShapes(x.shape, shape, 'broadcastTo'), shape)) {
      throw new TollError(
        'shape-mismatch',
        `broadcastTo: ${showShape(x.shape)} does not stretch to ${showShape(shape)}`,
        { value: x.shape, expected: showShape(shape) },
      )
    }
    return { dtype: x.dtype, shape }
  },
  gradient: ({ inputs: [x] }, g) => [sumTo(g, x.shape)],
  lower: (to, { attrs }, [x]) => to.emit('Expand', [x, to.shapeVector(attrs.shape)]),
  evaluate: ([x], _, { shape }) => {
    const outer = stridesOf(shape)
    const inner = stridesOf(x.shape)
    const shift = shape.length - x.shape.length
    return Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
      let offset = 0
      for (let axis = shift; axis < shape.length; axis++) {
        if (x.shape[axis - shift] !== 1) offset += (Math.floor(i / outer[axis]) % shape[axis]) * inner[axis - shift]
      }
      return x.data[offset]
    })
  },
  work: () => ({ elementwise: 0 }),
  samples: [
    { inputs: [{ shape: [3, 1] }], attrs: { shape: [2, 3, 4] } },
    { inputs: [{ shape: [] }], attrs: { shape: [2, 2] } },
  ],
}

/** Repeats along axes of size 1 (and new leading axes) until the shape is `shape`. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply(broadcastToOp, [x], { shape })
}

/** Sums over what broadcasting from `shape` repeated: the adjoint of `broadcastTo`. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x
  const shift = x.shape.length - shape.length
  const axes = x.shape.flatMap((dim, axis) => (axis < shift || (shape[axis - shift] === 1 && dim !== 1) ? [axis] : []))
  const summed = sum(x, axes, true)
  return shift > 0 ? reshape(summed, shape) : summed
}

/** Puts the reduced axes back as size 1. */
function withAxes(g: Tensor, full: Shape, { axes, keepDims }: ReduceAttributes): Tensor {
  return keepDims
    ? g
    : reshape(
        g,
        full.map((dim, i) => (axes.includes(i) ? 1 : dim)),
      )
}

function fold(
  x: Value,
  axes: readonly number[],
  type: ConcreteType,
  start: number,
  step: (state: number, value: number) => number,
): Float64Array {
  const result = new Float64Array(sizeOf(type.shape)).fill(start)
  const strides = stridesOf(x.shape)
  const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis))
  const keptStrides = stridesOf(kept.map((axis) => knownSize(x.shape[axis], 'reduce')))
  for (let i = 0; i < x.data.length; i++) {
    let offset = 0
    for (let k = 0; k < kept.length; k++)
      offset += (Math.floor(i / strides[kept[k]]) % x.shape[kept[k]]) * keptStrides[k]
    result[offset] = step(result[offset], x.data[i])
  }
  return result
}
