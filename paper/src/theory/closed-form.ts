// Theorem 1: what the norm term alone does to a linear encoder, in closed form. Source: Ghafourian et al. (arXiv
// 2306.12627), section 3.3.
//
// With S = U diag(l) U', the flow dW/dt = -S W of L = ||X W||^2 / 2n has the solution W(t) = U diag(exp(-l t)) U' W(0):
// every principal direction of the data shrinks at the rate of its own variance, the largest first.

import { TollError } from 'toll'
import { checkMatrix, product, type Eigen, type Matrix } from 'toll/base'

/** Equation (7): the encoder (d, k) at `time` >= 0, from the encoder at 0 and the covariance's eigendecomposition. */
export function collapsedEncoder(eigen: Eigen, encoder: Matrix, time: number): Matrix {
  checkMatrix(encoder, 'the encoder', eigen.values.length)
  if (!(Number.isFinite(time) && time >= 0))
    throw new TollError('out-of-domain', `the time must be finite and at least 0, got ${time}`)
  const k = encoder.shape[1]
  const coordinates = product(eigen.vectors, encoder, { transposeA: true })
  const shrunk = coordinates.data.map((value, i) => value * Math.exp(-eigen.values[Math.floor(i / k)] * time))
  return product(eigen.vectors, { shape: coordinates.shape, data: shrunk })
}

/** Equation (8): the codes Z(t) = X W(t), (n, k), of samples (n, d). */
export function collapsedCodes(samples: Matrix, eigen: Eigen, encoder: Matrix, time: number): Matrix {
  checkMatrix(samples, 'the samples', undefined, eigen.values.length)
  return product(samples, collapsedEncoder(eigen, encoder, time))
}

/**
 * How much of the code comes from each principal direction, (d): the standard deviation of X u_i u_i' W, the part of
 * the codes that direction i contributes, which is sqrt(l_i) |u_i' W|. Under the flow it falls as exp(-l_i t).
 */
export function directionAmplitudes(eigen: Eigen, encoder: Matrix): Float64Array {
  checkMatrix(encoder, 'the encoder', eigen.values.length)
  const k = encoder.shape[1]
  const { data } = product(eigen.vectors, encoder, { transposeA: true })
  return eigen.values.map((value, i) => Math.sqrt(value) * Math.hypot(...data.subarray(i * k, (i + 1) * k)))
}
