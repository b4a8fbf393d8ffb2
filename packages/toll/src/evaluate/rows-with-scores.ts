// Rows that could be scored, with what belongs to them.

import type { EvaluatedRows } from './evaluation.js'

export interface ScoredRows {
  readonly scores: Float64Array
  /** As given: what is neither 0 nor 1 is refused by the measures. */
  readonly labels: Float64Array
  readonly groups?: readonly (string | number)[]
  readonly time?: Float64Array
  /** How many rows could not be scored. */
  readonly invalid: number
}

/** Leaves rows out whose score is NaN, and counts them. */
export function rowsWithScores({ scores, labels, groups, time, invalid = 0 }: EvaluatedRows): ScoredRows {
  const rows = Array.from({ length: scores.length }, (_, row) => row).filter((row) => !Number.isNaN(scores[row]))
  return {
    scores: Float64Array.from(rows, (row) => scores[row]),
    labels: Float64Array.from(rows, (row) => labels[row]),
    ...(groups && { groups: rows.map((row) => groups[row]) }),
    ...(time && { time: Float64Array.from(rows, (row) => time[row]) }),
    invalid: invalid + scores.length - rows.length,
  }
}
