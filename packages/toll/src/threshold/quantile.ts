// The default threshold: a quantile of the scores of normal rows that were held back from training, so that about a
// share 1 - quantile of normal rows is called. No contamination has to be guessed.

import { quantileOfSorted, real } from '../base/index.js'
import { heldBackCount, type ThresholdKind } from './kind.js'

const parameters = {
  quantile: real({
    default: 0.99,
    min: 0,
    max: 1,
    doc: 'Share of held-back rows at or below the threshold: 1 minus the rate of rows that one expects above it.',
  }),
}
const facts = { heldBack: heldBackCount }

/**
 * With few scores: one score is the threshold itself, and with fewer than 1 / (1 - quantile) the threshold lies between
 * the two largest (linear interpolation, definition 7 of Hyndman and Fan), which `describe` says.
 */
export const quantileKind: ThresholdKind<'quantile', typeof parameters, typeof facts> = {
  kind: 'quantile',
  doc: 'a quantile of the scores of rows that were held back from training',
  needs: 'held-back scores',
  parameters,
  facts,
  fit: ({ quantile }, { heldBack }) => ({ value: quantileOfSorted(heldBack, quantile), heldBack: heldBack.length }),
  describe({ quantile: share, value, heldBack }) {
    const needed = Math.ceil(1 / (1 - share) - 1e-9)
    const caution = heldBack < needed && share < 1 ? `; ${needed} or more would resolve that quantile` : ''
    return `${value} (quantile ${share} of ${heldBack} held-back scores${caution})`
  },
}
