// What a reader asks of a column, and the SQL that gives it: every column arrives as float64, from numbers or from its
// texts.

import { TollError, type ColumnKind } from '../../base/index.js'
import type { CellOptions, SourceColumn } from '../columns.js'

/** A column of a source, its kind being what it was asked for as. */
export interface SelectedColumn extends SourceColumn {
  /** Whether the texts true and false are 1 and 0. */
  readonly flags: boolean
  /** The vector that DuckDB gives: float64 (with the cells as strings next to it, when `judged`), or strings. */
  readonly vector: 'DOUBLE' | 'VARCHAR'
  /** Whether a gap among the numbers may be a string, which is then missing or bad. */
  readonly judged: boolean
}

/** The column read as `kind`. Errors: `data` for a type that cannot be read so. */
export function selectColumn(column: SourceColumn, kind: ColumnKind, source: string): SelectedColumn {
  const { name, type } = column
  const group = typeGroup(column)
  const refuse = (what: string, advice: string): never => {
    throw new TollError('wrong-column-kind', `column '${name}' of ${source} holds ${what} (${type}); ${advice}`, {
      file: source,
      column: name,
      value: type,
      expected: kind,
    })
  }
  const own = `"${name.replaceAll('"', '""')}"`
  if (kind !== 'category' && group === 'clock')
    refuse(
      'times of day',
      `make seconds since midnight of them first, with epoch(${own}) in a SQL query, or read them as text`,
    )
  if (kind !== 'category' && group === 'duration')
    refuse('durations', `make seconds of them first, with epoch(${own}) in a SQL query, or read them as text`)
  if (kind === 'time' && group === 'number')
    refuse('numbers', `make times of them first, with to_timestamp(${own}) in a SQL query, or read them as numbers`)
  if (kind === 'time' && group === 'boolean') refuse('booleans', 'read them as booleans')
  if ((kind === 'number' || kind === 'boolean') && column.kind === 'time')
    refuse('times', `read them as times, or make numbers of them first, for example epoch(${own}) in a SQL query`)
  const textual = group === 'category'
  const vector = kind === 'category' || (kind === 'time' && textual) ? 'VARCHAR' : 'DOUBLE'
  return { ...column, kind, flags: kind === 'boolean', vector, judged: vector === 'DOUBLE' && textual }
}

/** The expression of a column's vector. */
export function vectorSql(
  column: SelectedColumn,
  ref: string,
  { decimal = '.', underscores }: Pick<CellOptions, 'decimal'> & { readonly underscores: boolean },
): string {
  const { kind, type, vector } = column
  if (vector === 'VARCHAR') return kind === 'category' ? stringSql(type, ref) : `CAST(${ref} AS VARCHAR)`
  if (kind === 'time') return timeSql(type, ref)
  if (!column.judged) return `CAST(${ref} AS DOUBLE)`
  // DuckDB would skip underscores; where the comma is the decimal sign a point is none. `contains` costs a quarter of
  // the reading, `translate` seven times as much.
  const text = `CAST(${ref} AS VARCHAR)`
  return decimal === ','
    ? `CASE WHEN contains(${text}, '_') OR contains(${text}, '.') THEN NULL ` +
        `ELSE try_cast(replace(${text}, ',', '.') AS DOUBLE) END`
    : underscores
      ? `CASE WHEN contains(${text}, '_') THEN NULL ELSE try_cast(${text} AS DOUBLE) END`
      : `try_cast(${text} AS DOUBLE)`
}

/**
 * Whole numbers lose their `.0`, zero its sign and NaN is missing: so a category is the same from every kind of file.
 */
function stringSql(type: string, ref: string): string {
  if (type !== 'DOUBLE' && type !== 'FLOAT') return `CAST(${ref} AS VARCHAR)`
  return `regexp_replace(CAST(nullif(${ref}, 'nan') + 0 AS VARCHAR), '\\.0$', '')`
}

/** DuckDB gives NULL for the seconds of an infinite time, which is not a missing one, and cuts nanoseconds off. */
function timeSql(type: string, ref: string): string {
  const nanoseconds = `epoch_ns(${ref})`
  const seconds =
    type === 'TIMESTAMP_NS' ? `${nanoseconds} // 1000000000 + (${nanoseconds} % 1000000000) / 1e9` : `epoch(${ref})`
  return `CASE WHEN isinf(${ref}) THEN CAST('infinity' AS DOUBLE) ELSE CAST(${seconds} AS DOUBLE) END`
}

/** The kind of a column that has a type of its own. */
export function kindOfType(type: string): ColumnKind {
  if (/^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\))$/.test(type)) return 'number'
  if (type === 'BOOLEAN') return 'boolean'
  return /^(DATE|TIME|TIMESTAMP|INTERVAL)(_| |$)/.test(type) && !type.endsWith(']') ? 'time' : 'category'
}

function typeGroup({ type }: SourceColumn): Exclude<ColumnKind, 'time'> | 'moment' | 'clock' | 'duration' {
  const kind = kindOfType(type)
  if (kind !== 'time') return kind
  return type === 'INTERVAL' ? 'duration' : /^TIME(_NS)?( |$)/.test(type) ? 'clock' : 'moment'
}
