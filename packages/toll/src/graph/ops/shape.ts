// Ops that move numbers without changing them: reshape, transpose, slice, embedding into zeros, concatenation.

import { TollError, sizeOf } from '../../base/index.js'
import type { Lowering } from '../lowering.js'
import { checkDim } from './leaf.js'
import {
  apply,
  bytesOf,
  isFloat,
  knownSize,
  normalizeAxes,
  sameShape,
  showShape,
  stridesOf,
  type ConcreteType,
  type Dim,
  type Op,
  type Shape,
  type Tensor,
} from '../tensor.js'

/** Every element of the result is read once and written once. */
function moved(type: ConcreteType): { elementwise: number; bytes: number } {
  return { elementwise: 0, bytes: 2 * bytesOf(type) }
}

type ReshapeAttributes = { readonly shape: Shape }

/** The known part of a shape's size and its named sizes: two shapes hold the same elements when both agree. */
function volume(shape: Shape): string {
  const known = shape.reduce<number>((product, dim) => (typeof dim === 'number' ? product * dim : product), 1)
  return [known, ...shape.filter((dim) => typeof dim === 'string').sort()].join(' * ')
}

export const reshapeOp: Op<ReshapeAttributes> = {
  name: 'reshape',
  type: ([x], { shape }) => {
    for (const dim of shape) checkDim(dim)
    if (volume(x.shape) !== volume(shape)) {
      throw new TollError(
        'shape-mismatch',
        `reshape: ${showShape(x.shape)} has not as many elements as ${showShape(shape)}`,
        { value: x.shape, expected: showShape(shape) },
      )
    }
    return { dtype: x.dtype, shape }
  },
  gradient: ({ inputs: [x] }, g) => [isFloat(x.dtype) ? reshape(g, x.shape) : undefined],
  lower: (to, { attrs: { shape } }, [x]) => lowerReshape(to, x, shape),
  evaluate: ([x]) => x.data,
  view: true,
  samples: [
    { inputs: [{ shape: [2, 6] }], attrs: { shape: [3, 4] } },
    { inputs: [{ shape: [1] }], attrs: { shape: [] } },
  ],
}

/** Emits a Reshape; a single named size is what is left over. */
export function lowerReshape(to: Lowering, x: string, shape: Shape): string {
  const named = shape.filter((dim) => typeof dim === 'string').length
  const empty = shape.includes(0)
  const target =
    named === 1 && !empty
      ? to.constant(
          'int64',
          [shape.length],
          shape.map((dim) => (typeof dim === 'string' ? -1 : dim)),
        )
      : to.shapeVector(shape)
  return to.emit('Reshape', [x, target], empty ? { allowzero: 1 } : {})
}

/** The same elements in row-major order under another shape. One size may be -1: what is left over. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const hole = shape.indexOf(-1)
  const target = hole < 0 ? shape : shape.map((dim, i) => (i === hole ? leftOver(x.shape, shape) : dim))
  return sameShape(x.shape, target) ? x : apply(reshapeOp, [x], { shape: target })
}

function leftOver(from: Shape, to: Shape): Dim {
  const named = from.filter((dim) => typeof dim === 'string' && !to.includes(dim))
  const size = (shape: Shape) =>
    shape.reduce<number>((product, dim) => (typeof dim === 'number' && dim !== -1 ? product * dim : product), 1)
  const rest = size(from) / size(to)
  if (named.length === 0) return rest
  if (named.length === 1 && rest === 1) return named[0]
  throw new TollError(
    'shape-mismatch',
    `reshape: cannot tell the missing size of ${showShape(to)} from ${showShape(from)}`,
    { value: to, expected: showShape(from) },
  )
}

type TransposeAttributes = { readonly perm: readonly number[] }

export const transposeOp: Op<TransposeAttributes> = {
  name: 'transpose',
  type: ([x], { perm }) => {
    if (perm.length !== x.shape.length || !perm.every((_, axis) => perm.includes(axis))) {
      throw new TollError(
        'shape-mismatch',
        `transpose: [${perm.join(', ')}] is no permutation of the axes of ${showShape(x.shape)}`,
        { option: 'perm', value: perm },
      )
    }
    return { dtype: x.dtype, shape: perm.map((axis) => x.shape[axis]) }
  },
  gradient: ({ attrs: { perm } }, g) => [
    transpose(
      g,
      perm.map((_, axis) => perm.indexOf(axis)),
    ),
  ],
  lower: (to, { attrs }, [x]) => to.emit('Transpose', [x], { perm: attrs.perm }),
  evaluate: ([x], { perm }, { shape }) => {
    const from = stridesOf(x.shape)
    const to = stridesOf(shape)
    return Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
      let offset = 0
      for (let axis = 0; axis < shape.length; axis++)
        offset += (Math.floor(i / to[axis]) % shape[axis]) * from[perm[axis]]
      return x.data[offset]
    })
  },
  work: (_, _attrs, type) => moved(type),
  samples: [{ inputs: [{ shape: [2, 3, 4] }], attrs: { perm: [2, 0, 1] } }],
}

/** Axis i of the result is axis perm[i] of x; without `perm` the axes are reversed. */
export function transpose(x: Tensor, perm: readonly number[] = x.shape.map((_, i) => x.shape.length - 1 - i)): Tensor {
  return perm.length === x.shape.length && perm.every((axis, i) => axis === i) ? x : apply(transposeOp, [x], { perm })
}

