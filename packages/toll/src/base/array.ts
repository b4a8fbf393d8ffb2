// Dense data as the library passes it around: a row-major array with a shape, and a table of named float64 columns.

import { TollError } from './errors.js'

export type FloatArray = Float32Array | Float64Array

/**
 * A dense row-major array. The first axis counts samples: a table is `(n, d)`, images are `(n, channels, height,
 * width)`.
 */
export interface NdArray<T extends FloatArray = FloatArray> {
  readonly shape: readonly number[]
  readonly data: T
}

/** What the numbers of a column stand for, where they are not simply numbers. */
export type ColumnMeaning =
  /** k stands for the k-th text (from 0); texts differ from each other. */
  | { readonly kind: 'text'; readonly texts: readonly string[] }
  /** Seconds since 1970-01-01T00:00:00Z. */
  | { readonly kind: 'time' }
  /** 0 is false, 1 is true. */
  | { readonly kind: 'boolean' }

/** Named columns of equal length, float64; what is missing is NaN. */
export interface Table {
  readonly kind: 'table'
  readonly names: readonly string[]
  readonly columns: readonly Float64Array[]
  readonly rows: number
  /** By column name; columns that are not in it hold numbers. */
  readonly meanings?: ReadonlyMap<string, ColumnMeaning>
}

/** Images (n, channels, height, width), in any units. */
export interface Images<T extends FloatArray = FloatArray> extends NdArray<T> {
  readonly kind: 'images'
}

/** What models learn from and score: the rows of a table, or images. */
export type Samples = Table | Images

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1)
}

/** Rows of a table, or samples of an array. */
export function rowCount(data: Samples): number {
  return data.kind === 'table' ? data.rows : data.shape[0]
}

/** Wraps `data` in `shape`, after checking that they agree. */
export function ndarray<T extends FloatArray>(data: T, shape: readonly number[]): NdArray<T> {
  if (shape.some((dim) => !Number.isInteger(dim) || dim < 0)) {
    throw new TollError('shape-mismatch', `shape must be non-negative integers, got (${shape.join(', ')})`)
  }
  if (sizeOf(shape) !== data.length) {
    throw new TollError(
      'length-mismatch',
      `shape (${shape.join(', ')}) needs ${sizeOf(shape)} values, got ${data.length}`,
    )
  }
  return { shape, data }
}

/** Images from pixels. Error: `shape` unless `shape` is (n, channels, height, width) and has as many values as `data`. */
export function images<T extends FloatArray>(data: T, shape: readonly number[]): Images<T> {
  if (shape.length !== 4)
    throw new TollError(
      'shape-mismatch',
      `images have the shape (n, channels, height, width), got (${shape.join(', ')})`,
    )
  return { kind: 'images', ...ndarray(data, shape) }
}

/** Checks that all columns are equally long and that names are unique and non-empty. */
export function table(names: readonly string[], columns: readonly Float64Array[]): Table {
  if (names.length !== columns.length) {
    throw new TollError('shape-mismatch', `${names.length} column names for ${columns.length} columns`)
  }
  const rows = columns[0]?.length ?? 0
  const seen = new Set<string>()
  names.forEach((name, i) => {
    if (columns[i].length !== rows) {
      throw new TollError(
        'length-mismatch',
        `column '${name}' has ${columns[i].length} rows, column '${names[0]}' has ${rows}`,
      )
    }
    if (name === '') throw new TollError('unusable-data', `column ${i + 1} has no name`)
    if (seen.has(name)) throw new TollError('unusable-data', `column '${name}' appears twice`)
    seen.add(name)
  })
  return { kind: 'table', names, columns, rows }
}

/** Values of a column as programs have them; null, undefined, NaN and '' are missing. */
export type ColumnValues =
  | ArrayLike<number>
  | readonly (number | null | undefined)[]
  | readonly (string | null | undefined)[]
  | readonly (boolean | null | undefined)[]
  | readonly (Date | null | undefined)[]

/**
 * A table from columns of numbers, texts, booleans or dates by name.
 * Errors: `shape` for columns of different lengths, `data` for a column that mixes kinds of values or has an invalid
 * date (with its row).
 */
