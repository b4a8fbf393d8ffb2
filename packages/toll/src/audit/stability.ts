// Whether another seed would have said the same: the model is fitted again to its own training data with other seeds,
// everything else the same, and the refits' scores of these data are compared with the model's. A seed draws the
// held-back rows as well as first weights, batches and trees, so that detectors that draw nothing differ by their
// held-back rows.

import {
  TollError,
  rowCount,
  throwIfAborted,
  type Column,
  type ColumnKind,
  type RowOrder,
  type Samples,
} from '../base/index.js'
import { detectorOf, detectors, type Detector, type FitProgress } from '../detectors/index.js'
import { rankCorrelation } from '../metrics/index.js'
import {
  featuresOf,
  fingerprint,
  fit,
  takeFeatures,
  type FitOptions,
  type Manifest,
  type Model,
} from '../model/index.js'
import { slideWindows } from '../preprocess/index.js'
import { listThresholdKinds, type ThresholdRule } from '../threshold/index.js'

/** What a model was fitted to, as `fit` took it. */
export interface TrainingSource extends RowOrder {
  readonly data: Samples
  readonly labels?: ArrayLike<number>
  readonly weights?: ArrayLike<number>
}

export interface StabilityOptions {
  /** Refits, 1 to 20; default 3. Each takes as long as the fit did. */
  readonly seeds?: number
  /** Highest scores whose overlap is measured; default 20, at most half of the rows. */
  readonly top?: number
  /** The model's detector where it is none of the library's own. */
  readonly detector?: Detector
  readonly signal?: AbortSignal
  /** Called with the number of refits that are done, and how far the next one is. */
  readonly onProgress?: (done: number, progress?: FitProgress) => void
}

/** One refit against the model. */
export interface SeedAgreement {
  readonly seed: number
  readonly threshold: number
  /** Spearman's, of the scores of all rows; null where one side scores all rows the same. */
  readonly correlation: number | null
  /** Share of the model's highest scores that are among the refit's, in [0, 1]. */
  readonly topOverlap: number
  /** Share of rows that both call, or neither, each by its own threshold, in [0, 1]. */
  readonly sameDecision: number
  /** Rows above the refit's threshold. */
  readonly anomalies: number
}

export interface Stability {
  readonly rows: number
  readonly top: number
  /** Rows above the model's threshold. */
  readonly anomalies: number
  readonly refits: readonly SeedAgreement[]
}

/**
 * How a model was fitted, from its manifest; what is not in there is the data, their labels, weights and order.
 * Error: `not-found` for a detector that is neither given nor in the list of detectors.
 */
export function fittingOf(manifest: Manifest, given?: Detector): Omit<FitOptions, 'engine'> {
  const { detector: name, parameters, preprocessing, threshold, heldBack, rows, window, seed } = manifest
  const detector = detectorOf(manifest, given)
  if (!detector)
    throw new TollError(
      'unknown-detector',
      `the model's detector '${name}' is not in this version of toll, which cannot fit it again`,
      { option: 'detector', value: name, expected: [...detectors.keys()] },
    )
  const held = heldBack.source === 'held-back' ? heldBack.scores.length : 0
  return {
    detector,
    parameters,
    seed,
    scale: preprocessing.scale,
    types: typesOf(featuresOf(manifest)),
    threshold: ruleOf(threshold),
    holdOut: heldBack.share ?? held / (held + rows.trained),
    ...(window && { window: { size: window.size, stride: window.stride, group: window.group, time: window.time } }),
  }
}

function typesOf(features: readonly Column[]): Record<string, ColumnKind> {
  return Object.fromEntries(features.map(({ name, kind }) => [name, kind]))
}

/** What was chosen of a threshold, without what was found. */
function ruleOf(threshold: Manifest['threshold']): ThresholdRule {
  const { parameters } = listThresholdKinds().find(({ kind }) => kind === threshold.kind)!
  const all = threshold as unknown as Readonly<Record<string, number>>
  return { kind: threshold.kind, ...Object.fromEntries(Object.keys(parameters).map((name) => [name, all[name]])) }
}

/**
 * The rows that the model learned from, and what it scores of them: the rows, or windows of which each ends in a row.
 */
