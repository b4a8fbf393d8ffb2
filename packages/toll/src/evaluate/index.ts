// Detectors measured on labelled rows: splits, runs side by side, comparison with intervals.
export {
  renderTableComparison,
  tabulateComparison,
  explainComparison,
  type CompareRenderOptions,
} from './compare-render.js'
export {
  compareTableParameters,
  compareOnTable,
  type ComparedMethod,
  type CompareTableOptions,
  type MethodComparison,
  type FailedMethod,
  type TableComparison,
} from './compare-table.js'
export { runDetector, type Rows, type DetectorRunOptions, type DetectorRun } from './detector-run.js'
export { runOnEngines, checkEngines } from './pool.js'
export { renderExperiment, type RenderedExperiment } from './rendered.js'
export { resampledMean, type ResampledMean } from './resampled.js'
export { splitTable, type TableSplit, type SplitOptions } from './table-splits.js'
export { reviewTable, type DataWarning, type ReviewOptions } from './data-warnings.js'
export {
  evaluateScores,
  evaluationParameters,
  type EvaluatedRows,
  type Evaluation,
  type EvaluationOptions,
  type EvaluationWarning,
  type MeasureName,
  type ResampledUnit,
} from './evaluation.js'
export { reviewTraining, type TrainingNote } from './training-notes.js'
