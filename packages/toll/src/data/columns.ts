// The columns of a source: what they hold, how cells of text are read, and rows of them.

import type { Column, ColumnKind, NumericKind, RowBatch, Table } from '../base/index.js'

/** A column of a source. */
export interface SourceColumn extends Column {
  /**
   * What the values are. A text file's column is a `number` or a `time` when more than half of its first values are
   * (the rest will be refused by row), a `boolean` when all are true or false, else a `category`.
   */
  readonly kind: ColumnKind
  /** DuckDB's type; VARCHAR for CSV, TSV, NDJSON and JSON. */
  readonly type: string
  /**
   * Of a text file: shares of the first values that can be read as each kind, in [0, 1]; absent where there are none.
   */
  readonly readable?: Readonly<Record<NumericKind, number>>
}

/**
 * A column by name. A bare name is read as what it holds (`SourceColumn.kind`); a kind reads it as
 * - `number`: a float64; true and false are numbers, 1 and 0, only in columns that are typed as booleans;
 * - `boolean`: 1 and 0, from true, false (any case), 1 and 0;
 * - `category`: codes into a list of strings (see `CategoryColumn`). A text file's cells are taken as they are,
 *   surrounding space aside; typed values as DuckDB prints them, whole numbers without a fraction (`1`, not `1.0`);
 * - `time`: seconds since 1970-01-01T00:00:00Z, from ISO 8601 dates and times (UTC where they name no zone) and from
 *   typed ones.
 */
export type ColumnRequest = string | Column

/** What stands for a missing number, as NULL and empty cells do, unless other strings are given. */
export const missingStrings: readonly string[] = ['NA', 'N/A', 'NaN', 'nan', 'NaT', 'NULL', 'null', 'None', '?']

export interface CellOptions {
  /**
   * Strings that mean a missing value, as the empty one does, in columns of every kind and type; one that is a number
   * or a time means all cells of that value. Default `missingStrings`. Surrounding space is ignored.
   */
  readonly missing?: readonly string[]
  /** The decimal separator of text files; default '.'. */
  readonly decimal?: '.' | ','
}

export interface TableBatch extends Required<RowBatch> {
  /**
   * The columns asked for; NaN where a value is missing, and where a cell is invalid. The categories of a column are
   * one list for all batches: it grows as they are read and its codes keep their meaning. After 2^20 categories the
   * next batch begins another list.
   */
  readonly table: Table
}
