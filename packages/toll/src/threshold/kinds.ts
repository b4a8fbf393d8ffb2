// The closed list of threshold kinds, and what every kind does through it: fit, read back, describe.

import { TollError, real, resolveParameters, type Domains, type Values } from '../base/index.js'
import { conformalKind } from './conformal.js'
import { costKind } from './cost.js'
import { fScoreKind } from './f-score.js'
import { fixedKind } from './fixed.js'
import type { Evidence, LabelledScores, ThresholdKind } from './kind.js'
import { madKind } from './mad.js'
import { quantileKind } from './quantile.js'
import { tailKind } from './tail.js'

const kinds = [quantileKind, conformalKind, tailKind, madKind, fixedKind, fScoreKind, costKind] as const

type Kinds = (typeof kinds)[number]

/** How a threshold is to be found, told apart by `kind`; parameters that are left out take their defaults. */
export type ThresholdRule = Kinds extends infer K
  ? K extends ThresholdKind<infer N, infer P, infer _>
    ? { readonly kind: N } & Partial<Readonly<Values<P>>>
    : never
  : never

/**
 * A fitted threshold as saved in a manifest, told apart by `kind`. A row is an anomaly when its score is above `value`.
 */
export type Threshold = Kinds extends infer K
  ? K extends ThresholdKind<infer N, infer P, infer F>
    ? { readonly kind: N; readonly value: number } & Readonly<Values<P> & Values<F>>
    : never
  : never

/** The 0.99 quantile of held-back scores. */
export const defaultThresholdRule: ThresholdRule = { kind: 'quantile', quantile: 0.99 }

const valueDomain = { value: real({ default: NaN, doc: 'Rows with a score above it are anomalies.' }) }

/** What can be chosen: every kind with its parameters and what it needs. */
export function listThresholdKinds(): readonly Pick<
  ThresholdKind,
  'kind' | 'doc' | 'source' | 'needs' | 'parameters'
>[] {
  return kinds
}

/**
 * The threshold that `rule` gives for the scores of held-back normal rows, or for labelled scores where the rule is
 * about labels. Works again on saved scores, so that a threshold can be moved without training.
 *
 * @param heldBack scores in any order; not changed
 * @param labelled scores of rows with labels (1 = anomaly), in any order; only rules that need labels use them
 * @throws `argument` for a rule of unknown kind or outside its domain; `data` when a score is not finite, when the rule
 * needs scores or labels and there are none, or too few; `shape` when scores and labels differ in number.
 */
export function fitThreshold(rule: ThresholdRule, heldBack: ArrayLike<number>, labelled?: LabelledScores): Threshold {
  const { kind: name, ...given } = rule
  const kind = findKind(name, 'out-of-domain')
  const parameters = resolveParameters(kind.parameters, given, 'threshold parameter')
  checkFinite(heldBack, 'held-back score')
  if (kind.needs === 'held-back scores' && heldBack.length === 0) {
    throw new TollError(
      'no-held-out-scores',
      `a ${kind.kind} threshold needs the scores of held-back normal rows, and there are none; keep rows ` +
        'back when fitting (50 rows or more are needed by default), or set a fixed threshold',
      { option: 'holdOut', value: kind.kind },
    )
  }
  if (kind.needs === 'labels' && !labelled) {
    throw new TollError(
      'no-labels',
      `a ${kind.kind} threshold needs rows with labels, and there are none; give a table and the name of ` +
        `its label column, or choose a rule that does without (${withoutLabels()})`,
      { option: 'labels', value: kind.kind },
    )
  }
  const found = kind.fit(parameters, {
    heldBack: Float64Array.from(heldBack).sort(),
    ...(kind.needs === 'labels' && labelled && { labelled: sortLabelled(labelled) }),
  })
  return { kind: name, ...parameters, ...found } as unknown as Threshold
}

