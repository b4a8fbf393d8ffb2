// What a detector learns from: the features of a SOURCE, and labels and weights where columns are named for them.

import { TollError, type NdArray, type Table } from '../base/index.js'
import type { CellValue } from '../data/node/index.js'
import type { RowOrder } from '../preprocess/index.js'
import { chooseColumns, type ColumnFlags } from './columns.js'
import { readLabels, readSide, type LabelFlags } from './labels.js'
import { orderColumns, readOrder, type OrderFlags } from './order.js'
import type { Source } from './source.js'

type TrainingFlags = ColumnFlags & LabelFlags & OrderFlags & { readonly titles?: boolean }

export interface TrainingInput extends RowOrder {
  readonly name: string
  readonly data: Table | NdArray
  readonly labels?: Uint8Array
  readonly weights?: ArrayLike<number>
  /** The first key of each row, where `titles` asks for it. */
  readonly titles?: readonly (string | number)[]
}

/** Errors: those of the source; `data` and `not-found` for columns and labels that do not fit. */
export async function readTraining(source: Source, flags: TrainingFlags, signal: AbortSignal): Promise<TrainingInput> {
  return source.kind === 'rows' ? readRows(source, flags, signal) : readArray(source, flags)
}

async function readRows({ table, name }: Extract<Source, { kind: 'rows' }>, flags: TrainingFlags, signal: AbortSignal): Promise<TrainingInput> {
  const columns = chooseColumns(table.columns, flags, name)
  const { label, weight } = flags
  const key = flags.titles ? flags.id?.[0] : undefined
  const batch = await table.readBatch({
    columns: weight === undefined ? columns : [...columns, weight], passthrough: [...new Set([...(label === undefined ? [] : [label]), ...(key === undefined ? [] : [key]), ...orderColumns(flags)])], signal,
  })
  const features = { names: columns, columns: batch.table.columns.slice(0, columns.length), rows: batch.table.rows }
  return {
    name, data: features, ...readOrder(batch.passthrough, flags, { source: name }),
    ...(label !== undefined && { labels: readLabels(batch.passthrough.get(label) ?? [], flags) }),
    ...(weight !== undefined && { weights: batch.table.columns[columns.length] }),
    ...(key !== undefined && { titles: batch.passthrough.get(key)!.map((value, row) => titleOf(value, row)) }),
  }
}

/** What a row is called: its key, or without one its number from 1. */
export function titleOf(key: CellValue | undefined, row: number): string | number {
  return key === undefined || key === null ? row + 1 : typeof key === 'number' ? key : String(key)
}

async function readArray(source: Extract<Source, { kind: 'array' }>, flags: TrainingFlags): Promise<TrainingInput> {
  const { name, data } = source
  const { label, weight, id, columns, exclude } = flags
  const rows = 'columns' in data ? data.rows : data.shape[0]
  const tableOnly = Object.entries({ id, group: flags.group, time: flags.time }).find(([, value]) => value !== undefined)
  if (tableOnly) throw new TollError('argument', `--${tableOnly[0]} names a column of a table; ${name} is an array`)
  if (!('columns' in data) && (columns || exclude)) throw new TollError('argument', `--columns and --exclude choose columns of a table; ${name} holds images`)
  return {
    name, data: 'columns' in data ? selectColumns(data, { columns, exclude }, name) : data,
    ...(label !== undefined && { labels: readLabels(await readSide(source, label, rows), flags) }),
    ...(weight !== undefined && { weights: await readSide(source, weight, rows) }),
  }
}

function selectColumns(table: Table, flags: ColumnFlags, name: string): Table {
  const chosen = chooseColumns(table.names.map((column) => ({ name: column, kind: 'number' })), flags, name)
  return { names: chosen, columns: chosen.map((column) => table.columns[table.names.indexOf(column)]), rows: table.rows }
}
