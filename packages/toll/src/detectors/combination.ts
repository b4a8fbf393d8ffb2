// Score combination: the scores of several detectors as one, as pieces of graph.
// Source: Aggarwal and Sathe, "Theoretical foundations and algorithms for outlier ensembles" (SIGKDD Explorations
// 17(1), 2015): the average lowers variance, the maximum finds what one member alone sees, and AOM and MOA stand
// between them, over groups of members. Members' units differ, so each member's score is first put on the scale of its
// own scores on rows that standardise it. That scale is fitted once and kept: a row's combined score never depends on
// the other rows that are scored with it.

import { TollError, choice, type Random } from '../base/index.js'
import {
  add,
  cast,
  concat,
  constant,
  div,
  gatherElements,
  greater,
  isNaN,
  less,
  max,
  min,
  mul,
  reshape,
  searchSorted,
  slice,
  sub,
  where,
  type Tensor,
} from '../graph/index.js'

export const combinationChoice = choice({
  values: ['average', 'maximum', 'aom', 'moa', 'rank'],
  default: 'average',
  doc:
    "How scores become one: their average, their maximum, the average of the groups' maxima (aom), the " +
    "maximum of the groups' averages (moa), " +
    'or the average share of held-back rows that score lower (rank).',
  source: 'Aggarwal and Sathe 2015: the average is the safest choice',
})

export type Combination = (typeof combinationChoice.values)[number]

/** Knots that a distribution function keeps: resolves ranks to a thousandth. */
const mostKnots = 1001

/**
 * Scores closer than this many standard deviations are one: engines differ in the last bits, and a rank must not jump
 * between them.
 */
const sameScore = 1e-9

/** An empirical distribution function: the share of rows that score lower, those that score the same counting half. */
export interface ScoreShares {
  /** Different scores, rising. */
  readonly scores: Float64Array
  /** Shares in (0, 1), rising, one per score. */
  readonly shares: Float64Array
}

/** What standardises the scores of m members; one entry per member. */
export interface ScoreScale {
  readonly mean: readonly number[]
  /**
   * Standard deviation (divisor n); 1, with the median for mean, where all scores are equal or their spread is too
   * large to hold.
   */
  readonly sd: readonly number[]
  readonly distribution: readonly ScoreShares[]
}

/**
 * Fits the scale to each member's scores of the same k rows. Scores that are not finite count as the largest finite one
 * (the smallest, for minus infinity).
 *
 * @param outer share of the scores, half of it on either side, that count as the nearest of the others (Winsor's mean
 * and deviation), in [0, 1): above 0 a few anomalies among the rows do not stretch the scale. Where the others are
 * equal, all scores count as they are.
 * @throws `data` for no rows.
 */
export function fitScoreScale(scores: readonly Float64Array[], outer = 0): ScoreScale {
  const columns = scores.map((column) => finite(column).sort())
  if (columns.some((column) => column.length === 0))
    throw new TollError('too-few-rows', 'standardising scores needs at least one row, got none', { value: 0, limit: 1 })
  const scales = columns.map(
    (column) =>
      momentsOf(withoutTails(column, outer)) ?? momentsOf(column) ?? { mean: column[column.length >> 1], sd: 1 },
  )
  return {
    mean: scales.map(({ mean }) => mean),
    sd: scales.map(({ sd }) => sd),
    distribution: columns.map((column, i) => sharesOf(column, sameScore * scales[i].sd)),
  }
}

function withoutTails(sorted: Float64Array, outer: number): Float64Array {
  // 0.2 of 10 is 2, whatever its half times 10 rounds to.
  const cut = Math.min(Math.floor((outer / 2) * sorted.length + 1e-9), Math.ceil(sorted.length / 2) - 1)
  const [low, high] = [sorted[cut], sorted[sorted.length - 1 - cut]]
  return sorted.map((score) => Math.min(Math.max(score, low), high))
}

/**
 * Undefined where the spread is rounding noise of equal scores, which a division would blow up, or too large to hold.
 */
function momentsOf(scores: Float64Array): { mean: number; sd: number } | undefined {
  const mean = scores.reduce((total, score) => total + score / scores.length, 0)
  const sd = Math.sqrt(scores.reduce((total, score) => total + (score - mean) ** 2 / scores.length, 0))
  return sd > 1e-12 * Math.abs(mean) && Number.isFinite(sd) ? { mean, sd } : undefined
}

function finite(scores: Float64Array): Float64Array {
  const known = scores.filter(Number.isFinite)
  if (known.length === scores.length) return known
  const [low, high] = known.reduce(
    ([least, most], score) => [Math.min(least, score), Math.max(most, score)],
    known.length > 0 ? [known[0], known[0]] : [0, 0],
  )
  return scores.map((score) => (Number.isFinite(score) ? score : score === -Infinity ? low : high))
}

