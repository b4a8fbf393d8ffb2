// Figure 2's view of a linear autoencoder: its anomaly score over the plane, beside the Gaussian that the data come
// from.

import { TollError } from 'toll'
import { checkMatrix, product, type Matrix, type Random } from 'toll/base'
import { checkBeta, checkLayers, residualOf, type Layers } from './linear-autoencoder.js'

/**
 * `squared`: ||x - x'||^2 + beta ||z||^2, the terms of the loss (9). `norms`: ||x - x'|| + beta ||z||, the score of the
 * real method.
 */
export type ScoreForm = 'squared' | 'norms'

/** The score of each sample (n, d), (n). */
export function linearScores(samples: Matrix, layers: Layers, beta: number, form: ScoreForm): Float64Array {
  checkMatrix(samples, 'the samples', undefined, layers.encoder.shape[0])
  checkLayers(layers, samples.shape[1])
  checkBeta(beta)
  const left = rowNorms(product(samples, residualOf(layers)))
  const code = rowNorms(product(samples, layers.encoder))
  return left.map((error, i) => (form === 'squared' ? error ** 2 + beta * code[i] ** 2 : error + beta * code[i]))
}

/** Density at each sample (n, d) of the Gaussian with mean 0 and the given variances along the axes, (n). */
export function gaussianDensity(samples: Matrix, variances: readonly number[]): Float64Array {
  checkMatrix(samples, 'the samples', undefined, variances.length)
  const bad = variances.findIndex((variance) => !(Number.isFinite(variance) && variance > 0))
  if (bad >= 0)
    throw new TollError('out-of-domain', `a density needs variances above 0, variance ${bad} is ${variances[bad]}`)
  const [n, d] = samples.shape
  const peak = 1 / Math.sqrt(variances.reduce((volume, variance) => volume * 2 * Math.PI * variance, 1))
  return Float64Array.from({ length: n }, (_, r) => {
    let distance = 0
    for (let c = 0; c < d; c++) distance += samples.data[r * d + c] ** 2 / variances[c]
    return peak * Math.exp(-distance / 2)
  })
}

/** `n` samples (n, d) of the Gaussian with mean 0 and the given variances along the axes. */
export function gaussianSamples(n: number, variances: readonly number[], random: Random): Matrix {
  const d = variances.length
  return {
    shape: [n, d],
    data: Float64Array.from({ length: n * d }, (_, i) => Math.sqrt(variances[i % d]) * random.normal()),
  }
}

/**
 * Anomalies (n, d) along one axis: Gaussian samples moved by `distance` of its standard deviations, to either side in
 * turn.
 */
export function plantAnomalies(
  n: number,
  variances: readonly number[],
  axis: number,
  distance: number,
  random: Random,
): Matrix {
  const { shape, data } = gaussianSamples(n, variances, random)
  const shift = distance * Math.sqrt(variances[axis])
  for (let r = 0; r < n; r++) data[r * variances.length + axis] += r % 2 === 0 ? shift : -shift
  return { shape, data }
}

/**
 * Points (n, 2) on half an ellipse whose mean is the Gaussian's expectation for every even function f with f(s x) = s
 * f(x), s > 0, such as the norm of a linear map: E f = E|r| * mean over directions u of f(u S^(1/2)), E|r| = sqrt(pi /
 * 2). The error falls exponentially with n while f is smooth between neighbouring points.
 */
export function gaussianEllipse(n: number, variances: readonly [number, number]): Matrix {
  const data = new Float64Array(2 * n)
  for (let i = 0; i < n; i++) {
    const angle = (Math.PI * (i + 0.5)) / n
    data[2 * i] = Math.sqrt((Math.PI / 2) * variances[0]) * Math.cos(angle)
    data[2 * i + 1] = Math.sqrt((Math.PI / 2) * variances[1]) * Math.sin(angle)
  }
  return { shape: [n, 2], data }
}

/** The points (size * size, 2) of the square grid over [-extent, extent]^2, y row by row from the bottom, x fastest. */
export function planeGrid(extent: number, size: number): { readonly axis: Float64Array; readonly points: Matrix } {
  const axis = Float64Array.from({ length: size }, (_, i) => extent * ((2 * i) / (size - 1) - 1))
  const data = Float64Array.from(
    { length: 2 * size * size },
    (_, i) => axis[i % 2 === 0 ? (i / 2) % size : Math.floor(i / 2 / size)],
  )
  return { axis, points: { shape: [size * size, 2], data } }
}

function rowNorms({ shape: [n, d], data }: Matrix): Float64Array {
  return Float64Array.from({ length: n }, (_, r) => Math.hypot(...data.subarray(r * d, (r + 1) * d)))
}