type SliceAttributes = { readonly axis: number; readonly start: number; readonly end: number; readonly step: number }

function sliceLength({ start, end, step }: SliceAttributes): number {
  return Math.ceil((end - start) / step)
}

export const sliceOp: Op<SliceAttributes> = {
  name: 'slice',
  type: ([x], attrs) => {
    const size = knownSize(x.shape[attrs.axis], 'slice')
    const { start, end, step } = attrs
    if (![start, end, step].every(Number.isInteger) || start < 0 || end > size || start >= end || step < 1) {
      throw new TollError(
        'shape-mismatch',
        `slice: [${start}, ${end}) with step ${step} does not fit an axis of ${size}`,
        { value: [start, end, step], limit: size },
      )
    }
    return { dtype: x.dtype, shape: x.shape.map((dim, i) => (i === attrs.axis ? sliceLength(attrs) : dim)) }
  },
  gradient: ({ inputs: [x], attrs }, g) => [embed(g, { ...attrs, size: knownSize(x.shape[attrs.axis], 'slice') })],
  lower: (to, { attrs: { axis, start, end, step } }, [x]) =>
    to.emit('Slice', [x, ...[start, end, axis, step].map((value) => to.constant('int64', [1], [value]))]),
  evaluate: ([x], { axis, start, step }, { shape }) => {
    const inner = sizeOf(shape.slice(axis + 1))
    const [from, to] = [x.shape[axis] * inner, shape[axis] * inner]
    const result = new Float64Array(sizeOf(shape))
    for (let outer = 0; outer * to < result.length; outer++) {
      for (let k = 0; k < shape[axis]; k++) {
        const offset = outer * from + (start + k * step) * inner
        result.set(x.data.subarray(offset, offset + inner), outer * to + k * inner)
      }
    }
    return result
  },
  work: (_, _attrs, type) => moved(type),
  samples: [
    { inputs: [{ shape: [2, 5, 3] }], attrs: { axis: 1, start: 1, end: 4, step: 1 } },
    { inputs: [{ shape: [7, 2] }], attrs: { axis: 0, start: 1, end: 7, step: 3 } },
  ],
}

/** Every `step`-th element of [start, end) along `axis`; bounds as in Array.prototype.slice, for a positive step. */
export function slice(x: Tensor, axis: number, start: number, end?: number, step = 1): Tensor {
  const [at] = normalizeAxes([axis], x.shape.length, 'slice')
  const size = knownSize(x.shape[at], 'slice')
  const from = start < 0 ? start + size : start
  const to = end === undefined ? size : end < 0 ? end + size : Math.min(end, size)
  return from === 0 && to === size && step === 1 ? x : apply(sliceOp, [x], { axis: at, start: from, end: to, step })
}

type EmbedAttributes = SliceAttributes & { readonly size: number }

// The adjoint of a slice. For a step above 1 the zeros between are made by padding a new innermost axis.
export const embedOp: Op<EmbedAttributes> = {
  name: 'embed',
  type: ([x], attrs) => {
    const { axis, start, end, step, size } = attrs
    if (![start, end, step, size].every(Number.isInteger) || start < 0 || end > size || step < 1) {
      throw new TollError(
        'shape-mismatch',
        `embed: [${start}, ${end}) with step ${step} does not fit an axis of ${size}`,
        { value: [start, end, step], limit: size },
      )
    }
    if (x.shape[axis] !== sliceLength(attrs)) {
      throw new TollError(
        'shape-mismatch',
        `embed: axis ${axis} of ${showShape(x.shape)} must have size ${sliceLength(attrs)}`,
        { value: x.shape[axis], expected: String(sliceLength(attrs)) },
      )
    }
    return { dtype: x.dtype, shape: x.shape.map((dim, i) => (i === attrs.axis ? attrs.size : dim)) }
  },
  gradient: ({ attrs: { axis, start, end, step } }, h) => [apply(sliceOp, [h], { axis, start, end, step })],
  lower: (to, { attrs: { axis, start, step, size }, inputs: [{ shape }], dtype }, [x]) => {
    const length = knownSize(shape[axis], 'embed')
    const ints = (values: readonly number[]) => to.constant('int64', [values.length], values)
    const zero = to.constant(dtype, [], [0])
    let spread = x
    let extent = length
    if (step > 1) {
      const axis2 = to.emit('Unsqueeze', [x, ints([axis + 1])])
      const padded = to.emit('Pad', [axis2, ints([0, step - 1]), zero, ints([axis + 1])])
      extent = length * step
      spread = to.emit('Reshape', [padded, to.shapeVector(shape.map((dim, i) => (i === axis ? extent : dim)))])
    }
    const after = size - start - extent
    if (after < 0) spread = to.emit('Slice', [spread, ints([0]), ints([size - start]), ints([axis])])
    return to.emit('Pad', [spread, ints([start, Math.max(after, 0)]), zero, ints([axis])])
  },
  evaluate: ([x], { axis, start, step }, { shape }) => {
    const inner = sizeOf(shape.slice(axis + 1))
    const [from, to] = [x.shape[axis] * inner, shape[axis] * inner]
    const result = new Float64Array(sizeOf(shape))
    for (let outer = 0; outer * from < x.data.length; outer++) {
      for (let k = 0; k < x.shape[axis]; k++) {
        const offset = outer * from + k * inner
        result.set(x.data.subarray(offset, offset + inner), outer * to + (start + k * step) * inner)
      }
    }
    return result
  },
  // With a step, the zeros between the elements are made in a pass of their own.
  work: ([x], { step }, type) => {
    const spread = step > 1 ? step * bytesOf(x) : 0
    return { elementwise: 0, bytes: bytesOf(x) + 2 * spread + bytesOf(type), scratch: spread }
  },
  samples: [
    { inputs: [{ shape: [2, 3] }], attrs: { axis: 1, start: 2, end: 5, step: 1, size: 6 } },
    { inputs: [{ shape: [2, 3] }], attrs: { axis: 0, start: 1, end: 4, step: 2, size: 4 } },
    { inputs: [{ shape: [2, 3] }], attrs: { axis: 1, start: 1, end: 6, step: 2, size: 9 } },
  ],
}

