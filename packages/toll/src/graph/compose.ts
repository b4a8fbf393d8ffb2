// Functions made of primitive ops: they need no rules of their own, since gradients and lowerings compose.

import { TollError } from '../base/index.js'
import {
  add,
  cast,
  div,
  erf,
  exp,
  less,
  log,
  mul,
  neg,
  not,
  sqrt,
  square,
  stopGradient,
  sub,
  where,
} from './ops/elementwise.js'
import { convSize, windowOf, type Window, type WindowOptions } from './ops/conv.js'
import { gatherElements, maxPoolIndex } from './ops/gather.js'
import { constant, slot } from './ops/leaf.js'
import { broadcastTo, maxOver, mean, sum } from './ops/reduce.js'
import { topIndices } from './ops/select.js'
import { pad, reshape, slice } from './ops/shape.js'
import { knownSize, showShape, type Tensor } from './tensor.js'

/**
 * log(sum(exp(x))) over an axis, shifted by the largest value so that nothing overflows; the axis stays with size 1.
 */
export function logSumExp(x: Tensor, axis: number): Tensor {
  const shift = stopGradient(maxOver(x, [axis], true))
  return add(log(sum(exp(sub(x, shift)), [axis], true)), shift)
}

export function logSoftmax(x: Tensor, axis: number): Tensor {
  return sub(x, logSumExp(x, axis))
}

export function softmax(x: Tensor, axis: number): Tensor {
  const weights = exp(sub(x, stopGradient(maxOver(x, [axis], true))))
  return div(weights, sum(weights, [axis], true))
}

/** x times the standard normal distribution function of x (Hendrycks and Gimpel 2016), exact. */
export function gelu(x: Tensor): Tensor {
  return mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1))
}

/** Euclidean norm of every sample, (n, ...) to (n); its gradient at a zero row is 0. */
export function rowNorm(x: Tensor): Tensor {
  return sqrt(sum(square(x), x.shape.map((_, i) => i).slice(1)))
}

/** What `rowNorm` was given, in a graph that may have been read from a file; undefined for anything but a norm. */
export function rowNormOperand(norm: Tensor): Tensor | undefined {
  const step = (x: Tensor | undefined, name: string) => (x?.op.name === name ? x.inputs[0] : undefined)
  const total = step(norm, 'sqrt')
  // A file adds with the axes kept, and reshapes.
  const squared = step(step(total, 'reshape') ?? total, 'sum')
  return squared?.op.name === 'mul' && squared.inputs[0] === squared.inputs[1] ? squared.inputs[0] : undefined
}

/**
 * Zeroes where the fed mask is 0 and divides the rest by the share kept, so that expectations stay (inverted dropout).
 */
export function dropout(x: Tensor, mask: Tensor, rate: number): Tensor {
  if (!(rate >= 0 && rate < 1))
    throw new TollError('out-of-domain', `the dropout rate must be at least 0 and below 1, got ${rate}`, {
      option: 'rate',
      value: rate,
      expected: 'a number from 0 to below 1',
    })
  return mul(x, mul(cast(mask, x.dtype), 1 / (1 - rate)))
}

export interface PoolOptions extends WindowOptions {
  /** Whether an average counts the zeros of the padding; default true, as in PyTorch. */
  readonly countPadding?: boolean
}

/** Largest value of every window of images (n, c, h, w); the stride defaults to the window. */
export function maxPool(x: Tensor, kernel: number | readonly [number, number], options: WindowOptions = {}): Tensor {
  const indices = maxPoolIndex(x, kernel, { strides: kernel, ...options })
  const [n, c, h, w] = x.shape
  const [height, width] = indices.shape.slice(2).map((dim) => knownSize(dim, 'maxPool'))
  const plane = knownSize(h, 'maxPool') * knownSize(w, 'maxPool')
  const values = gatherElements(reshape(x, [n, c, plane]), reshape(indices, [n, c, height * width]), 2)
  return reshape(values, [n, c, height, width])
}

/**
 * Mean of every window of images (n, c, h, w); the stride defaults to the window. Sums of strided slices, rows first,
 * then columns.
 */
export function averagePool(x: Tensor, kernel: number | readonly [number, number], options: PoolOptions = {}): Tensor {
  const { countPadding = true, ...rest } = { strides: kernel, ...options }
  const window = windowOf(rest)
  const size = typeof kernel === 'number' ? ([kernel, kernel] as const) : kernel
  const plane = x.shape.slice(2) as number[]
  const sums = windowSums(x, size, window)
  if (countPadding) return mul(sums, 1 / (size[0] * size[1]))
  return div(sums, windowSums(broadcastTo(constant(1, [], x.dtype), [1, 1, ...plane]), size, window))
}

function windowSums(x: Tensor, kernel: readonly [number, number], window: Window): Tensor {
  const [top, left, bottom, right] = window.pads
  const padded = pad(x, [0, 0, top, left], [0, 0, bottom, right])
  return ([0, 1] as const).reduce((partial, direction) => {
    const axis = direction + 2
    const outputs = convSize(knownSize(x.shape[axis], 'averagePool'), kernel[direction], direction, window)
    if (outputs < 1)
      throw new TollError(
        'shape-mismatch',
        `averagePool: a window of ${kernel.join(' x ')} does not fit ${showShape(x.shape)}`,
        { option: 'kernel', value: kernel, expected: `a window within ${showShape(x.shape)}` },
      )
    const stride = window.strides[direction]
    const taps = Array.from({ length: kernel[direction] }, (_, tap) => {
      const start = tap * window.dilations[direction]
      return slice(partial, axis, start, start + (outputs - 1) * stride + 1, stride)
    })
    return taps.reduce((total, tap) => add(total, tap))
  }, padded)
}

