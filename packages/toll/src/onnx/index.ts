// ONNX files: decode, encode, build, print. Knows the messages, not what the operators mean. Runs in a browser.
export { decodeModel, decodeTensor, encodeModel, encodeTensor } from './codec.js'
export type {
  OnnxArrays,
  OnnxAttribute,
  OnnxDim,
  OnnxDType,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxSparseTensor,
  OnnxTensor,
  OnnxType,
  OnnxValueInfo,
} from './types.js'
export { makeNode, makeTensor, makeValue } from './build.js'
export { printModel } from './print.js'