/** Refuses a rule that so many held-back scores, all different, are too few for. Errors as `fitThreshold`. */
export function checkThreshold(rule: ThresholdRule, heldBack: number): void {
  if (!needsLabels(rule))
    fitThreshold(
      rule,
      Float64Array.from({ length: heldBack }, (_, i) => i),
    )
}

/** Whether a rule cannot do without rows with labels. @throws `argument` for a rule of unknown kind. */
export function needsLabels({ kind }: ThresholdRule): boolean {
  return findKind(kind, 'out-of-domain').needs === 'labels'
}

/** A threshold from parsed JSON. @throws `format` for anything that `fitThreshold` cannot have made. */
export function readThreshold(saved: unknown): Threshold {
  const record = typeof saved === 'object' && saved !== null ? (saved as Readonly<Record<string, unknown>>) : {}
  const kind = findKind(record.kind, 'damaged-file')
  const domains: Domains = { ...kind.parameters, ...kind.facts, ...valueDomain }
  const known = Object.fromEntries(Object.keys(domains).map((name) => [name, record[name] ?? NaN])) as Values<Domains>
  try {
    return { kind: kind.kind, ...resolveParameters(domains, known, 'the saved') } as unknown as Threshold
  } catch (cause) {
    throw new TollError(
      'damaged-file',
      `the saved threshold of kind '${kind.kind}' is damaged: ${JSON.stringify(saved)}`,
      { part: 'threshold', value: saved, cause },
    )
  }
}

/** The threshold in words, such as `31.2 (quantile 0.99 of 500 held-back scores)`. */
export function describeThreshold(threshold: Threshold): string {
  return findKind(threshold.kind, 'out-of-domain').describe(threshold)
}

/**
 * The type parameters of the kinds differ, and `kind` ties rule and record to theirs; each is checked against its
 * domains.
 */
function findKind(name: unknown, reason: 'out-of-domain' | 'damaged-file'): ThresholdKind {
  const kind = kinds.find((candidate) => candidate.kind === name)
  if (!kind)
    throw new TollError(
      reason,
      `there is no threshold kind '${String(name)}'; known: ${kinds.map((known) => known.kind).join(', ')}`,
      { option: 'kind', value: name, expected: kinds.map((known) => known.kind) },
    )
  return kind
}

function withoutLabels(): string {
  return kinds
    .filter(({ needs }) => needs !== 'labels')
    .map(({ kind }) => kind)
    .join(', ')
}

function checkFinite(scores: ArrayLike<number>, what: string): void {
  for (let i = 0; i < scores.length; i++) {
    if (!Number.isFinite(scores[i]))
      throw new TollError('score-not-finite', `a threshold needs finite scores, ${what} ${i} is ${scores[i]}`, {
        row: i,
        value: scores[i],
      })
  }
}

function sortLabelled({ scores, labels }: LabelledScores): Evidence['labelled'] {
  if (scores.length !== labels.length)
    throw new TollError(
      'length-mismatch',
      `expected one label per score, got ${labels.length} labels for ${scores.length} scores`,
      { option: 'labels', value: labels.length, expected: `${scores.length} labels` },
    )
  checkFinite(scores, 'labelled score')
  const seen = [false, false]
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 0 && labels[i] !== 1)
      throw new TollError('invalid-label', `labels must be 0 (normal) or 1 (anomaly), label ${i} is ${labels[i]}`, {
        row: i,
        option: 'labels',
        value: labels[i],
        expected: ['0', '1'],
      })
    seen[labels[i]] = true
  }
  if (!(seen[0] && seen[1]))
    throw new TollError(
      'one-class',
      'a threshold from labels needs rows of both classes, got ' +
        `${seen[0] ? 'normal rows' : seen[1] ? 'anomalies' : 'no rows'} only`,
      { option: 'labels' },
    )
  const order = Float64Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b] - scores[a])
  return { scores: Float64Array.from(order, (i) => scores[i]), labels: Uint8Array.from(order, (i) => labels[i]) }
}
