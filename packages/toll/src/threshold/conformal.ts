// A bound on false alarms that holds for any number of held-back rows: if they and a new normal row come in random
// order, the new row is called with probability at most `rate`, whatever the detector and the distribution.
// Source: split conformal prediction (Papadopoulos et al. 2002; Vovk, Gammerman and Shafer 2005); for outliers Bates et
// al. 2023.

import { real } from '../base/index.js'
import { add, cast, constant, div, reshape, searchSlots, sortedSlots, sub, type Tensor } from '../graph/index.js'
import { heldBackCount, tooFew, type ThresholdKind } from './kind.js'

const parameters = {
  rate: real({
    default: 0.01,
    min: 0,
    aboveMin: true,
    max: 1,
    belowMax: true,
    doc: 'Largest share of normal rows that may be called, on average over draws of the held-back rows.',
  }),
}
const facts = { heldBack: heldBackCount }

/**
 * The k-th smallest of n scores with k = ceil((n + 1)(1 - rate)): the rows above it are those whose p-value is at most
 * `rate`.
 */
export const conformalKind: ThresholdKind<'conformal', typeof parameters, typeof facts> = {
  kind: 'conformal',
  doc: 'a bound on the share of normal rows that are called, valid for any number of held-back rows',
  source: 'Bates et al. 2023, Testing for outliers with conformal p-values',
  needs: 'held-back scores',
  parameters,
  facts,
  fit({ rate }, { heldBack }) {
    const n = heldBack.length
    const allowed = floorOf(rate * (n + 1))
    if (allowed < 1)
      tooFew(`a false-alarm rate of ${rate}`, `at least ${Math.ceil(1 / rate - 1e-9) - 1} held-back normal rows`, n)
    return { value: heldBack[n - allowed], heldBack: n }
  },
  describe: ({ rate, value, heldBack }) =>
    `${value} (at most a share of ${rate} false alarms, by ${heldBack} held-back normal rows)`,
}

/** floor, where rounding may have put an integer just below itself. */
function floorOf(value: number): number {
  return Math.floor(value * (1 + 4 * Number.EPSILON))
}

/**
 * Conformal p-values: (1 + held-back scores at least as high) / (1 + held-back scores), in (0, 1]. Under
 * exchangeability a normal row's p-value is at most t with probability at most t.
 *
 * @param heldBack finite, in rising order, at least one
 */
export function pValues(scores: ArrayLike<number>, heldBack: ArrayLike<number>): Float64Array {
  const n = heldBack.length
  return Float64Array.from(scores, (score) => {
    let [low, high] = [0, n]
    while (low < high) {
      const middle = (low + high) >> 1
      if (heldBack[middle] < score) low = middle + 1
      else high = middle
    }
    return (1 + n - low) / (1 + n)
  })
}

/**
 * `pValues` as a piece of graph, among `n` held-out scores that are known only when it is lowered: scores (rows)
 * float64 to (rows) float64. A score of infinity has the smallest p-value.
 */
export function pValue(score: Tensor, n: number): Tensor {
  const below = searchSlots(heldOutSlot, n, reshape(score, [score.shape[0], 1]), 'left')
  return div(sub(add(constant(n, [], 'float64'), 1), cast(reshape(below, score.shape), 'float64')), n + 1)
}

/** What to write into the slots of `pValue`: finite scores, in rising order. */
export function pValueSlots(heldOut: ArrayLike<number>): Record<string, Float64Array> {
  return sortedSlots(heldOutSlot, heldOut)
}

const heldOutSlot = 'held_out'
