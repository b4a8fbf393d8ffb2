// What a detector learns from: the features of a SOURCE, and labels and weights where columns are named for them.

import { reviewTable, titleOf } from 'toll'
import { namesOf, TollError, type ColumnKind, type RowOrder, type Samples, type Table } from 'toll/base'
import { chooseColumns, selectColumns, type LeftOut } from 'toll/data'
import { readNamesIn, readTypes, type ColumnFlags } from './columns.js'
import { readArrayLabels, readSide, type LabelFlags } from './labels.js'
import { describeWarning } from './notes.js'
import type { OrderFlags } from './order.js'
import type { Source } from './source.js'
import type { Terminal } from './terminal.js'

type TrainingFlags = ColumnFlags & LabelFlags & OrderFlags & { readonly titles?: boolean }

export interface TrainingInput extends RowOrder {
  readonly name: string
  readonly data: Samples
  readonly leftOut?: readonly LeftOut[]
  /** What --types says of columns. */
  readonly types: Readonly<Record<string, ColumnKind>>
  readonly labels?: Uint8Array
  readonly weights?: ArrayLike<number>
  /** The first key of each row, where `titles` asks for it. */
  readonly titles?: readonly (string | number)[]
}

/** Errors: those of the source; `data` and `not-found` for columns and labels that do not fit. */
export async function readTrainingInput(
  source: Source,
  flags: TrainingFlags,
  signal: AbortSignal,
): Promise<TrainingInput> {
  return source.kind === 'rows' ? readRows(source, flags, signal) : readArray(source, flags)
}

async function readRows(
  { table, name }: Extract<Source, { kind: 'rows' }>,
  flags: TrainingFlags,
  signal: AbortSignal,
): Promise<TrainingInput> {
  const { readTraining } = await import('toll/node')
  const { id, label, anomaly, normal, weight, group, time } = flags
  const { rowNames, ...read } = await readTraining(table, {
    ...namesOfFeatures(flags, namesOf(table.columns)),
    ...{ id, label, anomaly, normal, weight, group, time, signal },
    rowNames: flags.titles ? id?.[0] : undefined,
  })
  return { name, ...read, ...(rowNames && { titles: rowNames.map(titleOf) }) }
}

/** The lists of the flags as names of columns. */
function namesOfFeatures({ columns, exclude, types }: ColumnFlags, known: readonly string[]) {
  return {
    columns: columns && readNamesIn(columns, known),
    exclude: readNamesIn(exclude, known),
    types: readTypes(types),
  }
}

async function readArray(source: Extract<Source, { kind: 'array' }>, flags: TrainingFlags): Promise<TrainingInput> {
  const { name, data } = source
  const { label, weight, id, columns, exclude, types, group, time } = flags
  const tableOnly = Object.entries({ id, group, time }).find(([, value]) => value !== undefined)
  if (tableOnly)
    throw new TollError('unsupported-input', `--${tableOnly[0]} names a column of a table; ${name} is an array`)
  const ofColumns = Object.entries({ columns, exclude, types }).find(([, value]) => value !== undefined)
  if (data.kind !== 'table' && ofColumns)
    throw new TollError('unsupported-input', `--${ofColumns[0]} is about columns of a table; ${name} holds images`)
  const features = namesOfFeatures(flags, data.kind === 'table' ? namesOf(data.columns) : [])
  return {
    name,
    data: data.kind === 'table' ? takeFeatures(data, chooseColumns(data.columns, features, name)) : data,
    types: features.types,
    ...(label !== undefined && { labels: await readArrayLabels(source, { ...flags, label }) }),
    ...(weight !== undefined && { weights: await readSide(source, weight) }),
    ...(flags.titles && source.names && { titles: source.names.get('file') }),
  }
}

function takeFeatures(table: Table, names: readonly string[]): Table {
  return selectColumns(
    table,
    names.map((name) => namesOf(table.columns).indexOf(name)),
  )
}

/** Warns of columns that may give the labels away, or are not what they seem. */
export function warnOfColumns({ data, labels, types }: TrainingInput, terminal: Terminal): void {
  if (data.kind !== 'table') return
  for (const warning of reviewTable(data, { labels, types })) terminal.note(`warning: ${describeWarning(warning)}`)
}
