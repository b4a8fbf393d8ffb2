// Moments of a subset of rows and distances of all rows from them, many times over the same rows: what a concentration
// step of FastMCD is made of. Small sets in plain loops, four rows at a time; large ones in the engine.

import { takeSamples, zeroMatrix, type Matrix } from '../base/index.js'
import type { Engine } from '../runtime/index.js'
import { columnMeans, RowProducts, type Moments } from './moments.js'

export interface SubsetMoments {
  readonly samples: Matrix
  /** Mean and covariance (divided by their number) of the rows `indices`. */
  moments(indices: Int32Array): Promise<Moments>
  /** Squared distances ||F (x - centre)||^2 of all rows, (n), for a lower triangular F (d, d). */
  distances(centre: Float64Array, factor: Matrix): Promise<Float64Array>
  close(): Promise<void>
}

/** From this many multiplications of one covariance of all rows on, the engine is faster than moving the rows to it. */
const engineFrom = 1e7

export async function openSubsetMoments(samples: Matrix, engine: Engine, signal?: AbortSignal): Promise<SubsetMoments> {
  const [n, d] = samples.shape
  if (n * d * d < engineFrom) return inLoops(samples)
  const products = await RowProducts.open(engine, d)
  return {
    samples,
    moments: (indices) => products.moments({ samples: takeSamples(samples, indices) as Matrix }, signal),
    distances: (centre, factor) => products.distances(samples, centre, factor, signal),
    close: () => products.close(),
  }
}

function inLoops(samples: Matrix): SubsetMoments {
  const [n, d] = samples.shape
  // Column c of four centred rows at [4 c, 4 c + 4); rows that are missing in the last four are 0.
  const four = new Float64Array(4 * d)
  const loadFour = (source: Float64Array, from: number, to: number, centre: Float64Array) => {
    for (let r = 0; r < 4; r++) {
      const row = (from + r) * d
      for (let c = 0; c < d; c++) four[4 * c + r] = from + r < to ? source[row + c] - centre[c] : 0
    }
  }
  return {
    samples,
    moments: (indices) => {
      const chosen = takeSamples(samples, indices) as Matrix
      const mean = columnMeans({ samples: chosen })
      const covariance = zeroMatrix(d, d)
      for (let from = 0; from < indices.length; from += 4) {
        loadFour(chosen.data, from, indices.length, mean)
        addFour(covariance.data, four, d)
      }
      mirror(covariance, 1 / indices.length)
      return Promise.resolve({ mean, covariance })
    },
    distances: (centre, factor) => {
      const result = new Float64Array(n)
      for (let from = 0; from < n; from += 4) {
        loadFour(samples.data, from, n, centre)
        measureFour(result, from, four, factor.data, d)
      }
      return Promise.resolve(result)
    },
    close: () => Promise.resolve(),
  }
}

/** Adds the outer products of four rows to the lower triangle. */
function addFour(lower: Float64Array, four: Float64Array, d: number): void {
  for (let i = 0; i < d; i++) {
    const [a, b, c, e] = [four[4 * i], four[4 * i + 1], four[4 * i + 2], four[4 * i + 3]]
    for (let j = 0, at = i * d; j <= i; j++, at++)
      lower[at] += a * four[4 * j] + b * four[4 * j + 1] + c * four[4 * j + 2] + e * four[4 * j + 3]
  }
}

/** Sets result[from .. from + 3], as far as it goes, to the squared lengths of F times each of four rows. */
function measureFour(result: Float64Array, from: number, four: Float64Array, factor: Float64Array, d: number): void {
  let s0 = 0,
    s1 = 0,
    s2 = 0,
    s3 = 0
  for (let i = 0; i < d; i++) {
    let y0 = 0,
      y1 = 0,
      y2 = 0,
      y3 = 0
    for (let j = 0, at = i * d; j <= i; j++, at++) {
      const value = factor[at]
      y0 += value * four[4 * j]
      y1 += value * four[4 * j + 1]
      y2 += value * four[4 * j + 2]
      y3 += value * four[4 * j + 3]
    }
    s0 += y0 * y0
    s1 += y1 * y1
    s2 += y2 * y2
    s3 += y3 * y3
  }
  const sums = [s0, s1, s2, s3]
  for (let r = 0; r < 4 && from + r < result.length; r++) result[from + r] = sums[r]
}

function mirror({ shape: [d], data }: Matrix, factor: number): void {
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) data[j * d + i] = data[i * d + j] *= factor
  }
}
