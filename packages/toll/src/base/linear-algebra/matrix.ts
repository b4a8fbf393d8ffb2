// Small dense float64 matrices: what formulas are written in. An array of rank 2 is a matrix; nothing is copied to make
// it one.

import { ndarray, type NdArray } from '../array.js'
import { TollError } from '../errors.js'

/** A row-major float64 array of shape (rows, columns). */
export type Matrix = NdArray<Float64Array>

/** A matrix from its rows. Code `shape` when they differ in length, `data` when a value is not finite. */
export function matrixOf(rows: readonly (readonly number[])[]): Matrix {
  const columns = rows[0]?.length ?? 0
  const ragged = rows.findIndex((row) => row.length !== columns)
  if (ragged >= 0)
    throw new TollError(
      'length-mismatch',
      `row ${ragged} of the matrix has ${rows[ragged].length} values, row 0 has ${columns}`,
      { row: ragged, value: rows[ragged].length, expected: `${columns} values` },
    )
  const matrix = ndarray(Float64Array.from(rows.flat()), [rows.length, columns])
  checkMatrix(matrix, 'the matrix')
  return matrix
}

export function zeroMatrix(rows: number, columns: number): Matrix {
  return ndarray(new Float64Array(rows * columns), [rows, columns])
}

/** The square matrix with `values` on its diagonal. */
export function diagonal(values: ArrayLike<number>): Matrix {
  const result = zeroMatrix(values.length, values.length)
  for (let i = 0; i < values.length; i++) result.data[i * (values.length + 1)] = values[i]
  return result
}

/** Ones on the diagonal; with fewer columns than rows, the first columns of the square one. */
export function identity(rows: number, columns = rows): Matrix {
  const result = zeroMatrix(rows, columns)
  for (let i = 0; i < Math.min(rows, columns); i++) result.data[i * (columns + 1)] = 1
  return result
}

/**
 * Refuses what is not a finite matrix of at least one row and column, or not of the expected sizes.
 *
 * @throws `shape`; `data` for NaN and infinity, with the place.
 */
export function checkMatrix(matrix: Matrix, what: string, rows?: number, columns?: number): void {
  const { shape, data } = matrix
  const expected = `(${rows ?? 'rows'}, ${columns ?? 'columns'})`
  const fits =
    shape.length === 2 &&
    shape[0] >= 1 &&
    shape[1] >= 1 &&
    data.length === shape[0] * shape[1] &&
    (rows === undefined || shape[0] === rows) &&
    (columns === undefined || shape[1] === columns)
  if (!fits)
    throw new TollError(
      'shape-mismatch',
      `${what} must be a matrix of shape ${expected} with no side 0, got (${shape.join(', ')}) with ` +
        `${data.length} values`,
      { option: what, value: shape, expected },
    )
  const bad = data.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) {
    throw new TollError(
      'not-finite',
      `${what} must be finite, row ${Math.floor(bad / shape[1])}, column ${bad % shape[1]} is ${data[bad]}`,
      { option: what, row: Math.floor(bad / shape[1]), value: data[bad] },
    )
  }
}

/** Which operands enter transposed. */
export interface Transposed {
  readonly transposeA?: boolean
  readonly transposeB?: boolean
}

/** The matrix product; either operand can enter transposed. */
export function product(a: Matrix, b: Matrix, options: Transposed = {}): Matrix {
  const [rows, inner] = options.transposeA ? [a.shape[1], a.shape[0]] : a.shape
  const [inner2, columns] = options.transposeB ? [b.shape[1], b.shape[0]] : b.shape
  if (inner !== inner2)
    throw new TollError(
      'shape-mismatch',
      `a matrix product needs equal inner sizes, got (${rows}, ${inner}) times (${inner2}, ${columns})`,
      { value: inner2, expected: `${inner}` },
    )
  const result = zeroMatrix(rows, columns)
  multiplyInto(result.data, a.data, b.data, [rows, inner, columns], options)
  return result
}

/** `into` = op(a) op(b), where op(a) is (rows, inner) and op(b) is (inner, columns); `into` is neither operand. */
export function multiplyInto(
  into: Float64Array,
  a: Float64Array,
  b: Float64Array,
  [rows, inner, columns]: readonly [number, number, number],
  options: Transposed = {},
): void {
  const [aRow, aColumn] = options.transposeA ? [1, rows] : [inner, 1]
  const [bRow, bColumn] = options.transposeB ? [1, inner] : [columns, 1]
  into.fill(0)
  for (let i = 0; i < rows; i++) {
    for (let m = 0; m < inner; m++) {
      const value = a[i * aRow + m * aColumn]
      let from = m * bRow
      for (let to = i * columns; to < (i + 1) * columns; to++, from += bColumn) into[to] += value * b[from]
    }
  }
}

/** a + factor b, elementwise. */
export function addScaled(a: Matrix, b: Matrix, factor: number): Matrix {
  checkMatrix(b, 'the second term', a.shape[0], a.shape[1])
  return { shape: a.shape, data: a.data.map((value, i) => value + factor * b.data[i]) }
}

export function trace(a: Matrix): number {
  let sum = 0
  for (let i = 0; i < a.shape[0]; i++) sum += a.data[i * (a.shape[1] + 1)]
  return sum
}

/** Euclidean norm of all elements, free of overflow and underflow. */
export function frobenius(a: Matrix | Float64Array): number {
  return Math.hypot(...chunked('data' in a ? a.data : a))
}

/** ||a - b|| / ||b|| in the Frobenius norm; 0 when both are zero. */
export function relativeDistance(a: Matrix, b: Matrix): number {
  const difference = frobenius(addScaled(a, b, -1))
  return difference === 0 ? 0 : difference / frobenius(b)
}

/** Norms of pieces short enough to be arguments of one call. */
function chunked(values: Float64Array): number[] {
  const size = 4096
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) =>
    Math.hypot(...values.subarray(i * size, (i + 1) * size)),
  )
}
