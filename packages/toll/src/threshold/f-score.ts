// The threshold of the best F score on labelled rows. It needs labels, and promises nothing for rows with another share
// of anomalies.

import { integer, real } from '../base/index.js'
import { bestCut, precisionAndRecall } from './labelled.js'
import type { ThresholdKind } from './kind.js'

const parameters = {
  beta: real({
    default: 1,
    min: 0,
    aboveMin: true,
    doc: 'Weight of recall against precision; 1 is the harmonic mean.',
  }),
}
const facts = {
  score: real({
    default: NaN,
    min: 0,
    max: 1,
    doc: 'The F score on the labelled rows: optimistic, since the threshold was chosen on them.',
  }),
  labelled: integer({ default: NaN, min: 2, doc: 'Rows with labels.' }),
}

export const fScoreKind: ThresholdKind<'f-score', typeof parameters, typeof facts> = {
  kind: 'f-score',
  doc: 'the best F score on rows with labels',
  needs: 'labels',
  parameters,
  facts,
  fit({ beta }, { labelled }) {
    const b2 = beta * beta
    const { value, gain } = bestCut(labelled!, (counts) => {
      const { precision, recall } = precisionAndRecall(counts)
      return precision + recall === 0 ? 0 : ((1 + b2) * precision * recall) / (b2 * precision + recall)
    })
    return { value, score: gain, labelled: labelled!.labels.length }
  },
  describe: ({ beta, value, score, labelled }) =>
    `${value} (best F${beta} on ${labelled} labelled rows: ${score.toFixed(3)} there; it needed labels ` +
    'and fits their share of anomalies)',
}
