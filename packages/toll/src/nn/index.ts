// Networks: layers with PyTorch's parameter layouts and initialisation, and the architectures of the paper.
export {
  filled,
  stateless,
  uniformFan,
  type BufferSpec,
  type Layer,
  type ParameterKind,
  type ParameterSpec,
  type Scope,
} from './layer.js'
export { linear, type LinearOptions } from './linear.js'
export { conv2d, convTranspose2d, type ConvOptions, type ConvTransposeLayerOptions } from './convolution.js'
export { batchNorm, type BatchNormOptions } from './normalization.js'
export {
  activation,
  averagePool2d,
  dropoutLayer,
  flatten,
  leakyReluLayer,
  maxPool2d,
  outputBias,
  unflatten,
  upsample2d,
} from './activation.js'
export { sequential, within } from './sequential.js'
export { autoencoder, parameterCount, reconstruct, type Autoencoder } from './autoencoder.js'
export { cifarNetwork, dense, imageDefault, mnistNetwork, tabularDefault, type ImageShape } from './architectures.js'
