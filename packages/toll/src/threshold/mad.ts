// Median plus a number of robust standard deviations: half of the held-back rows may be anything and it stays where it
// is. Source: Hampel 1974; the factor makes the median absolute deviation the standard deviation of normal data.

import { TollError, quantileOfSorted, real } from '../base/index.js'
import { heldBackCount, type ThresholdKind } from './kind.js'

const parameters = { deviations: real({ default: 3, min: 0, doc: 'Robust standard deviations above the median.' }) }
const facts = { heldBack: heldBackCount }

/** 1 / (the third quartile of the standard normal distribution). */
const toStandardDeviation = 1.482602218505602

export const madKind: ThresholdKind<'mad', typeof parameters, typeof facts> = {
  kind: 'mad',
  doc: 'the median of the held-back scores plus a number of robust standard deviations',
  source: 'Hampel 1974, The influence curve and its role in robust estimation',
  needs: 'held-back scores',
  parameters,
  facts,
  fit({ deviations }, { heldBack }) {
    const median = quantileOfSorted(heldBack, 0.5)
    const spread = quantileOfSorted(heldBack.map((score) => Math.abs(score - median)).sort(), 0.5)
    if (spread === 0)
      throw new TollError(
        'degenerate-scores',
        `half of the ${heldBack.length} held-back scores are equal (${median}), so that their median absolute ` +
          'deviation is 0; choose another rule',
        { value: median },
      )
    return { value: median + deviations * toStandardDeviation * spread, heldBack: heldBack.length }
  },
  describe: ({ deviations, value, heldBack }) =>
    `${value} (median plus ${deviations} robust standard deviations of ${heldBack} held-back scores)`,
}
