// Distance to the nearest training rows: what is far from everything seen is an anomaly.
// Source: Ramaswamy, Rastogi and Shim, "Efficient algorithms for mining outliers from large data sets" (SIGMOD 2000),
// distance to the k-th neighbour; Angiulli and Pizzuti, "Fast outlier detection in high dimensional spaces" (PKDD
// 2002), the sum over k, here as the mean.

import { Random, choice, integer, throwIfAborted, type Domains } from '../base/index.js'
import { add, div, mul, reshape, slice, sqrt, type Tensor } from '../graph/index.js'
import { shown, type Detector } from './contract.js'
import { centreRows, moveToCentre, nearest, refuseTooMany, rowsTensor, sumLast } from './neighbours.js'
import { normalRows, subsampled } from './training-rows.js'

export const subsampleParameter = integer({
  default: 0,
  min: 0,
  max: 1e9,
  doc: 'Train on this many rows, drawn at random without replacement; 0 takes all.',
})

const parameters = {
  k: integer({
    default: 5,
    min: 1,
    max: 10000,
    doc: 'Number of neighbours; all training rows when there are fewer.',
    source: 'PyOD',
  }),
  aggregate: choice({
    values: ['largest', 'mean', 'median'],
    default: 'largest',
    doc: 'Which of the k distances is the score.',
    source: 'Ramaswamy et al. 2000: largest',
  }),
  subsample: subsampleParameter,
} satisfies Domains

export const knn: Detector<typeof parameters> = {
  name: 'knn',
  title: 'k nearest neighbours (kNN)',
  idea: 'The distance to the k-th nearest training row, or the mean or median of the k distances.',
  reference: 'Ramaswamy et al., SIGMOD 2000; Angiulli and Pizzuti, PKDD 2002',
  accepts: ['table'],
  precision: 'float64',
  takesWeights: false,
  parameters,

  formula: ({ aggregate }, summary) => ({
    score: {
      largest: `s(x) = ‖x - x_{(${shown(summary, 'neighbours')})}‖`,
      mean:
        String.raw`s(x) = \frac{1}{${shown(summary, 'neighbours')}} ` +
        `∑_{j=1}^{${shown(summary, 'neighbours')}} ‖x - x_{(j)}‖`,
      median: String.raw`s(x) = \op{median}_{j = 1, …, ${shown(summary, 'neighbours')}} ‖x - x_{(j)}‖`,
    }[aggregate],
    where: ['x_(j) is the j-th nearest training row; distances are Euclidean.'],
  }),

  async fit(data, { k, aggregate, subsample }, { seed, signal, onProgress }) {
    throwIfAborted(signal)
    const samples = subsampled(normalRows('knn', data), subsample, Random.seeded(seed).fork('subsample'))
    refuseTooMany('knn', samples.shape, { pairs: false })
    const centred = centreRows(samples)
    const neighbours = Math.min(k, samples.shape[0])
    onProgress?.({ step: 1, steps: 1, values: {} })
    return {
      score: (x) => {
        const { squared } = nearest(moveToCentre(x, centred), rowsTensor(centred.rows), neighbours)
        return { score: aggregates[aggregate](squared) }
      },
      summary: { rows: samples.shape[0], columns: samples.shape[1], neighbours },
      containsTrainingRows: true,
    }
  },
}

/** From squared distances (n, k), smallest first, to the score (n). */
const aggregates: Readonly<Record<(typeof parameters.aggregate.values)[number], (squared: Tensor) => Tensor>> = {
  largest: (squared) => sqrt(columnAt(squared, (squared.shape[1] as number) - 1)),
  mean: (squared) => div(sumLast(sqrt(squared)), squared.shape[1] as number),
  median: (squared) => {
    const last = (squared.shape[1] as number) - 1
    const middle = [Math.floor(last / 2), Math.ceil(last / 2)].map((at) => sqrt(columnAt(squared, at)))
    return mul(add(middle[0], middle[1]), 0.5)
  },
}

function columnAt(x: Tensor, column: number): Tensor {
  return reshape(slice(x, 1, column, column + 1), [x.shape[0]])
}
