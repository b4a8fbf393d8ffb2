// Rows of a source scored in order, in bounded memory: while a batch is in the engine, the one before is used and the
// next one is read.

import { availableParallelism } from 'node:os'
import { isTrainingData } from 'toll/audit'
import {
  TollError,
  concatenate,
  messageOf,
  namesOf,
  orderColumns,
  readOrder,
  type InvalidRow,
  type RowOrder,
  type Samples,
  type Table,
} from 'toll/base'
import type { LabelValue } from 'toll/data'
import type { CellValue } from 'toll/base'
import type { ResampledUnit } from 'toll/evaluate'
import { featuresOf, type Model, type Scores } from 'toll/model'
import { labelWindows, selectColumns } from 'toll/preprocess'
import { requireColumns } from './columns.js'
import type { EngineFlags } from './engine.js'
import { readLabels, readSide, type LabelFlags } from './labels.js'
import type { OrderFlags, TimeUnitFlags } from './order.js'
import type { Source } from './source.js'
import type { Terminal } from './terminal.js'
import { openWindowing, type WindowedBatch } from './windowing.js'

export interface ScoredRows extends Scores {
  readonly rows: number
  /** What the model was given, one row per score. */
  readonly data: Samples
  /** Rows of the source before these. */
  readonly firstRow: number
  readonly passthrough: ReadonlyMap<string, readonly CellValue[]>
  /** The rows as they were read, and those that could not be; absent for images. */
  readonly raw?: { readonly table: Table; readonly invalid: ReadonlyMap<number, InvalidRow> }
}

export interface ScoringOptions {
  /** Columns whose values come along. */
  readonly passthrough: readonly string[]
  /** Whether a row that cannot be scored is an error or is marked. */
  readonly strict: boolean
  readonly signal: AbortSignal
}

/** Reading a table keeps a core busy: by default the engine leaves it one, which is faster than sharing it. */
export function scoringThreads<F extends EngineFlags>(flags: F, source: Source): F {
  return flags.threads === undefined && source.kind === 'rows'
    ? { ...flags, threads: Math.max(1, availableParallelism() - 1) }
    : flags
}

/** Numbers in a batch: one run of the engine. */
const batchValues = 1 << 19

/** Scores all rows of `source`. Errors: `not-found` for columns that the model needs, `shape`, `data`, `aborted`. */
export async function* scoreSource(
  source: Source,
  model: Model,
  { passthrough, strict, signal }: ScoringOptions,
): AsyncGenerator<ScoredRows> {
  const invalidRows = strict ? 'throw' : 'mark'
  requireKind(source, model)
  const windowing = openWindowing(model.manifest, source.name)
  const { input } = model.manifest
  const inputs = input.kind === 'table' ? input.columns.map(({ name }) => name) : []
  const requests = featuresOf(model.manifest)
  const columns = windowing?.columns ?? inputs
  if (source.kind === 'array') {
    const windowed = windowing?.push(wholeTable(source, columns, windowing.passthrough))
    const scores = await model.score(windowed?.table ?? source.data, { invalidRows, signal })
    const marked = windowed ? mark(scores, windowed.invalid, windowed.table) : scores
    yield {
      ...marked,
      rows: scores.score.length,
      data: windowed?.table ?? source.data,
      firstRow: 0,
      passthrough: new Map(),
      ...(source.data.kind === 'table' && { raw: { table: source.data, invalid: new Map() } }),
    }
    return
  }
  const passed = [...new Set([...passthrough, ...(windowing?.passthrough ?? [])])]
  requireColumns(source.table.columns, columns, source.name)
  requireColumns(source.table.columns, windowing?.passthrough ?? [], source.name, ', which says the order of the rows')
  requireColumns(source.table.columns, passthrough, source.name, ', which was asked for')
  const batchRows = Math.min(16_384, Math.max(256, Math.floor(batchValues / Math.max(inputs.length, 1))))
  const batches = source.table.batches({
    columns: requests,
    passthrough: passed,
    batchRows,
    invalidRows,
    signal,
  })
  let scoring: Promise<ScoredRows> | undefined
  try {
    for await (const batch of batches) {
      const previous = scoring
      const { table, invalid }: WindowedBatch = windowing?.push(batch) ?? batch
      scoring = model.score(table, { invalidRows, signal }).then((scores) => ({
        // A gap is counted in its own row only, not in every window that it is in.
        ...mark(windowing ? { ...scores, imputed: gapsIn(batch.table) } : scores, invalid, batch.table),
        rows: table.rows,
        data: table,
        firstRow: batch.firstRow,
        passthrough: batch.passthrough,
        raw: { table: batch.table, invalid: batch.invalid },
      }))
      // Awaited later; a failure before that is not unhandled.
      scoring.catch(() => undefined)
      if (previous) yield await previous
    }
    if (scoring) yield await scoring
  } finally {
    await scoring?.catch(() => undefined)
  }
}

/**
 * Whether the source, of which so many rows were scored, is what the model was fitted to: read again where the number
 * of rows is the same.
 */
export async function isTrainingSource(
  source: Source,
  { manifest }: Model,
  rows: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (rows !== manifest.rows.given || manifest.window) return false
  if (source.kind === 'array') return isTrainingData(manifest, source.data)
  const { table } = await source.table.readBatch({
    columns: featuresOf(manifest),
    invalidRows: 'mark',
    keys: 'leave out',
    signal,
  })
  return isTrainingData(manifest, table)
}

