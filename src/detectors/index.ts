// Detectors: the contract, Toll, and the list of all.
export { normalIndices } from './contract.js'
export type { Detector, FitContext, FitProgress, FittedDetector, SampleKind, Scored, TrainingData } from './contract.js'
export { constantsOf, toll, tollNetwork, tollObjective, tollParameters, tollScore, type TollParameters } from './toll.js'
export { detectorNamed, detectors } from './registry.js'
export { combinationChoice, combine, comparable, drawGroups, fitScoreScale, scoreRanks, standardizedScores, type Combination, type ScoreScale } from './combination.js'
export { ensemble, ensembleParameters, namedEnsemble, type EnsembleMember, type EnsembleOptions, type EnsembleParameters } from './ensemble.js'
