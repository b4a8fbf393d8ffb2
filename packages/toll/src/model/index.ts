// Models: fit, score, reconstruct, move the threshold, the bytes of the file.
export { minRowsToSplit } from './split.js'
export { fingerprint } from './fingerprint.js'
export { loadModel, saveModel, type LoadOptions } from './file.js'
export { fit, type FitOptions } from './fit.js'
export { Model, type ScoreOptions, type Scores } from './model.js'
export {
  columnInput,
  encodeTable,
  type ColumnInput,
  type InputOptions,
  type Replaced,
  type RowInputs,
} from './inputs.js'
export {
  inputStream,
  scoreStream,
  type InputBatch,
  type RowSource,
  type RowSourceColumn,
  type RowSourceOptions,
  type RowStream,
  type ScoredBatch,
  type StreamedRows,
  type StreamOptions,
} from './stream.js'
export {
  HighestRows,
  cellsOfRow,
  noScoredRows,
  pickRows,
  titleOf,
  type PickedRow,
  type PickedRows,
  type UnscoredRow,
} from './pick-rows.js'
export { findDiscoveries, type DiscoveryBatch } from './discoveries.js'
export { readManifest } from './read-file.js'
export { moveThresholds, valueNames } from './rewrite.js'
export { readScoringGraph, type ScoringGraph } from './scoring-graph.js'
export {
  decisionOutput,
  featuresOf,
  samplesFor,
  manifestFormat,
  manifestKey,
  storeManifest,
  type HeldBack,
  type InputColumn,
  type Manifest,
  type ModelInput,
  type RowWindow,
} from './manifest.js'
export { isTrainingData, isTrainingSource, takeFeatures, type WholeSource } from './training-data.js'
