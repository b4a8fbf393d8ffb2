// Scores against labels: what ranks (AUROC, average precision, precision among the highest scores), what a threshold
// decides (F1, precision, recall, alerts a day), and how far each can be trusted. Intervals are percentile intervals of
// the bootstrap over rows, or over whole groups or blocks of time where rows depend on each other.

import { TollError, integer, resolveParameters, type Values, type RowOrder } from '../base/index.js'
import {
  alertRate,
  aurocOf,
  averagePrecisionOf,
  bootstrapIntervals,
  bootstrapParameters,
  clusterIntervals,
  confusionAt,
  confusionOf,
  f1Score,
  precision,
  precisionAtOf,
  recall,
  timeBlocks,
  type AlertRate,
  type BootstrapInterval,
  type BootstrapOptions,
  type Confusion,
  type Measure,
  type ScoreCounts,
} from '../metrics/index.js'
import { decisionOutput } from '../model/index.js'
import { decide, type LabelledScores, type Threshold } from '../threshold/index.js'
import { rowsWithScores, type ScoredRows } from './rows-with-scores.js'

export const evaluationParameters = {
  top: integer({ default: 10, min: 1, max: 1e9, doc: 'Precision among this many highest scores.' }),
  blocks: integer({
    default: 50,
    min: 2,
    max: 1e6,
    doc: 'Blocks of consecutive rows to resample; each should be longer than what ties rows together.',
  }),
  ...bootstrapParameters,
}

/** What intervals resample: rows, each class by itself; whole groups; or blocks of consecutive rows. */
export type ResampledUnit = 'rows' | 'groups' | 'blocks'

export interface EvaluationOptions extends BootstrapOptions {
  /** Counts of highest scores among which precision is measured, each at least 1; default 10. */
  readonly top?: readonly number[]
  /** Blocks where blocks are resampled, 2 to 1e6; default 50. */
  readonly blocks?: number
  /** Default: groups where rows have some, else blocks where rows have times or are in order, else rows. */
  readonly resample?: ResampledUnit
}

/**
 * Scores (n), of which those that are NaN are left out and counted; labels (n), 1 = anomaly; and where rows depend on
 * each other their groups, and their times in seconds.
 */
export interface EvaluatedRows extends LabelledScores, RowOrder {
  /** Whether rows depend on those before them, times or not, as windows do. */
  readonly inOrder?: boolean
  /** How many further rows could not be scored; default 0. */
  readonly invalid?: number
  /** Missing numbers that were replaced in these rows; default 0. */
  readonly imputed?: number
  /** Whether the model that scored was fitted to these very rows. */
  readonly ofTraining?: boolean
}

/** What decides: the model's threshold, and further ones by name, whose alerts are counted. */
export interface EvaluatedThresholds {
  readonly threshold: Threshold
  readonly thresholds?: Readonly<Record<string, Threshold>>
}

export type MeasureName = 'auroc' | 'averagePrecision' | 'f1' | 'precision' | 'recall'

/** What makes an evaluation look better or surer than it is. */
export type EvaluationWarning =
  /** The model was fitted to these very rows. */
  | { readonly code: 'training-rows' }
  /** Intervals over fewer than `min` groups or blocks, or fewer than that with anomalies, are too narrow. */
  | {
      readonly code: 'few-clusters'
      readonly unit: 'groups' | 'blocks'
      readonly count: number
      readonly withAnomalies: number
      readonly min: number
    }

/** Plain data, ready for JSON. */
export interface Evaluation {
  readonly rows: {
    readonly normal: number
    readonly anomalies: number
    /** Rows that could not be scored; they are left out. */
    readonly invalid: number
    /** Missing numbers that were replaced by the training median. */
    readonly imputedNumbers: number
  }
  readonly warnings: readonly EvaluationWarning[]
  /** What the intervals resample, and how many there are. */
  readonly resampled: {
    readonly unit: ResampledUnit
    readonly count: number
    readonly withAnomalies: number
  }
  /** F1, precision and recall are at the threshold. */
  readonly measures: Readonly<Record<MeasureName, BootstrapInterval>>
  /** Among the highest scores, as many as `rows` says. */
  readonly precisionAt: readonly ({ readonly rows: number } & BootstrapInterval)[]
  readonly threshold: Threshold
  readonly counts: Confusion
  /** Per threshold, by the model's output for it; absent where rows have no times. */
  readonly alerts?: readonly ({ readonly output: string } & AlertRate)[]
}

/** A percentile interval needs about as many independent draws to cover what it says. */
const minClusters = 10

