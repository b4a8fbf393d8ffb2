// Gaussian mixture: normal data as a sum of a few normal distributions, and the negative log density as the score. One
// component is the Mahalanobis distance up to constants; more follow data with several regimes, and need rows enough
// for each.

import {
  Random,
  choice,
  integer,
  real,
  takeSamples,
  throwIfAborted,
  zeroMatrix,
  type Domains,
  type Matrix,
  type Values,
} from '../base/index.js'
import { neg } from '../graph/index.js'
import type { Detector } from './contract.js'
import { expectationMaximization, logDensity, type FittedMixture, type Mixture } from './mixture.js'
import { RowProducts, trainingRows, type Moments } from './moments.js'

export const gaussianMixtureParameters = {
  components: integer({
    default: 3,
    min: 1,
    max: 1000,
    doc: 'Number of normal distributions; never more than rows.',
    source: 'highest mean AUROC of 1, 2, 3 and 5 on nine ODDS sets, trained on normal rows',
  }),
  covariance: choice({
    values: ['full', 'diagonal'],
    default: 'full',
    doc:
      'full: columns belong together in each component; diagonal: they vary independently in it, for many ' +
      'columns and few rows.',
  }),
  start: choice({
    values: ['k-means++', 'random'],
    default: 'k-means++',
    doc:
      'k-means++: means of the rows nearest to well spread rows, with their pooled covariance; random: ' +
      'random rows, with the covariance of all.',
    source: 'Arthur and Vassilvitskii 2007',
  }),
  starts: integer({
    default: 3,
    min: 1,
    max: 1000,
    doc: 'Fits from different starts; the one with the highest likelihood is kept. One component needs one.',
  }),
  iterations: integer({
    default: 100,
    min: 1,
    max: 1e6,
    doc: 'Most steps of expectation and maximisation of one fit.',
    source: 'scikit-learn',
  }),
  tolerance: real({
    default: 1e-3,
    min: 0,
    doc: 'A fit stops when the mean log likelihood of a row grows by less.',
    source: 'scikit-learn',
  }),
  regularization: real({
    default: 1e-2,
    min: 0,
    max: 1,
    doc:
      'Added to every variance, as a share of the mean variance of a column: no component collapses onto a ' +
      'few rows. 0 refuses singular covariances.',
    source: 'highest mean AUROC of 1e-4, 1e-3 and 1e-2 on nine ODDS sets',
  }),
} satisfies Domains

export type GaussianMixtureParameters = Values<typeof gaussianMixtureParameters>

export const gaussianMixture: Detector<typeof gaussianMixtureParameters> = {
  name: 'gaussian-mixture',
  title: 'Gaussian mixture',
  idea: 'How improbable a row is under a sum of normal distributions fitted to normal data: its negative log density.',
  reference: 'Dempster, Laird and Rubin 1977; Bishop 2006, section 9.2',
  accepts: ['table'],
  precision: 'float64',
  takesWeights: false,
  parameters: gaussianMixtureParameters,
  details: () => ['joint'],

  formula: (_, { weights }) => ({
    score: String.raw`s(x) = - \op{log} ∑_{j=1}^{${Array.isArray(weights) ? weights.length : 'k'}} w_j N(x; m_j, C_j)`,
    where: ['N is the density of the normal distribution with mean m_j and covariance C_j; w_j is its weight.'],
  }),

  async fit(data, parameters, { engine, seed, signal, onProgress }) {
    throwIfAborted(signal)
    const { samples } = trainingRows(data, 'gaussian-mixture')
    const [n, d] = samples.shape
    const components = Math.min(parameters.components, n)
    const random = Random.seeded(seed).fork('gaussian-mixture')
    const { iterations, tolerance, regularization } = parameters
    const starts = components === 1 ? 1 : parameters.starts
    const products = await RowProducts.open(engine, d)
    let best: FittedMixture | undefined
    try {
      const whole = await products.moments({ samples }, signal)
      const ridge = regularization * meanVariance(whole)
      for (let start = 0; start < starts; start++) {
        const first = await startingMixture(samples, { ...parameters, components }, ridge, {
          random,
          products,
          whole,
          signal,
        })
        const fitted = await expectationMaximization(samples, first, {
          engine,
          ridge,
          tolerance,
          iterations,
          signal,
          onIteration: (iteration, logLikelihood) =>
            onProgress?.({
              step: start * iterations + iteration,
              steps: starts * iterations,
              values: { logLikelihood },
            }),
        })
        if (best === undefined || fitted.logLikelihood > best.logLikelihood) best = fitted
      }
    } finally {
      await products.close()
    }
    const { mixture, ...found } = best!
    return {
      score: (x) => {
        const { density, joint } = logDensity(x, mixture)
        return { score: neg(density), details: { joint } }
      },
      summary: { rows: n, ...found, weights: Array.from(mixture.weights) },
      containsTrainingRows: false,
    }
  },
}

