// Minimum covariance determinant: the squared Mahalanobis distance from a mean and covariance that up to half of the
// training rows cannot move, so that anomalies among them do not hide themselves (masking). For tables with clearly
// more rows than columns; below five rows a column the shrinkage does most of the work.

import { Random, integer, real, throwIfAborted, type Domains, type Values } from '../base/index.js'
import type { Detector } from './contract.js'
import { minimumCovarianceDeterminant } from './fast-mcd.js'
import { mahalanobisDistance, trainingRows } from './moments.js'

export const mcdParameters = {
  support: real({
    default: 0.5,
    min: 0.5,
    max: 1,
    doc:
      'Share of the rows that the core holds, at least (rows + columns + 1) / 2 of them: lower withstands ' +
      'more anomalies, higher is more exact without.',
    source: 'Rousseeuw and Van Driessen 1999: the highest breakdown',
  }),
  starts: integer({
    default: 500,
    min: 1,
    max: 1e6,
    doc: 'Random starts of the search; with many columns fewer are made, at least ten, so that a fit takes seconds.',
    source: 'Rousseeuw and Van Driessen 1999',
  }),
  shrinkage: real({
    default: 1e-4,
    min: 0,
    max: 1,
    belowMax: true,
    doc:
      'Weight of the identity, times the mean robust variance of a column, in every covariance: 1e-4 keeps ' +
      "any standard deviation above 1 % of a typical column's. " +
      '0 refuses singular covariances.',
  }),
} satisfies Domains

export type McdParameters = Values<typeof mcdParameters>

export const mcd: Detector<typeof mcdParameters> = {
  name: 'mcd',
  title: 'Minimum covariance determinant',
  idea:
    'The squared Mahalanobis distance of a row from a robust mean and covariance, those of the half of ' +
    'the rows that lies closest together.',
  reference: 'Rousseeuw and Van Driessen, Technometrics 41 (1999)',
  accepts: ['table'],
  precision: 'float64',
  takesWeights: false,
  parameters: mcdParameters,

  formula: ({ shrinkage }) => ({
    score: 's(x) = (x - m)^T C^{-1} (x - m)',
    where: [
      'm and C are the mean and the covariance of the rows that lie closest together, reweighted; in C the ' +
        `identity has the weight ${shrinkage}.`,
    ],
  }),

  async fit(data, parameters, { engine, seed, signal, onProgress }) {
    throwIfAborted(signal)
    const { samples } = trainingRows(data, 'mcd')
    const robust = await minimumCovarianceDeterminant(samples, {
      ...parameters,
      engine,
      random: Random.seeded(seed).fork('mcd'),
      signal,
      onProgress: (step, steps) => onProgress?.({ step, steps, values: {} }),
    })
    const { location, factor, core, logDeterminant, reweighted, starts } = robust
    return {
      score: (x) => ({ score: mahalanobisDistance(x, location, factor) }),
      summary: { rows: samples.shape[0], core, reweighted, starts, logDeterminant },
      containsTrainingRows: false,
    }
  },
}
