// What a detector learns from: the features of a SOURCE, and labels and weights where columns are named for them.

import { TollError, namesOf, orderColumns, readOrder, type ColumnKind, type RowOrder, type Samples } from 'toll/base'
import { reviewTable } from 'toll/evaluate'
import { selectColumns } from 'toll/preprocess'
import type { CellValue } from 'toll/base'
import { chooseColumns, readTypes, shellWord, shorten, type ColumnFlags } from './columns.js'
import { readLabels, readSide, type LabelFlags } from './labels.js'
import { describeWarning } from './notes.js'
import type { OrderFlags } from './order.js'
import type { Source } from './source.js'
import type { Terminal } from './terminal.js'

type TrainingFlags = ColumnFlags & LabelFlags & OrderFlags & { readonly titles?: boolean }

export interface TrainingInput extends RowOrder {
  readonly name: string
  readonly data: Samples
  /** Columns of so many different texts that they were not kept: they name the rows. */
  readonly leftOut?: readonly string[]
  /** What --types says of columns. */
  readonly types: Readonly<Record<string, ColumnKind>>
  readonly labels?: Uint8Array
  readonly weights?: ArrayLike<number>
  /** The first key of each row, where `titles` asks for it. */
  readonly titles?: readonly (string | number)[]
}

/** Errors: those of the source; `data` and `not-found` for columns and labels that do not fit. */
export async function readTraining(source: Source, flags: TrainingFlags, signal: AbortSignal): Promise<TrainingInput> {
  return source.kind === 'rows' ? readRows(source, flags, signal) : readArray(source, flags)
}

async function readRows(
  { table, name }: Extract<Source, { kind: 'rows' }>,
  flags: TrainingFlags,
  signal: AbortSignal,
): Promise<TrainingInput> {
  const columns = chooseColumns(table.columns, flags, name)
  const types = readTypes(flags.types, columns, name)
  const { label, weight } = flags
  const kindOf = new Map(table.columns.map((column) => [column.name, column.kind]))
  const requests = columns.map((name) => ({ name, kind: types[name] ?? kindOf.get(name)! }))
  const key = flags.titles ? flags.id?.[0] : undefined
  const {
    table: read,
    passthrough,
    leftOut,
  } = await table.readBatch({
    columns: weight === undefined ? requests : [...requests, { name: weight, kind: 'number' }],
    passthrough: [
      ...new Set([
        ...(label === undefined ? [] : [label]),
        ...(key === undefined ? [] : [key]),
        ...orderColumns(flags),
      ]),
    ],
    signal,
    keys: 'leave out',
  })
  const wanted = leftOut.find((column) => Object.hasOwn(types, column))
  if (wanted !== undefined)
    throw new TollError(
      'too-many-categories',
      `--types ${wanted}=${types[wanted]}: ${name} has more different texts there than categories can be; ` +
        `leave it out with --exclude ${shellWord(wanted)}`,
      { column: wanted, option: 'types' },
    )
  if (leftOut.length === columns.length)
    throw new TollError(
      'no-columns',
      `${name}: no columns are left to learn from, since ${shorten(leftOut)} ` +
        `${leftOut.length === 1 ? 'names' : 'name'} the rows`,
    )
  const features = weight === undefined ? read : { ...read, columns: read.columns.slice(0, -1) }
  return {
    name,
    data: features,
    types,
    leftOut,
    ...readOrder(passthrough, flags, { file: name }),
    ...(label !== undefined && { labels: readLabels(passthrough.get(label) ?? [], flags) }),
    ...(weight !== undefined && { weights: read.columns.at(-1)!.values }),
    ...(key !== undefined && { titles: passthrough.get(key)!.map((value, row) => titleOf(value, row)) }),
  }
}

/** What a row is called: its key, or without one its number from 1. */
export function titleOf(key: CellValue | undefined, row: number): string | number {
  return key === undefined || key === null ? row + 1 : typeof key === 'number' ? key : String(key)
}

async function readArray(source: Extract<Source, { kind: 'array' }>, flags: TrainingFlags): Promise<TrainingInput> {
  const { name, data } = source
  const { label, weight, id, columns, exclude } = flags
  const rows = data.kind === 'table' ? data.rows : data.shape[0]
  const tableOnly = Object.entries({ id, group: flags.group, time: flags.time }).find(
    ([, value]) => value !== undefined,
  )
  if (tableOnly)
    throw new TollError('unsupported-input', `--${tableOnly[0]} names a column of a table; ${name} is an array`)
  if (data.kind !== 'table' && (columns || exclude))
    throw new TollError('unsupported-input', `--columns and --exclude choose columns of a table; ${name} holds images`)
  const chosen = data.kind === 'table' ? chooseColumns(data.columns, { columns, exclude }, name) : []
  return {
    name,
    data:
      data.kind === 'table'
        ? selectColumns(
            data,
            chosen.map((column) => namesOf(data.columns).indexOf(column)),
          )
        : data,
    types: readTypes(flags.types, chosen, name),
    ...(label !== undefined && { labels: readLabels(await readSide(source, label, rows), flags) }),
    ...(weight !== undefined && { weights: await readSide(source, weight, rows) }),
  }
}

/** Warns of columns that may give the labels away, or are not what they seem. */
export function warnOfColumns({ data, labels, types }: TrainingInput, terminal: Terminal): void {
  if (data.kind !== 'table') return
  for (const warning of reviewTable(data, { labels, types })) terminal.note(`warning: ${describeWarning(warning)}`)
}
