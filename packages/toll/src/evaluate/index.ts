// Models and detectors measured on labelled rows, and what to know of data and training.
export {
  compare,
  comparisonParameters,
  type Comparison,
  type ComparedDetector,
  type CompareOptions,
  type FailedDetector,
} from './compare.js'
export { renderComparison, type RenderComparisonOptions } from './comparison-report.js'
export { runDetector, type Rows, type DetectorRunOptions, type DetectorRun } from './run-detector.js'
export { runOnEngines, checkEngines } from './run-on-engines.js'
export { renderExperiment, type RenderedExperiment } from './render-experiment.js'
export type { ResampledMean } from './resampled-mean.js'
export { evaluate, evaluateStream, type EvaluateOptions, type EvaluationProgress } from './evaluate.js'
export { reviewTable, type DataWarning, type ReviewOptions } from './data-warnings.js'
export {
  evaluateScores,
  evaluationParameters,
  type EvaluatedRows,
  type EvaluatedThresholds,
  type Evaluation,
  type EvaluationOptions,
  type EvaluationWarning,
  type MeasureName,
  type ResampledUnit,
} from './evaluation.js'
export {
  LabelTally,
  scoreLabelled,
  scoreLabelledStream,
  type LabelColumns,
  type LabelledRows,
  type ScoreLabelledOptions,
} from './score-labelled.js'
export { reviewTraining, type TrainingNote } from './training-notes.js'
