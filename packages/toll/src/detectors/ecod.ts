// ECOD: empirical cumulative distributions. Per column the larger of the surprise of the left tail, of the right tail,
// and of the tail that the column's skewness points at; the row's score is their sum. Source: Li, Zhao, Hu, Botta,
// Ionescu and Chen, "ECOD" (IEEE TKDE 2022, arXiv 2201.00382), combined per column as the authors' code in PyOD does
// (the paper takes the largest of three sums). PyOD ranks the rows to score together with the training rows, and takes
// the skewness of both; here a row is ranked among the training rows and itself.

import type { Domains } from '../base/index.js'
import { max, sum } from '../graph/index.js'
import { shown, type Detector, type FittedDetector } from './contract.js'
import { fitTails, skewedTail, tailParameters, tailSurprise } from './tail-probabilities.js'

export const ecodParameters = tailParameters satisfies Domains

export const ecod: Detector<typeof ecodParameters> = {
  name: 'ecod',
  title: 'Empirical cumulative distributions (ECOD)',
  idea:
    'How far out in its tail each value stands, by rank; the surprises of the columns add up. No ' +
    'parameter to choose.',
  reference: 'Li et al., IEEE TKDE 2022, arXiv 2201.00382',
  accepts: ['table'],
  precision: 'float64',
  takesWeights: false,
  exceptions: {
    outliers:
      'ranks bound what a column adds by log(n + 1): a row in the tails of several columns outranks one ' +
      'that is absurd in one of them',
  },
  parameters: ecodParameters,
  details: () => ['surprise'],

  formula: (_, summary) => ({
    score: 's(x) = ∑_{j=1}^{d} max (l_j, r_j, t_j)',
    where: [
      'l_j and r_j are minus the natural logarithms of (1 + training values ≤ x_j) / (n + 1) and of (1 + ' +
        'training values ≥ x_j) / (n + 1), with n = ' +
        `${shown(summary, 'rows')}.`,
      't_j is l_j where the column has its long tail on the left, r_j where on the right, their sum where neither.',
    ],
  }),

  async fit(data, { subsample }, context): Promise<FittedDetector> {
    const tails = await fitTails('ecod', data, subsample, context)
    return {
      score: (x) => {
        const surprise = tailSurprise(tails, x)
        const byColumn = max(max(surprise.left, surprise.right), skewedTail(tails, surprise))
        return { score: sum(byColumn, [1]), details: { surprise: byColumn } }
      },
      summary: { rows: tails.rows, skew: tails.skew },
      containsTrainingRows: true,
    }
  },
}
