// What a kind of threshold is: a rule that is chosen, a threshold fitted from it and saved with the model, and the way back from a
// file. A new kind is one file like the ones beside this and one line in kinds.ts.

/** How a threshold is to be found. Every kind adds its own parameters. */
export interface Rule {
  readonly kind: string
}

/** A threshold as the manifest keeps it: plain JSON. A row is an anomaly when its score is above `value`. */
export interface Fitted {
  readonly kind: string
  readonly value: number
}

export interface ThresholdKind<R extends Rule, F extends Fitted & { readonly kind: R['kind'] }> {
  readonly kind: R['kind']
  /** One sentence for help texts. */
  readonly doc: string
  /** The rule with its defaults filled; refuses parameters outside their domain (`argument`). */
  resolve(rule: R): Required<R>
  /** The threshold for the scores of normal rows that were held back from training, finite, in any order. */
  fit(rule: Required<R>, heldBack: Float64Array): F
  /** Reads what a manifest holds; returns undefined for anything that `fit` cannot have made. */
  read(saved: Readonly<Record<string, unknown>>): F | undefined
  /** The threshold in words, with what it promises. */
  describe(threshold: F): string
}
