// Score combination: the scores of several detectors as one, as pieces of graph.
// Source: Aggarwal and Sathe, "Theoretical foundations and algorithms for outlier ensembles" (SIGKDD Explorations 17(1), 2015): the average
// lowers variance, the maximum finds what one member alone sees, and AOM and MOA stand between them, over groups of members.
// Members' units differ, so each member's score is first put on the scale of its own scores on rows that standardise it. That scale is fitted
// once and kept: a row's combined score never depends on the other rows that are scored with it.

import { TollError, choice, type Random } from '../base/index.js'
import {
  add, cast, concat, constant, div, gatherElements, greater, isNaN, less, max, min, mul, reshape, searchSorted, slice, sub, where,
  type Tensor,
} from '../graph/index.js'

export const combinationChoice = choice({
  values: ['average', 'maximum', 'aom', 'moa', 'rank'], default: 'average',
  doc: 'How scores become one: their average, their maximum, the average of the groups\' maxima (aom), the maximum of the groups\' averages (moa), '
    + 'or the average share of held-back rows that score lower (rank).',
  source: 'Aggarwal and Sathe 2015: the average is the safest choice',
})

export type Combination = (typeof combinationChoice.values)[number]

/** Order statistics that a scale keeps of each member: resolves ranks to a thousandth. */
const keptScores = 1001

/** What standardises the scores of m members; one number or list per member. */
export interface ScoreScale {
  readonly mean: readonly number[]
  /** Standard deviation (divisor n); 1 where all scores are equal. */
  readonly sd: readonly number[]
  /** Rising, equally many of each member, at most `keptScores`. */
  readonly sorted: readonly Float64Array[]
}

/**
 * Fits the scale to each member's scores of the same k rows. Scores that are not finite count as the largest finite one (the smallest, for
 * minus infinity).
 * Errors: `data` for no rows.
 */
export function fitScoreScale(scores: readonly Float64Array[]): ScoreScale {
  const columns = scores.map((column) => finite(column).sort())
  if (columns.some((column) => column.length === 0)) throw new TollError('data', 'standardising scores needs at least one row, got none')
  const means = columns.map((column) => column.reduce((total, score) => total + score / column.length, 0))
  const deviations = columns.map((column, i) => Math.sqrt(column.reduce((total, score) => total + (score - means[i]) ** 2 / column.length, 0)))
  return {
    mean: means,
    // A spread that is rounding noise of equal scores would blow the noise up.
    sd: deviations.map((sd, i) => (sd > 1e-12 * Math.abs(means[i]) && Number.isFinite(sd) ? sd : 1)),
    sorted: columns.map(thin),
  }
}

function finite(scores: Float64Array): Float64Array {
  const known = scores.filter(Number.isFinite)
  if (known.length === scores.length) return known
  const [low, high] = known.reduce(([least, most], score) => [Math.min(least, score), Math.max(most, score)], known.length > 0 ? [known[0], known[0]] : [0, 0])
  return scores.map((score) => (Number.isFinite(score) ? score : score === -Infinity ? low : high))
}

function thin(sorted: Float64Array): Float64Array {
  if (sorted.length <= keptScores) return sorted
  return Float64Array.from({ length: keptScores }, (_, i) => sorted[Math.round((i * (sorted.length - 1)) / (keptScores - 1))])
}

/** (s - mean) / sd of every member: scores (n, m) float64 to (n, m). */
export function standardizedScores(scores: Tensor, { mean: centre, sd }: ScoreScale): Tensor {
  return div(sub(scores, row(centre)), row(sd))
}

/**
 * The empirical distribution function of every member: scores (n, m) float64 to shares (n, m), strictly rising in the score. The i-th of k
 * sorted scores has the share (i - 1/2) / k, between two of them the share is linear. Beyond the largest, the remaining half step is
 * approached as 1 - (1 / 2k) / (1 + (s - largest) / sd), so that far rows differ still; beyond the smallest in the same way.
 */
export function scoreRanks(scores: Tensor, { sd, sorted }: ScoreScale): Tensor {
  const [m, k] = [sorted.length, sorted[0].length]
  const table = new Float64Array(k * m)
  sorted.forEach((column, j) => column.forEach((score, i) => { table[i * m + j] = score }))
  const held = constant(table, [k, m], 'float64')
  // An infinite score passes the padding of the search as well.
  const passed = min(cast(searchSorted(sorted, scores, 'right'), 'float64'), k)
  const at = (index: Tensor) => gatherElements(held, cast(index, 'int64'), 0)
  const [below, above] = [at(max(sub(passed, 1), 0)), at(min(passed, k - 1))]
  const gap = sub(above, below)
  const between = where(greater(gap, 0), div(sub(scores, below), gap), constant(0, [], 'float64'))
  const tail = (distance: Tensor) => div(0.5 / k, add(1, div(distance, row(sd))))
  const inner = mul(sub(add(passed, between), 0.5), 1 / k)
  const upper = sub(1, tail(max(sub(scores, row(sorted.map((column) => column[k - 1]))), 0)))
  const lower = tail(max(sub(row(sorted.map((column) => column[0])), scores), 0))
  return where(less(passed, 1), lower, where(less(passed, k), inner, upper))
}

/** Members 0 to m - 1 in random order, dealt into groups whose sizes differ by one at most. */
export function drawGroups(m: number, groups: number, random: Random): number[][] {
  const dealt: number[][] = Array.from({ length: Math.min(groups, m) }, () => [])
  random.permutation(m).forEach((member, i) => dealt[i % dealt.length].push(member))
  return dealt.map((group) => group.sort((a, b) => a - b))
}

/** The members' scores on one scale, (n) each: what `combine` takes. A score that is NaN counts as infinite. */
export function comparable(scores: readonly Tensor[], scale: ScoreScale, how: Combination): Tensor[] {
  const stacked = concat(scores.map((score) => column(where(isNaN(score), constant(Infinity, [], 'float64'), score))), 1)
  const scaled = how === 'rank' ? scoreRanks(stacked, scale) : standardizedScores(stacked, scale)
  return scores.map((score, i) => reshape(slice(scaled, 1, i, i + 1), score.shape))
}

/** One score (n) from comparable scores (n); `groups` divide the members, for `aom` and `moa`. */
export function combine(scores: readonly Tensor[], how: Combination, groups: readonly (readonly number[])[]): Tensor {
  const ofGroups = (reduce: (members: readonly Tensor[]) => Tensor) => groups.map((group) => reduce(group.map((member) => scores[member])))
  switch (how) {
    case 'average': case 'rank': return average(scores)
    case 'maximum': return largest(scores)
    case 'aom': return average(ofGroups(largest))
    case 'moa': return largest(ofGroups(average))
  }
}

// Added one by one: an engine's reduction over a short axis may add the members of two equal rows in different orders.
function average(scores: readonly Tensor[]): Tensor {
  return div(scores.reduce((total, score) => add(total, score)), scores.length)
}

function largest(scores: readonly Tensor[]): Tensor {
  return scores.reduce((most, score) => max(most, score))
}

function column(x: Tensor): Tensor {
  return reshape(x, [x.shape[0], 1])
}

function row(values: readonly number[]): Tensor {
  return constant(values, [1, values.length], 'float64')
}
