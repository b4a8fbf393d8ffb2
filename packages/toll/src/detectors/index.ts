// Detectors: the contract, Toll, and the list of all.
export { normalIndices } from './contract.js'
export type {
  Detector,
  FitContext,
  FitProgress,
  FittedDetector,
  SampleKind,
  Scored,
  ScoreExplanation,
  ScoreFormula,
  ScoreTerm,
  TrainingData,
} from './contract.js'
export {
  constantsOf,
  toll,
  tollNetwork,
  tollObjective,
  tollParameters,
  tollScore,
  type TollParameters,
} from './toll.js'
export { autoClassical, autoNetworks, autoSettings, tollAuto, tollAutoParameters } from './toll-auto.js'
export { abod } from './abod.js'
export { cblof } from './cblof.js'
export { featureBagging } from './feature-bagging.js'
export { knn } from './knn.js'
export { lof } from './lof.js'
export { kMeans, type ClusterOptions, type Clusters } from './k-means.js'
export { kde } from './kde.js'
export { ocSvm } from './oc-svm.js'
export { gaussianMixture, gaussianMixtureParameters, type GaussianMixtureParameters } from './gaussian-mixture.js'
export { mcd, mcdParameters, type McdParameters } from './mcd.js'
export { meanDistance } from './mean-distance.js'
export { pca, pcaParameters, type PcaParameters } from './pca.js'
export {
  directionsFor,
  fitPrincipalBasis,
  principalCoordinates,
  principalResidual,
  projectRows,
  type PrincipalBasis,
} from './principal.js'
export type { WeightedRows } from './moments.js'
export { detectorNamed, detectorOf, detectors } from './registry.js'
export {
  combinationChoice,
  combine,
  comparable,
  drawGroups,
  fitScoreScale,
  scoreRanks,
  standardizedScores,
  type Combination,
  type ScoreScale,
} from './combination.js'
export {
  ensemble,
  ensembleParameters,
  namedEnsemble,
  type EnsembleMember,
  type EnsembleOptions,
  type EnsembleParameters,
} from './ensemble.js'
export { copod } from './copod.js'
export { ecod } from './ecod.js'
export { hbos } from './hbos.js'
export { isolationForest } from './isolation-forest.js'
export { loda } from './loda.js'
