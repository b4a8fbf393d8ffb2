// What models learn from and score: tables and images, told apart by `kind`.

import { concatenate, ndarray, takeSamples, type FloatArray, type NdArray } from './array.js'
import { TollError } from './errors.js'
import { namesOf } from './column.js'
import {
  tableFromArray,
  tableFromColumns,
  tableFromRows,
  type CategoryColumn,
  type CellLike,
  type ColumnValues,
  type Table,
  type TableColumn,
} from './table.js'

/** Images (n, channels, height, width), in any units. */
export interface Images<T extends FloatArray = FloatArray> extends NdArray<T> {
  readonly kind: 'images'
}

/** What models learn from and score: the rows of a table, or images. */
export type Samples = Table | Images

/** Samples as programs have them: also rows of values, objects with values by column, and arrays (n, d). */
export type SamplesLike =
  Samples | readonly ArrayLike<CellLike>[] | readonly Readonly<Record<string, CellLike>>[] | NdArray

/**
 * Samples of what stands for them. Rows of values get `names`, where there are as many, or x0, x1, ...; of objects
 * every key is a column, missing where an object lacks it. Errors: `argument` for what is nothing of that; as
 * `tableFromRows`.
 */
export function samplesOf(given: SamplesLike, names?: readonly string[]): Samples {
  const value: unknown = given
  if (isObject(value) && (value.kind === 'table' ? Array.isArray(value.columns) : value.kind === 'images'))
    return given as Samples
  if (isObject(value) && Array.isArray(value.shape) && 'data' in value) {
    const array = ndarray((value as unknown as NdArray).data, value.shape as readonly number[])
    return array.shape.length === 4 ? { kind: 'images', ...array } : tableFromArray(array)
  }
  const rows = Array.isArray(value) ? (value as readonly unknown[]) : undefined
  const isList = (row: unknown): row is ArrayLike<CellLike> => Array.isArray(row) || ArrayBuffer.isView(row)
  if (rows?.every(isList)) return tableFromRows(rows, names?.length === rows[0]?.length ? names : undefined)
  if (rows?.every((row) => isObject(row) && !isList(row) && !(row instanceof Date)))
    return tableOfObjects(rows as readonly Readonly<Record<string, CellLike>>[])
  const found =
    typeof value === 'string'
      ? 'a string'
      : value === null
        ? 'null'
        : Array.isArray(value)
          ? 'a list of other things'
          : typeof value
  throw new TollError(
    'wrong-type',
    `expected a table, images, rows of values or objects, got ${found}` +
      (typeof value === 'string' ? '; readTable reads a file' : ''),
    { option: 'rows', value: found, expected: ['table', 'images', 'rows', 'objects'] },
  )
}

function tableOfObjects(rows: readonly Readonly<Record<string, CellLike>>[]): Table {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const columns = names.map((name) => [name, rows.map((row) => row[name])] as const)
  return tableFromColumns(Object.fromEntries(columns) as Record<string, ColumnValues>)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** Rows of a table, or samples of an array. */
export function rowCount(data: Samples): number {
  return data.kind === 'table' ? data.rows : data.shape[0]
}

/**
 * Images from pixels. Error: `shape` unless `shape` is (n, channels, height, width) and has as many values as `data`.
 */
export function images<T extends FloatArray>(data: T, shape: readonly number[]): Images<T> {
  if (shape.length !== 4)
    throw new TollError(
      'shape-mismatch',
      `images have the shape (n, channels, height, width), got (${shape.join(', ')})`,
      { option: 'shape', value: shape, expected: '(n, channels, height, width)' },
    )
  return { kind: 'images', ...ndarray(data, shape) }
}

/** The rows or images `indices`, in that order. */
export function takeRows<S extends Samples>(source: S, indices: ArrayLike<number>): S
export function takeRows(source: Samples, indices: ArrayLike<number>): Samples {
  if (source.kind === 'images') return { kind: 'images', ...takeSamples(source, indices) }
  const columns = source.columns.map((column) => ({
    ...column,
    values: Float64Array.from({ length: indices.length }, (_, i) => column.values[indices[i]]),
  }))
  return { ...source, columns, rows: indices.length }
}

/**
 * The rows of several tables with the same columns in the same order, or the samples of several arrays of one shape,
 * one after the other. Categories stay what they are where tables number them differently. Error: `shape` for no part,
 * or parts that differ.
 */
export function joinRows(parts: readonly Samples[]): Samples {
  const tables = parts.filter((part) => part.kind === 'table')
  if (parts.length === 0 || (tables.length > 0 && tables.length < parts.length))
    throw new TollError(
      'wrong-input-kind',
      `rows are joined of tables or of arrays, got ${parts.length === 0 ? 'none' : 'both'}`,
      { option: 'parts' },
    )
  return tables.length > 0 ? joinTables(tables) : { kind: 'images', ...joinSamples(parts as readonly Images[]) }
}

function joinTables(parts: readonly Table[]): Table {
  const names = namesOf(parts[0].columns)
  const other = parts.map(({ columns }) => namesOf(columns)).find((found) => found.join('\n') !== names.join('\n'))
  if (other)
    throw new TollError(
      'shape-mismatch',
      `tables of columns ${names.join(', ')} and ${other.join(', ')} cannot be joined`,
      { option: 'parts', columns: other, expected: names },
    )
  return {
    kind: 'table',
    columns: names.map((_, c) => joinColumns(parts.map(({ columns }) => columns[c]))),
    rows: parts.reduce((sum, part) => sum + part.rows, 0),
    ...(parts[0].windowSize !== undefined && { windowSize: parts[0].windowSize }),
  }
}

/** Columns of one name. One without any value is of any kind. */
function joinColumns(parts: readonly TableColumn[]): TableColumn {
  const { name } = parts[0]
  const whole = new Float64Array(parts.reduce((sum, { values }) => sum + values.length, 0))
  const codes = new Map<string, number>()
  const values = concatenate(
    parts.map((part) => (part.kind === 'category' ? recode(part, codes) : part.values)),
    whole,
  )
  const kind = parts.find((part) => part.kind !== 'number')?.kind ?? 'number'
  return kind === 'category' ? { name, kind, values, categories: [...codes.keys()] } : { name, kind, values }
}

/** The codes of a column in the list `codes`, which takes its categories up. */
function recode({ values, categories }: CategoryColumn, codes: Map<string, number>): Float64Array {
  const joined = categories.map((category) => codes.get(category) ?? codes.set(category, codes.size).get(category)!)
  return values.map((code) => (Number.isNaN(code) ? NaN : joined[code]))
}

function joinSamples(parts: readonly NdArray[]): NdArray {
  const shape = parts[0].shape.slice(1)
  const other = parts.find((part) => part.shape.slice(1).join() !== shape.join())
  if (other)
    throw new TollError(
      'shape-mismatch',
      `samples of ${shape.join(' x ')} and ${other.shape.slice(1).join(' x ')} cannot be joined`,
      { option: 'parts', value: other.shape.slice(1), expected: shape.join(' x ') },
    )
  const size = parts.reduce((sum, { data }) => sum + data.length, 0)
  const data = concatenate(
    parts.map((part) => part.data),
    parts.every((part) => part.data instanceof Float32Array) ? new Float32Array(size) : new Float64Array(size),
  )
  return { shape: [parts.reduce((sum, part) => sum + part.shape[0], 0), ...shape], data }
}