/** Repeats every pixel of images (n, c, h, w) `scale` times in both directions. */
export function upsampleNearest(x: Tensor, scale: number): Tensor {
  if (!Number.isInteger(scale) || scale < 1)
    throw new TollError('out-of-domain', `the scale must be an integer of at least 1, got ${scale}`, {
      option: 'scale',
      value: scale,
      expected: 'an integer of at least 1',
    })
  const [n, c, h, w] = x.shape
  const [height, width] = [knownSize(h, 'upsample'), knownSize(w, 'upsample')]
  const wide = broadcastTo(reshape(x, [n, c, height, 1, width, 1]), [n, c, height, scale, width, scale])
  return reshape(wide, [n, c, height * scale, width * scale])
}

/** Splits along an axis into pieces of the given sizes. */
export function split(x: Tensor, sizes: readonly number[], axis = 0): Tensor[] {
  let start = 0
  return sizes.map((size) => {
    start += size
    return slice(x, axis, start - size, start)
  })
}

/** Mean and biased variance over all axes but the second, kept as size 1: the statistics of batch norm. */
export function channelMoments(x: Tensor): { mean: Tensor; variance: Tensor; centred: Tensor } {
  const axes = x.shape.map((_, i) => i).filter((axis) => axis !== 1)
  const centre = mean(x, axes, true)
  const centred = sub(x, centre)
  return { mean: centre, variance: mean(square(centred), axes, true), centred }
}

/** Smallest value over `axes` (all when left out). */
export function minOver(x: Tensor, axes?: readonly number[], keepDims = false): Tensor {
  return neg(maxOver(neg(x), axes, keepDims))
}

/**
 * The `k` largest or smallest values along the last axis, best first, and their places; of equal values the first comes
 * first.
 */
export function topK(
  x: Tensor,
  k: number,
  options: { readonly largest?: boolean } = {},
): { values: Tensor; indices: Tensor } {
  const indices = topIndices(x, k, options)
  return { values: gatherElements(x, indices, -1), indices }
}

/**
 * How many numbers of each sorted column are below the values of that column (`left`), or not above them (`right`): x
 * (n, d) of float64 to (n, d) of int64. A binary search with one lookup per halving, all rows at once. The columns rise
 * and are equally long.
 */
export function searchSorted(columns: readonly Float64Array[], x: Tensor, side: 'left' | 'right'): Tensor {
  return searchTable(sortedTable(columns, x), x, side)
}

/**
 * `searchSorted` among `count` numbers that are known only when the graph is lowered: x (n, 1) of float64 to (n, 1) of
 * int64. `sortedSlots` says what to write into the slots.
 */
export function searchSlots(slotName: string, count: number, x: Tensor, side: 'left' | 'right'): Tensor {
  const table = slot(slotName, [tableRows(count), 1], 'float64')
  return searchTable(table, x, side, slot(middleOf(slotName), [], 'float64'))
}

/** What the slots of `searchSlots` hold for these numbers, in rising order. */
export function sortedSlots(slotName: string, numbers: ArrayLike<number>): Record<string, Float64Array> {
  const table = new Float64Array(tableRows(numbers.length)).fill(Infinity)
  table.set(numbers)
  return { [slotName]: table, [middleOf(slotName)]: Float64Array.of(table[(table.length - 1) / 2]) }
}

/** The first probe has a slot of its own: simplification makes a constant of it where the table is one. */
function middleOf(slotName: string): string {
  return `${slotName}.middle`
}

/**
 * Both sides of `searchSorted` over one table: how many numbers of each sorted column are below, and how many are not
 * above.
 */
export function ranksAmong(columns: readonly Float64Array[], x: Tensor): { below: Tensor; notAbove: Tensor } {
  const table = sortedTable(columns, x)
  return { below: searchTable(table, x, 'left'), notAbove: searchTable(table, x, 'right') }
}

/** The columns row by row, filled up with infinity to 2^k - 1 rows. */
function sortedTable(columns: readonly Float64Array[], x: Tensor): Tensor {
  const [d, count] = [columns.length, columns[0].length]
  if (x.shape.length !== 2 || x.shape[1] !== d)
    throw new TollError('shape-mismatch', `searchSorted: expected (n, ${d}), got ${showShape(x.shape)}`, {
      value: x.shape,
      expected: `(n, ${d})`,
    })
  const padded = tableRows(count)
  const table = new Float64Array(padded * d).fill(Infinity)
  columns.forEach((column, c) => {
    if (column.length !== count)
      throw new TollError(
        'length-mismatch',
        `searchSorted: column ${c} has ${column.length} numbers, column 0 has ${count}`,
        { value: column.length, expected: `${count} numbers` },
      )
    column.forEach((value, row) => {
      table[row * d + c] = value
    })
  })
  return constant(table, [padded, d], 'float64')
}

/** Rows of a table of so many numbers: 2^k - 1. */
function tableRows(count: number): number {
  return 2 ** Math.ceil(Math.log2(count + 1)) - 1
}

function searchTable(sorted: Tensor, x: Tensor, side: 'left' | 'right', first?: Tensor): Tensor {
  const passed = (probe: Tensor) => (side === 'left' ? less(probe, x) : not(less(x, probe)))
  const middle = (knownSize(sorted.shape[0], 'searchSorted') - 1) / 2
  const [none, half] = [0, middle + 1].map((count) => constant(count, [], 'int64'))
  let found = where(passed(first ?? slice(sorted, 0, middle, middle + 1)), half, none)
  for (let step = (middle + 1) / 2; step >= 1; step /= 2) {
    const probe = gatherElements(sorted, add(found, step - 1), 0)
    found = where(passed(probe), add(found, step), found)
  }
  return found
}
