// A model against rows whose labels are known: scored, then measured.

import { rowCount, type RowOrder, type SamplesLike } from '../base/index.js'
import {
  isTrainingSource,
  samplesFor,
  type Model,
  type RowSource,
  type RowStream,
  type WholeSource,
} from '../model/index.js'
import { evaluateScores, type Evaluation, type EvaluationOptions } from './evaluation.js'
import { scoreLabelled, scoreLabelledStream, type LabelColumns, type ScoreLabelledOptions } from './score-labelled.js'

export interface EvaluateOptions extends EvaluationOptions, Omit<ScoreLabelledOptions, 'onProgress'> {
  /** Called with the number of rows that are scored, and once when they are measured, which cannot be stopped. */
  readonly onProgress?: (progress: EvaluationProgress) => void
}

export interface EvaluationProgress {
  readonly phase: 'score' | 'measure'
  readonly rows: number
}

/**
 * Scores rows with a model and measures the scores against their labels: one per row, 1 = anomaly. Rows that depend on
 * each other have groups, or times in seconds; those of a model of windows are by default the columns that it names,
 * and a row of it is an anomaly when one is in its window.
 *
 * @throws as `Model.score`, `evaluateScores` and `readOrder`; `shape` and `data` for labels that are not one per row, 0
 * or 1.
 */
export async function evaluate(
  model: Model,
  given: SamplesLike,
  labels: ArrayLike<number>,
  options: EvaluateOptions & RowOrder = {},
): Promise<Evaluation> {
  const { groups, time, invalidRows, signal, onProgress, ...measuring } = options
  const rows = samplesFor(model.manifest, given)
  const labelled = await scoreLabelled(model, rows, labels, {
    groups,
    time,
    invalidRows,
    signal,
    onProgress: (scored) => onProgress?.({ phase: 'score', rows: scored }),
  })
  const ofTraining = await isTrainingSource(model.manifest, rows, { rows: rowCount(rows), signal })
  onProgress?.({ phase: 'measure', rows: rowCount(rows) })
  return evaluateScores({ ...labelled, ofTraining }, model.manifest, measuring)
}

/**
 * `evaluate` of rows that are read in batches and come with their labels, groups and times in columns. Memory holds the
 * scores, not the rows; a source with as many rows as the model was fitted to is read again, to find out whether they
 * are the same.
 *
 * @throws as `scoreLabelledStream` and `evaluateScores`.
 */
export async function evaluateStream(
  model: Model,
  stream: RowStream,
  columns: LabelColumns,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { invalidRows, signal, onProgress, ...measuring } = options
  const labelled = await scoreLabelledStream(model, stream, columns, {
    invalidRows,
    signal,
    onProgress: (rows) => onProgress?.({ phase: 'score', rows }),
  })
  const rows = labelled.scores.length + labelled.invalid
  const ofTraining = isWhole(stream) && (await isTrainingSource(model.manifest, stream, { rows, signal }))
  onProgress?.({ phase: 'measure', rows })
  return evaluateScores({ ...labelled, ofTraining }, model.manifest, measuring)
}

function isWhole(stream: RowStream): stream is RowSource & WholeSource {
  return 'readBatch' in stream
}
