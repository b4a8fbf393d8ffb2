// Two samples by their counts in the same bins: the chi-squared test of homogeneity (Pearson 1900), and the population
// stability index of credit scoring (Siddiqi 2006), which is the symmetric Kullback-Leibler divergence of the two
// histograms.

import { TollError } from '../base/index.js'

export interface BinComparison {
  /** Of counts at least as different when both samples come from one distribution. NaN where one bin is left. */
  readonly pValue: number
  /** Population stability index: below 0.1 little, above 0.25 much, by custom. */
  readonly psi: number
  /** Largest difference of the cumulated shares, in [0, 1]. */
  readonly distance: number
}

/** Fewest rows that a bin should hold in either sample, for the chi-squared distribution to be near. */
const fewestInBin = 5

/**
 * Compares counts in ordered bins. Neighbouring bins are joined until the reference expects five rows of either sample
 * in each: a choice that the other sample has no part in. Bins may be cut at quantiles of the reference: its counts are
 * then fixed, but their probabilities are not, and the two-sample statistic has the same limit.
 *
 * @throws `shape` when lengths differ; `data` when a sample is empty.
 */
export function compareBins(reference: ArrayLike<number>, other: ArrayLike<number>): BinComparison {
  if (reference.length !== other.length)
    throw new TollError(
      'length-mismatch',
      `${reference.length} bins of the reference, ${other.length} of the other sample`,
      { option: 'other', value: other.length, expected: `${reference.length} bins` },
    )
  const [n, m] = [sumOf(reference), sumOf(other)]
  if (n === 0 || m === 0) throw new TollError('no-rows', 'comparing bins needs rows in both samples, one has none')
  let [psi, distance, before, beforeOther] = [0, 0, 0, 0]
  for (let b = 0; b < reference.length; b++) {
    before += reference[b] / n
    beforeOther += other[b] / m
    distance = Math.max(distance, Math.abs(before - beforeOther))
    // Half a row more in each bin: an empty one would make the index infinite.
    const [p, q] = [
      (reference[b] + 0.5) / (n + 0.5 * reference.length),
      (other[b] + 0.5) / (m + 0.5 * reference.length),
    ]
    psi += (q - p) * Math.log(q / p)
  }
  const joined = joinBins(reference, other, m / n)
  const statistic = joined.reduce((sum, [r, o]) => {
    const share = (r + o) / (n + m)
    return sum + (r - n * share) ** 2 / (n * share) + (o - m * share) ** 2 / (m * share)
  }, 0)
  return { pValue: joined.length < 2 ? NaN : chiSquaredTail(statistic, joined.length - 1), psi, distance }
}

function joinBins(reference: ArrayLike<number>, other: ArrayLike<number>, ratio: number): [number, number][] {
  const joined: [number, number][] = []
  let [r, o] = [0, 0]
  for (let b = 0; b < reference.length; b++) {
    r += reference[b]
    o += other[b]
    if (r * Math.min(1, ratio) < fewestInBin) continue
    joined.push([r, o])
    r = o = 0
  }
  const last = joined.at(-1)
  if (!last) return [[r, o]]
  last[0] += r
  last[1] += o
  return joined
}

/**
 * The chance that a chi-squared number with `freedom` degrees of freedom is above `x`: the regularised upper incomplete
 * gamma function.
 */
export function chiSquaredTail(x: number, freedom: number): number {
  const [a, z] = [freedom / 2, x / 2]
  if (z <= 0) return 1
  const front = Math.exp(a * Math.log(z) - z - logGamma(a))
  if (z < a + 1) {
    let [term, sum] = [1 / a, 1 / a]
    for (let k = 1; k < 10_000 && term > sum * 1e-17; k++) sum += term *= z / (a + k)
    return Math.max(0, 1 - front * sum)
  }
  // Continued fraction by Lentz's method.
  let b = z + 1 - a
  let c = 1e300
  let d = 1 / b
  let fraction = d
  for (let k = 1; k < 10_000; k++) {
    const an = -k * (k - a)
    b += 2
    d = 1 / (an * d + b)
    c = b + an / c
    fraction *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return front * fraction
}

/**
 * Fisher's exact test that two shares are equal: k of n against j of m. Two-sided: all splits that are no more likely
 * than the one seen.
 */
export function countTest(k: number, n: number, j: number, m: number): number {
  const total = k + j
  const logOf = (count: number) => logChoose(n, count) + logChoose(m, total - count) - logChoose(n + m, total)
  const seen = logOf(k)
  let sum = 0
  for (let count = Math.max(0, total - m); count <= Math.min(n, total); count++) {
    const log = logOf(count)
    if (log <= seen + 1e-7) sum += Math.exp(log)
  }
  return Math.min(1, sum)
}

/** The chance that at least k of m new rows are above all n old ones: that the k highest of all are new. */
export function outsideTest(k: number, m: number, n: number): number {
  return k === 0 ? 1 : Math.exp(logChoose(n + m - k, n) - logChoose(n + m, n))
}

function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1)
}

/** Lanczos's approximation with g = 7 and nine terms (Godfrey): 15 digits. */
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]

function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  const sum = lanczos.reduce((total, term, i) => total + (i === 0 ? term : term / (x - 1 + i)), 0)
  const t = x + 6.5
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum)
}

function sumOf(counts: ArrayLike<number>): number {
  return Array.from(counts).reduce((sum, count) => sum + count, 0)
}
