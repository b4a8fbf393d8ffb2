// Trials on images, one class being normal: the paper's protocol, and detectors without training steps. Reading data stands
// in ./node.
export { costOfTrial, usualImages, type PartCost, type TrialCost, type TrialImages } from './cost.js'
export {
  isBaseline,
  readLoggedRecord,
  type BaselineKey,
  type BaselineMeasures,
  type BaselineRecord,
  type LoggedRecord,
} from './detector-record.js'
export {
  baselineNames,
  identifyBaselines,
  runBaselineTrials,
  type BaselineStore,
  type BaselineTrialsOptions,
  type IdentifiedBaseline,
  type WantedBaselines,
} from './detector-trials.js'
export { imageBaselines, svmGrid, type ImageBaseline } from './detectors.js'
export { oneClassProblem, type ImageData, type LabelledImages, type OneClassProblem } from './one-class.js'
export {
  differencesFrom,
  imageParameters,
  imageProtocols,
  resolveImageSetting,
  type ImageDataset,
  type ImageProtocol,
  type ImageSetting,
} from './protocol.js'
export {
  choices,
  readImageRecord,
  type Choice,
  type Curve,
  type ImageRecord,
  type ImageTrialKey,
  type Machine,
  type PartHistogram,
  type TestMeasures,
} from './record.js'
export {
  identifyTrials,
  runImageTrials,
  type IdentifiedTrial,
  type ImageTrialsOptions,
  type ImageTrialStore,
  type WantedTrials,
} from './trials.js'