export function trainingSamples(
  manifest: Pick<Manifest, 'input' | 'window'>,
  { data: given, groups, time }: TrainingSource,
): { readonly rows: Samples; readonly samples: Samples; readonly lastRows?: Int32Array } {
  const { window } = manifest
  const rows = takeFeatures(manifest, given)
  if (!window || rows.kind !== 'table') return { rows, samples: rows }
  const { table, members } = slideWindows(rows, window, { ...(groups && { groups }), ...(time && { time }) })
  return { rows, samples: table, lastRows: Int32Array.from(members, (window) => window[window.length - 1]) }
}

/**
 * Refits with the seeds that follow the model's.
 *
 * @throws `argument` for options outside their ranges; `data` for data that the model was not fitted to, and as `fit`;
 * `not-found` as `fittingOf`; `aborted`.
 */
export async function measureStability(
  model: Model,
  training: TrainingSource,
  { seeds = 3, top = 20, detector, signal, onProgress }: StabilityOptions = {},
): Promise<Stability> {
  const { manifest, engine } = model
  if (!(Number.isInteger(seeds) && seeds >= 1 && seeds <= 20))
    throw new TollError('out-of-domain', `seeds must be an integer from 1 to 20, got ${seeds}`, {
      option: 'seeds',
      value: seeds,
      expected: 'an integer from 1 to 20',
    })
  const fitting = fittingOf(manifest, detector)
  const data = takeFeatures(manifest, training.data)
  if ((await fingerprint(data)) !== manifest.dataFingerprint) {
    throw new TollError(
      'not-training-data',
      `these are not the ${manifest.rows.given} ${manifest.window ? 'windows' : 'rows'} that the model was ` +
        'fitted to: their fingerprint is another; give the same file, columns and order',
    )
  }
  if (manifest.rows.anomalies > 0 && !training.labels) {
    throw new TollError(
      'missing-argument',
      `the model was fitted without ${manifest.rows.anomalies} labelled anomalies; give the labels to fit ` +
        'it again the same way',
      { option: 'labels' },
    )
  }
  const { labels, weights, groups, time } = training
  const {
    heldBack: { by },
    window,
  } = manifest
  if (by === 'groups' && !groups)
    throw new TollError(
      'missing-argument',
      'whole groups were held back when the model was fitted; give the groups of the rows to fit it again the same way',
      { option: 'groups' },
    )
  if (by === 'time' && !time && !window)
    throw new TollError(
      'missing-argument',
      'the latest rows were held back when the model was fitted; give the times of the rows to fit it again ' +
        'the same way',
      { option: 'time' },
    )
  const samples = trainingSamples(manifest, training).samples
  const own = await model.score(samples, { signal })
  const count = rowCount(samples)
  const few = Math.max(1, Math.min(top, Math.floor(count / 2)))
  const highest = highestOf(own.score, few)
  const refits: SeedAgreement[] = []
  for (let i = 1; i <= seeds; i++) {
    throwIfAborted(signal)
    const seed = (manifest.seed + i) % 2 ** 32
    const refit = await fit(data, {
      ...fitting,
      engine,
      seed,
      signal,
      labels,
      weights,
      groups,
      time,
      onProgress: (progress) => onProgress?.(i - 1, progress),
    })
    const { score, isAnomaly } = await refit.score(samples, { signal })
    await refit.close()
    const theirs = highestOf(score, few)
    refits.push({
      seed,
      threshold: refit.manifest.threshold.value,
      correlation: varies(own.score) && varies(score) ? rankCorrelation(own.score, score) : null,
      topOverlap: [...highest].filter((row) => theirs.has(row)).length / few,
      sameDecision: isAnomaly.reduce((same, flag, row) => same + Number(flag === own.isAnomaly[row]), 0) / count,
      anomalies: isAnomaly.reduce((sum, flag) => sum + flag, 0),
    })
    onProgress?.(i)
  }
  return { rows: count, top: few, anomalies: own.isAnomaly.reduce((sum, flag) => sum + flag, 0), refits }
}

/** The rows of the k highest scores; of equal ones the first. */
function highestOf(scores: Float64Array, k: number): Set<number> {
  return new Set(
    Array.from(scores.keys())
      .sort((a, b) => scores[b] - scores[a] || a - b)
      .slice(0, k),
  )
}

function varies(scores: Float64Array): boolean {
  return scores.length > 1 && scores.some((score) => score !== scores[0])
}
