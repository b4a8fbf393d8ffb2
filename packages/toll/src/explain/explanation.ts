// What an explanation is, whatever made it: a base and one number for each column or pixel that add up to the score.

import type { InvalidRow, InvalidRows } from '../base/index.js'
import type { Detector, ScoreTerm } from '../detectors/index.js'

export interface ExplainOptions {
  /** The model's detector where it is none of the library's own: it may say what makes its score. */
  readonly detector?: Detector
  /**
   * What a row that cannot be scored does: stops everything (default), or is listed in `invalid` while the rest is
   * explained.
   */
  readonly invalidRows?: InvalidRows
  /**
   * Gradients: the remainder of the integral that is good enough, as a share of the score, in (0, 1]; default 0.001.
   */
  readonly tolerance?: number
  /** Gradients: points of one row's path at most, a multiple of 11 is used up; default 1100. */
  readonly points?: number
  /** Shapley values: scores that one row may take; default 2048, and two orders of the columns at least. */
  readonly evaluations?: number
  /** Shapley values: seed of the random orders, an integer in [0, 2^32); default 0. */
  readonly seed?: number
  readonly signal?: AbortSignal
  /** Called with the number of rows that are done. */
  readonly onProgress?: (rows: number) => void
}

/**
 * `gradients`: by the terms that the detector makes its score of, through the graph in the model file. `shapley`:
 * Shapley values of any score.
 */
export type ExplanationMethod = 'gradients' | 'shapley'

/** Parts of a score, and what they are parts of. */
export interface Explanation {
  readonly method: ExplanationMethod
  /** What the score is the sum of, and how each term is shared; empty for Shapley values. */
  readonly terms: readonly Pick<ScoreTerm, 'name' | 'title' | 'by'>[]
  /** Names of the columns, in the order of contributions; for images empty. */
  readonly columns: readonly string[]
  /** Images: [channels, height, width], the order of contributions. */
  readonly shape?: readonly [number, number, number]
  /**
   * What the typical row has: the training median of each column, of texts the most frequent one; the typical value of
   * each pixel.
   */
  readonly typical: readonly TypicalValue[]
  /** The share of the score that belongs to no column: what a typical row has of it. */
  readonly base: { readonly name: string; readonly value: number }
  /** In the order of the rows given, without those in `invalid`. */
  readonly rows: readonly RowExplanation[]
  /** Rows (from 0) that could not be scored or explained, with the reason; empty unless `invalidRows` is `mark`. */
  readonly invalid: ReadonlyMap<number, InvalidRow>
}

/** A number (of a time the seconds since 1970 UTC) or a text; '' where a text is missing. */
export type TypicalValue = number | string

export interface RowExplanation {
  /** The row's place among those given, from 0. */
  readonly row: number
  readonly score: number
  readonly pValue?: number
  readonly isAnomaly: boolean
  /** One per column or pixel; with the base they add up to the score, to 1e-9 of its size or better. */
  readonly contributions: Float64Array
  /** The contributions by term, where the detector makes its score of terms: for Toll `reconstruction` and `latent`. */
  readonly parts: Readonly<Record<string, Float64Array>>
  /**
   * What the parts lacked of the score before it was spread over them in proportion, divided by the score: 0.01 is one
   * per cent.
   */
  readonly remainder: number
  /** Points of the path, or scores, that this row took. */
  readonly evaluations: number
  /**
   * Shapley values: standard error of each contribution from the random orders; zeros where all sets of columns were
   * tried.
   */
  readonly standardErrors?: Float64Array
}

/** Adds `missing` to the values in proportion to their sizes, evenly when all are 0. */
export function spread(values: Float64Array, missing: number): void {
  if (missing === 0 || values.length === 0) return
  const total = values.reduce((sum, value) => sum + Math.abs(value), 0)
  for (let i = 0; i < values.length; i++)
    values[i] += total > 0 ? missing * (Math.abs(values[i]) / total) : missing / values.length
}

export function sumOf(values: Float64Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum
}

/** Places of the contributions, largest size first; equal sizes in their order. */
export function ranked({ contributions }: Pick<RowExplanation, 'contributions'>): number[] {
  return Array.from(contributions.keys()).sort(
    (a, b) => Math.abs(contributions[b]) - Math.abs(contributions[a]) || a - b,
  )
}
