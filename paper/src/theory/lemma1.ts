// Lemma 1 made visible: under the norm term alone the codes of the data collapse, direction by direction, as exp(-l_i
// t). Source: Ghafourian et al. (arXiv 2306.12627), section 3.3, equations (4) to (6).

import { TollError } from 'toll'
import {
  choice,
  covarianceEigen,
  covarianceOf,
  identity,
  integer,
  product,
  Random,
  real,
  relativeDistance,
  resolveParameters,
  singularValues,
  type Matrix,
  type Values,
  type Watched,
} from 'toll/base'
import { constant, input } from 'toll/graph'
import { collapsedEncoder, directionAmplitudes } from './closed-form.js'
import { normalMatrix, samplesWithSpectrum } from './spectrum.js'
import { integrate } from './dormand-prince.js'
import { lossFunction } from './graph-flow.js'
import { evenTimes, measure, resolveList, toleranceOf, watch, type ListDomain } from './laboratory.js'
import { normFlow } from './linear-autoencoder.js'
import { normLoss } from './losses.js'

export const lemma1Parameters = {
  code: integer({ default: 5, min: 1, doc: 'code dimension k, at most the number of eigenvalues' }),
  start: choice({
    values: ['identity', 'random'],
    default: 'identity',
    doc: 'W(0): the first k columns of the identity, or independent normal numbers',
  }),
  horizon: real({
    default: 3,
    min: 0,
    aboveMin: true,
    max: 1000,
    doc: 'stopping time, in units of 1 / (smallest eigenvalue above 0)',
  }),
  points: integer({ default: 60, min: 1, max: 10_000, doc: 'equal time intervals that are reported' }),
  samples: integer({ default: 200, min: 2, max: 5000, doc: 'number of samples n, above the number of eigenvalues' }),
  tolerance: toleranceOf(1e-12),
  seed: integer({ default: 0, min: 0, max: 0xffffffff, doc: 'seed of the data and of a random start' }),
} as const

export const lemma1Lists = {
  eigenvalues: {
    each: { kind: 'real', min: 0, max: 1e9 },
    fewest: 1,
    most: 24,
    default: [4, 2, 1, 0.5, 0.25],
    doc:
      'eigenvalues of the covariance of the samples; one above 0, and those within a factor of a million of ' +
      'each other',
  },
} as const satisfies Readonly<Record<string, ListDomain>>

export interface Lemma1Options extends Partial<Values<typeof lemma1Parameters>>, Watched {
  /**
   * Eigenvalues of the data's covariance, 1 to 24 numbers from 0 to 1e9; one above 0, and those within a factor of 1e6
   * of each other; default 4, 2, 1, 0.5, 0.25.
   */
  readonly eigenvalues?: readonly number[]
}

export interface Lemma1Result {
  readonly settings: Values<typeof lemma1Parameters> & { readonly stop: number }
  /** Of the covariance, descending, (d). */
  readonly eigenvalues: readonly number[]
  /** (points + 1). */
  readonly times: readonly number[]
  /** Singular values of Z(t) / sqrt(n), descending, (times, min(n, k)). */
  readonly singularValues: readonly (readonly number[])[]
  /** The same of the closed form (8). */
  readonly predictedSingularValues: readonly (readonly number[])[]
  /**
   * Standard deviation that each principal direction contributes to the codes, as a share of its value at 0, (times,
   * d); 0 if that is 0.
   */
  readonly amplitudes: readonly (readonly number[])[]
  /** Its square, the variance, (times, d). */
  readonly variances: readonly (readonly number[])[]
  /** exp(-l_i t), what `amplitudes` should be, (times, d). */
  readonly predicted: readonly (readonly number[])[]
  /** Relative Frobenius distance of the integrated Z(t) from (8), (times). */
  readonly codeErrors: readonly number[]
  /** Relative distance of -S W(0) from the graph language's own gradient of the loss (5). */
  readonly gradientError: number
}

