// The Cholesky factorisation of a symmetric positive definite matrix, A = L L' with L lower triangular, and the inverse
// of L: what Mahalanobis distances, log determinants and normal densities are computed from, without ever inverting A.
// Golub and Van Loan, Matrix Computations, section 4.2; row by row, so that every inner loop runs over neighbours in
// memory.

import { checkMatrix, zeroMatrix, type Matrix } from './matrix.js'

/**
 * The lower triangular L (d, d) with A = L L' and a positive diagonal; undefined when A is not positive definite to
 * working precision, which is when a pivot falls below d eps times its diagonal element. Only the lower triangle of A
 * is read.
 *
 * @throws `shape` when A is not square, `data` when it is not finite.
 */
export function cholesky(matrix: Matrix): Matrix | undefined {
  checkMatrix(matrix, 'the matrix', matrix.shape[0], matrix.shape[0])
  const d = matrix.shape[0]
  const a = matrix.data
  const factor = zeroMatrix(d, d)
  const l = factor.data
  for (let i = 0; i < d; i++) {
    const row = i * d
    for (let j = 0; j <= i; j++) {
      const other = j * d
      let rest = a[row + j]
      for (let k = 0; k < j; k++) rest -= l[row + k] * l[other + k]
      if (j < i) {
        l[row + j] = rest / l[other + j]
      } else {
        if (!(rest > d * Number.EPSILON * a[row + i])) return undefined
        l[row + i] = Math.sqrt(rest)
      }
    }
  }
  return factor
}

/** The inverse of a lower triangular matrix (d, d) with no zero on its diagonal, lower triangular again. */
export function inverseOfLower(factor: Matrix): Matrix {
  const d = factor.shape[0]
  const l = factor.data
  const result = zeroMatrix(d, d)
  const inverse = result.data
  for (let i = 0; i < d; i++) {
    const row = i * d
    inverse[row + i] = 1
    // Row i of L L^-1 = I: l_ii m_i = e_i - sum over k < i of l_ik m_k.
    for (let k = 0; k < i; k++) {
      const value = l[row + k]
      if (value === 0) continue
      for (let j = 0; j <= k; j++) inverse[row + j] -= value * inverse[k * d + j]
    }
    for (let j = 0; j <= i; j++) inverse[row + j] /= l[row + i]
  }
  return result
}

/** log det A from the factor L of A = L L': twice the sum of the logarithms of L's diagonal. */
export function logDeterminant(factor: Matrix): number {
  const d = factor.shape[0]
  let sum = 0
  for (let i = 0; i < d; i++) sum += Math.log(factor.data[i * d + i])
  return 2 * sum
}
