// Control of false discoveries over a whole batch: of the rows called, at most a share `rate` are normal in
// expectation. Source: Benjamini and Hochberg 1995; valid for conformal p-values that share their held-back rows (Bates
// et al. 2023, theorem 2).

import { TollError } from '../base/index.js'

/**
 * 1 for the rows that are called: those with p-values up to the largest p_(k) with p_(k) <= rate k / m, m rows in all.
 *
 * @param pValues in [0, 1], any order
 * @param rate share of normal rows among the called, in (0, 1)
 * @throws `argument` for a rate outside its range, `data` for a p-value outside [0, 1].
 */
export function discoveries(pValues: ArrayLike<number>, rate: number): Uint8Array {
  if (!(rate > 0 && rate < 1))
    throw new TollError('out-of-domain', `the false discovery rate must be above 0 and below 1, got ${rate}`, {
      option: 'rate',
      value: rate,
      expected: 'a number above 0 and below 1',
    })
  const m = pValues.length
  for (let i = 0; i < m; i++)
    if (!(pValues[i] >= 0 && pValues[i] <= 1))
      throw new TollError('invalid-p-value', `p-value ${i} is ${pValues[i]}, expected a number from 0 to 1`, {
        row: i,
        value: pValues[i],
        expected: 'a number from 0 to 1',
      })
  const sorted = Float64Array.from(pValues).sort()
  let limit = -1
  for (let k = 1; k <= m; k++) if (sorted[k - 1] <= (rate * k) / m) limit = sorted[k - 1]
  return Uint8Array.from(pValues, (p) => Number(p <= limit))
}