/** Integrates (6) on samples with the given spectrum and measures how each principal direction of the codes shrinks. */
export async function lemma1Experiment(options: Lemma1Options = {}): Promise<Lemma1Result> {
  const { eigenvalues: wanted, signal, onProgress, ...given } = options
  const eigenvalues = resolveList('eigenvalues', lemma1Lists.eigenvalues, wanted)
  const settings = resolveParameters(
    lemma1Parameters,
    { code: Math.min(5, Math.max(1, eigenvalues.length)), ...given },
    'option',
  )
  const [slowest, fastest] = [Math.min(...eigenvalues.filter((value) => value > 0)), Math.max(...eigenvalues)]
  if (!(fastest >= 1e-9 && fastest / slowest <= 1e6)) {
    throw new TollError(
      'out-of-domain',
      'eigenvalues must have one above 0, at least 1e-9, and all above 0 within a factor of a million, got ' +
        `${eigenvalues.join(',')}`,
    )
  }
  if (settings.code > eigenvalues.length)
    throw new TollError(
      'out-of-domain',
      `code must be an integer from 1 to ${eigenvalues.length}, the number of eigenvalues, got ${settings.code}`,
    )
  const random = Random.seeded(settings.seed)
  const samples = samplesWithSpectrum(settings.samples, eigenvalues, random.fork('data'))
  const covariance = covarianceOf(samples)
  const eigen = covarianceEigen(covariance)
  const encoder = startEncoder(eigenvalues.length, settings.code, settings.start, random)
  const stop = settings.horizon / slowest
  const times = evenTimes(stop, settings.points)
  const trajectory = await integrate(normFlow(covariance, settings.code), encoder.data, {
    times,
    relative: settings.tolerance,
    absolute: 1e-15,
    maxStep: 2.5 / eigen.values[0],
    ...watch({ signal, onProgress }, 'lemma 1', 0, 1),
  })
  const before = directionAmplitudes(eigen, encoder)
  const encoders = trajectory.states.map((data): Matrix => ({ shape: encoder.shape, data }))
  const codes = await measure(
    encoders,
    (w, t) => {
      const [found, exact] = [product(samples, w), product(samples, collapsedEncoder(eigen, encoder, times[t]))]
      return { found: spreadOf(found), exact: spreadOf(exact), error: relativeDistance(found, exact) }
    },
    signal,
  )
  const amplitudes = encoders.map((w) =>
    Array.from(directionAmplitudes(eigen, w), (value, i) => (before[i] > 0 ? value / before[i] : 0)),
  )
  return {
    settings: { ...settings, stop },
    eigenvalues: [...eigen.values],
    times,
    singularValues: codes.map(({ found }) => found),
    predictedSingularValues: codes.map(({ exact }) => exact),
    amplitudes,
    variances: amplitudes.map((row) => row.map((value) => value ** 2)),
    predicted: times.map((time) => Array.from(eigen.values, (value) => Math.exp(-value * time))),
    codeErrors: codes.map(({ error }) => error),
    gradientError: gradientErrorOf(samples, covariance, encoder),
  }
}

/** Singular values of codes (n, k), divided by sqrt(n). */
function spreadOf(codes: Matrix): number[] {
  return Array.from(singularValues(codes), (value) => value / Math.sqrt(codes.shape[0]))
}

function startEncoder(d: number, k: number, start: 'identity' | 'random', random: Random): Matrix {
  return start === 'random' ? normalMatrix(d, k, random.fork('start')) : identity(d, k)
}

function gradientErrorOf(samples: Matrix, covariance: Matrix, encoder: Matrix): number {
  const w = input('W', encoder.shape, 'float64')
  const loss = lossFunction(normLoss(constant(samples.data, samples.shape, 'float64'), w), [w])
  return relativeDistance(product(covariance, encoder), { shape: encoder.shape, data: loss.gradient(encoder.data) })
}