/** Places x at the positions that a slice would read, in zeros of `size` along the axis: the adjoint of `slice`. */
export function embed(x: Tensor, attrs: EmbedAttributes): Tensor {
  return attrs.start === 0 && attrs.step === 1 && attrs.end === attrs.size ? x : apply(embedOp, [x], attrs)
}

/** Zeros around x: `before[i]` and `after[i]` elements along axis i. Negative amounts cut. */
export function pad(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  return x.shape.reduce<Tensor>((result, dim, axis) => {
    const low = before[axis] ?? 0
    const high = after[axis] ?? 0
    if (low === 0 && high === 0) return result
    const size = knownSize(dim, 'pad')
    const cut = slice(result, axis, Math.max(-low, 0), size - Math.max(-high, 0))
    const left = Math.max(low, 0)
    const length = size + Math.min(low, 0) + Math.min(high, 0)
    return embed(cut, { axis, start: left, end: left + length, step: 1, size: left + length + Math.max(high, 0) })
  }, x)
}

type ConcatAttributes = { readonly axis: number }

export const concatOp: Op<ConcatAttributes> = {
  name: 'concat',
  type: (inputs, { axis }) => {
    const [first] = inputs
    let total = 0
    for (const { dtype, shape } of inputs) {
      const fits =
        dtype === first.dtype &&
        shape.length === first.shape.length &&
        shape.every((dim, i) => i === axis || dim === first.shape[i])
      if (!fits)
        throw new TollError(
          'shape-mismatch',
          `concat along ${axis}: ${showShape(first.shape)} and ${showShape(shape)} do not fit`,
          { value: shape, expected: showShape(first.shape) },
        )
      total += knownSize(shape[axis], 'concat')
    }
    return { dtype: first.dtype, shape: first.shape.map((dim, i) => (i === axis ? total : dim)) }
  },
  gradient: ({ inputs, attrs: { axis } }, g) => {
    let start = 0
    return inputs.map((x) => {
      const from = start
      start += knownSize(x.shape[axis], 'concat')
      return isFloat(x.dtype) ? slice(g, axis, from, start) : undefined
    })
  },
  lower: (to, { attrs }, inputs) => to.emit('Concat', inputs, { axis: attrs.axis }),
  evaluate: (inputs, { axis }, { shape }) => {
    const result = new Float64Array(sizeOf(shape))
    const row = sizeOf(shape.slice(axis))
    let offset = 0
    for (const x of inputs) {
      const chunk = sizeOf(x.shape.slice(axis))
      for (let outer = 0; outer * chunk < x.data.length; outer++) {
        result.set(x.data.subarray(outer * chunk, (outer + 1) * chunk), outer * row + offset)
      }
      offset += chunk
    }
    return result
  },
  work: (_, _attrs, type) => moved(type),
  samples: [{ inputs: [{ shape: [2, 3] }, { shape: [2, 1] }, { shape: [2, 2] }], attrs: { axis: 1 } }],
}

/** Joins tensors along an axis. */
export function concat(inputs: readonly Tensor[], axis: number): Tensor {
  if (inputs.length === 0)
    throw new TollError('missing-argument', 'concat needs at least one tensor', { option: 'inputs' })
  const [at] = normalizeAxes([axis], inputs[0].shape.length, 'concat')
  return inputs.length === 1 ? inputs[0] : apply(concatOp, inputs, { axis: at })
}
