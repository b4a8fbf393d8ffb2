// Theorem 2 made visible: two linear layers under reconstruction with and without the norm term, integrated, since (10)
// has no closed form. Source of (9) and (10): Ghafourian et al. (arXiv 2306.12627), section 3.3. What is measured
// beyond it: docs/theory.md.

import { TollError } from 'toll'
import {
  diagonal,
  frobenius,
  identity,
  integer,
  product,
  Random,
  real,
  relativeDistance,
  resolveParameters,
  subspaceAngle,
  symmetricEigen,
  trace,
  type Matrix,
  type Values,
  type Watched,
} from 'toll/base'
import { normalMatrix } from './spectrum.js'
import { integrate } from './dormand-prince.js'
import {
  betaList,
  checkList,
  logTimes,
  measure,
  resolveList,
  toleranceOf,
  watch,
  type ListDomain,
} from './laboratory.js'
import { autoencoderFlow, linearLoss, packLayers, unpackLayers, type Layers } from './linear-autoencoder.js'
import { ridgeEncoder } from './scale-control.js'

export const theorem2Parameters = {
  scale: real({
    default: 0.1,
    min: 0,
    aboveMin: true,
    max: 100,
    doc: 'the start: W(0) and V(0) have independent normal elements with this standard deviation',
  }),
  first: real({ default: 0.01, min: 0, aboveMin: true, doc: 'first time reported after 0' }),
  stop: real({
    default: 200,
    min: 0,
    aboveMin: true,
    doc: 'stopping time. Steps shorten as V grows: for beta above 0 the work grows a little faster than time',
  }),
  points: integer({ default: 80, min: 2, max: 10_000, doc: 'times reported, evenly spaced in their logarithm' }),
  seed: integer({ default: 0, min: 0, max: 0xffffffff, doc: 'seed of the start' }),
  tolerance: toleranceOf(1e-9),
} as const

export const theorem2Lists = {
  eigenvalues: {
    each: { kind: 'real', min: 0, aboveMin: true, max: 1e9 },
    fewest: 1,
    most: 24,
    default: [4, 2, 1, 0.5, 0.25],
    doc: 'variances of the data along their principal directions, which are the axes, in descending order',
  },
  betas: betaList,
  codes: {
    each: { kind: 'integer', min: 1 },
    fewest: 1,
    most: 24,
    default: [1, 2, 3, 4, 5],
    doc: 'code dimensions k, at most the number of eigenvalues; without them every one',
  },
} as const satisfies Readonly<Record<string, ListDomain>>

export interface Theorem2Options extends Partial<Values<typeof theorem2Parameters>>, Watched {
  /**
   * Variances of the data along their principal directions, which are the axes; 1 to 24 numbers above 0, in descending
   * order; default 4, 2, 1, 0.5, 0.25.
   */
  readonly eigenvalues?: readonly number[]
  /** Weights of the norm term, 1 to 6 numbers at least 0; default 0 and 1. */
  readonly betas?: readonly number[]
  /** Code dimensions, each from 1 to the number of eigenvalues; default all of them. */
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
  /**
   * Share of the variance along each principal direction that the reconstruction has along it, (times, d): u' Cov(x') u
   * / l.
   */
  readonly retained: readonly (readonly number[])[]
  /**
   * The smallest variance that the reconstruction keeps in any direction of its k-dimensional range: the k-th
   * eigenvalue of Cov(x').
   */
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
  const { eigenvalues: spectrum, betas: weights, codes: dimensions, signal, onProgress, ...given } = options
  const eigenvalues = resolveList('eigenvalues', theorem2Lists.eigenvalues, spectrum)
  const betas = resolveList('betas', theorem2Lists.betas, weights)
  const codes = resolveList('codes', theorem2Lists.codes, dimensions ?? eigenvalues.map((_, i) => i + 1))
  const settings = resolveParameters(theorem2Parameters, given, 'option')
  const d = eigenvalues.length
  if (eigenvalues.some((value, i) => i > 0 && value > eigenvalues[i - 1]))
    throw new TollError('out-of-domain', `eigenvalues must be in descending order, got ${eigenvalues.join(',')}`)
  checkList('codes', codes, (code) => code <= d, `an integer from 1 to ${d}`)
  const covariance = diagonal(eigenvalues)
  const times = logTimes(settings.first, settings.stop, settings.points)
  const runs: Theorem2Run[] = []
  for (const code of codes) {
    const start = randomLayers(d, code, settings.scale, Random.seeded(settings.seed).fork(`start ${code}`))
    for (const beta of betas) {
      const { states, steps } = await integrate(autoencoderFlow(covariance, code, beta), packLayers(start), {
        times,
        relative: settings.tolerance,
        absolute: 1e-13,
        ...watch({ signal, onProgress }, `beta ${beta}, k ${code}`, runs.length, codes.length * betas.length),
      })
      const layers = states.map((state) => unpackLayers(state, d, code))
      const measured = await measure(layers, measureLayers(eigenvalues, code, beta), signal)
      runs.push({ beta, code, ...gather(measured), steps })
    }
  }
  return { settings, eigenvalues, times, runs }
}

/** Layers whose elements are independent normal numbers with mean 0 and standard deviation `scale`. */
export function randomLayers(d: number, k: number, scale: number, random: Random): Layers {
  return { encoder: normalMatrix(d, k, random, scale), decoder: normalMatrix(k, d, random, scale) }
}

/** What is measured of one pair of layers, by the names of `Theorem2Run`. */
function measureLayers(eigenvalues: readonly number[], code: number, beta: number) {
  const d = eigenvalues.length
  const covariance = diagonal(eigenvalues)
  const descent = autoencoderFlow(covariance, code, beta)
  const principal = identity(d, code)
  const slope = new Float64Array(2 * d * code)
  return (pair: Layers) => {
    const { encoder, decoder } = pair
    const { total, reconstruction, norm } = linearLoss(covariance, pair, beta)
    const codes = product(encoder, product(covariance, encoder), { transposeA: true })
    const reconstructed = product(decoder, product(codes, decoder), { transposeA: true })
    descent(packLayers(pair), slope, 0)
    return {
      encoder: [...encoder.data],
      decoder: [...decoder.data],
      loss: total,
      reconstruction,
      norm,
      encoderNorm: frobenius(encoder),
      decoderNorm: frobenius(decoder),
      gradientNorm: frobenius(slope),
      encoderAngle: subspaceAngle(encoder, principal),
      decoderAngle: subspaceAngle(transposed(decoder), principal),
      retained: eigenvalues.map((value, i) => reconstructed.data[i * (d + 1)] / value),
      smallestRetained: symmetricEigen(reconstructed).values[code - 1],
      codeVariances: [...symmetricEigen(codes).values],
      balance:
        trace(product(decoder, decoder, { transposeB: true })) - trace(product(encoder, encoder, { transposeA: true })),
      ...(beta > 0 && { ridgeDistance: relativeDistance(encoder, ridgeEncoder(decoder, beta)) }),
    }
  }
}

/** Records of equal kind as one record of lists. */
function gather<T extends object>(records: readonly T[]): { [K in keyof T]: Exclude<T[K], undefined>[] } {
  const names = Object.keys(records[0]) as (keyof T)[]
  return Object.fromEntries(names.map((name) => [name, records.map((record) => record[name])])) as {
    [K in keyof T]: Exclude<T[K], undefined>[]
  }
}

function transposed({ shape: [rows, columns], data }: Matrix): Matrix {
  return {
    shape: [columns, rows],
    data: Float64Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]),
  }
}
