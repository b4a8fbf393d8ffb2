// Theorem 2 made visible: two linear layers under reconstruction with and without the norm term, integrated, since (10) has no closed form.
// Source of (9) and (10): Ghafourian et al. (arXiv 2306.12627), section 3.3. What is measured beyond it: docs/theory.md.

import { diagonal, frobenius, identity, integer, product, Random, real, relativeDistance, resolveParameters, subspaceAngle, symmetricEigen, trace, type Matrix, type Values, type Watched } from '../base/index.js'
import { checkSpectrum, normalMatrix } from './spectrum.js'
import { integrate } from './dormand-prince.js'
import { checkList, logTimes, watch } from './laboratory.js'
import { autoencoderFlow, linearLoss, packLayers, unpackLayers, type Layers } from './linear-autoencoder.js'
import { ridgeEncoder } from './scale-control.js'

export const theorem2Parameters = {
  scale: real({ default: 0.1, min: 0, aboveMin: true, max: 100, doc: 'the start: W(0) and V(0) have independent normal elements with this standard deviation' }),
  first: real({ default: 0.01, min: 0, aboveMin: true, doc: 'first time reported after 0' }),
  stop: real({ default: 100, min: 0, aboveMin: true, doc: 'stopping time. Steps shorten as V grows: for beta above 0 the work grows a little faster than time' }),
  points: integer({ default: 80, min: 2, max: 10_000, doc: 'times reported, evenly spaced in their logarithm' }),
  seed: integer({ default: 0, min: 0, max: 0xffffffff, doc: 'seed of the start' }),
} as const

export interface Theorem2Options extends Partial<Values<typeof theorem2Parameters>>, Watched {
  /** Variances of the data along their principal directions, which are the axes; above 0, in descending order; default 4, 2, 1, 0.5, 0.25. */
  readonly eigenvalues?: readonly number[]
  /** Weights of the norm term, at least 0; default 0 and 1. */
  readonly betas?: readonly number[]
  /** Code dimensions, each from 1 to the number of eigenvalues; default 2. */
  readonly codes?: readonly number[]
}

/** One trajectory; every list has one entry per time. */
export interface Theorem2Run {
  readonly beta: number
  readonly code: number
  /** W(t) row by row, (times, d k), and V(t) row by row, (times, k d). */
  readonly encoder: readonly (readonly number[])[]
  readonly decoder: readonly (readonly number[])[]
  /** The loss (9), and its parts: reconstruction, and the norm term without beta. */
  readonly loss: readonly number[]
  readonly reconstruction: readonly number[]
  readonly norm: readonly number[]
  /** Frobenius norms. */
  readonly encoderNorm: readonly number[]
  readonly decoderNorm: readonly number[]
  readonly gradientNorm: readonly number[]
  /** Largest angle between the span of W, or of V's rows, and the first k principal directions; radians. */
  readonly encoderAngle: readonly number[]
  readonly decoderAngle: readonly number[]
  /** Share of the variance along each principal direction that the reconstruction has along it, (times, d): u' Cov(x') u / l. */
  readonly retained: readonly (readonly number[])[]
  /** The smallest variance that the reconstruction keeps in any direction of its k-dimensional range: the k-th eigenvalue of Cov(x'). */
  readonly smallestRetained: readonly number[]
  /** Eigenvalues of the codes' covariance W'SW, descending, (times, k). */
  readonly codeVariances: readonly (readonly number[])[]
  /** tr(VV' - W'W): constant for beta = 0; grows at the rate 2 beta tr(W'SW). */
  readonly balance: readonly number[]
  /** Relative distance of W from the ridge encoder V'(VV' + beta I)^-1 that the flow follows; absent for beta = 0. */
  readonly ridgeDistance?: readonly number[]
  readonly steps: number
}

export interface Theorem2Result {
  readonly settings: Values<typeof theorem2Parameters>
  readonly eigenvalues: readonly number[]
  readonly times: readonly number[]
  /** Every code dimension with every beta, codes outermost. Runs of one code dimension start at the same layers. */
  readonly runs: readonly Theorem2Run[]
}

