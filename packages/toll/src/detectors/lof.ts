// Local outlier factor: how much thinner the training rows lie around a row than around its neighbours.
// Source: Breunig, Kriegel, Ng and Sander, "LOF: identifying density-based local outliers" (SIGMOD 2000). Exactly k
// neighbours at ties, and new rows against the training rows ("novelty"), as in scikit-learn.

import { Random, type Domains } from '../base/index.js'
import { shown, type Detector } from './contract.js'
import { subsampleParameter } from './knn.js'
import { fitLocalDensity, localOutlierFactor, lofNeighbours } from './local-density.js'
import { centreRows, moveToCentre, refuseTooMany, rowsTensor } from './neighbours.js'
import { normalRows, subsampled } from './training-rows.js'

const parameters = { k: lofNeighbours, subsample: subsampleParameter } satisfies Domains

export const lof: Detector<typeof parameters> = {
  name: 'lof',
  title: 'Local outlier factor (LOF)',
  idea: 'The density of training rows around the neighbours of a row, divided by the density around the row itself.',
  reference: 'Breunig et al., SIGMOD 2000',
  accepts: ['table'],
  precision: 'float64',
  takesWeights: false,
  parameters,

  formula: (_, summary) => ({
    score: String.raw`s(x) = \frac{1}{${shown(summary, 'neighbours')}} ∑_{y ∈ N(x)} \frac{ρ(y)}{ρ(x)}`,
    where: [
      `N(x) are the ${shown(summary, 'neighbours')} nearest training rows of x. ρ(x) = 1 / (mean of max(‖x ` +
        '− y‖, δ(y)) over y in N(x) + 1e-10) is the density around x.',
      `δ(y) is the distance of y to its ${shown(summary, 'neighbours')}-th nearest other training row.`,
    ],
  }),

  async fit(data, { k, subsample }, context) {
    const samples = subsampled(normalRows('lof', data), subsample, Random.seeded(context.seed).fork('subsample'))
    refuseTooMany('lof', samples.shape, { pairs: true })
    const [n, d] = samples.shape
    const centred = centreRows(samples)
    const local = await fitLocalDensity(centred.rows, k, context, (step) =>
      context.onProgress?.({ step, steps: n, values: {} }),
    )
    return {
      score: (x) => ({
        score: localOutlierFactor(moveToCentre(x, centred), rowsTensor(centred.rows), local),
      }),
      summary: { rows: n, columns: d, neighbours: local.k },
      containsTrainingRows: true,
    }
  },
}
