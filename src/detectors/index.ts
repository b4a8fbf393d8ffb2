// Detectors: the contract, Toll, and the list of all.
export type { Detector, FitContext, FitProgress, FittedDetector, SampleKind, Scored, TrainingData } from './contract.js'
export { constantsOf, toll, tollNetwork, tollObjective, tollParameters, tollScore, type TollParameters } from './toll.js'
export { detectorNamed, detectors } from './registry.js'
export { copod } from './copod.js'
export { ecod } from './ecod.js'
export { hbos } from './hbos.js'
export { isolationForest } from './isolation-forest.js'
export { loda } from './loda.js'
