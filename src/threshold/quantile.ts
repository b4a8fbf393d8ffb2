// The default threshold: a quantile of the scores of normal rows that were held back from training, so that about a share
// 1 - quantile of normal rows is called. No contamination has to be guessed.

import { quantile, real, resolveParameters, TollError } from '../base/index.js'
import type { Fitted, Rule, ThresholdKind } from './kind.js'

export interface QuantileRule extends Rule {
  readonly kind: 'quantile'
  /** Share of held-back normal rows at or below the threshold, in [0, 1]; default 0.99. */
  readonly quantile?: number
}

export interface QuantileThreshold extends Fitted {
  readonly kind: 'quantile'
  readonly quantile: number
  /** How many scores it was computed from. */
  readonly heldBack: number
}

const parameters = {
  quantile: real({ default: 0.99, min: 0, max: 1, doc: 'Share of held-back normal rows at or below the threshold.' }),
}

/**
 * With few scores: one score is the threshold itself, and with fewer than 1 / (1 - quantile) the threshold lies between the two
 * largest (linear interpolation, definition 7 of Hyndman and Fan), which `describe` says. None at all is an error (`data`).
 */
export const quantileKind: ThresholdKind<QuantileRule, QuantileThreshold> = {
  kind: 'quantile',
  doc: 'a quantile of the scores of normal rows that were held back from training',

  resolve({ kind, ...given }) {
    return { kind, ...resolveParameters(parameters, given, 'threshold parameter') }
  },

  fit(rule, heldBack) {
    if (heldBack.length === 0) {
      throw new TollError('data', 'a quantile threshold needs the scores of held-back normal rows, and there are none; keep rows back when fitting (50 rows or more are needed by default), or set a fixed threshold')
    }
    return { kind: 'quantile', quantile: rule.quantile, value: quantile(heldBack, rule.quantile), heldBack: heldBack.length }
  },

  read({ quantile: share, value, heldBack }) {
    if (!isFinite(share) || share < 0 || share > 1 || !isFinite(value)) return undefined
    if (!Number.isSafeInteger(heldBack) || (heldBack as number) < 1) return undefined
    return { kind: 'quantile', quantile: share, value, heldBack: heldBack as number }
  },

  describe({ quantile: share, value, heldBack }) {
    const needed = Math.ceil(1 / (1 - share) - 1e-9)
    const caution = heldBack < needed && share < 1 ? `; ${needed} or more would resolve that quantile` : ''
    return `${value} (quantile ${share} of ${heldBack} held-back scores${caution})`
  },
}

function isFinite(value: unknown): value is number {
  return Number.isFinite(value)
}