/** Integrates (10) for every beta and code dimension from one start and measures what happens on the way. */
export async function theorem2Experiment(options: Theorem2Options = {}): Promise<Theorem2Result> {
  const { eigenvalues = [4, 2, 1, 0.5, 0.25], betas = [0, 1], codes = [Math.min(2, eigenvalues.length)], signal, onProgress, ...given } = options
  const settings = resolveParameters(theorem2Parameters, given, 'option')
  const d = eigenvalues.length
  checkSpectrum(eigenvalues)
  checkList('eigenvalues', eigenvalues, (value) => value > 0, 'above 0')
  checkList('eigenvalues', eigenvalues.slice(1).map((value, i) => eigenvalues[i] - value).concat(0), (fall) => fall >= 0, 'in descending order')
  checkList('betas', betas, (beta) => Number.isFinite(beta) && beta >= 0, 'finite and at least 0')
  checkList('codes', codes, (code) => Number.isInteger(code) && code >= 1 && code <= d, `an integer from 1 to ${d}`)
  const covariance = diagonal(eigenvalues)
  const times = logTimes(settings.first, settings.stop, settings.points)
  const runs: Theorem2Run[] = []
  for (const code of codes) {
    const start = randomLayers(d, code, settings.scale, Random.seeded(settings.seed).fork(`start ${code}`))
    for (const beta of betas) {
      const { states, steps } = await integrate(autoencoderFlow(covariance, code, beta), packLayers(start), {
        times, relative: 1e-9, absolute: 1e-13, ...watch({ signal, onProgress }, `beta ${beta}, k ${code}`, runs.length, codes.length * betas.length),
      })
      runs.push(describeRun(eigenvalues, states.map((state) => unpackLayers(state, d, code)), beta, steps))
    }
  }
  return { settings, eigenvalues, times, runs }
}

/** Layers whose elements are independent normal numbers with mean 0 and standard deviation `scale`. */
export function randomLayers(d: number, k: number, scale: number, random: Random): Layers {
  return { encoder: normalMatrix(d, k, random, scale), decoder: normalMatrix(k, d, random, scale) }
}

function describeRun(eigenvalues: readonly number[], layers: readonly Layers[], beta: number, steps: number): Theorem2Run {
  const d = eigenvalues.length
  const code = layers[0].encoder.shape[1]
  const covariance = diagonal(eigenvalues)
  const descent = autoencoderFlow(covariance, code, beta)
  const principal = identity(d, code)
  const losses = layers.map((pair) => linearLoss(covariance, pair, beta))
  const codeCovariances = layers.map(({ encoder }) => product(encoder, product(covariance, encoder), { transposeA: true }))
  const reconstructions = layers.map(({ decoder }, i) => product(decoder, product(codeCovariances[i], decoder), { transposeA: true }))
  return {
    beta,
    code,
    encoder: layers.map(({ encoder }) => [...encoder.data]),
    decoder: layers.map(({ decoder }) => [...decoder.data]),
    loss: losses.map(({ total }) => total),
    reconstruction: losses.map(({ reconstruction }) => reconstruction),
    norm: losses.map(({ norm }) => norm),
    encoderNorm: layers.map(({ encoder }) => frobenius(encoder)),
    decoderNorm: layers.map(({ decoder }) => frobenius(decoder)),
    gradientNorm: layers.map((pair) => {
      const slope = new Float64Array(2 * d * code)
      descent(packLayers(pair), slope, 0)
      return frobenius(slope)
    }),
    encoderAngle: layers.map(({ encoder }) => subspaceAngle(encoder, principal)),
    decoderAngle: layers.map(({ decoder }) => subspaceAngle(transposed(decoder), principal)),
    retained: reconstructions.map(({ data }) => eigenvalues.map((value, i) => data[i * (d + 1)] / value)),
    smallestRetained: reconstructions.map((matrix) => symmetricEigen(matrix).values[code - 1]),
    codeVariances: codeCovariances.map((matrix) => [...symmetricEigen(matrix).values]),
    balance: layers.map(({ encoder, decoder }) =>
      trace(product(decoder, decoder, { transposeB: true })) - trace(product(encoder, encoder, { transposeA: true }))),
    ...(beta > 0 && { ridgeDistance: layers.map(({ encoder, decoder }) => relativeDistance(encoder, ridgeEncoder(decoder, beta))) }),
    steps,
  }
}

function transposed({ shape: [rows, columns], data }: Matrix): Matrix {
  return { shape: [columns, rows], data: Float64Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]) }
}