/** The i-th of k sorted scores has the share (i - 1/2) / k; scores within `tolerance` share their mean. */
function sharesOf(sorted: Float64Array, tolerance: number): ScoreShares {
  const knots: { score: number; share: number }[] = []
  for (let first = 0; first < sorted.length;) {
    let next = first + 1
    while (next < sorted.length && sorted[next] - sorted[first] <= tolerance) next++
    knots.push({ score: sorted[first] / 2 + sorted[next - 1] / 2, share: (first + next) / 2 / sorted.length })
    first = next
  }
  const count = Math.min(knots.length, mostKnots)
  const kept = Array.from(
    { length: count },
    (_, i) => knots[count === 1 ? 0 : Math.round((i * (knots.length - 1)) / (count - 1))],
  )
  return {
    scores: Float64Array.from(kept, ({ score }) => score),
    shares: Float64Array.from(kept, ({ share }) => share),
  }
}

/** (s - mean) / sd of every member: scores (n, m) float64 to (n, m). */
export function standardizedScores(scores: Tensor, { mean: centre, sd }: ScoreScale): Tensor {
  return div(sub(scores, row(centre)), row(sd))
}

/**
 * The empirical distribution function of every member: scores (n, m) float64 to shares (n, m), continuous and strictly
 * rising in the score. Between two known scores the share is linear; beyond the largest, of share p, it approaches 1 as
 * 1 - (1 - p) / (1 + (s - largest) / sd), so that far rows differ still; beyond the smallest, of share p, it is p / (1
 * + (smallest - s) / sd).
 */
export function scoreRanks(scores: Tensor, { sd, distribution }: ScoreScale): Tensor {
  const length = Math.max(...distribution.map((known) => known.scores.length))
  const filled = (values: Float64Array, filler: number) => Float64Array.from({ length }, (_, i) => values[i] ?? filler)
  const last = distribution.map((known) => known.scores.length - 1)
  const known = tableOf(distribution.map((member, j) => filled(member.scores, member.scores[last[j]])))
  const shares = tableOf(distribution.map((member, j) => filled(member.shares, member.shares[last[j]])))
  // Where the search passes what fills a column up, it has passed the last score.
  const passed = cast(
    searchSorted(
      distribution.map((member) => filled(member.scores, Infinity)),
      scores,
      'right',
    ),
    'float64',
  )
  const [below, above] = [max(sub(passed, 1), 0), passed].map((place) => cast(min(place, row(last)), 'int64'))
  const at = (table: Tensor, place: Tensor) => gatherElements(table, place, 0)
  const [left, right] = [at(known, below), at(known, above)]
  const [low, high] = [at(shares, below), at(shares, above)]
  const gap = sub(right, left)
  const between = where(greater(gap, 0), div(sub(scores, left), gap), constant(0, [], 'float64'))
  const inner = add(low, mul(between, sub(high, low)))
  const tail = (share: Tensor, distance: Tensor) => div(share, add(1, div(max(distance, 0), row(sd))))
  const [smallest, largest] = [
    row(distribution.map((member) => member.scores[0])),
    row(distribution.map((member, j) => member.scores[last[j]])),
  ]
  const upper = sub(1, tail(sub(1, high), sub(scores, largest)))
  return where(less(scores, smallest), tail(low, sub(smallest, scores)), where(less(scores, largest), inner, upper))
}

/** Columns of equal length as a constant (rows, columns). */
function tableOf(columns: readonly Float64Array[]): Tensor {
  const rows = columns[0].length
  const table = new Float64Array(rows * columns.length)
  columns.forEach((values, c) =>
    values.forEach((value, r) => {
      table[r * columns.length + c] = value
    }),
  )
  return constant(table, [rows, columns.length], 'float64')
}

/** Members 0 to m - 1 in random order, dealt into groups whose sizes differ by one at most. */
export function drawGroups(m: number, groups: number, random: Random): number[][] {
  const dealt: number[][] = Array.from({ length: Math.min(groups, m) }, () => [])
  random.permutation(m).forEach((member, i) => dealt[i % dealt.length].push(member))
  return dealt.map((group) => group.sort((a, b) => a - b))
}

/** The members' scores on one scale, (n) each: what `combine` takes. A score that is NaN counts as infinite. */
export function comparable(scores: readonly Tensor[], scale: ScoreScale, how: Combination): Tensor[] {
  const stacked = concat(
    scores.map((score) => column(where(isNaN(score), constant(Infinity, [], 'float64'), score))),
    1,
  )
  const scaled = how === 'rank' ? scoreRanks(stacked, scale) : standardizedScores(stacked, scale)
  return scores.map((score, i) => reshape(slice(scaled, 1, i, i + 1), score.shape))
}

/** One score (n) from comparable scores (n); `groups` divide the members, for `aom` and `moa`. */
export function combine(scores: readonly Tensor[], how: Combination, groups: readonly (readonly number[])[]): Tensor {
  const ofGroups = (reduce: (members: readonly Tensor[]) => Tensor) =>
    groups.map((group) => reduce(group.map((member) => scores[member])))
  switch (how) {
    case 'average':
    case 'rank':
      return average(scores)
    case 'maximum':
      return largest(scores)
    case 'aom':
      return average(ofGroups(largest))
    case 'moa':
      return largest(ofGroups(average))
  }
}

// Added one by one: an engine's reduction over a short axis may add the members of two equal rows in different orders.
function average(scores: readonly Tensor[]): Tensor {
  return div(
    scores.reduce((total, score) => add(total, score)),
    scores.length,
  )
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
