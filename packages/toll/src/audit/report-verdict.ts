// The first section: what the model is, what it found, what the threshold promises, and what speaks against trusting
// it.

import { messageOf } from '../base/index.js'
import type { Detector } from '../detectors/index.js'
import type { Evaluation } from '../evaluate/index.js'
import type { Manifest } from '../model/index.js'
import type { Block, MetricTile } from '../report/index.js'
import { describeThreshold } from '../threshold/index.js'
import { calledHeldBack, reviewAlarms } from './alarms.js'
import { columnFacts } from './columns.js'
import { labelCautions } from './report-labels.js'
import type { Sifted } from './sift.js'
import type { Stability } from './stability.js'
import { counted, grouped, listNames, percent, shareInterval, showNumber, showP } from './words.js'

export interface Verdict {
  readonly manifest: Manifest
  /** Absent where it is neither given nor in the list. */
  readonly detector?: Detector
  readonly sifted?: Sifted
  /** Whether the rows are those that the model was fitted to. */
  readonly ofTraining: boolean
  readonly stability?: Stability
  /** Where the rows have labels. */
  readonly evaluation?: Evaluation
}

/** What the model scores. */
export function samplesOf({ window, input }: Pick<Manifest, 'window' | 'input'>): readonly [one: string, many: string] {
  return input.kind === 'image' ? ['image', 'images'] : window ? ['window', 'windows'] : ['row', 'rows']
}

function isAre(count: number): string {
  return count === 1 ? 'is' : 'are'
}

/** What it is and what it found, in two sentences. */
export function leadOf({ manifest, sifted, ofTraining }: Verdict): string {
  const { detector, rows, input, threshold, heldBack, window } = manifest
  const [one, many] = samplesOf(manifest)
  const shape =
    input.kind === 'image'
      ? `${input.shape.join(' × ')} pixels`
      : counted(window ? window.columns.length : input.columns.length, 'column')
  const first = `A model of the detector ${detector}, fitted to ${counted(rows.trained, one, many)} of ${shape}.`
  const { called, of } = calledHeldBack(manifest)
  const promise =
    heldBack.source === 'held-back'
      ? `which ${grouped(called)} of ${grouped(of)} held-back normal ${many} ${isAre(called)} above`
      : 'which comes from training scores and is too low'
  if (!sifted) return `${first} It calls what scores above ${showNumber(threshold.value)}, ${promise}.`
  const whose = ofTraining
    ? `the ${grouped(sifted.scores.length)} ${many} that it was fitted to or held back`
    : `${grouped(sifted.scores.length)} scored ${many}`
  return (
    `${first} Of ${whose}, ${grouped(sifted.anomalies)} ${isAre(sifted.anomalies)} above its threshold of ` +
    `${showNumber(threshold.value)}, ${promise}.`
  )
}

export function verdictBlocks(verdict: Verdict): Block[] {
  const { manifest, detector, sifted } = verdict
  const cautions = cautionsOf(verdict)
  return [
    { kind: 'tiles', tiles: tilesOf(verdict) },
    {
      kind: 'paragraph',
      text:
        `${detector ? `${detector.title}. ${detector.idea}` : `The detector ${manifest.detector}.`} A higher ` +
        'score is more anomalous.',
    },
    { kind: 'paragraph', text: promiseOf(manifest, sifted) },
    { kind: 'heading', text: cautions.length === 0 ? 'Nothing found that speaks against it' : 'Before you trust it' },
    cautions.length === 0
      ? {
          kind: 'paragraph',
          text:
            'Checked: how many rows were held back, missing and constant columns, rows that could not be scored, ' +
            'drift of the columns and of the score, how many rows are called, and refits where they were made.',
        }
      : { kind: 'list', items: cautions },
  ]
}

