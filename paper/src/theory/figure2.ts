// Figure 2: the anomaly score of a linear autoencoder with a one-dimensional code on a Gaussian with variances 4 and 1,
// without and with the norm term. Source: Ghafourian et al. (arXiv 2306.12627), section 3.3; start, stopping time and
// score are ours, and are stated.

import {
  choice,
  diagonal,
  integer,
  Random,
  real,
  resolveParameters,
  type Matrix,
  type Values,
  type Watched,
} from 'toll/base'
import { rankCorrelation } from 'toll/metrics'
import { integrate } from './dormand-prince.js'
import { gaussianDensity, gaussianSamples, linearScores, planeGrid, plantAnomalies } from './gaussian-score.js'
import {
  betaList,
  logTimes,
  measure,
  resolveList,
  resolveVariances,
  rowsOf,
  toleranceOf,
  varianceList,
  watch,
  type ListDomain,
} from './laboratory.js'
import { autoencoderFlow, packLayers, unpackLayers, type Layers } from './linear-autoencoder.js'
import { randomLayers } from './theorem2.js'

export const figure2Parameters = {
  score: choice({
    values: ['squared', 'norms'],
    default: 'squared',
    doc: "the score: ||x - x'||^2 + beta ||z||^2, the terms of the loss that is trained, or ||x - x'|| + beta ||z||",
  }),
  scale: real({
    default: 0.1,
    min: 0,
    aboveMin: true,
    max: 100,
    doc: 'the start: the elements of W(0) and V(0) are independent normal numbers with this standard deviation',
  }),
  first: real({ default: 0.1, min: 0, aboveMin: true, doc: 'first stopping time looked at after 0' }),
  stop: real({ default: 300, min: 0, aboveMin: true, doc: 'last stopping time' }),
  points: integer({
    default: 120,
    min: 2,
    max: 10_000,
    doc: 'stopping times looked at, evenly spaced in their logarithm',
  }),
  samples: integer({
    default: 4000,
    min: 10,
    max: 200_000,
    doc: 'normal samples that the rank correlation is taken over',
  }),
  anomalies: integer({ default: 1000, min: 2, max: 200_000, doc: 'planted anomalies per principal direction' }),
  distance: real({
    default: 4,
    min: 0,
    doc: 'how far anomalies are moved along their direction, in its standard deviations',
  }),
  extent: real({ default: 7, min: 0, aboveMin: true, doc: 'the contour grid covers [-extent, extent] on both axes' }),
  grid: integer({ default: 121, min: 2, max: 500, doc: 'grid points per axis' }),
  seed: integer({ default: 0, min: 0, max: 0xffffffff, doc: 'seed of start, samples and anomalies' }),
  tolerance: toleranceOf(1e-9),
} as const

export const figure2Lists = {
  betas: { ...betaList, default: [0, 0.25, 0.5, 1, 2, 4] },
  variances: varianceList,
} as const satisfies Readonly<Record<string, ListDomain>>

export interface Figure2Options extends Partial<Values<typeof figure2Parameters>>, Watched {
  /** Weights of the norm term, 1 to 6 numbers at least 0; default 0, 0.25, 0.5, 1, 2, 4. */
  readonly betas?: readonly number[]
  /** Variances along the two axes, above 0, the larger first; default 4 and 1. */
  readonly variances?: readonly number[]
}

/** The autoencoder at one stopping time. */
export interface Figure2Panel {
  readonly beta: number
  readonly time: number
  /** Rank correlation of the score with minus the density, over the normal samples. */
  readonly correlation: number
  /** W (2) and V (2). */
  readonly encoder: readonly number[]
  readonly decoder: readonly number[]
  /** The score on the grid, (grid, grid): rows are y from below, columns x from the left. */
  readonly contours: readonly (readonly number[])[]
  /** Scores of the normal samples, and of the anomalies along the first and the second principal direction. */
  readonly normal: readonly number[]
  readonly alongFirst: readonly number[]
  readonly alongSecond: readonly number[]
}