/** Mean variance of a column, or 1 when all columns are constant to rounding. */
function meanVariance({
  mean,
  covariance: {
    shape: [d],
    data,
  },
}: Moments): number {
  let [total, largest] = [0, 0]
  for (let c = 0; c < d; c++) {
    total += data[c * (d + 1)]
    largest = Math.max(largest, Math.abs(mean[c]))
  }
  return total / d > (1e-12 * largest) ** 2 ? total / d : 1
}

interface Start {
  readonly random: Random
  readonly products: RowProducts
  /** Of all rows. */
  readonly whole: Moments
  readonly signal?: AbortSignal
}

async function startingMixture(
  samples: Matrix,
  { components: k, covariance: kind, start }: GaussianMixtureParameters,
  ridge: number,
  { random, products, whole, signal }: Start,
): Promise<Mixture> {
  const [n, d] = samples.shape
  const clusters = k === 1 || start === 'random' ? [] : nearestOf(samples, spreadRows(samples, k, random))
  const parts = await Promise.all(
    clusters.map((rows) => products.moments({ samples: takeSamples(samples, rows) as Matrix }, signal)),
  )
  const chosen =
    start === 'random'
      ? Array.from(random.sample(n, k), (row) => samples.data.subarray(row * d, (row + 1) * d))
      : parts.map(({ mean }) => mean)
  const means = k === 1 ? [whole.mean] : chosen
  const assigned = clusters.reduce((count, rows) => count + rows.length, 0)
  const pooled = parts.length === 0 ? whole.covariance : zeroMatrix(d, d)
  parts.forEach(({ covariance }, i) =>
    covariance.data.forEach((value, at) => (pooled.data[at] += (clusters[i].length / assigned) * value)),
  )
  const data = new Float64Array(k * d)
  means.forEach((mean, i) => data.set(mean, i * d))
  return {
    kind,
    weights: Float64Array.from({ length: k }, (_, i) => (parts.length === 0 ? 1 / k : clusters[i].length / assigned)),
    means: { shape: [k, d], data },
    covariances: Array.from({ length: k }, () => withRidge(pooled, kind, ridge)),
  }
}

function withRidge({ shape: [d], data }: Matrix, kind: Mixture['kind'], ridge: number): Matrix {
  if (kind === 'diagonal')
    return { shape: [1, d], data: Float64Array.from({ length: d }, (_, c) => data[c * (d + 1)] + ridge) }
  return { shape: [d, d], data: data.map((value, i) => (i % (d + 1) === 0 ? value + ridge : value)) }
}

/**
 * k rows, each drawn with a probability proportional to its squared distance from the nearest one before it
 * (k-means++).
 */
function spreadRows(samples: Matrix, k: number, random: Random): number[] {
  const [n] = samples.shape
  const chosen = [random.integer(n)]
  const nearest = new Float64Array(n).fill(Infinity)
  while (chosen.length < k) {
    let total = 0
    for (let row = 0; row < n; row++) {
      nearest[row] = Math.min(nearest[row], squaredDistance(samples, row, chosen[chosen.length - 1]))
      total += nearest[row]
    }
    let rest = random.uniform() * total
    let row = 0
    while (row < n - 1 && (rest -= nearest[row]) >= 0) row++
    // With no row apart from the chosen ones, any will do.
    chosen.push(total > 0 ? row : random.integer(n))
  }
  return chosen
}

/**
 * The rows nearest to each of the chosen ones, the first of equally near ones; groups without a row share nothing and
 * are given their own row.
 */
function nearestOf(samples: Matrix, chosen: readonly number[]): number[][] {
  const groups: number[][] = chosen.map(() => [])
  for (let row = 0; row < samples.shape[0]; row++) {
    let [best, least] = [0, Infinity]
    chosen.forEach((centre, i) => {
      const distance = squaredDistance(samples, row, centre)
      if (distance < least) [best, least] = [i, distance]
    })
    groups[best].push(row)
  }
  return groups.map((group, i) => (group.length === 0 ? [chosen[i]] : group))
}

function squaredDistance({ shape: [, d], data }: Matrix, a: number, b: number): number {
  let sum = 0
  for (let c = 0; c < d; c++) sum += (data[a * d + c] - data[b * d + c]) ** 2
  return sum
}
