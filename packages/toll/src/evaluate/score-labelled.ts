// Rows scored as they are read, and kept with their labels: what measures and thresholds from labels take.

import {
  TollError,
  cellsOf,
  concatenate,
  orderColumns,
  readOrder,
  rowCount,
  type CellValue,
  type InvalidRows,
  type OrderColumns,
  type RowOrder,
  type Samples,
  type SamplesLike,
  type TimeUnit,
} from '../base/index.js'
import { anomalyLabels, type LabelValue } from '../data/index.js'
import {
  featuresOf,
  samplesFor,
  scoreStream,
  type Manifest,
  type Model,
  type RowStream,
  type ScoredBatch,
} from '../model/index.js'
import { labelWindows } from '../preprocess/index.js'
import { checkLabels } from './check-labels.js'
import type { EvaluatedRows } from './evaluation.js'
import { rowsWithScores } from './rows-with-scores.js'

/** The columns that come along with rows and say what they are. */
export interface LabelColumns extends OrderColumns {
  readonly label: string
  /** The label that means anomaly, or the one that means normal, where the labels do not say so themselves. */
  readonly anomaly?: LabelValue
  readonly normal?: LabelValue
  /** Of times that are numbers; default seconds. */
  readonly timeUnit?: TimeUnit
}

export interface ScoreLabelledOptions {
  /** What a row that cannot be scored does: is left out and counted (default), or stops everything. */
  readonly invalidRows?: InvalidRows
  readonly signal?: AbortSignal
  /** Called with the number of rows that are scored. */
  readonly onProgress?: (rows: number) => void
}

/** Rows that have a score. */
export interface LabelledRows extends EvaluatedRows {
  readonly scores: Float64Array
  readonly labels: Uint8Array
  readonly inOrder: boolean
  readonly invalid: number
  readonly imputed: number
}

/**
 * Scores rows and keeps the scores with their labels: one per row, 1 = anomaly. Rows that depend on each other have
 * groups, or times in seconds; those of a model of windows are by default the columns that it names, and a row of it is
 * an anomaly when one is in its window.
 *
 * @throws as `Model.score` and `readOrder`; `shape` and `data` for labels that are not one per row, 0 or 1.
 */
export async function scoreLabelled(
  model: Model,
  given: SamplesLike,
  labels: ArrayLike<number>,
  { groups, time, invalidRows = 'mark', signal, onProgress }: ScoreLabelledOptions & RowOrder = {},
): Promise<LabelledRows> {
  const { manifest } = model
  const rows = samplesFor(manifest, given)
  const known = checkLabels(labels, rowCount(rows))
  const order = { ...orderIn(manifest, rows, { groups, time }), ...(groups && { groups }), ...(time && { time }) }
  const { score: scores, imputed } = await model.score(rows, { groups, time, invalidRows, signal })
  onProgress?.(scores.length)
  return labelledRows(manifest, { scores, labels: known, ...order, imputed })
}

/**
 * `scoreLabelled` of rows that are read in batches and come with their labels, groups and times in columns. Memory
 * holds the scores, not the rows.
 *
 * @throws as `scoreStream`, `anomalyLabels` and `readOrder`; `not-found` for a column that the rows lack; `argument`
 * for other groups than those of a model of windows, and for a label that the model takes as an input.
 */
export async function scoreLabelledStream(
  model: Model,
  stream: RowStream,
  columns: LabelColumns,
  { invalidRows = 'mark', signal, onProgress }: ScoreLabelledOptions = {},
): Promise<LabelledRows> {
  const tally = new LabelTally(model.manifest, columns, 'batches' in stream ? stream.name : undefined)
  for await (const batch of scoreStream(model, stream, { passthrough: tally.passthrough, invalidRows, signal })) {
    tally.push(batch)
    onProgress?.(batch.firstRow + batch.score.length)
  }
  return tally.rows()
}