/** An array as one batch of rows. */
function wholeTable(
  { data, name }: Extract<Source, { kind: 'array' }>,
  columns: readonly string[],
  named: readonly string[],
) {
  if (named.length > 0)
    throw new TollError(
      'unsupported-input',
      `the windows of this model follow ${named.join(' and ')}, columns of a table; ${name} is an array`,
    )
  const table = data as Table
  requireColumns(table.columns, columns, name)
  const names = namesOf(table.columns)
  return {
    table: selectColumns(
      table,
      columns.map((column) => names.indexOf(column)),
    ),
    invalid: new Map<number, InvalidRow>(),
    passthrough: new Map<string, readonly CellValue[]>(),
    firstRow: 0,
  }
}

/** The error where not one row has a score; `first` is the first invalid row, which `title` names. */
export function noScoredRows(source: string, first: InvalidRow | undefined, title?: string | number): TollError {
  const why = first && `; the first: ${title === undefined ? '' : `row ${title}: `}${messageOf(first)}`
  return new TollError('no-scored-rows', `${source}: no row could be scored${why ?? ''}`, {
    file: source,
    ...(first && { cause: new TollError(first.reason, messageOf(first)) }),
  })
}

function gapsIn(table: Table): number {
  return withoutCategories(table).reduce(
    (sum, column) => sum + column.reduce((gaps, value) => gaps + Number(Number.isNaN(value)), 0),
    0,
  )
}

/** The columns in which a gap is filled: a missing string is a category. */
function withoutCategories({ columns }: Table): Float64Array[] {
  return columns.flatMap(({ kind, values }) => (kind === 'category' ? [] : [values]))
}

function requireKind(source: Source, { manifest: { input } }: Model): void {
  const isTable = source.kind === 'rows' || source.data.kind === 'table'
  if (isTable === (input.kind === 'table')) return
  const expected = input.kind === 'table' ? 'tables' : `images of ${input.shape.join(' x ')}`
  throw new TollError(
    'length-mismatch',
    `the model scores ${expected}, but ${source.name} holds ${isTable ? 'a table' : 'images'}`,
  )
}

/** Rows that could not be read have no score; their gaps were not imputed. */
function mark(scores: Scores, invalid: ReadonlyMap<number, InvalidRow>, table: Table): Scores {
  if (invalid.size === 0) return scores
  const columns = withoutCategories(table)
  let imputed = scores.imputed
  for (const row of invalid.keys()) {
    for (const values of [scores.score, ...Object.values(scores.parts), ...(scores.pValue ? [scores.pValue] : [])])
      values[row] = NaN
    for (const flags of [scores.isAnomaly, ...Object.values(scores.alarms)]) flags[row] = 0
    for (const column of columns) if (Number.isNaN(column[row])) imputed--
  }
  return { ...scores, imputed, invalid: new Map([...scores.invalid, ...invalid]) }
}

export interface Labelled extends RowOrder {
  /** NaN where a row could not be scored. */
  readonly scores: Float64Array
  readonly labels: Uint8Array
  readonly imputed: number
  /** Windows without groups and times are in the order of their rows, and depend on those before them. */
  readonly resample?: ResampledUnit
}

/**
 * All scores with their labels, groups and times. For a model of windows a row is an anomaly when one is in its window,
 * and groups and times are those of the windows unless others are named.
 */
export async function scoreLabelled(
  source: Source,
  model: Model,
  flags: LabelFlags & OrderFlags & { readonly label: string; readonly strict: boolean } & TimeUnitFlags,
  terminal: Terminal,
): Promise<Labelled> {
  const { window } = model.manifest
  if (window && flags.group !== undefined && flags.group !== window.group) {
    throw new TollError(
      'conflicting-options',
      "the model's windows " +
        `${window.group === undefined ? 'were fitted without groups' : `follow the groups of '${window.group}'`}; ` +
        `leave --group ${flags.group} out`,
    )
  }
  const order: OrderFlags = { group: flags.group ?? window?.group, time: flags.time ?? window?.time }
  if (source.kind === 'array' && orderColumns(order).length > 0)
    throw new TollError('unsupported-input', `--group and --time name columns of a table; ${source.name} is an array`)
  const orders: RowOrder[] = []
  const parts: Float64Array[] = []
  const values: LabelValue[] = []
  let imputed = 0
  const bar = await terminal.progress('score', source.kind === 'rows' ? source.table.rowCount : undefined, 'rows')
  const options = {
    passthrough: source.kind === 'rows' ? [flags.label, ...orderColumns(order)] : [],
    strict: flags.strict,
    signal: terminal.signal,
  }
  try {
    for await (const batch of scoreSource(source, model, options)) {
      parts.push(batch.score)
      for (const value of batch.passthrough.get(flags.label) ?? []) values.push(value)
      orders.push(
        readOrder(batch.passthrough, order, {
          file: source.name,
          timeUnit: flags.timeUnit,
          firstRow: batch.firstRow,
        }),
      )
      imputed += batch.imputed
      bar.update(batch.firstRow + batch.rows)
    }
  } finally {
    bar.stop()
  }
  const scores = joined(parts)
  const labels = readLabels(source.kind === 'rows' ? values : await readSide(source, flags.label, scores.length), flags)
  const groups = order.group === undefined ? undefined : orders.flatMap((part) => Array.from(part.groups!))
  const time = order.time === undefined ? undefined : joined(orders.map((part) => part.time as Float64Array))
  return {
    scores,
    labels: window ? labelWindows(labels, window.size, { ...(groups && { groups }) }) : labels,
    ...(groups && { groups }),
    ...(time && { time }),
    ...(window && !groups && !time && { resample: 'blocks' as const }),
    imputed,
  }
}

function joined(parts: readonly Float64Array[]): Float64Array {
  return concatenate(parts, new Float64Array(parts.reduce((sum, { length }) => sum + length, 0)))
}
