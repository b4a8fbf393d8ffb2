// Ops that address elements by integer tensors. Gathering and scattering with addition are adjoint to each other: along
// a whole axis (gather, scatterAdd) and element by element (gatherElements, scatterElementsAdd).

import { TollError, sizeOf } from '../../base/index.js'
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
  type Op,
  type Tensor,
  type TensorType,
  type Work,
} from '../tensor.js'
import { convSize, windowOf, type Window, type WindowOptions } from './conv.js'
import { transpose } from './shape.js'

function requireIndices(type: TensorType, what: string): void {
  if (type.dtype !== 'int64')
    throw new TollError('dtype-mismatch', `${what}: indices must be int64, got ${type.dtype}`, {
      value: type.dtype,
      expected: 'int64',
    })
}

/** An index within [0, size), counting negative ones from the end as ONNX does. */
function wrap(index: number, size: number): number {
  const at = index < 0 ? index + size : index
  if (!(at >= 0 && at < size))
    throw new TollError('invalid-index', `index ${index} is outside an axis of ${size}`, { value: index, limit: size })
  return at
}

/** Zeros are written, copied into the result, and one element of it is read and written per update. */
function scattered([updates, indices]: readonly ConcreteType[], _: unknown, type: ConcreteType): Partial<Work> {
  return {
    elementwise: sizeOf(updates.shape),
    bytes: 3 * bytesOf(updates) + bytesOf(indices) + 3 * bytesOf(type),
    scratch: bytesOf(type),
  }
}

// ---- whole slices along an axis

type GatherAttributes = { readonly axis: number }

export const gatherOp: Op<GatherAttributes> = {
  name: 'gather',
  type: ([x, indices], { axis }) => {
    requireIndices(indices, 'gather')
    return { dtype: x.dtype, shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)] }
  },
  gradient: ({ inputs: [x, indices], attrs: { axis } }, g) => {
    // Bring the gathered axes to the front, scatter there, and bring the axis back.
    const inner = indices.shape.length
    const rank = g.shape.length
    const front = [...range(axis, axis + inner), ...range(0, axis), ...range(axis + inner, rank)]
    const scattered = scatterAdd(transpose(g, front), indices, knownSize(x.shape[axis], 'gather'))
    const back = [...range(1, axis + 1), 0, ...range(axis + 1, x.shape.length)]
    return [transpose(scattered, back), undefined]
  },
  lower: (to, { attrs }, inputs) => to.emit('Gather', inputs, { axis: attrs.axis }),
  evaluate: ([x, indices], { axis }, { shape }) => {
    const inner = sizeOf(x.shape.slice(axis + 1))
    const outer = sizeOf(x.shape.slice(0, axis))
    const result = new Float64Array(sizeOf(shape))
    let to = 0
    for (let o = 0; o < outer; o++) {
      for (const index of indices.data) {
        const from = (o * x.shape[axis] + wrap(index, x.shape[axis])) * inner
        result.set(x.data.subarray(from, from + inner), to)
        to += inner
      }
    }
    return result
  },
  work: ([, indices], _, type) => ({ elementwise: 0, bytes: bytesOf(indices) + 2 * bytesOf(type) }),
  samples: [
    { inputs: [{ shape: [4, 3] }, { shape: [5], dtype: 'int64', values: [0, 3, 3, 1, 0] }], attrs: { axis: 0 } },
    { inputs: [{ shape: [2, 4, 3] }, { shape: [2, 2], dtype: 'int64', values: [0, 3, 2, 2] }], attrs: { axis: 1 } },
  ],
}

/** The slices `indices` (int64, any shape) along `axis`. */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  const [at] = normalizeAxes([axis], x.shape.length, 'gather')
  return apply(gatherOp, [x, indices], { axis: at })
}

type ScatterAttributes = { readonly size: number }

export const scatterAddOp: Op<ScatterAttributes> = {
  name: 'scatterAdd',
  type: ([updates, indices], { size }) => {
    requireIndices(indices, 'scatterAdd')
    const inner = indices.shape.length
    if (!sameShape(updates.shape.slice(0, inner), indices.shape)) {
      throw new TollError(
        'shape-mismatch',
        `scatterAdd: updates ${showShape(updates.shape)} must begin with the indices' shape ` +
          `${showShape(indices.shape)}`,
        { value: updates.shape, expected: showShape(indices.shape) },
      )
    }
    return { dtype: updates.dtype, shape: [size, ...updates.shape.slice(inner)] }
  },
  gradient: ({ inputs: [, indices] }, h) => [gather(h, indices, 0), undefined],
  lower: (to, node, [updates, indices]) => {
    const zero = to.emit('Expand', [to.constant(node.dtype, [], [0]), to.shapeVector(node.shape)])
    const column = to.emit('Unsqueeze', [indices, to.constant('int64', [1], [-1])])
    return to.emit('ScatterND', [zero, column, updates], { reduction: 'add' })
  },
  evaluate: ([updates, indices], { size }, { shape }) => {
    const result = new Float64Array(sizeOf(shape))
    const inner = sizeOf(shape.slice(1))
    indices.data.forEach((index, i) => {
      const to = wrap(index, size) * inner
      for (let k = 0; k < inner; k++) result[to + k] += updates.data[i * inner + k]
    })
    return result
  },
  work: scattered,
  samples: [
    { inputs: [{ shape: [4, 2] }, { shape: [4], dtype: 'int64', values: [1, 0, 1, 4] }], attrs: { size: 5 } },
    { inputs: [{ shape: [2, 2, 3] }, { shape: [2, 2], dtype: 'int64', values: [1, 0, 1, 2] }], attrs: { size: 3 } },
  ],
}

