// What a reader asks of a column, and the SQL that gives it: every column arrives as float64, from numbers or from its
// texts.

import { TollError } from '../../base/index.js'
import type { CellOptions, ColumnInfo, ColumnKind } from '../columns.js'

/**
 * A column by name. A bare name is read as what it holds (`ColumnInfo.kind`); `as` reads it as
 * - `number`: a float64; true and false of a boolean column are 1 and 0;
 * - `boolean`: 1 and 0, from true, false (any case), 1 and 0;
 * - `text`: codes into a list of texts (see `ColumnMeaning`). A text file's cells are taken as they stand, surrounding
 * space aside; typed
 *   values as DuckDB prints them, whole numbers without a fraction (`1`, not `1.0`);
 * - `time`: seconds since 1970-01-01T00:00:00Z, from ISO 8601 dates and times (UTC where they name no zone) and from
 * typed ones.
 */
export type ColumnRequest = string | { readonly name: string; readonly as: ColumnKind }

/** A column of a source as it was asked for. */
export interface SelectedColumn extends ColumnInfo {
  readonly as: ColumnKind
  /** The vector that DuckDB gives: float64 (with the cells as texts beside it, when `judged`), or texts. */
  readonly vector: 'DOUBLE' | 'VARCHAR'
  /** Whether a gap among the numbers may be a text, which is then missing or bad. */
  readonly judged: boolean
}

/** The column read as `as`. Errors: `data` for a type that cannot be read so. */
export function selectColumn(column: ColumnInfo, as: ColumnKind, source: string): SelectedColumn {
  const { name, type } = column
  const held = typeGroup(column)
  const refuse = (what: string, advice: string): never => {
    throw new TollError('wrong-column-kind', `column '${name}' of ${source} holds ${what} (${type}); ${advice}`, {
      file: source,
      column: name,
      value: type,
      expected: as,
    })
  }
  const own = `"${name.replaceAll('"', '""')}"`
  if (as !== 'text' && held === 'clock')
    refuse(
      'times of day',
      `make seconds since midnight of them first, with epoch(${own}) in a SQL query, or read them as text`,
    )
  if (as !== 'text' && held === 'duration')
    refuse('durations', `make seconds of them first, with epoch(${own}) in a SQL query, or read them as text`)
  if (as === 'time' && held === 'number')
    refuse('numbers', `make times of them first, with to_timestamp(${own}) in a SQL query, or read them as numbers`)
  if (as === 'time' && held === 'boolean') refuse('booleans', 'read them as booleans')
  if ((as === 'number' || as === 'boolean') && column.kind === 'time')
    refuse('times', `read them as times, or make numbers of them first, for example epoch(${own}) in a SQL query`)
  const textual = held === 'text'
  const vector = as === 'text' || (as === 'time' && textual) ? 'VARCHAR' : 'DOUBLE'
  return { ...column, as, vector, judged: vector === 'DOUBLE' && textual }
}

/** The expression of a column's vector. */
export function vectorSql(column: SelectedColumn, ref: string, { decimal = '.' }: CellOptions): string {
  const { as, type, vector } = column
  if (vector === 'VARCHAR') return as === 'text' ? textSql(type, ref) : `CAST(${ref} AS VARCHAR)`
  if (as === 'time') return timeSql(type, ref)
  if (!column.judged) return `CAST(${ref} AS DOUBLE)`
  return decimal === ','
    ? `try_cast(replace(CAST(${ref} AS VARCHAR), ',', '.') AS DOUBLE)`
    : `try_cast(CAST(${ref} AS VARCHAR) AS DOUBLE)`
}

/** Whole numbers lose their `.0`, zero its sign and NaN is missing: so a text is the same from every kind of file. */
function textSql(type: string, ref: string): string {
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
  return /^(DATE|TIME|TIMESTAMP|INTERVAL)(_| |$)/.test(type) && !type.endsWith(']') ? 'time' : 'text'
}

function typeGroup({ type }: ColumnInfo): 'number' | 'boolean' | 'text' | 'moment' | 'clock' | 'duration' {
  const kind = kindOfType(type)
  if (kind !== 'time') return kind
  return type === 'INTERVAL' ? 'duration' : /^TIME(_NS)?( |$)/.test(type) ? 'clock' : 'moment'
}
