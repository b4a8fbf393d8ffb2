// Rows that a model scored, as they go by: counted, compared with the training data, and the highest scores kept with
// their values. Memory holds the scores and those few rows.

import { TollError, joinRows, throwIfAborted, type InvalidRow, type Samples } from '../base/index.js'
import {
  HighestRows,
  cellsOfRow,
  noScoredRows,
  titleOf,
  type Model,
  type ScoredBatch,
  type UnscoredRow,
} from '../model/index.js'
import { LabelTally, type LabelColumns, type LabelledRows } from '../evaluate/index.js'
import { DriftTally, compareWithTraining, type ColumnTally, type Drift } from './drift.js'
import { trainingSamples, type TrainingSource } from './stability.js'

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
  /** The scores with their labels, where rows come with labels. */
  readonly labelled?: LabelledRows
}

export interface SiftOptions {
  /** Rows of the highest scores to keep, 1 to 100; default 20. */
  readonly top?: number
  /**
   * What each row of the stream is called: the column of this name that comes along, or `titles`; default its number.
   */
  readonly key?: string
  readonly titles?: ArrayLike<string | number>
  /** The columns that come along and say which rows are anomalies, and which depend on each other. */
  readonly labels?: LabelColumns
  /** As `measureDrift`; default 0.05. */
  readonly fdr?: number
  readonly signal?: AbortSignal
}

/** Invalid rows whose reasons are kept. */
const maxReasons = 5

/**
 * Goes through scored rows once.
 *
 * @throws `argument` for options outside their ranges; `data` when no row could be scored; as `evaluateStream` for
 * labels; whatever the batches throw.
 */
export async function siftRows(
  { manifest }: Model,
  batches: AsyncIterable<ScoredBatch> | Iterable<ScoredBatch>,
  { top = 20, key, titles, labels, fdr = 0.05, signal }: SiftOptions = {},
): Promise<Sifted> {
  if (!(Number.isInteger(top) && top >= 1 && top <= 100))
    throw new TollError('out-of-domain', `top must be an integer from 1 to 100, got ${top}`, {
      option: 'top',
      value: top,
      expected: 'an integer from 1 to 100',
    })
  const tally = new DriftTally(manifest)
  const labelled = labels && new LabelTally(manifest, labels)
  const scores: number[] = []
  const alarms: Record<string, number> = Object.fromEntries(
    Object.keys(manifest.thresholds ?? {}).map((name) => [name, 0]),
  )
  const highest = new HighestRows(top)
  const first: (InvalidRow & { readonly title: string | number })[] = []
  const nameOf = ({ row, passthrough }: Pick<UnscoredRow, 'row' | 'passthrough'>) =>
    titles?.[row] ?? titleOf(key === undefined ? null : passthrough.get(key), row)
  let [rows, invalid, incompleteWindows, anomalies, imputed] = [0, 0, 0, 0, 0]
  for await (const batch of batches) {
    throwIfAborted(signal)
    highest.push(batch)
    for (let row = 0; row < batch.score.length; row++) {
      const problem = batch.invalid.get(row)
      if (problem === undefined) {
        scores.push(batch.score[row])
        anomalies += batch.isAnomaly[row]
        for (const name of Object.keys(alarms)) alarms[name] += batch.alarms[name][row]
      } else {
        invalid++
        if (problem.reason === 'incomplete-window') incompleteWindows++
        else if (first.length < maxReasons)
          first.push({ ...problem, title: nameOf({ row: batch.firstRow + row, passthrough: cellsOfRow(batch, row) }) })
      }
    }
    imputed += batch.imputed
    tally.push(batch)
    labelled?.push(batch)
    rows += batch.score.length
  }
  if (scores.length === 0) throw noScoredRows(first[0], first[0]?.title)
  const comparable = tally.columns.length > 0 || manifest.heldBack.source === 'held-back'
  return {
    rows,
    invalid: { count: invalid, incompleteWindows, first },
    anomalies,
    alarms,
    imputed,
    scores: Float64Array.from(scores),
    top: highest.picked.map((row) => ({
      title: nameOf(row),
      score: row.score,
      isAnomaly: row.isAnomaly,
      ...(row.pValue !== undefined && { pValue: row.pValue }),
    })),
    topData: joinRows(highest.picked.map(({ samples }) => samples)),
    ...(comparable && { drift: compareWithTraining(manifest, tally, scores, { rows, fdr }) }),
    columns: tally.columns,
    ...(labelled && { labelled: labelled.rows() }),
  }
}

/** The same for the data that the model was fitted to; `titles` are of its rows. */
export async function siftTraining(
  model: Model,
  training: TrainingSource,
  { titles, ...options }: Omit<SiftOptions, 'key'> = {},
): Promise<Sifted> {
  const { rows, samples, lastRows } = trainingSamples(model.manifest, training)
  const scores = await model.score(samples, { invalidRows: 'mark', signal: options.signal })
  const batch = { ...scores, data: rows, samples, firstRow: 0, passthrough: new Map() }
  const named = lastRows ? Array.from(lastRows, (row) => titles?.[row] ?? row + 1) : titles
  return siftRows(model, [batch], { ...options, ...(named && { titles: named }) })
}
