// Dense data as the library passes it around: a row-major array with a shape, and a table of named float64 columns.

import { TollError } from './errors.js'

export type FloatArray = Float32Array | Float64Array

/** A dense row-major array. The first axis counts samples: a table is `(n, d)`, images are `(n, channels, height, width)`. */
export interface NdArray<T extends FloatArray = FloatArray> {
  readonly shape: readonly number[]
  readonly data: T
}

/** Named columns of equal length, float64; a missing number is NaN. */
export interface Table {
  readonly names: readonly string[]
  readonly columns: readonly Float64Array[]
  readonly rows: number
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1)
}

/** Rows of a table, or samples of an array. */
export function rowCount(data: Table | NdArray): number {
  return 'columns' in data ? data.rows : data.shape[0]
}

/** Wraps `data` in `shape`, after checking that they agree. */
export function ndarray<T extends FloatArray>(data: T, shape: readonly number[]): NdArray<T> {
  if (shape.some((dim) => !Number.isInteger(dim) || dim < 0)) {
    throw new TollError('shape', `shape must be non-negative integers, got (${shape.join(', ')})`)
  }
  if (sizeOf(shape) !== data.length) {
    throw new TollError('shape', `shape (${shape.join(', ')}) needs ${sizeOf(shape)} values, got ${data.length}`)
  }
  return { shape, data }
}

/** Checks that all columns are equally long and that names are unique and non-empty. */
export function table(names: readonly string[], columns: readonly Float64Array[]): Table {
  if (names.length !== columns.length) {
    throw new TollError('shape', `${names.length} column names for ${columns.length} columns`)
  }
  const rows = columns[0]?.length ?? 0
  const seen = new Set<string>()
  names.forEach((name, i) => {
    if (columns[i].length !== rows) {
      throw new TollError('shape', `column '${name}' has ${columns[i].length} rows, column '${names[0]}' has ${rows}`)
    }
    if (name === '') throw new TollError('data', `column ${i + 1} has no name`)
    if (seen.has(name)) throw new TollError('data', `column '${name}' appears twice`)
    seen.add(name)
  })
  return { names, columns, rows }
}

/** A table from rows of numbers; without names the columns are called x0, x1, ... */
export function tableFromRows(rows: readonly (readonly number[])[], names?: readonly string[]): Table {
  const width = names?.length ?? rows[0]?.length ?? 0
  const columns = Array.from({ length: width }, () => new Float64Array(rows.length))
  rows.forEach((row, r) => {
    if (row.length !== width) {
      throw new TollError('shape', `row ${r + 1} has ${row.length} values, expected ${width}`)
    }
    for (let c = 0; c < width; c++) columns[c][r] = row[c]
  })
  return table(names ?? columns.map((_, i) => `x${i}`), columns)
}

/** A table from an `(n, d)` array; without names the columns are called x0, x1, ... */
export function tableFromArray(array: NdArray, names?: readonly string[]): Table {
  if (array.shape.length !== 2) {
    throw new TollError('shape', `a table needs an array of shape (n, d), got (${array.shape.join(', ')})`)
  }
  const [n, d] = array.shape
  const columns = Array.from({ length: d }, (_, c) => Float64Array.from({ length: n }, (_, r) => array.data[r * d + c]))
  return table(names ?? columns.map((_, i) => `x${i}`), columns)
}

/** The rows `indices` of a table, in that order. */
export function takeRows(source: Table, indices: ArrayLike<number>): Table {
  const columns = source.columns.map((column) => Float64Array.from({ length: indices.length }, (_, i) => column[indices[i]]))
  return { names: source.names, columns, rows: indices.length }
}

/** The samples `indices` along the first axis, in that order. */
export function takeSamples(source: NdArray, indices: ArrayLike<number>): NdArray {
  const size = sizeOf(source.shape.slice(1))
  const data = source.data instanceof Float32Array ? new Float32Array(indices.length * size) : new Float64Array(indices.length * size)
  for (let i = 0; i < indices.length; i++) {
    data.set(source.data.subarray(indices[i] * size, (indices[i] + 1) * size), i * size)
  }
  return { shape: [indices.length, ...source.shape.slice(1)], data }
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