function tilesOf({ manifest, sifted, stability, evaluation }: Verdict): MetricTile[] {
  const { rows, threshold, heldBack } = manifest
  const [, many] = samplesOf(manifest)
  const { called, of } = calledHeldBack(manifest)
  const overlap = stability && mean(stability.refits.map(({ topOverlap }) => topOverlap))
  return [
    ...(sifted
      ? [
          {
            label: 'Anomalies found',
            value: grouped(sifted.anomalies),
            note: `of ${grouped(sifted.scores.length)} scored ${many}`,
            emphasis: true,
          },
        ]
      : []),
    {
      label: 'Threshold',
      value: showNumber(threshold.value),
      note: `by the rule ${threshold.kind}`,
      emphasis: !sifted,
    },
    heldBack.source === 'held-back'
      ? { label: 'False alarms', value: percent(called / of), note: `of ${grouped(of)} held-back normal ${many}` }
      : { label: 'False alarms', value: 'not known', note: `no ${many} were held back` },
    ...(evaluation
      ? [
          {
            label: 'Area under the ROC curve',
            value: evaluation.measures.auroc.value.toFixed(3),
            note: `${counted(evaluation.rows.anomalies, 'labelled anomaly', 'labelled anomalies')}`,
          },
        ]
      : []),
    {
      label: `Training ${many}`,
      value: grouped(rows.trained),
      note:
        rows.anomalies > 0
          ? `${counted(rows.anomalies, 'labelled anomaly', 'labelled anomalies')} left out`
          : `of ${grouped(rows.given)} given`,
    },
    ...(stability
      ? [
          {
            label: 'Same top rows',
            value: percent(overlap!),
            note: `in ${counted(stability.refits.length, 'refit')}, other seeds`,
          },
        ]
      : []),
  ]
}

/** What the threshold says about rows to come. */
function promiseOf(manifest: Manifest, sifted?: Sifted): string {
  const { threshold, heldBack } = manifest
  const [, many] = samplesOf(manifest)
  const words = describeThreshold(threshold).replace(String(threshold.value), showNumber(threshold.value))
  const { called, of } = calledHeldBack(manifest)
  if (heldBack.source !== 'held-back')
    return `Threshold: ${words}. It promises nothing: there were too few ${many} to hold any back.`
  const [low, high] = shareInterval(called, of)
  const expected = sifted && sifted.scores.length * (called / of)
  return (
    `Threshold: ${words}. ${grouped(called)} of the ${grouped(of)} normal ${many} that training did not ` +
    `see ${isAre(called)} above it, so that of further normal ${many} like them ` +
    `between ${percent(low)} and ${percent(high)} may be (95\u00a0% interval).` +
    (expected === undefined
      ? ''
      : ` If all ${grouped(sifted!.scores.length)} scored ${many} were normal, about ` +
        `${showNumber(Math.round(expected * 10) / 10)} would be called; ${grouped(sifted!.anomalies)} ` +
        `${isAre(sifted!.anomalies)}.`)
  )
}

/** Below this share of rows with equal decisions, or of equal top rows, refits disagree. */
const steady = { decision: 0.95, top: 0.7 }