/**
 * Adds row i of `updates` to row indices[i] of zeros with `size` rows: the adjoint of `gather` along the first axis.
 */
export function scatterAdd(updates: Tensor, indices: Tensor, size: number): Tensor {
  return apply(scatterAddOp, [updates, indices], { size })
}

// ---- element by element

export const gatherElementsOp: Op<GatherAttributes> = {
  name: 'gatherElements',
  type: ([x, indices], { axis }) => {
    requireIndices(indices, 'gatherElements')
    const fits =
      x.shape.length === indices.shape.length && x.shape.every((dim, i) => i === axis || dim === indices.shape[i])
    if (!fits)
      throw new TollError(
        'shape-mismatch',
        `gatherElements: indices ${showShape(indices.shape)} do not fit ${showShape(x.shape)}`,
        { value: indices.shape, expected: showShape(x.shape) },
      )
    return { dtype: x.dtype, shape: indices.shape }
  },
  gradient: ({ inputs: [x, indices], attrs: { axis } }, g) => [
    apply(scatterElementsAddOp, [g, indices], { axis, size: knownSize(x.shape[axis], 'gatherElements') }),
    undefined,
  ],
  lower: (to, { attrs }, inputs) => to.emit('GatherElements', inputs, { axis: attrs.axis }),
  evaluate: ([x, indices], { axis }, { shape }) => {
    const at = elementOffsets(shape, x.shape, axis)
    return Float64Array.from(indices.data, (index, i) => x.data[at(i, wrap(index, x.shape[axis]))])
  },
  work: ([, indices], _, type) => ({ elementwise: 0, bytes: bytesOf(indices) + 2 * bytesOf(type) }),
  samples: [
    { inputs: [{ shape: [2, 3] }, { shape: [2, 2], dtype: 'int64', values: [2, 0, 1, 1] }], attrs: { axis: 1 } },
  ],
}

/** result[.., i, ..] = x[.., indices[.., i, ..], ..] along `axis`; the other axes agree. */
export function gatherElements(x: Tensor, indices: Tensor, axis: number): Tensor {
  const [at] = normalizeAxes([axis], x.shape.length, 'gatherElements')
  return apply(gatherElementsOp, [x, indices], { axis: at })
}

type ScatterElementsAttributes = { readonly axis: number; readonly size: number }

export const scatterElementsAddOp: Op<ScatterElementsAttributes> = {
  name: 'scatterElementsAdd',
  type: ([updates, indices], { axis, size }) => {
    requireIndices(indices, 'scatterElementsAdd')
    if (!sameShape(updates.shape, indices.shape))
      throw new TollError('shape-mismatch', 'scatterElementsAdd: updates and indices must have one shape', {
        value: updates.shape,
        expected: showShape(indices.shape),
      })
    return { dtype: updates.dtype, shape: updates.shape.map((dim, i) => (i === axis ? size : dim)) }
  },
  gradient: ({ inputs: [, indices], attrs: { axis } }, h) => [gatherElements(h, indices, axis), undefined],
  lower: (to, node, [updates, indices]) => {
    const zero = to.emit('Expand', [to.constant(node.dtype, [], [0]), to.shapeVector(node.shape)])
    return to.emit('ScatterElements', [zero, indices, updates], { axis: node.attrs.axis, reduction: 'add' })
  },
  evaluate: ([updates, indices], { axis, size }, { shape }) => {
    const at = elementOffsets(updates.shape, shape, axis)
    const result = new Float64Array(sizeOf(shape))
    indices.data.forEach((index, i) => {
      result[at(i, wrap(index, size))] += updates.data[i]
    })
    return result
  },
  work: scattered,
  samples: [
    {
      inputs: [{ shape: [2, 3] }, { shape: [2, 3], dtype: 'int64', values: [2, 0, 2, 1, 1, 1] }],
      attrs: { axis: 1, size: 4 },
    },
  ],
}

