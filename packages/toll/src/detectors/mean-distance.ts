// Distance to the mean: the floor that every other detector has to beat. On scaled columns it already finds rows that
// are far out in any of them; it knows nothing of how columns belong together. On Arrhythmia's shipped split it reaches
// a higher F1 than most networks, which is why it stands in every table.

import { throwIfAborted, type Domains } from '../base/index.js'
import type { Detector } from './contract.js'
import { columnMeans, euclideanDistance, trainingRows } from './moments.js'

const noParameters = {} satisfies Domains

export const meanDistance: Detector<typeof noParameters> = {
  name: 'mean-distance',
  title: 'Distance to the mean',
  idea: 'The Euclidean distance of a row from the mean of the training rows: the floor for every other detector.',
  reference: 'The nearest-centroid rule; Tax, One-class classification (PhD thesis, Delft 2001), section 3.4.1',
  accepts: ['table'],
  precision: 'float64',
  takesWeights: true,
  parameters: noParameters,

  formula: () => ({ score: 's(x) = ‖x - μ‖', where: ['μ is the mean of the training rows; the norm is Euclidean.'] }),

  async fit(data, _, { signal }) {
    throwIfAborted(signal)
    const rows = trainingRows(data, 'mean-distance')
    const mean = columnMeans(rows)
    return {
      score: (x) => ({ score: euclideanDistance(x, mean) }),
      summary: { rows: rows.samples.shape[0] },
      containsTrainingRows: false,
    }
  },
}