function cautionsOf({ manifest, sifted, ofTraining, stability, evaluation }: Verdict): string[] {
  const { heldBack } = manifest
  const [, many] = samplesOf(manifest)
  const columns = columnFacts(manifest)
  const constant = columns.filter(({ five }) => five && five[0] === five[4]).map(({ name }) => name)
  const gaps = columns.filter(({ missing, rows: all }) => missing > 0.2 * all).map(({ name }) => name)
  const drift = sifted?.drift
  const alarms =
    sifted && !ofTraining
      ? reviewAlarms(
          manifest,
          // Of labelled rows only the normal ones are called by mistake.
          evaluation
            ? { rows: evaluation.rows.normal, anomalies: evaluation.counts.falsePositives }
            : { rows: sifted.scores.length, anomalies: sifted.anomalies },
        )
      : undefined
  const drifted = drift?.columns.filter((column) => column.drifted).map(({ column }) => column) ?? []
  const outside = drift?.columns.filter((column) => column.outside > 0.01).map(({ column }) => column) ?? []
  const agreement = stability && {
    decision: mean(stability.refits.map(({ sameDecision }) => sameDecision)),
    top: mean(stability.refits.map(({ topOverlap }) => topOverlap)),
  }
  return [
    ...(heldBack.source !== 'held-back'
      ? [
          `No ${many} were held back: the threshold comes from scores of training ${many}, which are lower than ` +
            'those of new ones, and there are no p-values.',
        ]
      : heldBack.scores.length < 100
        ? [
            `Only ${grouped(heldBack.scores.length)} ${many} were held back: the rate of false alarms is known ` +
              `roughly, and no p-value is below ${showP(1 / (heldBack.scores.length + 1))}.`,
          ]
        : []),
    ...(heldBack.by === 'groups'
      ? [
          `The held-back ${many} are those of ${counted(heldBack.groups ?? 0, 'whole group')}, which is the ` +
            'number that says how sure the rate of false alarms is.',
        ]
      : []),
    ...(heldBack.by === 'time'
      ? [`The latest ${many} were held back: the promises hold as far as what comes is like them.`]
      : []),
    ...(ofTraining && sifted
      ? [
          `These are the ${many} that the model learned from: they score lower than new ones would, and an ` +
            'anomaly that was in the training data may have been learned as normal.',
        ]
      : []),
    ...(alarms && alarms.anomalies <= alarms.rows / 2
      ? [
          `${grouped(alarms.anomalies)} of ${grouped(alarms.rows)} ${evaluation ? 'normal' : 'scored'} ${many} are ` +
            'called, where about ' +
            `${showNumber(Math.round(alarms.expected * 10) / 10)} of normal ones would be: ` +
            (alarms.code === 'many-alarms'
              ? 'there are that many anomalies, or these are other data than the model learned from, or in other units.'
              : 'these are other data than the model learned from.'),
        ]
      : []),
    ...(evaluation ? labelCautions(evaluation) : []),
    ...(!ofTraining && drift?.score?.drifted
      ? [
          `The scores are not spread as those of the held-back ${many} are (p-value ` +
            `${showP(drift.score.pValue)}, see Data).`,
        ]
      : []),
    ...(!ofTraining && sifted && sifted.anomalies > sifted.scores.length / 2
      ? [
          `More than half of the scored ${many} are called: they are another kind of data than the model ` +
            'learned from, or other units.',
        ]
      : []),
    ...(constant.length > 0
      ? [
          `${listNames(constant, 5)} never ${constant.length === 1 ? 'changes' : 'change'} in training: any ` +
            'change there is scored.',
        ]
      : []),
    ...(gaps.length > 0
      ? [`More than a fifth of the values are missing in ${listNames(gaps, 5)}; gaps count as the training median.`]
      : []),
    ...(sifted && sifted.invalid.count > sifted.invalid.incompleteWindows
      ? [
          `${counted(sifted.invalid.count - sifted.invalid.incompleteWindows, 'row')} could not be scored, the ` +
            'first: row ' +
            `${String(sifted.invalid.first[0].title)}: ${messageOf(sifted.invalid.first[0]).slice(0, 200)}.`,
        ]
      : []),
    ...(!ofTraining && drifted.length > 0
      ? [
          `The scored rows are not like the training rows in ${listNames(drifted, 5)} (see Data): the rate of ` +
            'false alarms need not hold for them.',
        ]
      : []),
    ...(!ofTraining && outside.length > 0
      ? [`More than 1\u00a0% of the values lie outside of the range of training in ${listNames(outside, 5)}.`]
      : []),
    ...(agreement && (agreement.decision < steady.decision || agreement.top < steady.top)
      ? [
          `Another seed would have said something else: refits share ${percent(agreement.top)} of the highest ` +
            `scores and ${percent(agreement.decision)} of the decisions. More training rows or another detector ` +
            'may be steadier.',
        ]
      : []),
  ]
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
