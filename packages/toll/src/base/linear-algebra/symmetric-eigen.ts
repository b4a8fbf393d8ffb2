// Eigenvalues and eigenvectors of a symmetric matrix. Up to a hundred rows by cyclic Jacobi rotations (Jacobi 1846; the
// threshold-free cyclic form of Golub and Van Loan, section 8.5): O(d^3) a sweep and six to ten sweeps, short, and as
// exact as the matrix allows, small eigenvalues of positive definite matrices included. Beyond that by tridiagonal
// form, which costs a tenth of it.

import { TollError } from '../errors.js'
import { checkMatrix, identity, type Matrix } from './matrix.js'
import { tridiagonalEigen } from './tridiagonal-eigen.js'

export interface Eigen {
  /** Eigenvalues in descending order, (d). */
  readonly values: Float64Array
  /** Column i is the unit eigenvector of values[i], (d, d); its component of largest magnitude is positive. */
  readonly vectors: Matrix
}

/** Largest |a_ij - a_ji| that counts as rounding, in units of the largest element. */
const asymmetry = 1e-12
const largestSweeps = 64
/** Up to this many rows Jacobi's rotations take less than 100 ms. */
const rotatedUpTo = 100

/**
 * The eigendecomposition A = U diag(l) U' of a symmetric matrix (d, d).
 *
 * @throws `shape` when it is not square; `data` when it is not symmetric to 1e-12 of its largest element, or not
 * finite.
 */
export function symmetricEigen(matrix: Matrix, what = 'the matrix'): Eigen {
  const steps = symmetricEigenSteps(matrix, what)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/**
 * `symmetricEigen` in pieces of a few milliseconds: yields between them, so that its caller can let other work through
 * or stop.
 */
export function* symmetricEigenSteps(matrix: Matrix, what = 'the matrix'): Generator<void, Eigen> {
  checkMatrix(matrix, what, matrix.shape[0], matrix.shape[0])
  const d = matrix.shape[0]
  const a = symmetrized(matrix, what)
  if (d > rotatedUpTo) {
    const { values, rows } = yield* tridiagonalEigen(a, d)
    return sorted(values, rows)
  }
  const rows = identity(d).data
  for (let sweep = 0; ; sweep++) {
    if (sweep === largestSweeps)
      throw new TollError('internal', `Jacobi rotations did not settle within ${largestSweeps} sweeps for ${d} x ${d}`)
    let rotated = false
    for (let p = 0; p < d - 1; p++) for (let q = p + 1; q < d; q++) rotated = rotate(a, rows, d, p, q) || rotated
    if (!rotated) break
    yield
  }
  return sorted(
    Float64Array.from({ length: d }, (_, i) => a[i * (d + 1)]),
    rows,
  )
}

/**
 * The eigendecomposition of a covariance; eigenvalues that rounding made negative come back as 0.
 *
 * @throws as `symmetricEigen`, and `data` when an eigenvalue is below -1e-12 d times the largest magnitude.
 */
export function covarianceEigen(covariance: Matrix): Eigen {
  const { values, vectors } = symmetricEigen(covariance, 'the covariance')
  const smallest = values[values.length - 1]
  const scale = Math.max(Math.abs(values[0]), Math.abs(smallest))
  if (smallest < -1e-12 * values.length * scale) {
    throw new TollError(
      'invalid-matrix',
      `the covariance must be positive semi-definite, its smallest eigenvalue is ${smallest} beside a ` +
        `largest of ${values[0]}`,
      { option: 'covariance', value: smallest },
    )
  }
  return { values: values.map((value) => Math.max(value, 0)), vectors }
}

function symmetrized({ shape: [d], data }: Matrix, what: string): Float64Array {
  const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const result = data.slice()
  for (let i = 0; i < d; i++) {
    for (let j = i + 1; j < d; j++) {
      const [upper, lower] = [data[i * d + j], data[j * d + i]]
      if (Math.abs(upper - lower) > asymmetry * largest) {
        throw new TollError(
          'invalid-matrix',
          `${what} must be symmetric, element (${i}, ${j}) is ${upper} and (${j}, ${i}) is ${lower}`,
          { option: what, row: i, value: lower, expected: `${upper}` },
        )
      }
      result[i * d + j] = result[j * d + i] = upper + (lower - upper) / 2
    }
  }
  return result
}

/**
 * Zeroes a_pq by the rotation of the smaller angle: t = tan of it solves t^2 + 2 theta t - 1 = 0 with theta = (a_qq -
 * a_pp) / (2 a_pq). False when a_pq is already nothing beside its diagonal elements.
 */
function rotate(a: Float64Array, rows: Float64Array, d: number, p: number, q: number): boolean {
  const [app, aqq, apq] = [a[p * d + p], a[q * d + q], a[p * d + q]]
  const small = Number.EPSILON * Math.sqrt(Math.abs(app)) * Math.sqrt(Math.abs(aqq))
  if (Math.abs(apq) <= Math.max(small, Number.MIN_VALUE)) {
    a[p * d + q] = a[q * d + p] = 0
    return false
  }
  const theta = (aqq - app) / (2 * apq)
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1))
  const c = 1 / Math.hypot(t, 1)
  const s = t * c
  for (let i = 0; i < d; i++) {
    if (i === p || i === q) continue
    const [aip, aiq] = [a[i * d + p], a[i * d + q]]
    a[i * d + p] = a[p * d + i] = c * aip - s * aiq
    a[i * d + q] = a[q * d + i] = s * aip + c * aiq
  }
  a[p * d + p] = app - t * apq
  a[q * d + q] = aqq + t * apq
  a[p * d + q] = a[q * d + p] = 0
  for (let i = 0; i < d; i++) {
    const [pi, qi] = [rows[p * d + i], rows[q * d + i]]
    rows[p * d + i] = c * pi - s * qi
    rows[q * d + i] = s * pi + c * qi
  }
  return true
}

/** The pairs in descending order, eigenvectors from rows to columns, signs settled. */
function sorted(values: Float64Array, rows: Float64Array): Eigen {
  const d = values.length
  const order = Array.from({ length: d }, (_, i) => i).sort((i, j) => values[j] - values[i] || i - j)
  const vectors = new Float64Array(d * d)
  order.forEach((from, to) => {
    const row = from * d
    let largest = 0
    for (let i = 0; i < d; i++) if (Math.abs(rows[row + i]) > Math.abs(rows[row + largest])) largest = i
    const sign = Math.sign(rows[row + largest])
    for (let i = 0; i < d; i++) vectors[i * d + to] = sign * rows[row + i]
  })
  return { values: Float64Array.from(order, (i) => values[i]), vectors: { shape: [d, d], data: vectors } }
}
