// The theory laboratory: what the norm term does to a linear autoencoder, in closed form, by integration, and in
// pictures' numbers.
export {
  addScaled,
  centre,
  checkMatrix,
  covarianceEigen,
  covarianceOf,
  diagonal,
  frobenius,
  identity,
  matrixOf,
  orthonormalBasis,
  product,
  relativeDistance,
  singularValues,
  subspaceAngle,
  symmetricEigen,
  thinSvd,
  trace,
  zeroMatrix,
  type Eigen,
  type Matrix,
  type ThinSvd,
  type Transposed,
} from 'toll/base'
export { logSpectrum, normalMatrix, randomCovariance, samplesWithSpectrum } from './spectrum.js'
export {
  integrate,
  type Derivative,
  type IntegrateOptions,
  type IntegrationProgress,
  type Trajectory,
} from './dormand-prince.js'
export { descend, type DescendOptions, type Descent } from './gradient-descent.js'
export { collapsedCodes, collapsedEncoder, directionAmplitudes } from './closed-form.js'
export {
  autoencoderFlow,
  linearDescent,
  linearLoss,
  normFlow,
  packLayers,
  residualOf,
  unpackLayers,
  type Layers,
  type LossParts,
} from './linear-autoencoder.js'
export { gaussianUnsquaredLoss, normLoss, squaredLoss, unsquaredLoss, type LinearTensors } from './losses.js'
export { flow, lossFunction, type Flow, type LossFunction, type Point } from './graph-flow.js'
export {
  controlScale,
  decoderWithEnergies,
  minimumAtUnitNorm,
  minimumUnderDecay,
  ridgeEncoder,
  withUnitRows,
  type Minimum,
  type ScaleControl,
} from './scale-control.js'
export {
  gaussianDensity,
  gaussianEllipse,
  gaussianSamples,
  linearScores,
  planeGrid,
  plantAnomalies,
  type ScoreForm,
} from './gaussian-score.js'
export { describeList, resolveList, type ListDomain } from './laboratory.js'
export type { PhaseProgress as LaboratoryProgress, Watched } from 'toll/base'
export { lemma1Experiment, lemma1Lists, lemma1Parameters, type Lemma1Options, type Lemma1Result } from './lemma1.js'
export {
  theorem1Experiment,
  theorem1Parameters,
  type Theorem1Options,
  type Theorem1Result,
  type Theorem1Run,
} from './theorem1.js'
export {
  randomLayers,
  theorem2Experiment,
  theorem2Lists,
  theorem2Parameters,
  type Theorem2Options,
  type Theorem2Result,
  type Theorem2Run,
} from './theorem2.js'
export {
  figure2Experiment,
  figure2Lists,
  figure2Parameters,
  type Figure2Options,
  type Figure2Panel,
  type Figure2Result,
  type Figure2Run,
} from './figure2.js'
export {
  scaleExperiment,
  scaleLists,
  scaleParameters,
  type LossForm,
  type ScaleOptions,
  type ScaleResult,
  type ScaleRun,
} from './scale-experiment.js'
