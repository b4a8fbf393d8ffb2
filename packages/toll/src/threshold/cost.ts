// The cheapest threshold on labelled rows, for a price per false alarm and per missed anomaly. It needs labels.

import { TollError, integer, real } from '../base/index.js'
import { bestCut } from './labelled.js'
import type { ThresholdKind } from './kind.js'

const parameters = {
  falseAlarm: real({ default: 1, min: 0, doc: 'Cost of calling a normal row.' }),
  miss: real({ default: 1, min: 0, doc: 'Cost of not calling an anomaly, in the same unit.' }),
  anomalies: real({
    default: 0,
    min: 0,
    max: 1,
    belowMax: true,
    doc: 'Share of anomalies where the model will work; 0 takes the share among the labelled rows.',
  }),
}
const facts = {
  cost: real({ default: NaN, min: 0, doc: 'Expected cost of a row at the threshold.' }),
  labelled: integer({ default: NaN, min: 2, doc: 'Rows with labels.' }),
}

export const costKind: ThresholdKind<'cost', typeof parameters, typeof facts> = {
  kind: 'cost',
  doc: 'the lowest expected cost on rows with labels, for a price of false alarms and of misses',
  source: 'Elkan 2001, The foundations of cost-sensitive learning',
  needs: 'labels',
  parameters,
  facts,
  fit({ falseAlarm, miss, anomalies }, { labelled }) {
    if (falseAlarm === 0 && miss === 0)
      throw new TollError('out-of-domain', "a cost threshold needs a price: 'falseAlarm' and 'miss' are both 0", {
        option: 'falseAlarm',
        value: falseAlarm,
        expected: 'a price above 0',
      })
    const { value, gain } = bestCut(labelled!, ({ called, falsely, anomalous, normal }) => {
      const share = anomalies || anomalous / (anomalous + normal)
      return -(miss * share * (1 - called / anomalous) + falseAlarm * (1 - share) * (falsely / normal))
    })
    return { value, cost: Math.max(0, -gain), labelled: labelled!.labels.length }
  },
  describe: ({ falseAlarm, miss, value, cost, labelled }) =>
    `${value} (lowest cost on ${labelled} labelled rows: ${cost.toPrecision(3)} a row at ${falseAlarm} ` +
    `per false alarm and ${miss} per miss)`,
}
