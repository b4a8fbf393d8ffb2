// toll: anomaly detection. The main door has what most programs need, the same in Node and in a browser; every room has
// a door of its own (toll/graph, toll/train, ...).
export {
  TollError,
  images,
  ndarray,
  table,
  tableFromArray,
  tableFromColumns,
  tableFromRows,
  type Column,
  type ColumnKind,
  type ColumnValues,
  type ErrorCode,
  type ErrorDetails,
  type ErrorReason,
  type FileSource,
  type FileTarget,
  type Images,
  type NdArray,
  type Samples,
  type Table,
  type TableColumn,
} from './base/index.js'
export {
  detectorNamed,
  detectors,
  ensemble,
  toll,
  tollAuto,
  type Detector,
  type FitProgress,
  type TollParameters,
} from './detectors/index.js'
export {
  findDiscoveries,
  fit,
  loadModel,
  Model,
  saveModel,
  scoreStream,
  type FitOptions,
  type LoadOptions,
  type Manifest,
  type ScoreOptions,
  type Scores,
} from './model/index.js'
export { readTable, type ReadTableOptions, type TableLocation } from './data/index.js'
export {
  compare,
  evaluate,
  evaluateStream,
  reviewTable,
  reviewTraining,
  type Comparison,
  type CompareOptions,
  type DataWarning,
  type EvaluateOptions,
  type Evaluation,
  type TrainingNote,
} from './evaluate/index.js'
export { explain, type ExplainOptions, type Explanation } from './explain/index.js'
export { checkDetector, type CheckReport } from './contract/index.js'
export type { Threshold, ThresholdRule } from './threshold/index.js'
export { openEngine, type Device, type Engine, type EngineOptions } from './runtime/index.js'
