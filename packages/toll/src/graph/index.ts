// The graph language: build, differentiate, simplify, verify, print, interpret, lower to ONNX, and read back.
export {
  isFloat,
  sameShape,
  showShape,
  topological,
  type Dim,
  type DType,
  type Op,
  type Shape,
  type Tensor,
  type TensorType,
  type Value,
  type Work,
} from './tensor.js'
export { constant, dimSize, input, onnxType, scalarLike, slot, zeros } from './ops/leaf.js'
export {
  abs,
  add,
  and,
  cast,
  div,
  equal,
  erf,
  exp,
  floor,
  gate,
  greater,
  isInfinite,
  isNaN,
  leakyRelu,
  less,
  log,
  max,
  min,
  mul,
  neg,
  not,
  or,
  pow,
  reciprocal,
  reciprocalOrZero,
  relu,
  sigmoid,
  sign,
  sin,
  softplus,
  sqrt,
  square,
  stopGradient,
  sub,
  tanh,
  where,
} from './ops/elementwise.js'
export { broadcastTo, maxOver, mean, sum, sumTo } from './ops/reduce.js'
export { concat, embed, pad, reshape, slice, transpose } from './ops/shape.js'
export { matmul } from './ops/matmul.js'
export {
  conv,
  convSize,
  convTranspose,
  windowOf,
  type ConvTransposeOptions,
  type Window,
  type WindowOptions,
} from './ops/conv.js'
export { topIndices } from './ops/select.js'
export { treeEnsemble, type Trees } from './ops/trees.js'
export { isPlainText, lookup } from './ops/text.js'
export { gather, gatherElements, maxPoolIndex, scatterAdd, scatterElementsAdd } from './ops/gather.js'
export {
  averagePool,
  channelMoments,
  dropout,
  gelu,
  logSoftmax,
  logSumExp,
  maxPool,
  minOver,
  ranksAmong,
  rowNorm,
  rowNormOperand,
  searchSlots,
  searchSorted,
  softmax,
  sortedSlots,
  split,
  topK,
  upsampleNearest,
  type PoolOptions,
} from './compose.js'
export { gradients } from './gradient.js'
export { simplify } from './simplify.js'
export { substitute } from './substitute.js'
export { verify } from './verify.js'
export { printGraph } from './print.js'
export { interpret, type Fed } from './interpret.js'
export { compile, compileModel } from './compile.js'
export { costOf, type Cost, type CostOptions, type NodeCost } from './cost.js'
export { lower, opsetVersion, type LoweredModel, type LowerOptions } from './lower.js'
export { fillSlots } from './slots.js'
export { readGraph, readModel, type ReadModel } from './import/read.js'
export { lookupsOnHost, type CodedModel, type TextLookup } from './coded.js'
export { vocabulary } from './vocabulary.js'