/**
 * Adds every element of `updates` to zeros of `size` along `axis`, at the place that `indices` (of the same shape)
 * gives.
 */
export function scatterElementsAdd(updates: Tensor, indices: Tensor, axis: number, size: number): Tensor {
  const [at] = normalizeAxes([axis], updates.shape.length, 'scatterElementsAdd')
  return apply(scatterElementsAddOp, [updates, indices], { axis: at, size })
}

/** For position i of an array of shape `from`: the offset in `to` where the coordinate along `axis` is replaced. */
function elementOffsets(
  from: readonly number[],
  to: readonly number[],
  axis: number,
): (i: number, index: number) => number {
  const outer = stridesOf(from)
  const inner = stridesOf(to)
  return (i, index) =>
    from.reduce((offset, dim, k) => offset + (k === axis ? index : Math.floor(i / outer[k]) % dim) * inner[k], 0)
}

// ---- where the largest value of a window stands

type PoolAttributes = Window & { readonly kernel: readonly [number, number] }

export const maxPoolIndexOp: Op<PoolAttributes> = {
  name: 'maxPoolIndex',
  type: ([x], attrs) => {
    if (x.shape.length !== 4 || !isFloat(x.dtype)) {
      throw new TollError(
        'shape-mismatch',
        `maxPool: expected real images (n, c, h, w), got ${x.dtype}${showShape(x.shape)}`,
        { value: x.shape, expected: '(n, c, h, w)' },
      )
    }
    const [n, c, h, w] = x.shape
    const size = [h, w].map((dim, axis) =>
      convSize(knownSize(dim, 'maxPool'), attrs.kernel[axis], axis as 0 | 1, attrs),
    )
    if (size.some((dim) => dim < 1) || attrs.pads.some((pad, i) => pad >= attrs.kernel[i % 2])) {
      throw new TollError(
        'shape-mismatch',
        `maxPool: a window of ${attrs.kernel.join(' x ')} with pads ${attrs.pads.join(', ')} does not fit ` +
          `${showShape(x.shape)}`,
        { value: attrs.kernel, expected: `a window within ${showShape(x.shape)}` },
      )
    }
    return { dtype: 'int64', shape: [n, c, ...size] }
  },
  // ONNX counts positions over the whole tensor; the remainder is the position in the plane.
  lower: (to, { attrs: { strides, pads, dilations, kernel }, inputs: [{ shape }] }, [x]) => {
    const [, position] = to.emitMany('MaxPool', [x], 2, { strides, pads, dilations, kernel_shape: kernel })
    return to.emit('Mod', [
      position,
      to.constant('int64', [], [knownSize(shape[2], 'maxPool') * knownSize(shape[3], 'maxPool')]),
    ])
  },
  evaluate: ([x], { strides, pads, dilations, kernel }, { shape }) => {
    const [n, c, oh, ow] = shape
    const [, , height, width] = x.shape
    const result = new Float64Array(sizeOf(shape))
    let at = 0
    for (let plane = 0; plane < n * c; plane++) {
      const offset = plane * height * width
      for (let y = 0; y < oh; y++) {
        for (let k = 0; k < ow; k++) {
          let best = -1
          for (let i = 0; i < kernel[0]; i++) {
            for (let j = 0; j < kernel[1]; j++) {
              const row = y * strides[0] + i * dilations[0] - pads[0]
              const column = k * strides[1] + j * dilations[1] - pads[1]
              if (row < 0 || row >= height || column < 0 || column >= width) continue
              const position = row * width + column
              if (best < 0 || x.data[offset + position] > x.data[offset + best]) best = position
            }
          }
          if (best < 0)
            throw new TollError(
              'shape-mismatch',
              `maxPool: the window at row ${y}, column ${k} holds nothing but padding`,
              { value: pads },
            )
          result[at++] = best
        }
      }
    }
    return result
  },
  work: (_, { kernel }, { shape }) => ({ elementwise: sizeOf(shape) * kernel[0] * kernel[1] }),
  samples: [
    { inputs: [{ shape: [2, 2, 4, 6] }], attrs: { ...windowOf({ strides: 2 }), kernel: [2, 2] } },
    { inputs: [{ shape: [1, 2, 5, 5] }], attrs: { ...windowOf({ strides: 2, pads: 1 }), kernel: [3, 3] } },
  ],
}

/**
 * For every window of images (n, c, h, w), the position (row * w + column) of its largest value; the first one at a
 * tie.
 */
export function maxPoolIndex(
  x: Tensor,
  kernel: number | readonly [number, number],
  options: WindowOptions = {},
): Tensor {
  return apply(maxPoolIndexOp, [x], {
    ...windowOf(options),
    kernel: typeof kernel === 'number' ? [kernel, kernel] : kernel,
  })
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}
