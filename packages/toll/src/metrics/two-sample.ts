// Whether two samples come from one distribution, and how far they are apart.
// Sources: Smirnov 1939; exact null distribution by counting paths as in Kim and Jennrich 1973; Stephens 1970 for large
// samples; Cliff 1993.

import { TollError } from '../base/index.js'

export interface KolmogorovSmirnov {
  /** Largest difference of the two empirical distribution functions, in [0, 1]. */
  readonly distance: number
  /** Of a distance at least as large when both come from one continuous distribution; with ties it is too large. */
  readonly pValue: number
  readonly exact: boolean
}

/** Products of sizes up to which the null distribution is counted: some 50 ms. */
const mostPaths = 1e7

/**
 * The two-sided test of Kolmogorov and Smirnov: exact up to sizes whose product is 10^7, else asymptotic.
 *
 * @param a at least one finite number, any order
 * @throws `data` for an empty sample or NaN.
 */
export function kolmogorovSmirnov(a: ArrayLike<number>, b: ArrayLike<number>): KolmogorovSmirnov {
  const [x, y] = [sorted(a), sorted(b)]
  const [m, n] = [x.length, y.length]
  let [i, j, distance] = [0, 0, 0]
  while (i < m && j < n) {
    const value = Math.min(x[i], y[j])
    while (i < m && x[i] === value) i++
    while (j < n && y[j] === value) j++
    distance = Math.max(distance, Math.abs(i / m - j / n))
  }
  const exact = m * n <= mostPaths
  return { distance, pValue: exact ? exactTail(distance, m, n) : asymptoticTail(distance, (m / (m + n)) * n), exact }
}

/** 1 minus the share of lattice paths from (0, 0) to (m, n) that stay closer to the diagonal than `distance`. */
function exactTail(distance: number, m: number, n: number): number {
  if (distance === 0) return 1
  const limit = (Math.floor(distance * m * n - 1e-7) + 0.5) / (m * n)
  const inside = Float64Array.from({ length: n + 1 }, (_, j) => Number(j / n <= limit))
  // Halfway the shares are as small as the number of all paths is large: the exponent is kept apart.
  let exponent = 0
  for (let i = 1; i <= m; i++) {
    // Scaled by i / (i + n) each time, the last entry is a share of all paths instead of their number.
    const scale = i / (i + n)
    inside[0] = i / m > limit ? 0 : scale * inside[0]
    let largest = inside[0]
    for (let j = 1; j <= n; j++) {
      inside[j] = Math.abs(i / m - j / n) > limit ? 0 : scale * inside[j] + inside[j - 1]
      if (inside[j] > largest) largest = inside[j]
    }
    const shift = largest < 2 ** -300 ? 1 : largest > 2 ** 300 ? -1 : 0
    if (shift === 0) continue
    for (let j = 0; j <= n; j++) inside[j] *= 2 ** (300 * shift)
    exponent -= 300 * shift
  }
  return Math.min(1, Math.max(0, 1 - inside[n] * 2 ** exponent))
}

function asymptoticTail(distance: number, size: number): number {
  const lambda = (Math.sqrt(size) + 0.12 + 0.11 / Math.sqrt(size)) * distance
  if (lambda < 0.2) return 1
  let sum = 0
  for (let k = 1; k <= 100; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * lambda * lambda)
  return Math.min(1, Math.max(0, sum))
}

/**
 * The chance that a number of `a` is above one of `b`, ties counted half: AUROC. Cliff's delta is twice it minus 1.
 * Errors as above.
 */
export function superiority(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [x, y] = [sorted(a), sorted(b)]
  let [below, upTo, wins] = [0, 0, 0]
  for (const value of x) {
    while (below < y.length && y[below] < value) below++
    while (upTo < y.length && y[upTo] <= value) upTo++
    wins += (below + upTo) / 2
  }
  return wins / (x.length * y.length)
}

function sorted(values: ArrayLike<number>): Float64Array {
  if (values.length === 0)
    throw new TollError('too-few-rows', 'comparing two samples needs numbers in both, one is empty', {
      value: 0,
      limit: 1,
    })
  const copy = Float64Array.from(values)
  if (copy.some(Number.isNaN))
    throw new TollError('not-a-number', 'comparing two samples needs numbers, one is NaN', { value: NaN })
  return copy.sort()
}
