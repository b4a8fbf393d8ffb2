// The covariance of samples.

import { checkMatrix, product, type Matrix } from './matrix.js'

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

/**
 * S = X'X / n of the samples (n, d) after centring, (d, d); divides by n, as the paper does. Code `data` when it
 * overflows.
 */
export function covarianceOf(samples: Matrix): Matrix {
  const centred = centre(samples)
  const { shape, data } = product(centred, centred, { transposeA: true })
  const covariance = { shape, data: data.map((value) => value / samples.shape[0]) }
  checkMatrix(covariance, 'the covariance of the samples')
  return covariance
}
