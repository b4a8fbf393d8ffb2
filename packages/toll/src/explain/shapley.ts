// Shapley values of any score: what a column adds, on average over the orders in which the typical row's values can be
// replaced by the row's. They add up to the score less the typical row's, since the steps of every order do. All sets
// of columns are tried where that is affordable; else orders are drawn, each with its reverse, which cancels much of
// the noise. Sources: Shapley 1953; Castro, Gomez and Tejada 2009 (sampling); Mitchell, Cooper, Frank and Holmes, JMLR
// 2022 (reversed pairs).

import { Random, RowCheck, TollError, rowCount, throwIfAborted, type Samples } from '../base/index.js'
import type { Model } from '../model/index.js'
import { playersOf, type Players } from './coalitions.js'
import { spread, sumOf, type ExplainOptions, type Explanation, type RowExplanation } from './explanation.js'
import type { ScoredRows } from './gradients.js'

/** Numbers of the rows that one call scores: bounds memory. */
const valuesPerCall = 1 << 19

/** Shares of each player, and their standard errors. */
interface Shares {
  readonly shares: Float64Array
  readonly errors: Float64Array
  readonly evaluations: number
}

type ScoreSets = (sets: readonly Uint8Array[]) => Promise<Float64Array>

export async function explainByShapley(
  model: Model,
  { data, places, scores, typical }: ScoredRows,
  options: ExplainOptions,
): Promise<Pick<Explanation, 'base' | 'rows' | 'invalid'>> {
  const { evaluations = 2048, seed = 0, signal, invalidRows = 'throw' } = options
  const base = (await model.score(typical, { signal })).score[0]
  if (!Number.isFinite(base))
    throw new TollError(
      'score-not-finite',
      `the score of the typical row is ${base}, so that no score can be explained by the way from it; this ` +
        'detector needs other data or parameters',
      { value: base },
    )
  const rows: RowExplanation[] = []
  const check = new RowCheck(invalidRows)
  for (const [i, row] of places.entries()) {
    const players = playersOf(data, i, typical)
    const score = scores.score[row]
    // The same orders for every row, so that equal rows get equal explanations.
    const shared = await sharesOf(scorer(model, players, signal), players.count, {
      empty: base,
      full: score,
      evaluations,
      random: Random.seeded(seed),
    })
    if (!shared.shares.every(Number.isFinite)) {
      const message = `row ${row + 1} cannot be explained: the score is infinite when some of its values become typical`
      check.reject(row, { reason: 'score-not-finite', message }, {})
      continue
    }
    const missing = score - base - sumOf(shared.shares)
    const contributions = players.spreadOut(shared.shares)
    spread(contributions, score - base - sumOf(contributions))
    rows.push({
      row,
      score,
      isAnomaly: scores.isAnomaly[row] === 1,
      ...(scores.pValue && { pValue: scores.pValue[row] }),
      contributions,
      parts: {},
      remainder: score === 0 ? 0 : missing / score,
      evaluations: shared.evaluations,
      standardErrors: players.spreadOut(shared.errors),
    })
    options.onProgress?.(rows.length)
  }
  return { base: { name: 'score of a typical row', value: base }, rows, invalid: check.invalid }
}

/** Scores rows made of sets of players, in calls of bounded size. */
function scorer(model: Model, players: Players, signal?: AbortSignal): ScoreSets {
  const perCall = Math.max(1, Math.floor(valuesPerCall / players.size))
  return async (sets) => {
    const result = new Float64Array(sets.length)
    for (let start = 0; start < sets.length; start += perCall) {
      throwIfAborted(signal)
      const rows: Samples = players.rows(sets.slice(start, start + perCall))
      const { score } = await model.score(rows, { signal })
      result.set(score.subarray(0, rowCount(rows)), start)
    }
    return result
  }
}

interface Game {
  /** The score of the typical row, and of the row itself. */
  readonly empty: number
  readonly full: number
  readonly evaluations: number
  readonly random: Random
}

/** Shares of each of `count` players. */
async function sharesOf(score: ScoreSets, count: number, game: Game): Promise<Shares> {
  if (count === 0) return { shares: new Float64Array(0), errors: new Float64Array(0), evaluations: 0 }
  return count <= 20 && 2 ** count - 2 <= game.evaluations
    ? allSets(score, count, game)
    : randomOrders(score, count, game)
}

/**
 * The definition: player i's share is the mean over all sets S without i of v(S and i) - v(S), sets of equal size
 * weighing the same in sum.
 */
async function allSets(score: ScoreSets, count: number, { empty, full }: Game): Promise<Shares> {
  const size = 2 ** count
  const sets = Array.from({ length: size - 2 }, (_, i) =>
    Uint8Array.from({ length: count }, (_, player) => ((i + 1) >> player) & 1),
  )
  const values = Float64Array.of(empty, ...(await score(sets)), full)
  // 1 / (n * (n - 1 choose s)): how often a set of s players stands before a given one.
  const weight = [1 / count]
  for (let s = 1; s < count; s++) weight.push((weight[s - 1] * s) / (count - s))
  const shares = new Float64Array(count)
  for (let set = 0; set < size; set++) {
    const members = bitCount(set)
    for (let player = 0; player < count; player++) {
      if (((set >> player) & 1) === 0) shares[player] += weight[members] * (values[set | (1 << player)] - values[set])
    }
  }
  return { shares, errors: new Float64Array(count), evaluations: sets.length }
}

function bitCount(set: number): number {
  let count = 0
  for (let rest = set; rest > 0; rest &= rest - 1) count++
  return count
}

/** Sets of players that are held at once. */
const setsTogether = 4096

/** Means over pairs of an order and its reverse, with the standard error between pairs. */
async function randomOrders(
  score: ScoreSets,
  count: number,
  { empty, full, evaluations, random }: Game,
): Promise<Shares> {
  const inner = count - 1
  const pairs = Math.max(1, Math.floor(evaluations / (2 * inner)))
  const perBatch = Math.max(1, Math.floor(setsTogether / (2 * inner)))
  const sum = new Float64Array(count)
  const squares = new Float64Array(count)
  for (let start = 0; start < pairs; start += perBatch) {
    const orders = Array.from({ length: Math.min(perBatch, pairs - start) }, () => random.permutation(count)).flatMap(
      (order) => [order, order.toReversed()],
    )
    const values = await score(orders.flatMap((order) => prefixes(order)))
    for (let pair = 0; pair < orders.length; pair += 2) {
      const gains = new Float64Array(count)
      for (const k of [pair, pair + 1]) {
        orders[k].forEach((player, at) => {
          const before = at === 0 ? empty : values[k * inner + at - 1]
          const after = at === inner ? full : values[k * inner + at]
          gains[player] += (after - before) / 2
        })
      }
      for (let player = 0; player < count; player++) {
        sum[player] += gains[player]
        squares[player] += gains[player] ** 2
      }
    }
  }
  const shares = sum.map((total) => total / pairs)
  const errors = shares.map((mean, player) =>
    pairs < 2 ? NaN : Math.sqrt(Math.max(0, squares[player] / pairs - mean * mean) / (pairs - 1)),
  )
  return { shares, errors, evaluations: pairs * 2 * inner }
}

/** The sets of the first 1, 2, ... players of an order, without the last, which is all. */
function prefixes(order: Int32Array): Uint8Array[] {
  const set = new Uint8Array(order.length)
  return Array.from(order.subarray(0, -1), (player) => {
    set[player] = 1
    return set.slice()
  })
}
