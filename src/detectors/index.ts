// Detectors: the contract, Toll, and the list of all.
export type { Detector, FitContext, FitProgress, FittedDetector, SampleKind, Scored, TrainingData } from './contract.js'
export { constantsOf, toll, tollNetwork, tollObjective, tollParameters, tollScore, type TollParameters } from './toll.js'
export { gaussianMixture, gaussianMixtureParameters, type GaussianMixtureParameters } from './gaussian-mixture.js'
export { mcd, mcdParameters, type McdParameters } from './mcd.js'
export { meanDistance } from './mean-distance.js'
export { pca, pcaParameters, type PcaParameters } from './pca.js'
export {
  directionsFor, fitPrincipalBasis, principalCoordinates, principalResidual, projectRows, type PrincipalBasis,
} from './principal.js'
export type { WeightedRows } from './moments.js'
export { detectorNamed, detectors } from './registry.js'
