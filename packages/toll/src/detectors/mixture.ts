// Mixtures of normal distributions fitted by expectation and maximisation (Dempster, Laird and Rubin 1977; Bishop 2006,
// section 9.2). The expectation step is a graph, run over chunks of rows; its sums are taken about the current means,
// so that the covariance of the next step, M / N - delta delta', loses nothing however far the data are from the
// origin. The same graph scores.

import {
  TollError,
  cholesky,
  inverseOfLower,
  logDeterminant,
  throwIfAborted,
  zeroMatrix,
  type Matrix,
} from '../base/index.js'
import {
  constant,
  exp,
  input,
  logSumExp,
  matmul,
  mul,
  reshape,
  square,
  sub,
  sum,
  transpose,
  type Tensor,
} from '../graph/index.js'
import { float64, type Engine, type HostTensor, type Session } from '../runtime/index.js'
import { chunks } from './moments.js'

export type CovarianceKind = 'full' | 'diagonal'

export interface Mixture {
  readonly kind: CovarianceKind
  /** Sum to 1, (k). */
  readonly weights: Float64Array
  /** (k, d) */
  readonly means: Matrix
  /** With the regularisation in it: k matrices (d, d), or one row of variances each, (k, d) in all. */
  readonly covariances: readonly Matrix[]
}

export interface EmOptions {
  readonly engine: Engine
  /** Added to every variance, in squared units of the columns; at least 0. */
  readonly ridge: number
  /** Stops when the mean log likelihood of a row grows by less. */
  readonly tolerance: number
  readonly iterations: number
  readonly signal?: AbortSignal
  readonly onIteration?: (iteration: number, logLikelihood: number) => void
}

export interface FittedMixture {
  readonly mixture: Mixture
  /** Mean log density of a row under the mixture before the last maximisation. */
  readonly logLikelihood: number
  readonly iterations: number
  readonly converged: boolean
}

/** What densities are computed from. */
interface Whitened {
  /** log weight + log det F - d/2 log 2 pi, (k, 1). */
  readonly offsets: Float64Array
  /** F with F'F the inverse covariance: (k, d, d) lower triangular, or (k, 1, d) for its diagonal. */
  readonly factors: Float64Array
}

/**
 * Expectation and maximisation from a given mixture of k components on rows (n, d).
 *
 * @throws `data` when a covariance becomes singular, which a positive ridge prevents; `aborted`.
 */
export async function expectationMaximization(
  samples: Matrix,
  start: Mixture,
  options: EmOptions,
): Promise<FittedMixture> {
  const session = await loadExpectation(start, options.engine)
  try {
    let mixture = start
    let previous = -Infinity
    for (let iteration = 1; ; iteration++) {
      const sums = await expect(session, samples, mixture, options.signal)
      mixture = maximize(sums, mixture, options.ridge, samples.shape[0])
      const logLikelihood = sums.logLikelihood / samples.shape[0]
      options.onIteration?.(iteration, logLikelihood)
      const converged = Math.abs(logLikelihood - previous) < options.tolerance
      if (converged || iteration >= options.iterations)
        return { mixture, logLikelihood, iterations: iteration, converged }
      previous = logLikelihood
    }
  } finally {
    await session.close()
  }
}

/** log density of every row of x (n, d), (n), and the log of weight times density by component, (k, n). */
export function logDensity(x: Tensor, mixture: Mixture): { density: Tensor; joint: Tensor } {
  const { offsets, factors } = whiten(mixture)
  const [k, d] = mixture.means.shape
  const means = constant(mixture.means.data, [k, 1, d], 'float64')
  const { joint } = jointOf(
    x,
    means,
    constant(factors, factorShape(mixture), 'float64'),
    constant(offsets, [k, 1], 'float64'),
    mixture.kind,
  )
  return { density: reshape(logSumExp(joint, 0), [x.shape[0]]), joint }
}

function jointOf(
  x: Tensor,
  means: Tensor,
  factors: Tensor,
  offsets: Tensor,
  kind: CovarianceKind,
): { joint: Tensor; centred: Tensor } {
  const centred = sub(reshape(x, [1, ...x.shape]), means)
  const whitened = kind === 'full' ? matmul(centred, transpose(factors, [0, 2, 1])) : mul(centred, factors)
  return { joint: sub(offsets, mul(sum(square(whitened), [2]), 0.5)), centred }
}

function factorShape({
  kind,
  means: {
    shape: [k, d],
  },
}: Mixture): number[] {
  return kind === 'full' ? [k, d, d] : [k, 1, d]
}

function whiten({
  kind,
  weights,
  means: {
    shape: [k, d],
  },
  covariances,
}: Mixture): Whitened {
  const size = kind === 'full' ? d * d : d
  const factors = new Float64Array(k * size)
  const offsets = Float64Array.from(covariances, (covariance, i) => {
    const { factor, logDet } = kind === 'full' ? inverseFactor(covariance, i) : inverseDeviations(covariance, i)
    factors.set(factor, i * size)
    return Math.log(weights[i]) - (logDet + d * Math.log(2 * Math.PI)) / 2
  })
  return { offsets, factors }
}

