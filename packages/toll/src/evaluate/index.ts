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
export {
  runDetector,
  type Rows,
  type DetectorRunOptions,
  type DetectorRun,
} from './detector-run.js'
export { runOnEngines, checkEngines } from './pool.js'
export { renderExperiment, type RenderedExperiment } from './rendered.js'
export { resampledMean, type ResampledMean } from './resampled.js'
export { splitTable, type TableSplit, type SplitOptions } from './table-splits.js'
