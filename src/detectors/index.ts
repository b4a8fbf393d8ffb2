// Detectors: the contract, Toll, and the list of all.
export type { Detector, FitContext, FitProgress, FittedDetector, SampleKind, Scored, TrainingData } from './contract.js'
export { constantsOf, toll, tollNetwork, tollObjective, tollParameters, tollScore, type TollParameters } from './toll.js'
export { kde } from './kde.js'
export { ocSvm } from './oc-svm.js'
export { detectorNamed, detectors } from './registry.js'
