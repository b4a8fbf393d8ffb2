// Means and covariances of training rows in float64, and squared Mahalanobis distances: the pieces of every detector
// that describes normal data by its moments. Products of many rows run in the engine, in chunks of bounded size;
// columns are centred before anything is squared, so that a large offset costs no digits.

import { TollError, takeSamples, throwIfAborted, type Matrix } from '../base/index.js'
import { constant, input, matmul, mul, sqrt, square, sub, sum, type Tensor } from '../graph/index.js'
import { float64, type Engine, type Session } from '../runtime/index.js'
import { normalIndices, type TrainingData } from './contract.js'

export interface WeightedRows {
  /** (n, d) */
  readonly samples: Matrix
  /** Positive, (n); absent when all are 1. */
  readonly weights?: Float64Array
}

export interface Moments {
  /** (d) */
  readonly mean: Float64Array
  /** Divided by the sum of the weights, (d, d). */
  readonly covariance: Matrix
}

/** Bytes of one chunk of rows and of what the engine computes of it. */
const chunkBytes = 32 * 2 ** 20

/**
 * The normal rows that count: anomalies and rows of weight 0 are left out.
 *
 * @throws `shape` when samples are not a table; `data` for fewer than 2 rows, and for weights that are not finite and
 * at least 0.
 */
export function trainingRows(data: TrainingData, detector: string): WeightedRows {
  const { samples, weights } = data
  if (samples.shape.length !== 2 || samples.shape[1] < 1) {
    throw new TollError(
      'shape-mismatch',
      `${detector} takes a table (n, d) with at least one column, got samples of shape (${samples.shape.join(', ')})`,
      { value: samples.shape, expected: '(n, d)' },
    )
  }
  const bad = weights?.findIndex((weight) => !(Number.isFinite(weight) && weight >= 0)) ?? -1
  if (bad >= 0)
    throw new TollError(
      'invalid-weight',
      `sample weights must be finite and not negative, weight ${bad} is ${weights![bad]}`,
      { row: bad, option: 'weights', value: weights![bad], expected: 'a finite number of at least 0' },
    )
  const kept = normalIndices(data).filter((row) => weights === undefined || weights[row] > 0)
  if (kept.length < 2)
    throw new TollError(
      'too-few-rows',
      `${detector} needs at least 2 normal rows of positive weight, got ${kept.length} of ${samples.shape[0]}`,
      { value: kept.length, limit: 2 },
    )
  const chosen = kept.length === samples.shape[0] ? samples : takeSamples(samples, kept)
  const values = chosen.data instanceof Float64Array ? chosen.data : Float64Array.from(chosen.data)
  return {
    samples: { shape: chosen.shape, data: values },
    ...(weights && { weights: Float64Array.from(kept, (row) => weights[row]) }),
  }
}

/**
 * The mean of every column, (d), in two passes: the second takes out what rounding left of the first, exactly for equal
 * rows.
 */
export function columnMeans({
  samples: {
    shape: [n, d],
    data,
  },
  weights,
}: WeightedRows): Float64Array {
  const mean = new Float64Array(d)
  const total = weights ? weights.reduce((most, weight) => most + weight, 0) : n
  for (let pass = 0; pass < 2; pass++) {
    const rest = new Float64Array(d)
    for (let r = 0; r < n; r++) {
      const weight = weights ? weights[r] : 1
      for (let c = 0; c < d; c++) rest[c] += weight * (data[r * d + c] - mean[c])
    }
    for (let c = 0; c < d; c++) mean[c] += rest[c] / total
  }
  return mean
}

/** Mean and covariance of rows; the product X'X runs in the engine. Code `data` when it overflows. */
export async function momentsOf(rows: WeightedRows, engine: Engine, signal?: AbortSignal): Promise<Moments> {
  const products = await RowProducts.open(engine, rows.samples.shape[1])
  try {
    return await products.moments(rows, signal)
  } finally {
    await products.close()
  }
}

/** Products over rows of d columns, in the engine, chunk by chunk: memory does not grow with the number of rows. */
export class RowProducts {
  readonly #d: number
  readonly #scatter: Session
  readonly #distances: Session

  private constructor(d: number, scatter: Session, distances: Session) {
    this.#d = d
    this.#scatter = scatter
    this.#distances = distances
  }

