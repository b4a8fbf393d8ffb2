// Trials on images, one class being normal: the paper's protocol, and detectors without training steps. Reading data
// stands in ./node.
export { costOfTrial, usualImages, type PartCost, type TrialCost, type TrialImages } from './cost.js'
export {
  isDetectorRecord,
  readLoggedRecord,
  type DetectorKey,
  type DetectorRecord,
  type LoggedRecord,
} from './detector-record.js'
export { imageFormat } from './format.js'
export type { ImageData } from './one-class.js'
export {
  isDetectorTrial,
  planImages,
  recipeNames,
  type ImagePlan,
  type ImageTrial,
  type WantedImageTrials,
} from './plan.js'
export {
  differencesFrom,
  imageParameters,
  imageProtocols,
  resolveImageSetting,
  type ImageDataset,
  type ImageProtocol,
  type ImageSetting,
} from './protocol.js'
export { detectorRecipes, svmGrid, type DetectorRecipe } from './recipes.js'
export {
  choices,
  readImageRecord,
  type Choice,
  type Curve,
  type ImageRecord,
  type Machine,
  type NetworkKey,
} from './record.js'
export { imageSweep, runImageTrials, type ImageSweepOptions } from './sweep.js'
