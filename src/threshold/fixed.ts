// A threshold that somebody chose. It needs no held-back rows and promises nothing.

import { TollError } from '../base/index.js'
import type { Fitted, Rule, ThresholdKind } from './kind.js'

export interface FixedRule extends Rule {
  readonly kind: 'fixed'
  /** In units of the score; any finite number. */
  readonly value: number
}

export interface FixedThreshold extends Fitted {
  readonly kind: 'fixed'
}

export const fixedKind: ThresholdKind<FixedRule, FixedThreshold> = {
  kind: 'fixed',
  doc: 'a given score',

  resolve({ kind, value, ...rest }) {
    const unknown = Object.keys(rest)
    if (unknown.length > 0) throw new TollError('argument', `threshold parameter '${unknown[0]}' does not exist; known: value`)
    if (!Number.isFinite(value)) throw new TollError('argument', `threshold parameter 'value' must be a finite number, got ${String(value)}`)
    return { kind, value }
  },

  fit({ kind, value }) {
    return { kind, value }
  },

  read({ value }) {
    return typeof value === 'number' && Number.isFinite(value) ? { kind: 'fixed', value } : undefined
  },

  describe({ value }) {
    return `${value} (fixed)`
  },
}
