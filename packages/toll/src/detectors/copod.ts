// COPOD: copula-based outlier detection. Per column the larger of the mean surprise of both tails and the surprise of
// the tail that the column's skewness points at; the row's score is their sum. Source: Li, Zhao, Botta, Ionescu and Hu,
// "COPOD" (ICDM 2020, arXiv 2009.09463), combined per column as the authors' code in PyOD does (the paper takes the
// largest of three sums). PyOD ranks the rows to score together with the training rows, and takes the skewness of both;
// here a row is ranked among the training rows and itself.

import type { Domains } from '../base/index.js'
import { add, max, mul, sum } from '../graph/index.js'
import { shown, type Detector, type FittedDetector } from './contract.js'
import { fitTails, skewedTail, tailParameters, tailSurprise } from './tail-probabilities.js'

export const copodParameters = tailParameters satisfies Domains

export const copod: Detector<typeof copodParameters> = {
  name: 'copod',
  title: 'Copula-based outlier detection (COPOD)',
  idea:
    'The empirical copula of the row: mean tail surprise per column, or that of the heavier tail, added ' +
    'up. No parameter to choose.',
  reference: 'Li et al., ICDM 2020, arXiv 2009.09463',
  accepts: ['table'],
  precision: 'float64',
  takesWeights: false,
  exceptions: {
    outliers:
      'ranks bound what a column adds by log(n + 1): a row in the tails of several columns outranks one ' +
      'that is absurd in one of them',
  },
  parameters: copodParameters,
  details: () => ['surprise'],

  formula: (_, summary) => ({
    score: String.raw`s(x) = ∑_{j=1}^{d} max ( \frac{l_j + r_j}{2}, t_j )`,
    where: [
      'l_j and r_j are minus the natural logarithms of (1 + training values ≤ x_j) / (n + 1) and of (1 + ' +
        'training values ≥ x_j) / (n + 1), with n = ' +
        `${shown(summary, 'rows')}.`,
      't_j is l_j where the column has its long tail on the left, r_j where on the right, their sum where neither.',
    ],
  }),

  async fit(data, { subsample }, context): Promise<FittedDetector> {
    const tails = await fitTails('copod', data, subsample, context)
    return {
      score: (x) => {
        const surprise = tailSurprise(tails, x)
        const byColumn = max(mul(add(surprise.left, surprise.right), 0.5), skewedTail(tails, surprise))
        return { score: sum(byColumn, [1]), details: { surprise: byColumn } }
      },
      summary: { rows: tails.rows, skew: tails.skew },
      containsTrainingRows: true,
    }
  },
}
