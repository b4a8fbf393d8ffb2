// The covariance of samples, and samples and covariances with a spectrum that one chooses.

import { TollError, type Random } from '../base/index.js'
import { checkMatrix, diagonal, product, type Matrix } from './matrix.js'
import { orthonormalBasis } from './singular-values.js'

/** The samples (n, d) with every column's mean taken out, twice, so that rounding of the first mean is gone too. */
export function centre(samples: Matrix): Matrix {
  checkMatrix(samples, 'the samples')
  const [n, d] = samples.shape
  const data = samples.data.slice()
  for (let pass = 0; pass < 2; pass++) {
    for (let c = 0; c < d; c++) {
      let mean = 0
      for (let r = 0; r < n; r++) mean += data[r * d + c] / n
      for (let r = 0; r < n; r++) data[r * d + c] -= mean
    }
  }
  return { shape: [n, d], data }
}

/** S = X'X / n of the samples (n, d) after centring, (d, d); divides by n, as the paper does. Code `data` when it overflows. */
export function covarianceOf(samples: Matrix): Matrix {
  const centred = centre(samples)
  const { shape, data } = product(centred, centred, { transposeA: true })
  const covariance = { shape, data: data.map((value) => value / samples.shape[0]) }
  checkMatrix(covariance, 'the covariance of the samples')
  return covariance
}

/** A matrix (rows, columns) of independent normal numbers with mean 0 and standard deviation `deviation`. */
export function normalMatrix(rows: number, columns: number, random: Random, deviation = 1): Matrix {
  return { shape: [rows, columns], data: Float64Array.from({ length: rows * columns }, () => deviation * random.normal()) }
}

/** The covariance Q diag(eigenvalues) Q' (d, d) in a random orthonormal basis Q. */
export function randomCovariance(eigenvalues: readonly number[], random: Random): Matrix {
  checkSpectrum(eigenvalues)
  const d = eigenvalues.length
  const basis = orthonormalBasis(normalMatrix(d, d, random))
  const { shape, data } = product(product(basis, diagonal(eigenvalues)), basis, { transposeB: true })
  return { shape, data: data.map((value, i) => (value + data[(i % d) * d + Math.floor(i / d)]) / 2) }
}

/** Samples (n, d) with mean 0 whose covariance is Q diag(eigenvalues) Q' with a random orthonormal Q, to rounding; n must exceed d. */
export function samplesWithSpectrum(n: number, eigenvalues: readonly number[], random: Random): Matrix {
  checkSpectrum(eigenvalues)
  const d = eigenvalues.length
  if (!(Number.isInteger(n) && n > d)) throw new TollError('argument', `${d} independent columns of mean 0 need more than ${d} samples, got ${n}`)
  const white = orthonormalBasis(centre(normalMatrix(n, d, random)))
  const basis = orthonormalBasis(normalMatrix(d, d, random))
  return product(product(white, diagonal(eigenvalues.map((value) => Math.sqrt(n * value)))), basis, { transposeB: true })
}

/** `count` eigenvalues from 1 down to 1 / condition, evenly spaced in their logarithm. */
export function logSpectrum(count: number, condition: number): number[] {
  return Array.from({ length: count }, (_, i) => (count === 1 ? 1 : condition ** (-i / (count - 1))))
}

/** Refuses a spectrum that is empty, negative or not finite (code `argument`). */
export function checkSpectrum(eigenvalues: readonly number[]): void {
  if (eigenvalues.length === 0) throw new TollError('argument', 'a spectrum needs at least one eigenvalue, got none')
  const bad = eigenvalues.findIndex((value) => !(Number.isFinite(value) && value >= 0))
  if (bad >= 0) throw new TollError('argument', `eigenvalues must be finite and at least 0, eigenvalue ${bad} is ${eigenvalues[bad]}`)
}