export interface Figure2Run {
  readonly beta: number
  /** Rank correlation at every stopping time, (times). */
  readonly correlations: readonly number[]
  /** First and last stopping time at which the correlation is above 0.98; absent when there is none. */
  readonly above?: { readonly from: number; readonly to: number }
  /** At the stopping time of the highest correlation, and at the last one. */
  readonly best: Figure2Panel
  readonly last: Figure2Panel
}

export interface Figure2Result {
  readonly settings: Values<typeof figure2Parameters>
  readonly variances: readonly [number, number]
  readonly times: readonly number[]
  /** Grid coordinates of both axes, (grid), and the Gaussian's density on the grid, as `contours`. */
  readonly axis: readonly number[]
  readonly density: readonly (readonly number[])[]
  readonly runs: readonly Figure2Run[]
  readonly best: { readonly beta: number; readonly time: number; readonly correlation: number }
}

const threshold = 0.98

/** About the share of the time that goes into integration. */
const integrating = 0.2

/**
 * Trains by the flow (10) from one start for every beta and measures how well the score orders samples as their density
 * does.
 */
export async function figure2Experiment(options: Figure2Options = {}): Promise<Figure2Result> {
  const { betas: weights, variances: spread, signal, onProgress, ...given } = options
  const betas = resolveList('betas', figure2Lists.betas, weights)
  const variances = resolveVariances(spread)
  const settings = resolveParameters(figure2Parameters, given, 'option')
  const random = Random.seeded(settings.seed)
  const start = randomLayers(2, 1, settings.scale, random.fork('start'))
  const normal = gaussianSamples(settings.samples, variances, random.fork('normal'))
  const [first, second] = [0, 1].map((axis) =>
    plantAnomalies(settings.anomalies, variances, axis, settings.distance, random.fork(`anomalies ${axis}`)),
  )
  const rarity = gaussianDensity(normal, variances).map((density) => -density)
  const { axis, points } = planeGrid(settings.extent, settings.grid)
  const times = logTimes(settings.first, settings.stop, settings.points)

  const runs: Figure2Run[] = []
  for (const beta of betas) {
    const { states } = await integrate(autoencoderFlow(diagonal(variances), 1, beta), packLayers(start), {
      times,
      relative: settings.tolerance,
      absolute: 1e-12,
      ...watch({ signal, onProgress }, `beta ${beta}`, runs.length, betas.length, integrating),
    })
    const layers = states.map((state) => unpackLayers(state, 2, 1))
    const scores = (samples: Matrix, at: Layers) => linearScores(samples, at, beta, settings.score)
    const index = runs.length
    const correlations = await measure(
      layers,
      (at) => rankCorrelation(scores(normal, at), rarity),
      signal,
      (share) =>
        onProgress?.({
          phase: `beta ${beta}`,
          done: index + integrating + (1 - integrating) * share,
          total: betas.length,
          message: `beta ${beta}: rank correlations`,
        }),
    )
    const panelAt = (i: number): Figure2Panel => ({
      beta,
      time: times[i],
      correlation: correlations[i],
      encoder: [...layers[i].encoder.data],
      decoder: [...layers[i].decoder.data],
      contours: rowsOf({ shape: [settings.grid, settings.grid], data: scores(points, layers[i]) }),
      normal: [...scores(normal, layers[i])],
      alongFirst: [...scores(first, layers[i])],
      alongSecond: [...scores(second, layers[i])],
    })
    const high = times.filter((_, i) => correlations[i] > threshold)
    runs.push({
      beta,
      correlations,
      ...(high.length > 0 && { above: { from: high[0], to: high[high.length - 1] } }),
      best: panelAt(correlations.indexOf(Math.max(...correlations))),
      last: panelAt(times.length - 1),
    })
  }
  const { beta, time, correlation } = runs
    .map(({ best }) => best)
    .reduce((a, b) => (b.correlation > a.correlation ? b : a))
  const density = rowsOf({ shape: [settings.grid, settings.grid], data: gaussianDensity(points, variances) })
  return { settings, variances, times, axis: [...axis], density, runs, best: { beta, time, correlation } }
}
