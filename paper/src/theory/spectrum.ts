// Samples and covariances with a spectrum that one chooses.

import { TollError } from 'toll'
import { centre, diagonal, orthonormalBasis, product, type Matrix, type Random } from 'toll/base'

/** A matrix (rows, columns) of independent normal numbers with mean 0 and standard deviation `deviation`. */
export function normalMatrix(rows: number, columns: number, random: Random, deviation = 1): Matrix {
  return {
    shape: [rows, columns],
    data: Float64Array.from({ length: rows * columns }, () => deviation * random.normal()),
  }
}

/** The covariance Q diag(eigenvalues) Q' (d, d) in a random orthonormal basis Q. */
export function randomCovariance(eigenvalues: readonly number[], random: Random): Matrix {
  checkSpectrum(eigenvalues)
  const d = eigenvalues.length
  const basis = orthonormalBasis(normalMatrix(d, d, random))
  const { shape, data } = product(product(basis, diagonal(eigenvalues)), basis, { transposeB: true })
  return { shape, data: data.map((value, i) => (value + data[(i % d) * d + Math.floor(i / d)]) / 2) }
}

/**
 * Samples (n, d) with mean 0 whose covariance is Q diag(eigenvalues) Q' with a random orthonormal Q, to rounding; n
 * must exceed d.
 */
export function samplesWithSpectrum(n: number, eigenvalues: readonly number[], random: Random): Matrix {
  checkSpectrum(eigenvalues)
  const d = eigenvalues.length
  if (!(Number.isInteger(n) && n > d))
    throw new TollError('out-of-domain', `${d} independent columns of mean 0 need more than ${d} samples, got ${n}`)
  const white = orthonormalBasis(centre(normalMatrix(n, d, random)))
  const basis = orthonormalBasis(normalMatrix(d, d, random))
  return product(product(white, diagonal(eigenvalues.map((value) => Math.sqrt(n * value)))), basis, {
    transposeB: true,
  })
}

/** `count` eigenvalues from 1 down to 1 / condition, evenly spaced in their logarithm. */
export function logSpectrum(count: number, condition: number): number[] {
  return Array.from({ length: count }, (_, i) => (count === 1 ? 1 : condition ** (-i / (count - 1))))
}

/** Refuses a spectrum that is empty, negative or not finite (code `argument`). */
export function checkSpectrum(eigenvalues: readonly number[]): void {
  if (eigenvalues.length === 0)
    throw new TollError('out-of-domain', 'a spectrum needs at least one eigenvalue, got none')
  const bad = eigenvalues.findIndex((value) => !(Number.isFinite(value) && value >= 0))
  if (bad >= 0)
    throw new TollError(
      'out-of-domain',
      `eigenvalues must be finite and at least 0, eigenvalue ${bad} is ${eigenvalues[bad]}`,
    )
}
