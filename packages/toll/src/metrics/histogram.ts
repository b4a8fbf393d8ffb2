// Counts per bin of equal width, with numpy's conventions: bins are half open but for the last, which holds its right
// edge.

import { TollError } from '../base/index.js'

export interface Histogram {
  /** `bins + 1` ascending values; bin i is [edges[i], edges[i + 1]). */
  readonly edges: Float64Array
  readonly counts: Float64Array
  /** Values left and right of all bins; both 0 without a `range`. */
  readonly below: number
  readonly above: number
}

export interface HistogramOptions {
  /** Number of bins, 1 to 100,000; default 40. */
  readonly bins?: number
  /** Left and right end; default the smallest and largest value, widened by 0.5 each where those are equal. */
  readonly range?: readonly [number, number]
}

/**
 * Counts finite values per bin.
 *
 * @throws `data` when a value is not finite, or there are none and no range; `argument` for an empty range or a wrong
 * number of bins.
 */
export function histogram(values: ArrayLike<number>, options: HistogramOptions = {}): Histogram {
  const bins = options.bins ?? 40
  if (!Number.isInteger(bins) || bins < 1 || bins > 100_000) {
    throw new TollError('out-of-domain', `a histogram needs 1 to 100000 bins, got ${bins}`, {
      option: 'bins',
      value: bins,
      expected: 'an integer from 1 to 100000',
    })
  }
  const [low, high] = options.range ?? spanOf(values)
  if (!(low < high) || !Number.isFinite(high - low)) {
    throw new TollError('out-of-domain', `a histogram's range must ascend and be finite, got ${low} to ${high}`, {
      option: 'range',
      value: [low, high],
      expected: 'two finite, ascending numbers',
    })
  }
  const edges = Float64Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : low + (high - low) * (i / bins)))
  const counts = new Float64Array(bins)
  let below = 0
  let above = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (!Number.isFinite(value))
      throw new TollError('not-finite', `a histogram needs finite values, value ${i} is ${value}`, { row: i, value })
    if (value < low) below++
    else if (value > high) above++
    else counts[binOf(value, edges)]++
  }
  return { edges, counts, below, above }
}

/** The bin by division, then by comparison with the edges, which decide. */
function binOf(value: number, edges: Float64Array): number {
  const bins = edges.length - 1
  let bin = Math.min(bins - 1, Math.floor(((value - edges[0]) / (edges[bins] - edges[0])) * bins))
  while (bin > 0 && value < edges[bin]) bin--
  while (bin < bins - 1 && value >= edges[bin + 1]) bin++
  return bin
}

function spanOf(values: ArrayLike<number>): [number, number] {
  if (values.length === 0)
    throw new TollError('too-few-rows', 'a histogram of no values needs a range', {
      option: 'range',
      value: 0,
      limit: 1,
    })
  let low = Infinity
  let high = -Infinity
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]))
      throw new TollError('not-finite', `a histogram needs finite values, value ${i} is ${values[i]}`, {
        row: i,
        value: values[i],
      })
    low = Math.min(low, values[i])
    high = Math.max(high, values[i])
  }
  return low === high ? [low - 0.5, high + 0.5] : [low, high]
}
