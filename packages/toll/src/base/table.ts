// A table of named columns, each with its kind and its values as float64.

import type { NdArray } from './array.js'
import type { Column, NumericKind } from './column.js'
import { TollError } from './errors.js'

export interface NumericColumn extends Column {
  readonly kind: NumericKind
  /** One per row; what is missing is NaN. */
  readonly values: Float64Array
}

export interface CategoryColumn extends Column {
  readonly kind: 'category'
  /** One per row: k for the k-th of `categories`, from 0; what is missing is NaN. */
  readonly values: Float64Array
  /** Each once; not all of them need to appear. */
  readonly categories: readonly string[]
}

export type TableColumn = NumericColumn | CategoryColumn

/** Columns of different names and equal length. */
export interface Table {
  readonly kind: 'table'
  readonly columns: readonly TableColumn[]
  readonly rows: number
  /**
   * Rows of the source in each row of this table, where it is one of windows: side by side, a column `name@lag` each
   * (`slideWindows`).
   */
  readonly windowSize?: number
}

/**
 * A table of columns of numbers. Errors: `shape` for columns of different lengths, `data` for a name that is empty or
 * appears twice.
 */
export function table(names: readonly string[], columns: readonly Float64Array[]): Table {
  if (names.length !== columns.length) {
    throw new TollError('length-mismatch', `${names.length} column names for ${columns.length} columns`, {
      option: 'names',
      value: names.length,
      expected: `${columns.length} names`,
    })
  }
  return tableOf(names.map((name, i) => ({ name, kind: 'number', values: columns[i] })))
}

/** Checks that all columns are equally long and that names are unique and non-empty. */
function tableOf(columns: readonly TableColumn[]): Table {
  const rows = columns[0]?.values.length ?? 0
  const seen = new Set<string>()
  columns.forEach(({ name, values }, i) => {
    if (values.length !== rows) {
      throw new TollError(
        'length-mismatch',
        `column '${name}' has ${values.length} rows, column '${columns[0].name}' has ${rows}`,
        { column: name, value: values.length, expected: `${rows} rows` },
      )
    }
    if (name === '') throw new TollError('missing-name', `column ${i + 1} has no name`, { option: 'names' })
    if (seen.has(name))
      throw new TollError('repeated-name', `column '${name}' appears twice`, { column: name, option: 'names' })
    seen.add(name)
  })
  return { kind: 'table', columns, rows }
}

/** Values of a column as programs have them; null, undefined, NaN and '' are missing. */
export type ColumnValues =
  | ArrayLike<number>
  | readonly (number | null | undefined)[]
  | readonly (string | null | undefined)[]
  | readonly (boolean | null | undefined)[]
  | readonly (Date | null | undefined)[]

/**
 * A table from columns of numbers, strings, booleans or dates by name.
 * Errors: `shape` for columns of different lengths, `data` for a column that mixes kinds of values or has an invalid
 * date (with its row).
 */
export function tableFromColumns(columns: Readonly<Record<string, ColumnValues>>): Table {
  return tableOf(Object.entries(columns).map(([name, values]) => readColumn(name, values)))
}

function readColumn(name: string, given: ColumnValues): TableColumn {
  const isMissing = (value: unknown) => value === null || value === undefined || value === ''
  const kindOf = (value: unknown) => (value instanceof Date ? 'date' : typeof value)
  const cells = Array.from(given as ArrayLike<unknown>)
  const first = cells.findIndex((value) => !isMissing(value))
  const kind = first < 0 ? 'number' : kindOf(cells[first])
  const other = cells.findIndex((value) => !isMissing(value) && kindOf(value) !== kind)
  if (other >= 0)
    throw new TollError(
      'mixed-kinds',
      `column '${name}' holds a ${kind} in row ${first + 1} and a ${kindOf(cells[other])} in row ` +
        `${other + 1}; a column has one kind of values`,
      { row: other, column: name, value: kindOf(cells[other]), expected: kind },
    )
  if (!['number', 'string', 'boolean', 'date'].includes(kind))
    throw new TollError(
      'wrong-column-kind',
      `column '${name}' holds ${kind}s; expected numbers, strings, booleans or dates`,
      { row: first, column: name, value: kind, expected: ['number', 'string', 'boolean', 'date'] },
    )
  const invalid = cells.findIndex((value) => value instanceof Date && Number.isNaN(value.getTime()))
  if (invalid >= 0)
    throw new TollError(
      'not-a-time',
      `column '${name}' holds an invalid date in row ${invalid + 1}; give null for a missing one`,
      { row: invalid, column: name, value: cells[invalid], suggestion: null },
    )
  const codes = new Map<string, number>()
  const codeOf = (category: string) => {
    const known = codes.get(category) ?? codes.size
    codes.set(category, known)
    return known
  }
  const numberOf = (value: unknown) =>
    value instanceof Date ? value.getTime() / 1000 : typeof value === 'string' ? codeOf(value) : Number(value)
  const values = Float64Array.from(cells, (value) => (isMissing(value) ? NaN : numberOf(value)))
  return kind === 'string'
    ? { name, kind: 'category', values, categories: [...codes.keys()] }
    : { name, kind: kind === 'date' ? 'time' : kind === 'boolean' ? 'boolean' : 'number', values }
}

/** A value of a row as programs have it; null, undefined, NaN and '' are missing. */
export type CellLike = number | string | boolean | Date | null | undefined

/**
 * A table from rows of numbers, strings, booleans or dates, a column having one kind of them; without names the columns
 * are called x0, x1, ... Errors: `shape` for rows of different lengths; `data` as `tableFromColumns`.
 */
export function tableFromRows(rows: readonly ArrayLike<CellLike>[], names?: readonly string[]): Table {
  const width = names?.length ?? rows[0]?.length ?? 0
  rows.forEach((row, r) => {
    if (row.length !== width) {
      throw new TollError('length-mismatch', `row ${r + 1} has ${row.length} values, expected ${width}`, {
        row: r,
        value: row.length,
        expected: `${width} values`,
      })
    }
  })
  return tableOf(
    Array.from({ length: width }, (_, c) => {
      const name = names?.[c] ?? `x${c}`
      const values = numbersIn(rows, c)
      return values
        ? { name, kind: 'number', values }
        : readColumn(name, Array.from(rows, (row) => row[c]) as ColumnValues)
    }),
  )
}

function numbersIn(rows: readonly ArrayLike<CellLike>[], c: number): Float64Array | undefined {
  const values = new Float64Array(rows.length)
  for (let r = 0; r < rows.length; r++) {
    const value = rows[r][c]
    if (typeof value !== 'number') return undefined
    values[r] = value
  }
  return values
}

/** A table from an `(n, d)` array; without names the columns are called x0, x1, ... */
export function tableFromArray(array: NdArray, names?: readonly string[]): Table {
  if (array.shape.length !== 2) {
    throw new TollError('shape-mismatch', `a table needs an array of shape (n, d), got (${array.shape.join(', ')})`, {
      value: array.shape,
      expected: '(n, d)',
    })
  }
  const [n, d] = array.shape
  const columns = Array.from({ length: d }, (_, c) => Float64Array.from({ length: n }, (_, r) => array.data[r * d + c]))
  return table(names ?? columns.map((_, i) => `x${i}`), columns)
}

/** A table as one row-major `(n, d)` array. */
export function tableToArray(source: Table): NdArray<Float64Array> {
  const d = source.columns.length
  const data = new Float64Array(source.rows * d)
  source.columns.forEach(({ values }, c) => {
    for (let r = 0; r < source.rows; r++) data[r * d + c] = values[r]
  })
  return { shape: [source.rows, d], data }
}