/**
 * Measures scores against labels, at the thresholds of a model (its manifest has them).
 *
 * @throws `data` when no row has a score, when a class has no row (`one-class`), and as `clusterIntervals` and
 * `alertRate`; `shape` when lengths differ; `argument` for options outside their domain.
 */
export function evaluateScores(
  rows: EvaluatedRows,
  { threshold, thresholds = {} }: EvaluatedThresholds,
  options: EvaluationOptions = {},
): Evaluation {
  const { top: counts, resample, ...settings } = options
  const { blocks, replicates, level, seed } = resolve(settings)
  const { scores, labels, groups, time, invalid } = scoredOnly(rows)
  const top = [...new Set(counts ?? [evaluationParameters.top.default])].map((count) =>
    Math.min(resolve({ top: count }).top, scores.length),
  )
  const atThreshold = (measure: (counts: Confusion) => number) => (counts: ScoreCounts) =>
    measure(confusionOf(counts, threshold.value))
  const measures: Readonly<Record<MeasureName, Measure>> = {
    auroc: aurocOf,
    averagePrecision: averagePrecisionOf,
    f1: atThreshold(f1Score),
    precision: atThreshold(precision),
    recall: atThreshold(recall),
  }
  const all: Readonly<Record<string, Measure>> = {
    ...measures,
    ...Object.fromEntries(top.map((count) => [`top ${count}`, (counts: ScoreCounts) => precisionAtOf(counts, count)])),
  }
  const unit = resample ?? (groups ? 'groups' : (time ?? rows.inOrder) ? 'blocks' : 'rows')
  const clusters = clustersOf(unit, { groups, time }, { rows: scores.length, blocks })
  const intervals = clusters
    ? clusterIntervals(all, scores, labels, clusters, { replicates, level, seed })
    : bootstrapIntervals(all, scores, labels, { replicates, level, seed })
  const anomalies = labels.reduce((sum, label) => sum + label, 0)
  const resampled = {
    unit,
    count: clusters ? new Set(Array.from(clusters)).size : scores.length,
    withAnomalies: clusters ? new Set(Array.from(clusters).filter((_, row) => labels[row] === 1)).size : anomalies,
  }
  const few = unit !== 'rows' && Math.min(resampled.count, resampled.withAnomalies) < minClusters
  return {
    rows: { normal: labels.length - anomalies, anomalies, invalid, imputedNumbers: rows.imputed ?? 0 },
    warnings: [
      ...(rows.ofTraining ? [{ code: 'training-rows' } as const] : []),
      ...(few ? [{ code: 'few-clusters', ...resampled, unit, min: minClusters } as const] : []),
    ],
    resampled,
    measures: Object.fromEntries(
      Object.keys(measures).map((name) => [name, intervals[name]]),
    ) as Evaluation['measures'],
    precisionAt: top.map((count) => ({ rows: count, ...intervals[`top ${count}`] })),
    threshold,
    counts: confusionAt(scores, labels, threshold.value),
    ...(time && {
      alerts: [[undefined, threshold] as const, ...Object.entries(thresholds)].map(([name, rule]) => ({
        output: decisionOutput(name),
        ...alertRate(decide(scores, rule), labels, time),
      })),
    }),
  }
}

function resolve(settings: Partial<Values<typeof evaluationParameters>>): Values<typeof evaluationParameters> {
  return resolveParameters(evaluationParameters, settings, 'evaluation option')
}

/** Errors: `length-mismatch`, `no-scored-rows`. */
function scoredOnly(rows: EvaluatedRows): ScoredRows {
  const { scores, labels, groups, time } = rows
  for (const [what, values] of Object.entries({ labels, groups, times: time })) {
    if (values && values.length !== scores.length)
      throw new TollError('length-mismatch', `expected ${scores.length} ${what}, one per score, got ${values.length}`, {
        option: what,
        value: values.length,
        expected: `${scores.length} values`,
      })
  }
  const scored = rowsWithScores(rows)
  if (scored.scores.length === 0) throw new TollError('no-scored-rows', 'no row could be scored')
  return scored
}

/** The cluster of each row; undefined where rows are resampled. Error: `missing-argument`. */
function clustersOf(
  unit: ResampledUnit,
  { groups, time }: RowOrder,
  { rows, blocks }: { readonly rows: number; readonly blocks: number },
): ArrayLike<string | number> | undefined {
  if (unit === 'rows') return undefined
  if (unit === 'blocks')
    return timeBlocks(time ?? Float64Array.from({ length: rows }, (_, row) => row), Math.min(blocks, rows))
  if (groups) return groups
  throw new TollError('missing-argument', 'resampling groups needs the group of each row', { option: 'groups' })
}
