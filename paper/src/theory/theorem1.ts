// Theorem 1 checked: the integrated flow of the norm term against its closed form, on random covariances.
// Source: Ghafourian et al. (arXiv 2306.12627), section 3.3, equations (6) to (8).

import {
  covarianceEigen,
  covarianceOf,
  frobenius,
  integer,
  product,
  Random,
  real,
  relativeDistance,
  resolveParameters,
  type Matrix,
  type Values,
  type Watched,
} from 'toll/base'
import { collapsedEncoder } from './closed-form.js'
import { logSpectrum, normalMatrix, samplesWithSpectrum } from './spectrum.js'
import { integrate } from './dormand-prince.js'
import { logTimes, measure, toleranceOf, watch } from './laboratory.js'
import { normFlow } from './linear-autoencoder.js'

export const theorem1Parameters = {
  dimension: integer({ default: 10, min: 1, max: 200, doc: 'dimension d of the samples' }),
  code: integer({ default: 3, min: 1, max: 200, doc: 'code dimension k' }),
  condition: real({
    default: 1e4,
    min: 1,
    max: 1e6,
    doc:
      'largest over smallest eigenvalue; they are spread evenly in their logarithm, from 1 down. Work grows ' +
      'in proportion',
  }),
  covariances: integer({ default: 3, min: 1, max: 1000, doc: 'number of random covariances and starts' }),
  horizon: real({
    default: 10,
    min: 0,
    aboveMin: true,
    max: 100,
    doc: 'stopping time, in units of 1 / (smallest eigenvalue)',
  }),
  points: integer({
    default: 60,
    min: 2,
    max: 10_000,
    doc: 'times compared, evenly spaced in their logarithm over six decades',
  }),
  seed: integer({
    default: 0,
    min: 0,
    max: 0xffffffff,
    doc: 'seed of data and starts; W(0) has independent standard normal elements',
  }),
  tolerance: toleranceOf(1e-12),
} as const

export type Theorem1Options = Partial<Values<typeof theorem1Parameters>> & Watched

export interface Theorem1Run {
  /** Descending, (d). */
  readonly eigenvalues: readonly number[]
  readonly times: readonly number[]
  /** ||W(t)|| / ||W(0)|| by the closed form, (times). */
  readonly sizes: readonly number[]
  /** Relative Frobenius distance of the integrated W(t) from (7), (times). */
  readonly encoderErrors: readonly number[]
  /** Relative Frobenius distance of the integrated Z(t) from (8), (times). */
  readonly codeErrors: readonly number[]
  /** Integration steps taken. */
  readonly steps: number
}

export interface Theorem1Result {
  readonly settings: Values<typeof theorem1Parameters>
  readonly runs: readonly Theorem1Run[]
  /** Largest of all errors, of W and of Z. */
  readonly worst: number
}

/** Integrates (6) for random covariances and compares W(t) and Z(t) with their closed forms. */
export async function theorem1Experiment(options: Theorem1Options = {}): Promise<Theorem1Result> {
  const { signal, onProgress, ...given } = options
  const settings = resolveParameters(theorem1Parameters, given, 'option')
  const { dimension, code, condition, covariances, horizon, points, seed, tolerance } = settings
  const random = Random.seeded(seed)
  const runs: Theorem1Run[] = []
  for (let run = 0; run < covariances; run++) {
    const stream = random.fork(`covariance ${run}`)
    const samples = samplesWithSpectrum(2 * dimension + 10, logSpectrum(dimension, condition), stream)
    const covariance = covarianceOf(samples)
    const eigen = covarianceEigen(covariance)
    const encoder = normalMatrix(dimension, code, stream)
    const end = horizon / eigen.values[dimension - 1]
    const { times, states, steps } = await integrate(normFlow(covariance, code), encoder.data, {
      times: logTimes(end * 1e-6, end, points),
      relative: tolerance,
      absolute: 1e-15,
      maxStep: 2.5 / eigen.values[0],
      ...watch({ signal, onProgress }, `covariance ${run + 1}`, run, covariances),
    })
    const compared = await measure(
      states,
      (data, t) => {
        const [found, exact]: [Matrix, Matrix] = [
          { shape: encoder.shape, data },
          collapsedEncoder(eigen, encoder, times[t]),
        ]
        return {
          size: frobenius(exact.data) / frobenius(encoder.data),
          encoderError: relativeDistance(found, exact),
          codeError: relativeDistance(product(samples, found), product(samples, exact)),
        }
      },
      signal,
    )
    runs.push({
      eigenvalues: [...eigen.values],
      times: [...times],
      sizes: compared.map(({ size }) => size),
      encoderErrors: compared.map(({ encoderError }) => encoderError),
      codeErrors: compared.map(({ codeError }) => codeError),
      steps,
    })
  }
  return {
    settings,
    runs,
    worst: Math.max(...runs.flatMap(({ encoderErrors, codeErrors }) => [...encoderErrors, ...codeErrors])),
  }
}
