// Lemma 1 made visible: under the norm term alone the codes of the data collapse, direction by direction, as exp(-l_i t).
// Source: Ghafourian et al. (arXiv 2306.12627), section 3.3, equations (4) to (6).

import { choice, covarianceEigen, covarianceOf, identity, integer, product, Random, real, relativeDistance, resolveParameters, singularValues, type Matrix, type Values, type Watched } from '../base/index.js'
import { constant, input } from '../graph/index.js'
import { directionAmplitudes } from './closed-form.js'
import { checkSpectrum, normalMatrix, samplesWithSpectrum } from './spectrum.js'
import { integrate } from './dormand-prince.js'
import { lossFunction } from './graph-flow.js'
import { checkList, evenTimes, watch } from './laboratory.js'
import { normFlow } from './linear-autoencoder.js'
import { normLoss } from './losses.js'

export const lemma1Parameters = {
  code: integer({ default: 5, min: 1, doc: 'code dimension k, at most the number of eigenvalues' }),
  start: choice({ values: ['identity', 'random'], default: 'identity', doc: 'W(0): the first k columns of the identity, or independent normal numbers' }),
  horizon: real({ default: 3, min: 0, aboveMin: true, doc: 'stopping time, in units of 1 / (smallest eigenvalue above 0)' }),
  points: integer({ default: 60, min: 1, max: 10_000, doc: 'equal time intervals that are reported' }),
  samples: integer({ default: 200, min: 2, max: 100_000, doc: 'number of samples n, above the number of eigenvalues' }),
  seed: integer({ default: 0, min: 0, max: 0xffffffff, doc: 'seed of the data and of a random start' }),
} as const

export interface Lemma1Options extends Partial<Values<typeof lemma1Parameters>>, Watched {
  /** Eigenvalues of the data's covariance, at least 0, one above 0; default 4, 2, 1, 0.5, 0.25. */
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
  /** Standard deviation that each principal direction contributes to the codes, as a share of its value at 0, (times, d); 0 if that is 0. */
  readonly amplitudes: readonly (readonly number[])[]
  /** Its square, the variance, (times, d). */
  readonly variances: readonly (readonly number[])[]
  /** exp(-l_i t), what `amplitudes` should be, (times, d). */
  readonly predicted: readonly (readonly number[])[]
  /** Relative distance of -S W(0) from the graph language's own gradient of the loss (5). */
  readonly gradientError: number
}

/** Integrates (6) on samples with the given spectrum and measures how each principal direction of the codes shrinks. */
export async function lemma1Experiment(options: Lemma1Options = {}): Promise<Lemma1Result> {
  const { eigenvalues = [4, 2, 1, 0.5, 0.25], signal, onProgress, ...given } = options
  const settings = resolveParameters(lemma1Parameters, { code: Math.min(5, Math.max(1, eigenvalues.length)), ...given }, 'option')
  checkSpectrum(eigenvalues)
  checkList('eigenvalues', [Math.max(...eigenvalues)], (largest) => largest > 0, 'at least 0, and one above 0')
  checkList('code', [settings.code], (code) => code <= eigenvalues.length, `at most ${eigenvalues.length}, the number of eigenvalues`)
  const random = Random.seeded(settings.seed)
  const samples = samplesWithSpectrum(settings.samples, eigenvalues, random.fork('data'))
  const covariance = covarianceOf(samples)
  const eigen = covarianceEigen(covariance)
  const encoder = startEncoder(eigenvalues.length, settings.code, settings.start, random)
  const slowest = Math.min(...eigenvalues.filter((value) => value > 0))
  const stop = settings.horizon / slowest
  const times = evenTimes(stop, settings.points)
  const trajectory = await integrate(normFlow(covariance, settings.code), encoder.data, {
    times, relative: 1e-12, absolute: 1e-15, maxStep: 2.5 / eigen.values[0], ...watch({ signal, onProgress }, 'lemma 1', 0, 1),
  })
  const before = directionAmplitudes(eigen, encoder)
  const encoders = trajectory.states.map((data): Matrix => ({ shape: encoder.shape, data }))
  const amplitudes = encoders.map((w) => Array.from(directionAmplitudes(eigen, w), (value, i) => (before[i] > 0 ? value / before[i] : 0)))
  return {
    settings: { ...settings, stop },
    eigenvalues: [...eigen.values],
    times,
    singularValues: encoders.map((w) => Array.from(singularValues(product(samples, w)), (value) => value / Math.sqrt(settings.samples))),
    amplitudes,
    variances: amplitudes.map((row) => row.map((value) => value ** 2)),
    predicted: times.map((time) => Array.from(eigen.values, (value) => Math.exp(-value * time))),
    gradientError: gradientErrorOf(samples, covariance, encoder),
  }
}

function startEncoder(d: number, k: number, start: 'identity' | 'random', random: Random): Matrix {
  return start === 'random' ? normalMatrix(d, k, random.fork('start')) : identity(d, k)
}

function gradientErrorOf(samples: Matrix, covariance: Matrix, encoder: Matrix): number {
  const w = input('W', encoder.shape, 'float64')
  const loss = lossFunction(normLoss(constant(samples.data, samples.shape, 'float64'), w), [w])
  return relativeDistance(product(covariance, encoder), { shape: encoder.shape, data: loss.gradient(encoder.data) })
}