export function tableFromColumns(columns: Readonly<Record<string, ColumnValues>>): Table {
  const names = Object.keys(columns)
  const read = names.map((name) => readColumn(name, columns[name]))
  const meanings = new Map(names.flatMap((name, i) => (read[i].meaning ? [[name, read[i].meaning] as const] : [])))
  return {
    ...table(
      names,
      read.map(({ values }) => values),
    ),
    ...(meanings.size > 0 && { meanings }),
  }
}

function readColumn(name: string, given: ColumnValues): { values: Float64Array; meaning?: ColumnMeaning } {
  const isMissing = (value: unknown) => value === null || value === undefined || value === ''
  const kindOf = (value: unknown) => (value instanceof Date ? 'date' : typeof value)
  const cells = Array.from(given as ArrayLike<unknown>)
  const first = cells.findIndex((value) => !isMissing(value))
  const kind = first < 0 ? 'number' : kindOf(cells[first])
  const other = cells.findIndex((value) => !isMissing(value) && kindOf(value) !== kind)
  if (other >= 0)
    throw new TollError(
      'unusable-data',
      `column '${name}' holds a ${kind} in row ${first + 1} and a ${kindOf(cells[other])} in row ` +
        `${other + 1}; a column has one kind of values`,
    )
  if (!['number', 'string', 'boolean', 'date'].includes(kind))
    throw new TollError('unusable-data', `column '${name}' holds ${kind}s; expected numbers, texts, booleans or dates`)
  const invalid = cells.findIndex((value) => value instanceof Date && Number.isNaN(value.getTime()))
  if (invalid >= 0)
    throw new TollError(
      'unusable-data',
      `column '${name}' holds an invalid date in row ${invalid + 1}; give null for a missing one`,
    )
  const codes = new Map<string, number>()
  const codeOf = (text: string) => {
    const known = codes.get(text) ?? codes.size
    codes.set(text, known)
    return known
  }
  const numberOf = (value: unknown) =>
    value instanceof Date ? value.getTime() / 1000 : typeof value === 'string' ? codeOf(value) : Number(value)
  const values = Float64Array.from(cells, (value) => (isMissing(value) ? NaN : numberOf(value)))
  const meanings: Readonly<Record<string, ColumnMeaning>> = {
    string: { kind: 'text', texts: [...codes.keys()] },
    boolean: { kind: 'boolean' },
    date: { kind: 'time' },
  }
  return { values, ...(kind in meanings && { meaning: meanings[kind] }) }
}

/** A table from rows of numbers; without names the columns are called x0, x1, ... */
export function tableFromRows(rows: readonly (readonly number[])[], names?: readonly string[]): Table {
  const width = names?.length ?? rows[0]?.length ?? 0
  const columns = Array.from({ length: width }, () => new Float64Array(rows.length))
  rows.forEach((row, r) => {
    if (row.length !== width) {
      throw new TollError('shape-mismatch', `row ${r + 1} has ${row.length} values, expected ${width}`)
    }
    for (let c = 0; c < width; c++) columns[c][r] = row[c]
  })
  return table(names ?? columns.map((_, i) => `x${i}`), columns)
}

/** A table from an `(n, d)` array; without names the columns are called x0, x1, ... */
export function tableFromArray(array: NdArray, names?: readonly string[]): Table {
  if (array.shape.length !== 2) {
    throw new TollError('shape-mismatch', `a table needs an array of shape (n, d), got (${array.shape.join(', ')})`)
  }
  const [n, d] = array.shape
  const columns = Array.from({ length: d }, (_, c) => Float64Array.from({ length: n }, (_, r) => array.data[r * d + c]))
  return table(names ?? columns.map((_, i) => `x${i}`), columns)
}

/** The rows or images `indices`, in that order. */
export function takeRows<S extends Samples>(source: S, indices: ArrayLike<number>): S
export function takeRows(source: Samples, indices: ArrayLike<number>): Samples {
  if (source.kind === 'images') return { kind: 'images', ...takeSamples(source, indices) }
  const columns = source.columns.map((column) =>
    Float64Array.from({ length: indices.length }, (_, i) => column[indices[i]]),
  )
  return { ...source, columns, rows: indices.length }
}