function inverseFactor(covariance: Matrix, component: number): { factor: Float64Array; logDet: number } {
  const factor = cholesky(covariance)
  if (!factor) throw singular(component)
  return { factor: inverseOfLower(factor).data, logDet: logDeterminant(factor) }
}

function inverseDeviations({ data }: Matrix, component: number): { factor: Float64Array; logDet: number } {
  if (!data.every((variance) => variance > 0)) throw singular(component)
  return {
    factor: data.map((variance) => 1 / Math.sqrt(variance)),
    logDet: data.reduce((total, variance) => total + Math.log(variance), 0),
  }
}

function singular(component: number): TollError {
  return new TollError(
    'dependent-columns',
    `the covariance of component ${component} of the mixture is singular: columns are constant or depend ` +
      'on each other, or it holds too few ' +
      'rows; raise the regularisation or take fewer components',
    { option: 'components', value: component },
  )
}

/** Inputs x (rows, d), means (k, 1, d), factors, offsets (k, 1); outputs the sums that a maximisation needs. */
function loadExpectation(mixture: Mixture, engine: Engine): Promise<Session> {
  const {
    kind,
    means: {
      shape: [k, d],
    },
  } = mixture
  const [x, means] = [input('x', ['rows', d], 'float64'), input('means', [k, 1, d], 'float64')]
  const [factors, offsets] = [input('factors', factorShape(mixture), 'float64'), input('offsets', [k, 1], 'float64')]
  const { joint, centred } = jointOf(x, means, factors, offsets, kind)
  const density = logSumExp(joint, 0)
  const shares = exp(sub(joint, density))
  const weighted = mul(centred, reshape(shares, [k, 'rows', 1]))
  return engine.load({
    inputs: [x, means, factors, offsets],
    outputs: {
      logLikelihood: sum(density),
      counts: sum(shares, [1]),
      shifts: sum(weighted, [1]),
      squares: kind === 'full' ? matmul(transpose(weighted, [0, 2, 1]), centred) : sum(mul(weighted, centred), [1]),
    },
  })
}

interface Sums {
  logLikelihood: number
  readonly counts: Float64Array
  readonly shifts: Float64Array
  readonly squares: Float64Array
}

async function expect(
  session: Session,
  { shape: [n, d], data }: Matrix,
  mixture: Mixture,
  signal?: AbortSignal,
): Promise<Sums> {
  const { offsets, factors } = whiten(mixture)
  const k = offsets.length
  const sums: Sums = {
    logLikelihood: 0,
    counts: new Float64Array(k),
    shifts: new Float64Array(k * d),
    squares: new Float64Array(factors.length),
  }
  const fixed = {
    means: float64([k, 1, d], mixture.means.data),
    factors: float64(factorShape(mixture), factors),
    offsets: float64([k, 1], offsets),
  }
  for (const [from, to] of chunks(n, k * d, signal)) {
    const result = await session.run({ x: float64([to - from, d], data.subarray(from * d, to * d)), ...fixed })
    sums.logLikelihood += Number(result.logLikelihood.data[0])
    for (const name of ['counts', 'shifts', 'squares'] as const) accumulate(sums[name], result[name])
  }
  throwIfAborted(signal)
  return sums
}

function accumulate(into: Float64Array, { data }: HostTensor): void {
  for (let i = 0; i < into.length; i++) into[i] += Number(data[i])
}

/**
 * mean + delta with delta = S / N, and covariance M / N - delta delta' + ridge. A component that lost all rows keeps
 * its place and the ridge alone.
 */
function maximize(
  { counts, shifts, squares }: Sums,
  {
    kind,
    means: {
      shape: [k, d],
      data,
    },
  }: Mixture,
  ridge: number,
  n: number,
): Mixture {
  // The smallest share of a row that counts, as in scikit-learn: no division by 0.
  const rows = counts.map((count) => count + 10 * Number.EPSILON)
  const means = data.slice()
  const covariances = Array.from(rows, (count, i) => {
    const delta = Float64Array.from({ length: d }, (_, c) => shifts[i * d + c] / count)
    for (let c = 0; c < d; c++) means[i * d + c] += delta[c]
    return kind === 'full'
      ? fullCovariance(squares.subarray(i * d * d, (i + 1) * d * d), delta, count, ridge)
      : {
          shape: [1, d],
          data: delta.map((value, c) => Math.max(squares[i * d + c] / count - value * value, 0) + ridge),
        }
  })
  const total = rows.reduce((most, count) => most + count, 0)
  if (!means.every(Number.isFinite))
    throw new TollError('overflow', `the mixture of ${n} rows overflows; scale the columns`)
  return { kind, weights: rows.map((count) => count / total), means: { shape: [k, d], data: means }, covariances }
}

function fullCovariance(squares: Float64Array, delta: Float64Array, count: number, ridge: number): Matrix {
  const d = delta.length
  const result = zeroMatrix(d, d)
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      const value = (squares[i * d + j] + squares[j * d + i]) / (2 * count) - delta[i] * delta[j]
      result.data[i * d + j] = result.data[j * d + i] = i === j ? Math.max(value, 0) + ridge : value
    }
  }
  return result
}
