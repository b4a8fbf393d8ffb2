// Table 3 of the paper: Arrhythmia. Reading data stands in ./node.
export {
  arrhythmiaBaseline,
  arrhythmiaProblem,
  arrhythmiaProtocols,
  measureFloor,
  measureProblem,
  runArrhythmiaBaselines,
  type ArrhythmiaBaseline,
  type ArrhythmiaBaselinesOptions,
  type ArrhythmiaProblem,
  type ArrhythmiaProtocolName,
  type BaselineRun,
} from './detectors.js'
export { paperTable3, referenceCode, type PublishedResult } from './published.js'
export { readTrial, type Measured, type StoredTrial, type Trial, type TrialKey, type TrialStore } from './record.js'
export {
  explainTable3,
  renderTable3Json,
  renderTable3Markdown,
  renderTable3Text,
  tabulateF1,
  tabulateProtocols,
  tabulateRanking,
} from './render.js'
export { distanceToMean, randomSplit, shippedSplit, type ArrhythmiaData, type ProtocolSplit } from './splits.js'
export {
  reproduceTable3,
  table3Parameters,
  type MethodResult,
  type ProtocolResult,
  type Summary,
  type Table3,
  type Table3Options,
} from './table3.js'
export { arrhythmiaProtocol } from './trial.js'