/** The samples `indices` along the first axis, in that order. */
export function takeSamples(source: NdArray, indices: ArrayLike<number>): NdArray {
  const size = sizeOf(source.shape.slice(1))
  const data =
    source.data instanceof Float32Array
      ? new Float32Array(indices.length * size)
      : new Float64Array(indices.length * size)
  for (let i = 0; i < indices.length; i++) {
    data.set(source.data.subarray(indices[i] * size, (indices[i] + 1) * size), i * size)
  }
  return { shape: [indices.length, ...source.shape.slice(1)], data }
}

/**
 * The rows of several tables with the same columns in the same order, or the samples of several arrays of one shape,
 * one after the other. Texts keep what they say where tables number them differently. Error: `shape` for no part, or
 * parts that differ.
 */
export function joinRows(parts: readonly Samples[]): Samples {
  const tables = parts.filter((part) => part.kind === 'table')
  if (parts.length === 0 || (tables.length > 0 && tables.length < parts.length))
    throw new TollError(
      'shape-mismatch',
      `rows are joined of tables or of arrays, got ${parts.length === 0 ? 'none' : 'both'}`,
    )
  return tables.length > 0 ? joinTables(tables) : { kind: 'images', ...joinSamples(parts as readonly Images[]) }
}

function joinTables(parts: readonly Table[]): Table {
  const [{ names }] = parts
  const other = parts.find((part) => part.names.join('\n') !== names.join('\n'))
  if (other)
    throw new TollError(
      'shape-mismatch',
      `tables of columns ${names.join(', ')} and ${other.names.join(', ')} cannot be joined`,
    )
  const rows = parts.reduce((sum, part) => sum + part.rows, 0)
  const meanings = new Map<string, ColumnMeaning>()
  const columns = names.map((name, c) => {
    const texts = new Map<string, number>()
    const values = parts.flatMap((part) => {
      const meaning = part.meanings?.get(name)
      if (meaning?.kind !== 'text') {
        if (meaning) meanings.set(name, meaning)
        return [part.columns[c]]
      }
      const codes = meaning.texts.map((text) => texts.get(text) ?? texts.set(text, texts.size).get(text)!)
      return [part.columns[c].map((code) => (Number.isNaN(code) ? NaN : codes[code]))]
    })
    if (texts.size > 0) meanings.set(name, { kind: 'text', texts: [...texts.keys()] })
    return concatenate(values, new Float64Array(rows))
  })
  return { kind: 'table', names, columns, rows, ...(meanings.size > 0 && { meanings }) }
}

function joinSamples(parts: readonly NdArray[]): NdArray {
  const shape = parts[0].shape.slice(1)
  const other = parts.find((part) => part.shape.slice(1).join() !== shape.join())
  if (other)
    throw new TollError(
      'shape-mismatch',
      `samples of ${shape.join(' x ')} and ${other.shape.slice(1).join(' x ')} cannot be joined`,
    )
  const size = parts.reduce((sum, { data }) => sum + data.length, 0)
  const data = concatenate(
    parts.map((part) => part.data),
    parts.every((part) => part.data instanceof Float32Array) ? new Float32Array(size) : new Float64Array(size),
  )
  return { shape: [parts.reduce((sum, part) => sum + part.shape[0], 0), ...shape], data }
}

/** Fills `whole` with the parts, one after the other; it has room for all of them. */
export function concatenate<T extends { set(values: ArrayLike<number>, at: number): void }>(
  parts: readonly ArrayLike<number>[],
  whole: T,
): T {
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** The columns `indices` of samples (n, d), in that order. */
export function takeColumns({ shape: [n, d], data }: NdArray, indices: ArrayLike<number>): NdArray {
  const width = indices.length
  const taken = data instanceof Float32Array ? new Float32Array(n * width) : new Float64Array(n * width)
  for (let row = 0; row < n; row++) {
    for (let c = 0; c < width; c++) taken[row * width + c] = data[row * d + indices[c]]
  }
  return { shape: [n, width], data: taken }
}

/** A table as one row-major `(n, d)` array. */
export function tableToArray(source: Table): NdArray<Float64Array> {
  const d = source.columns.length
  const data = new Float64Array(source.rows * d)
  source.columns.forEach((column, c) => {
    for (let r = 0; r < source.rows; r++) data[r * d + c] = column[r]
  })
  return { shape: [source.rows, d], data }
}