/** Scores with their labels, collected batch by batch. */
export class LabelTally {
  /** Columns that must come along with the rows. */
  readonly passthrough: readonly string[]
  readonly #manifest: Manifest
  readonly #columns: LabelColumns
  readonly #order: OrderColumns
  readonly #file: string | undefined
  readonly #scores: Float64Array[] = []
  readonly #values: CellValue[] = []
  readonly #orders: RowOrder[] = []
  #imputed = 0

  /** @throws `argument` for other groups than those of a model of windows, and for a label that is an input. */
  constructor(manifest: Manifest, columns: LabelColumns, file?: string) {
    const { label } = columns
    if (featuresOf(manifest).some(({ name }) => name === label))
      throw new TollError(
        'conflicting-options',
        `the model takes '${label}' as an input, so that its scores know the labels and measure nothing; fit it ` +
          'without that column',
        { option: 'label', value: label, column: label },
      )
    this.#manifest = manifest
    this.#columns = columns
    this.#order = orderOf(manifest, columns)
    this.#file = file
    this.passthrough = [...new Set([label, ...orderColumns(this.#order)])]
  }

  /** @throws `not-found` for a column that did not come along; as `readOrder`. */
  push({ passthrough, firstRow, score, imputed }: ScoredBatch): void {
    const lacking = this.passthrough.find((name) => !passthrough.has(name))
    if (lacking !== undefined)
      throw new TollError('unknown-column', `the rows come without column '${lacking}'`, { column: lacking })
    const { label, timeUnit } = this.#columns
    for (const value of passthrough.get(label)!) this.#values.push(value)
    this.#orders.push(readOrder(passthrough, this.#order, { file: this.#file, timeUnit, firstRow }))
    this.#scores.push(score)
    this.#imputed += imputed
  }

  /** @throws as `anomalyLabels`. */
  rows(): LabelledRows {
    const { label, anomaly, normal } = this.#columns
    const { group, time } = this.#order
    return labelledRows(this.#manifest, {
      scores: joined(this.#scores),
      labels: anomalyLabels(this.#values, { column: label, anomaly, normal }),
      ...(group !== undefined && { groups: this.#orders.flatMap(({ groups }) => Array.from(groups!)) }),
      ...(time !== undefined && { time: joined(this.#orders.map((order) => order.time as Float64Array)) }),
      imputed: this.#imputed,
    })
  }
}

/** Groups and times of a model of windows, where they are columns of the table and not given. */
function orderIn({ window }: Manifest, rows: Samples, { groups, time }: RowOrder): RowOrder {
  if (!window || rows.kind !== 'table') return {}
  const named = { group: groups ? undefined : window.group, time: time ? undefined : window.time }
  const cells = orderColumns(named).map((name) => [name, cellsOf(rows, name)] as const)
  const lacking = cells.find(([, values]) => values === undefined)
  // Without its columns the model does not score either, and says so.
  return lacking ? {} : readOrder(new Map(cells as [string, CellValue[]][]), named)
}

function orderOf({ window }: Manifest, { group, time }: OrderColumns): OrderColumns {
  if (window && group !== undefined && group !== window.group)
    throw new TollError(
      'conflicting-options',
      "the model's windows " +
        `${window.group === undefined ? 'were fitted without groups' : `follow the groups of '${window.group}'`}; ` +
        `leave the groups of '${group}' out`,
      { option: 'group', value: group, expected: window.group },
    )
  return { group: group ?? window?.group, time: time ?? window?.time }
}

/** Only rows that have a score; of windows, with the labels of their rows in `labels`. */
function labelledRows(
  { window }: Pick<Manifest, 'window'>,
  { imputed, ...rows }: EvaluatedRows & { readonly imputed: number },
): LabelledRows {
  const labels = window ? labelWindows(Uint8Array.from(rows.labels), window.size, { groups: rows.groups }) : rows.labels
  const scored = rowsWithScores({ ...rows, labels })
  return { ...scored, labels: Uint8Array.from(scored.labels), inOrder: window !== undefined, imputed }
}

function joined(parts: readonly Float64Array[]): Float64Array {
  return concatenate(parts, new Float64Array(parts.reduce((sum, { length }) => sum + length, 0)))
}
