// The principal basis of training rows: directions of decreasing variance (Pearson 1901, Hotelling 1933). The PCA
// detector scores with it, and other detectors take its coordinates as their input ("PCA keeping 95 % of the
// variance"). With more rows than columns from the covariance (d, d), otherwise from the smaller Gram matrix (n, n),
// which has the same eigenvalues.

import { TollError, symmetricEigenSteps, throwIfAborted, type Eigen, type Matrix } from '../base/index.js'
import { constant, input, matmul, sub, type Tensor } from '../graph/index.js'
import { float64, pauseEvery, type Engine } from '../runtime/index.js'
import { centredAt, chunks, columnMeans, momentsOf, type WeightedRows } from './moments.js'

export interface PrincipalBasis {
  /** (d) */
  readonly mean: Float64Array
  /**
   * Variance along each direction in descending order, (r) with r = min(n, d); divided by the sum of weights. Rounding
   * noise is 0.
   */
  readonly variances: Float64Array
  /**
   * Row i is the unit vector of direction i, (r, d); its entry of largest magnitude is positive. Zeros where the
   * variance is 0.
   */
  readonly directions: Matrix
  /** Sum of all variances. */
  readonly total: number
}

/** Variances below this share of the largest are rounding noise of the others, and their directions arbitrary. */
const noise = 1e-13
/** Largest side of the matrix whose eigenvectors are computed: 1 GiB of float64. */
const largestSide = 11_585

/**
 * The principal basis of rows (n, d).
 *
 * @throws `argument` when both n and d exceed 11585; `data` when variances overflow; `aborted`.
 */
export async function fitPrincipalBasis(
  rows: WeightedRows,
  engine: Engine,
  signal?: AbortSignal,
): Promise<PrincipalBasis> {
  const [n, d] = rows.samples.shape
  const side = Math.min(n, d)
  if (side > largestSide) {
    throw new TollError(
      'out-of-domain',
      `the principal directions of ${n} rows of ${d} columns need ${side} x ${side} numbers, ` +
        `${8 * side * side} bytes; ` +
        `at most ${2 ** 30} are allowed: give fewer columns, or at most ${largestSide} rows`,
      { value: side, limit: largestSide },
    )
  }
  const basis = n > d ? await fromCovariance(rows, engine, signal) : await fromGram(rows, engine, signal)
  return { ...basis, total: basis.variances.reduce((sum, value) => sum + value, 0) }
}

/**
 * The smallest number of directions whose variances sum to more than `share` of the total; all of them when none does.
 */
export function directionsFor({ variances, total }: PrincipalBasis, share: number): number {
  let sum = 0
  for (let k = 1; k < variances.length; k++) {
    sum += variances[k - 1]
    if (sum > share * total) return k
  }
  return variances.length
}

/** Coordinates of x (n, d) along the first `count` directions, (n, count). */
export function principalCoordinates(x: Tensor, basis: PrincipalBasis, count: number): Tensor {
  return matmul(centredAt(x, basis.mean), leading(basis, count), { transposeB: true })
}

/** What the first `count` directions leave of x (n, d): centred x minus its projection, (n, d). */
export function principalResidual(x: Tensor, basis: PrincipalBasis, count: number): Tensor {
  if (count === 0) return centredAt(x, basis.mean)
  return sub(centredAt(x, basis.mean), matmul(principalCoordinates(x, basis, count), leading(basis, count)))
}

/** Coordinates of rows (n, d) along the first `count` directions, (n, count), computed in the engine. */
export async function projectRows(
  { shape: [n, d], data }: Matrix,
  basis: PrincipalBasis,
  count: number,
  engine: Engine,
  signal?: AbortSignal,
): Promise<Matrix> {
  const result = new Float64Array(n * count)
  for await (const { from, coordinates } of projectedChunks({ shape: [n, d], data }, basis, count, engine, signal))
    result.set(coordinates, from * count)
  return { shape: [n, count], data: result }
}

/**
 * The directions with the signs that make, of every direction's coordinates over the rows, the one of largest magnitude
 * positive (the first of equals): the rule of scikit-learn's `svd_flip`, on which PyOD's PCA score depends. (r, d)
 */
export async function directionsOrientedBy(
  samples: Matrix,
  basis: PrincipalBasis,
  engine: Engine,
  signal?: AbortSignal,
): Promise<Matrix> {
  const {
    shape: [r, d],
    data,
  } = basis.directions
  const farthest = new Float64Array(r)
  for await (const { coordinates } of projectedChunks(samples, basis, r, engine, signal)) {
    coordinates.forEach((value, i) => {
      if (Math.abs(value) > Math.abs(farthest[i % r])) farthest[i % r] = value
    })
  }
  return { shape: [r, d], data: data.map((value, i) => (farthest[Math.floor(i / d)] < 0 ? -value : value)) }
}

