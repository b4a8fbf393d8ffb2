// The closed list of threshold kinds, and what every kind does through it: fit, read back, describe.

import { TollError } from '../base/index.js'
import { fixedKind } from './fixed.js'
import type { Fitted, Rule, ThresholdKind } from './kind.js'
import { quantileKind } from './quantile.js'

const kinds = { quantile: quantileKind, fixed: fixedKind }

type Kinds = (typeof kinds)[keyof typeof kinds]

/** How a threshold is to be found, told apart by `kind`. */
export type ThresholdRule = Kinds extends infer K ? (K extends ThresholdKind<infer R, infer _> ? R : never) : never

/** A fitted threshold as saved in a manifest, told apart by `kind`. A row is an anomaly when its score is above `value`. */
export type Threshold = Kinds extends infer K ? (K extends ThresholdKind<infer _, infer F> ? F : never) : never

/** The 0.99 quantile of held-back scores. */
export const defaultThresholdRule: ThresholdRule = { kind: 'quantile', quantile: 0.99 }

/** Kind and one sentence about it, for help texts. */
export function listThresholdKinds(): readonly { readonly kind: string; readonly doc: string }[] {
  return Object.values(kinds).map(({ kind, doc }) => ({ kind, doc }))
}

/**
 * The threshold that `rule` gives for the scores of held-back normal rows. Works again on saved scores, so that a threshold can be
 * moved without training.
 *
 * @param heldBack scores in any order; not changed
 * @throws `argument` for a rule of unknown kind or outside its domain; `data` when a score is not finite or the rule needs scores and
 * there are none.
 */
export function fitThreshold(rule: ThresholdRule, heldBack: ArrayLike<number>): Threshold {
  const kind = findKind(rule.kind, 'argument')
  const resolved = kind.resolve(rule)
  for (let i = 0; i < heldBack.length; i++) {
    if (!Number.isFinite(heldBack[i])) throw new TollError('data', `a threshold needs finite scores, held-back score ${i} is ${heldBack[i]}`)
  }
  return kind.fit(resolved, Float64Array.from(heldBack)) as Threshold
}

/** A threshold from parsed JSON. @throws `format` for anything that `fitThreshold` cannot have made. */
export function readThreshold(saved: unknown): Threshold {
  const record = typeof saved === 'object' && saved !== null ? (saved as Readonly<Record<string, unknown>>) : {}
  const threshold = findKind(record.kind, 'format').read(record)
  if (!threshold) throw new TollError('format', `the saved threshold of kind '${String(record.kind)}' is damaged: ${JSON.stringify(saved)}`)
  return threshold as Threshold
}

/** The threshold in words, such as `31.2 (quantile 0.99 of 500 held-back scores)`. */
export function describeThreshold(threshold: Threshold): string {
  return findKind(threshold.kind, 'argument').describe(threshold)
}

/** The type parameters of the kinds differ, and `kind` ties rule and record to theirs; each kind checks what it is given. */
function findKind(kind: unknown, code: 'argument' | 'format'): ThresholdKind<Rule, Fitted> {
  if (typeof kind === 'string' && Object.hasOwn(kinds, kind)) return kinds[kind as keyof typeof kinds]
  throw new TollError(code, `there is no threshold kind '${String(kind)}'; known: ${Object.keys(kinds).join(', ')}`)
}
