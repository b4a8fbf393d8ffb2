// What a kind of threshold is: a rule that is chosen, what is found from scores by it, and both saved with the model as
// plain numbers. A new kind is one file like the ones beside this and one line in kinds.ts.

import { TollError, type Domains, type Values } from '../base/index.js'

/** Scores whose rows are known to be normal (0) or anomalies (1), both classes present. */
export interface LabelledScores {
  readonly scores: ArrayLike<number>
  readonly labels: ArrayLike<number>
}

/** What a threshold can be found from. */
export interface Evidence {
  /** Scores of normal rows that were held back from training, finite, in rising order. */
  readonly heldBack: Float64Array
  /** Rows with labels, where the caller has them: finite scores in falling order, and their labels. */
  readonly labelled?: LabelledScores
}

export interface ThresholdKind<K extends string = string, P extends Domains = Domains, F extends Domains = Domains> {
  readonly kind: K
  /** One sentence for help texts. */
  readonly doc: string
  /** Where the method comes from. */
  readonly source?: string
  /** What `fit` cannot do without; whoever calls it has seen to that. */
  readonly needs: 'nothing' | 'held-back scores' | 'labels'
  /** What is chosen. */
  readonly parameters: P
  /** What is found beside `value`. Numbers without a default. */
  readonly facts: F
  fit(rule: Values<P>, evidence: Evidence): Values<F> & { readonly value: number }
  /** The threshold in words, with what it promises. */
  describe(threshold: Values<P> & Values<F> & { readonly value: number }): string
}

/** How many normal rows a threshold was found from. */
export const heldBackCount = {
  kind: 'integer',
  default: NaN,
  min: 1,
  doc: 'Scores that it was computed from.',
} as const

/** Refuses what cannot be found from so few rows (code `data`). */
export function tooFew(what: string, needed: string, got: number): never {
  throw new TollError(
    'too-few-rows',
    `${what} needs ${needed}, got ${got}; keep more rows back when fitting, or choose another rule`,
    { option: 'holdOut', value: got, expected: needed },
  )
}