  static async open(engine: Engine, d: number): Promise<RowProducts> {
    const [x, centre, root, factor] = [
      input('x', ['rows', d], 'float64'),
      input('centre', [1, d], 'float64'),
      input('root', ['rows', 1], 'float64'),
      input('factor', [d, d], 'float64'),
    ]
    const centred = mul(sub(x, centre), root)
    const scatter = await engine.load({
      inputs: [x, centre, root],
      outputs: { scatter: matmul(centred, centred, { transposeA: true }) },
    })
    const whitened = matmul(sub(x, centre), factor, { transposeB: true })
    const distances = await engine.load({
      inputs: [x, centre, factor],
      outputs: { distances: sum(square(whitened), [1]) },
    })
    return new RowProducts(d, scatter, distances)
  }

  /** The weighted mean and covariance of rows. */
  async moments(rows: WeightedRows, signal?: AbortSignal): Promise<Moments> {
    const {
      samples: {
        shape: [n],
        data,
      },
      weights,
    } = rows
    const d = this.#d
    const mean = columnMeans(rows)
    const covariance = new Float64Array(d * d)
    let total = 0
    for (const [from, to] of chunks(n, d, signal)) {
      const root = Float64Array.from({ length: to - from }, (_, i) => Math.sqrt(weights ? weights[from + i] : 1))
      const { scatter } = await this.#scatter.run({
        x: float64([to - from, d], data.subarray(from * d, to * d)),
        centre: float64([1, d], mean),
        root: float64([to - from, 1], root),
      })
      for (let i = 0; i < covariance.length; i++) covariance[i] += Number(scatter.data[i])
      for (const value of root) total += value * value
    }
    for (let i = 0; i < d; i++) {
      for (let j = 0; j <= i; j++) {
        const value = (covariance[i * d + j] + covariance[j * d + i]) / (2 * total)
        if (!Number.isFinite(value))
          throw new TollError('overflow', `the covariance of columns ${j} and ${i} overflows; scale the columns`)
        covariance[i * d + j] = covariance[j * d + i] = value
      }
    }
    return { mean, covariance: { shape: [d, d], data: covariance } }
  }

  /** ||F (x - centre)||^2 of every row, (n), with F `factor` (d, d). */
  async distances(
    { shape: [n], data }: Matrix,
    centre: Float64Array,
    factor: Matrix,
    signal?: AbortSignal,
  ): Promise<Float64Array> {
    const d = this.#d
    const result = new Float64Array(n)
    for (const [from, to] of chunks(n, d, signal)) {
      const { distances } = await this.#distances.run({
        x: float64([to - from, d], data.subarray(from * d, to * d)),
        centre: float64([1, d], centre),
        factor: float64([d, d], factor.data),
      })
      result.set(distances.data as Float64Array, from)
    }
    return result
  }

  async close(): Promise<void> {
    await this.#scatter.close()
    await this.#distances.close()
  }
}

/** [from, to) of consecutive chunks of n rows of d float64 columns. */
export function* chunks(n: number, d: number, signal?: AbortSignal): Generator<[number, number]> {
  const size = Math.max(1, Math.floor(chunkBytes / (3 * 8 * d)))
  for (let from = 0; from < n; from += size) {
    throwIfAborted(signal)
    yield [from, Math.min(n, from + size)]
  }
}

/** x (n, d) minus a point (d). */
export function centredAt(x: Tensor, centre: Float64Array): Tensor {
  return sub(x, constant(centre, [1, centre.length], 'float64'))
}

/**
 * The squared Mahalanobis distance of every row of x (n, d), (n): ||F (x - centre)||^2, where F'F is the inverse
 * covariance.
 */
export function mahalanobisDistance(x: Tensor, centre: Float64Array, factor: Matrix): Tensor {
  return sum(
    square(matmul(centredAt(x, centre), constant(factor.data, factor.shape, 'float64'), { transposeB: true })),
    [1],
  )
}

/** The Euclidean distance of every row of x (n, d) from a point, (n). */
export function euclideanDistance(x: Tensor, centre: Float64Array): Tensor {
  return sqrt(sum(square(centredAt(x, centre)), [1]))
}
