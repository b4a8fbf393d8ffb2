// Spearman's rank correlation (1904): Pearson's correlation of the ranks, equal values sharing the mean of their ranks.

import { TollError } from '../base/index.js'

/**
 * In [-1, 1]. Code `shape` for unequal lengths or fewer than 2 values; `data` for NaN, or when all values of one side
 * are equal.
 */
export function rankCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length || a.length < 2)
    throw new TollError(
      'length-mismatch',
      `a rank correlation needs two equally long lists of at least 2 values, got ${a.length} and ${b.length}`,
      { value: b.length, expected: `${a.length} values`, limit: 2 },
    )
  const [x, y] = [centredRanks(a), centredRanks(b)]
  let [xx, yy, xy] = [0, 0, 0]
  for (let i = 0; i < x.length; i++) {
    xx += x[i] * x[i]
    yy += y[i] * y[i]
    xy += x[i] * y[i]
  }
  if (xx === 0 || yy === 0)
    throw new TollError('constant-data', 'a rank correlation needs values that differ, all of one side are equal')
  return xy / Math.sqrt(xx * yy)
}

function centredRanks(values: ArrayLike<number>): Float64Array {
  const n = values.length
  const order = Uint32Array.from({ length: n }, (_, i) => i)
  for (let i = 0; i < n; i++)
    if (Number.isNaN(values[i]))
      throw new TollError('not-a-number', `a rank correlation needs numbers, value ${i} is NaN`, {
        row: i,
        value: values[i],
      })
  order.sort((i, j) => (values[i] < values[j] ? -1 : values[i] > values[j] ? 1 : 0))
  const ranks = new Float64Array(n)
  for (let from = 0; from < n;) {
    let to = from
    while (to < n && values[order[to]] === values[order[from]]) to++
    for (let i = from; i < to; i++) ranks[order[i]] = (from + to - 1) / 2 - (n - 1) / 2
    from = to
  }
  return ranks
}