async function* projectedChunks(
  { shape: [n, d], data }: Matrix,
  basis: PrincipalBasis,
  count: number,
  engine: Engine,
  signal?: AbortSignal,
): AsyncGenerator<{ from: number; coordinates: Float64Array }> {
  const x = input('x', ['rows', d], 'float64')
  const session = await engine.load({ inputs: [x], outputs: { coordinates: principalCoordinates(x, basis, count) } })
  try {
    for (const [from, to] of chunks(n, d, signal)) {
      const { coordinates } = await session.run({ x: float64([to - from, d], data.subarray(from * d, to * d)) })
      yield { from, coordinates: coordinates.data as Float64Array }
    }
  } finally {
    await session.close()
  }
}

type Directions = Omit<PrincipalBasis, 'total'>

function leading(
  {
    directions: {
      data,
      shape: [, d],
    },
  }: PrincipalBasis,
  count: number,
): Tensor {
  return constant(data.slice(0, count * d), [count, d], 'float64')
}

async function fromCovariance(rows: WeightedRows, engine: Engine, signal?: AbortSignal): Promise<Directions> {
  const { mean, covariance } = await momentsOf(rows, engine, signal)
  const { values, vectors } = await eigenOf(covariance, signal)
  const d = mean.length
  const directions = new Float64Array(d * d)
  const variances = values.map((value) => (value > noise * values[0] ? value : 0))
  for (let i = 0; i < d; i++) {
    if (variances[i] > 0) for (let c = 0; c < d; c++) directions[i * d + c] = vectors.data[c * d + i]
  }
  return { mean, variances, directions: { shape: [d, d], data: directions } }
}

/**
 * With Y the centred rows times the roots of their weights: if Y Y' u = l u, then Y'u / sqrt(l) is a unit eigenvector
 * of Y'Y.
 */
async function fromGram(rows: WeightedRows, engine: Engine, signal?: AbortSignal): Promise<Directions> {
  const {
    samples: {
      shape: [n, d],
      data,
    },
    weights,
  } = rows
  const mean = columnMeans(rows)
  const y = data.map((value, i) => (value - mean[i % d]) * (weights ? Math.sqrt(weights[Math.floor(i / d)]) : 1))
  const total = weights ? weights.reduce((sum, weight) => sum + weight, 0) : n
  const { values, vectors } = await eigenOf({ shape: [n, n], data: await multiply(y, y, [n, d], engine, true) }, signal)
  const directions = await multiply(transposed(vectors), y, [n, d], engine, false)
  const variances = values.map((value) => (value > noise * values[0] ? value / total : 0))
  for (let i = 0; i < n; i++) settle(directions.subarray(i * d, (i + 1) * d), variances[i] > 0)
  return { mean, variances, directions: { shape: [n, d], data: directions } }
}

/** a b' (n, n) of two (n, d), or a b of (n, n) and (n, d). */
async function multiply(
  a: Float64Array,
  b: Float64Array,
  [n, d]: readonly [number, number],
  engine: Engine,
  outer: boolean,
): Promise<Float64Array> {
  const [left, right] = [input('left', outer ? [n, d] : [n, n], 'float64'), input('right', [n, d], 'float64')]
  const session = await engine.load({
    inputs: [left, right],
    outputs: { product: matmul(left, right, { transposeB: outer }) },
  })
  try {
    const { product } = await session.run({ left: float64(left.shape as number[], a), right: float64([n, d], b) })
    const values = product.data as Float64Array
    if (!values.every(Number.isFinite)) throw new TollError('overflow', 'the variances overflow; scale the columns')
    return values
  } finally {
    await session.close()
  }
}

function transposed({ shape: [n], data }: Matrix): Float64Array {
  return Float64Array.from(data, (_, i) => data[(i % n) * n + Math.floor(i / n)])
}

/** Unit length, and the entry of largest magnitude positive; or zeros. */
function settle(direction: Float64Array, kept: boolean): void {
  let [square, largest] = [0, 0]
  for (const value of direction) {
    square += value * value
    if (Math.abs(value) > Math.abs(largest)) largest = value
  }
  const factor = kept ? Math.sign(largest) / Math.sqrt(square) : 0
  for (let c = 0; c < direction.length; c++) direction[c] = factor === 0 ? 0 : direction[c] * factor
}

/** Eigenvectors, with the event loop let through in between. */
async function eigenOf(matrix: Matrix, signal?: AbortSignal): Promise<Eigen> {
  const pause = pauseEvery(50)
  for (const steps = symmetricEigenSteps(matrix); ;) {
    const { done, value } = steps.next()
    if (done) return value
    await pause()
    throwIfAborted(signal)
  }
}
