// Rows that a model scored, as they go by: counted, compared with the training data, and the highest scores kept with
// their values. Memory holds the scores and those few rows.

import {
  TollError,
  joinRows,
  messageOf,
  rowCount,
  takeRows,
  throwIfAborted,
  type InvalidRow,
  type Table,
  type Samples,
} from '../base/index.js'
import type { Model, Scores } from '../model/index.js'
import { DriftTally, measureDrift, type ColumnTally, type Drift, type RawRows } from './drift.js'

/** Consecutive rows of a source with their scores. */
export interface ScoredBatch extends Pick<Scores, 'score' | 'pValue' | 'isAnomaly' | 'alarms' | 'imputed' | 'invalid'> {
  /** What the model was given, one row per score. */
  readonly data: Samples
  /** What each row is called; default its number from 1. */
  readonly titles?: ArrayLike<string | number>
  /** The rows as they were read, for drift; absent for images. */
  readonly raw?: RawRows
}

export interface SiftedRow {
  readonly title: string | number
  readonly score: number
  readonly pValue?: number
  readonly isAnomaly: boolean
}

export interface Sifted {
  /** All rows, those without a score among them. */
  readonly rows: number
  /** Rows that could not be scored. */
  readonly invalid: {
    readonly count: number
    /** Of them, rows before the first full window of their group. */
    readonly incompleteWindows: number
    /** The first few of the others. */
    readonly first: readonly (InvalidRow & { readonly title: string | number })[]
  }
  readonly anomalies: number
  /** Rows above each further threshold. */
  readonly alarms: Readonly<Record<string, number>>
  /** Missing numbers that were replaced. */
  readonly imputed: number
  /** Of the rows that have one, in their order; may be infinite. */
  readonly scores: Float64Array
  /** The highest scores, highest first, of equal ones the first; and the same rows as the model takes them. */
  readonly top: readonly SiftedRow[]
  readonly topData: Samples
  /** Absent where the model has nothing to compare with. */
  readonly drift?: Drift
  readonly columns: readonly ColumnTally[]
}

export interface SiftOptions {
  /** Rows of the highest scores to keep, 1 to 100; default 20. */
  readonly top?: number
  /** As `measureDrift`; default 0.05. */
  readonly fdr?: number
  readonly signal?: AbortSignal
}

interface Candidate extends SiftedRow {
  readonly place: number
  readonly data: Samples
}

/** Invalid rows whose reasons are kept. */
const invalidKept = 5

/**
 * Goes through scored rows once.
 *
 * @throws `argument` for options outside their ranges; `data` when no row could be scored; whatever the batches throw.
 */
export async function siftRows(
  { manifest }: Model,
  batches: AsyncIterable<ScoredBatch> | Iterable<ScoredBatch>,
  { top = 20, fdr = 0.05, signal }: SiftOptions = {},
): Promise<Sifted> {
  if (!(Number.isInteger(top) && top >= 1 && top <= 100))
    throw new TollError('out-of-domain', `top must be an integer from 1 to 100, got ${top}`, {
      option: 'top',
      value: top,
      expected: 'an integer from 1 to 100',
    })
  const tally = new DriftTally(manifest)
  const scores: number[] = []
  const alarms: Record<string, number> = Object.fromEntries(
    Object.keys(manifest.thresholds ?? {}).map((name) => [name, 0]),
  )
  const first: (InvalidRow & { readonly title: string | number })[] = []
  let [rows, invalid, incompleteWindows, anomalies, imputed] = [0, 0, 0, 0, 0]
  let kept: Candidate[] = []
  for await (const batch of batches) {
    throwIfAborted(signal)
    const count = rowCount(batch.data)
    const titleOf = (row: number) => batch.titles?.[row] ?? rows + row + 1
    const fresh: Candidate[] = []
    for (let row = 0; row < count; row++) {
      const problem = batch.invalid.get(row)
      if (problem === undefined) {
        const score = batch.score[row]
        scores.push(score)
        anomalies += batch.isAnomaly[row]
        for (const name of Object.keys(alarms)) alarms[name] += batch.alarms[name][row]
        if (kept.length < top || score > kept[top - 1].score) {
          fresh.push({
            place: rows + row,
            title: titleOf(row),
            score,
            isAnomaly: batch.isAnomaly[row] === 1,
            ...(batch.pValue && { pValue: batch.pValue[row] }),
            data: batch.data,
          })
        }
      } else {
        invalid++
        if (problem.reason === 'incomplete-window') incompleteWindows++
        else if (first.length < invalidKept) first.push({ title: titleOf(row), ...problem })
      }
    }
    imputed += batch.imputed
    if (batch.raw) tally.push(batch.raw)
    // Only what is kept is copied, so that no batch stays in memory.
    kept = [...kept, ...fresh]
      .sort((a, b) => b.score - a.score || a.place - b.place)
      .slice(0, top)
      .map((row) => (row.data === batch.data ? { ...row, data: take(batch.data, [row.place - rows]) } : row))
    rows += count
  }
  if (scores.length === 0)
    throw new TollError(
      'no-scored-rows',
      `no row could be scored${first.length > 0 ? `; the first: row ${first[0].title}: ${messageOf(first[0])}` : ''}`,
      first.length > 0 ? { cause: new TollError(first[0].reason, messageOf(first[0])) } : {},
    )
  const comparable = tally.columns.length > 0 || manifest.heldBack.source === 'held-back'
  return {
    rows,
    invalid: { count: invalid, incompleteWindows, first },
    anomalies,
    alarms,
    imputed,
    scores: Float64Array.from(scores),
    top: kept.map(({ title, score, isAnomaly, pValue }) => ({
      title,
      score,
      isAnomaly,
      ...(pValue !== undefined && { pValue }),
    })),
    topData: joinRows(kept.map(({ data }) => data)),
    ...(comparable && { drift: measureDrift(manifest, tally, scores, { rows, fdr }) }),
    columns: tally.columns,
  }
}

/**
 * Rows in memory, scored: what `siftRows` takes. Windows are given as the model takes them, with the rows they are made
 * of as `raw`.
 */
export async function scoreRows(
  model: Model,
  data: Samples,
  {
    raw,
    titles,
    signal,
  }: { readonly raw?: Table; readonly titles?: ArrayLike<string | number>; readonly signal?: AbortSignal } = {},
): Promise<ScoredBatch> {
  const rows = raw ?? (data.kind === 'table' ? data : undefined)
  return {
    ...(await model.score(data, { invalidRows: 'mark', signal })),
    data,
    ...(titles && { titles }),
    ...(rows && { raw: { table: rows, invalid: new Map() } }),
  }
}

function take(data: Samples, rows: readonly number[]): Samples {
  return takeRows(data, rows)
}
