// Quantiles of a sample. Definition 7 of Hyndman and Fan (1996), which numpy, R and spreadsheets use by default, and
// the order statistic at or above it, which is always a value that was seen and never understates.

import { TollError } from './errors.js'

export type QuantileMethod = 'linear' | 'higher'

/**
 * The `q` quantile of `values` (any order, not changed; O(n log n)).
 *
 * With the values sorted from x_0 to x_(n-1) and h = (n - 1) q: `linear` (default) interpolates between x_floor(h) and
 * x_ceil(h), `higher` takes x_ceil(h). One value is its own quantile for every q.
 *
 * @param q share in [0, 1]
 * @throws `argument` when q is outside [0, 1]; `data` when there are no values or one of them is not finite.
 */
export function quantile(values: ArrayLike<number>, q: number, method: QuantileMethod = 'linear'): number {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]))
      throw new TollError('not-finite', `a quantile needs finite values, value ${i} is ${values[i]}`, {
        row: i,
        value: values[i],
      })
  }
  return quantileOfSorted(Float64Array.from(values).sort(), q, method)
}

/** `quantile` of values that are finite and sorted in ascending order; O(1). */
export function quantileOfSorted(sorted: ArrayLike<number>, q: number, method: QuantileMethod = 'linear'): number {
  if (!(q >= 0 && q <= 1))
    throw new TollError('out-of-domain', `a quantile must be a share from 0 to 1, got ${q}`, {
      option: 'q',
      value: q,
      expected: 'a number from 0 to 1',
    })
  if (sorted.length === 0)
    throw new TollError('too-few-rows', 'a quantile needs at least one value, got none', { value: 0, limit: 1 })
  const h = (sorted.length - 1) * q
  const low = sorted[Math.floor(h)]
  const high = sorted[Math.ceil(h)]
  const t = h - Math.floor(h)
  if (method === 'higher' || low === high) return high
  // Counting from the nearer end keeps the result inside [low, high] in floating point.
  return t < 0.5 ? low + (high - low) * t : high - (high - low) * (1 - t)
}
