// Reading ONNX files: what lowering writes comes back as it was, what others write means what ONNX Runtime computes,
// and what is damaged or unknown is refused by name.

import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { Random, TollError, sizeOf } from '../../base/index.js'
import {
  encodeModel,
  makeNode,
  makeTensor,
  makeValue,
  printModel,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from '../../onnx/index.js'
import {
  add,
  channelMoments,
  constant,
  conv,
  convTranspose,
  dimSize,
  div,
  gather,
  gradients,
  input,
  interpret,
  leakyRelu,
  lower,
  matmul,
  maxPool,
  mean,
  mul,
  pad,
  printGraph,
  readModel,
  relu,
  reshape,
  rowNorm,
  scatterAdd,
  simplify,
  slice,
  softplus,
  split,
  sqrt,
  stopGradient,
  sub,
  sum,
  transpose,
  verify,
  broadcastTo,
  type DType,
  type Tensor,
} from '../index.js'

function thrown(action: () => unknown): TollError {
  try {
    action()
  } catch (error) {
    if (error instanceof TollError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/**
 * One training step of a small convolutional autoencoder: gathered rows, both directions, packed parameters, momentum.
 */
function trainingStep(dtype: DType): { outputs: Record<string, Tensor>; inputs: Tensor[] } {
  const data = input('data', ['rows', 1, 8, 8], dtype)
  const indices = input('indices', ['batch'], 'int64')
  const packed = input('packed', [18 + 2 + 36 + 18 + 4], dtype)
  const momentum = input('momentum', [18 + 2 + 36 + 18 + 4], dtype)
  const [w1, scale, w2, w3, shift] = split(packed, [18, 2, 36, 18, 4])
  const x = gather(data, indices)
  const hidden = conv(x, reshape(w1, [2, 1, 3, 3]), { strides: 2, pads: [0, 0, 1, 1] })
  const { centred, variance } = channelMoments(hidden)
  const normal = mul(div(centred, sqrt(add(variance, 1e-5))), reshape(scale, [2, 1, 1]))
  const code = add(
    maxPool(conv(leakyRelu(normal, 0.1), reshape(w2, [2, 2, 3, 3]), { strides: 1, pads: 1, dilations: 1 }), 2),
    reshape(slice(shift, 0, 0, 2), [2, 1, 1]),
  )
  const rebuilt = softplus(
    convTranspose(relu(code), reshape(w3, [2, 1, 3, 3]), { strides: 4, pads: [0, 0, 0, 0], outputPadding: 1 }),
  )
  const error = sub(x, rebuilt)
  const latent = reshape(code, ['batch', 8])
  const loss = add(mean(rowNorm(error)), mul(mean(rowNorm(latent)), 0.5))
  const [g] = gradients(loss, [packed])
  const next = add(mul(momentum, 0.9), g)
  const share = div(sum(rowNorm(latent)), dimSize('batch', dtype))
  return {
    outputs: { loss, next, packed_next: sub(packed, mul(next, 0.01)), share, rate: broadcastTo(share, ['batch', 2]) },
    inputs: [data, indices, packed, momentum],
  }
}

const stepFeeds = (() => {
  const random = Random.seeded(3)
  const draw = (shape: number[]) => ({
    shape,
    data: Array.from({ length: sizeOf(shape) }, () => random.uniform() - 0.5),
  })
  return {
    data: draw([5, 1, 8, 8]),
    indices: { shape: [3], data: [4, 0, 2] },
    packed: draw([78]),
    momentum: draw([78]),
  }
})()

describe('the way to ONNX and back', () => {
  it.each([
    ['float32', false],
    ['float32', true],
    ['float64', false],
    ['float64', true],
  ] as const)('keeps a training step in %s, simplified: %s', (dtype, simplified) => {
    const step = trainingStep(dtype)
    const outputs = simplified ? simplify(step.outputs) : step.outputs
    const model = lower(outputs, { inputs: step.inputs, metadata: { kind: 'step' } })
    const back = readModel(encodeModel(model))
    expect(back.inputs.map((node) => [node.attrs.name, node.dtype, node.shape])).toEqual(
      step.inputs.map((node) => [node.attrs.name, node.dtype, node.shape]),
    )
    expect(back.metadata).toEqual({ kind: 'step' })
    expect(back.outputs.rate.shape).toEqual(['batch', 2])
    expect(printModel(lower(back.outputs, { inputs: back.inputs, metadata: back.metadata }))).toBe(printModel(model))
    verify(back.outputs)
    expect(interpret(back.outputs, stepFeeds)).toEqual(interpret(outputs, stepFeeds))
  })

  it('gives back the very graph where nothing is left to lowering', () => {
    const x = input('x', ['n', 3])
    const outputs = {
      y: relu(add(matmul(x, constant([1, 2, 3, 4, 5, 6], [2, 3]), { transposeB: true }), constant([1, 2]))),
      mean: mean(x, [0]),
    }
    expect(printGraph(readModel(encodeModel(lower(outputs))).outputs)).toBe(printGraph(outputs))
  })

  it('recognises what lowering writes as several nodes', () => {
    const ops = (y: Tensor) => {
      const { outputs } = readModel(encodeModel(lower({ y })))
      return printGraph(outputs)
        .split('\n')
        .map((line) => / = (\w+)\(/.exec(line)?.[1])
        .filter((name) => name && name !== 'input' && name !== 'constant')
    }
    const x = input('x', [1, 2, 6, 6], 'float64')
    const w = input('w', [3, 2, 3, 3], 'float64')
    const g = (y: Tensor, of: Tensor) => gradients(sum(y), [of])[0]
    expect(ops(g(relu(x), x)).at(-1)).toBe('gate')
    expect(ops(softplus(x))).toEqual(['softplus'])
    expect(ops(g(rowNorm(x), x))).toContain('reciprocalOrZero')
    expect(ops(g(conv(x, w, { strides: 2, pads: 1 }), w))).toEqual(['reshape', 'broadcastTo', 'convWeight'])
    expect(ops(g(conv(x, w, { strides: [3, 2], dilations: [2, 1], pads: [0, 2, 1, 0] }), w))).toEqual([
      'reshape',
      'broadcastTo',
      'convWeight',
    ])
    expect(ops(g(slice(x, 2, 1, 6, 2), x))).toEqual(['reshape', 'broadcastTo', 'embed'])
    expect(ops(g(slice(x, 2, 0, 5, 2), x))).toEqual(['reshape', 'broadcastTo', 'embed'])
    expect(ops(maxPool(x, 2))).toEqual(['reshape', 'maxPoolIndex', 'reshape', 'gatherElements', 'reshape'])
    expect(ops(scatterAdd(input('u', [2, 3]), input('i', [2], 'int64'), 4))).toEqual(['scatterAdd'])
    expect(ops(stopGradient(x))).toEqual([])
  })

  it('keeps named sizes as scalars of every type', () => {
    const x = input('x', ['n', 'm'])
    const outputs = {
      i: dimSize('n', 'int64'),
      f: dimSize('m'),
      d: dimSize('n', 'float64'),
      used: add(sum(x), dimSize('m')),
    }
    const model = lower(outputs)
    const back = readModel(encodeModel(model))
    expect(printGraph(back.outputs)).toBe(printGraph(outputs))
  })

  it('reads a slope as the decimal that was meant', () => {
    const { outputs } = readModel(encodeModel(lower({ y: leakyRelu(input('x', [1]), 0.1) })))
    expect(outputs.y.attrs).toEqual({ slope: 0.1 })
  })
})

// ---- files of others

const i = (value: number): OnnxAttribute => ({ type: 'int', value })
const f = (value: number): OnnxAttribute => ({ type: 'float', value })
const s = (value: string): OnnxAttribute => ({ type: 'string', value })
const list = (...value: number[]): OnnxAttribute => ({ type: 'ints', value })

interface Foreign {
  readonly opset?: number
  readonly nodes: readonly OnnxNode[]
  readonly inputs?: readonly OnnxValueInfo[]
  readonly constants?: readonly OnnxTensor[]
  readonly outputs?: readonly OnnxValueInfo[]
}

function foreign({
  opset = 18,
  nodes,
  inputs = [makeValue('x', 'float32', [1, 2, 5, 6])],
  constants = [],
  outputs = [makeValue('y', 'float32')],
}: Foreign): OnnxModel {
  return {
    irVersion: 8,
    opsets: { '': opset },
    metadata: {},
    graph: { name: 'g', nodes, inputs, outputs, initializers: constants },
  }
}

const node = (op: string, inputs: string[], attributes: Record<string, OnnxAttribute> = {}, outputs = ['y']) =>
  makeNode(op, inputs, outputs, attributes)
const ints = (name: string, ...values: number[]) => makeTensor(name, 'int64', [values.length], values)
const wave = (name: string, dims: number[], phase = 0) =>
  makeTensor(
    name,
    'float32',
    dims,
    Array.from({ length: sizeOf(dims) }, (_, k) => Math.sin(1.7 * k + phase)),
  )
const x = (...shape: (number | string)[]) => [makeValue('x', 'float32', shape)]

/** Files whose meaning ONNX Runtime knows; x holds sine values, named sizes are 3. */
const foreignModels: Record<string, Foreign> = {
  'Conv with bias': {
    nodes: [node('Conv', ['x', 'w', 'b'], { pads: list(1, 0, 2, 1), strides: list(2, 1) })],
    constants: [wave('w', [3, 2, 3, 2]), wave('b', [3])],
  },
  'Conv in groups': { nodes: [node('Conv', ['x', 'w'], { group: i(2) })], constants: [wave('w', [4, 1, 2, 3])] },
  'Conv SAME_UPPER': {
    nodes: [node('Conv', ['x', 'w'], { auto_pad: s('SAME_UPPER'), strides: list(2, 3) })],
    constants: [wave('w', [1, 2, 4, 2])],
  },
  'Conv SAME_LOWER': {
    nodes: [node('Conv', ['x', 'w'], { auto_pad: s('SAME_LOWER'), strides: list(2, 2) })],
    constants: [wave('w', [1, 2, 2, 3])],
  },
  'Conv VALID': { nodes: [node('Conv', ['x', 'w'], { auto_pad: s('VALID') })], constants: [wave('w', [1, 2, 2, 3])] },
  'ConvTranspose in groups': {
    nodes: [node('ConvTranspose', ['x', 'w', 'b'], { group: i(2), strides: list(2, 1), output_padding: list(1, 0) })],
    constants: [wave('w', [2, 2, 3, 2]), wave('b', [4])],
  },
  'ConvTranspose to a shape': {
    nodes: [node('ConvTranspose', ['x', 'w'], { output_shape: list(10, 13), strides: list(2, 2) })],
    constants: [wave('w', [2, 1, 3, 3])],
  },
  'ConvTranspose SAME_UPPER': {
    nodes: [node('ConvTranspose', ['x', 'w'], { auto_pad: s('SAME_UPPER'), strides: list(2, 2) })],
    constants: [wave('w', [2, 1, 3, 3])],
  },
  'ConvTranspose SAME_LOWER': {
    nodes: [node('ConvTranspose', ['x', 'w'], { auto_pad: s('SAME_LOWER'), strides: list(2, 2) })],
    constants: [wave('w', [2, 1, 3, 3])],
  },
  'MaxPool rounded up': {
    nodes: [node('MaxPool', ['x'], { kernel_shape: list(2, 3), strides: list(2, 2), ceil_mode: i(1) })],
  },
  'MaxPool SAME_LOWER': {
    nodes: [node('MaxPool', ['x'], { kernel_shape: list(2, 2), strides: list(2, 2), auto_pad: s('SAME_LOWER') })],
  },
  'AveragePool rounded up': {
    nodes: [
      node('AveragePool', ['x'], {
        kernel_shape: list(3, 3),
        strides: list(3, 2),
        pads: list(1, 1, 1, 1),
        ceil_mode: i(1),
      }),
    ],
  },
  'AveragePool counting padding': {
    nodes: [
      node('AveragePool', ['x'], {
        kernel_shape: list(3, 2),
        strides: list(2, 2),
        pads: list(1, 0, 0, 1),
        count_include_pad: i(1),
      }),
    ],
  },
  'GlobalAveragePool of a batch': { nodes: [node('GlobalAveragePool', ['x'])], inputs: x('n', 2, 3, 4) },
  'Gemm scaled': {
    nodes: [node('Gemm', ['x', 'w', 'c'], { alpha: f(0.5), beta: f(-2), transA: i(1) })],
    inputs: x(3, 'n'),
    constants: [wave('w', [3, 4]), wave('c', [4], 1)],
  },
  'MatMul with a vector': { nodes: [node('MatMul', ['w', 'x'])], inputs: x(2, 4, 3), constants: [wave('w', [4])] },
  'Softmax over all that follows': { opset: 11, nodes: [node('Softmax', ['x'])], inputs: x('n', 2, 3) },
  'LogSoftmax over one axis': { opset: 13, nodes: [node('LogSoftmax', ['x'], { axis: i(1) })], inputs: x('n', 2, 3) },
  'ReduceSum by attribute': {
    opset: 11,
    nodes: [node('ReduceSum', ['x'], { axes: list(-1, 1), keepdims: i(0) })],
    inputs: x(2, 3, 4),
  },
  'ReduceSum by input': {
    opset: 13,
    nodes: [node('ReduceSum', ['x', 'a'], { keepdims: i(0) })],
    inputs: x(2, 3, 4),
    constants: [ints('a', 1)],
  },
  'ReduceMean by attribute': { opset: 17, nodes: [node('ReduceMean', ['x'], { axes: list(0) })], inputs: x('n', 4) },
  'ReduceMin of everything': { opset: 12, nodes: [node('ReduceMin', ['x'])], inputs: x('n', 4) },
  'Slice by attribute': {
    opset: 9,
    nodes: [node('Slice', ['x'], { starts: list(1, -3), ends: list(1000, -1), axes: list(2, 3) })],
  },
  'Slice by input': {
    nodes: [node('Slice', ['x', 's', 'e', 'a', 'd'])],
    constants: [ints('s', 4, 0), ints('e', -1000, 2147483647), ints('a', 3, -2), ints('d', -2, 2)],
  },
  'Squeeze by attribute': { opset: 12, nodes: [node('Squeeze', ['x'], { axes: list(-2) })], inputs: x('n', 1, 3) },
  'Unsqueeze by attribute': { opset: 12, nodes: [node('Unsqueeze', ['x'], { axes: list(0, 2) })], inputs: x('n', 3) },
  'Split by attribute': {
    opset: 12,
    nodes: [node('Split', ['x'], { axis: i(1), split: list(1, 2) }, ['a', 'y'])],
    inputs: x('n', 3),
  },
  'Split evenly': { opset: 13, nodes: [node('Split', ['x'], { axis: i(1) }, ['a', 'y'])], inputs: x('n', 4) },
  'Clip by attribute': { opset: 9, nodes: [node('Clip', ['x'], { min: f(-0.25), max: f(0.5) })] },
  'Clip from above': { nodes: [node('Clip', ['x', '', 'h'])], constants: [makeTensor('h', 'float32', [], [0.5])] },
  'Pad by attribute': {
    opset: 10,
    nodes: [node('Pad', ['x'], { pads: list(1, 0, -1, 2), value: f(0.5) })],
    inputs: x(2, 3),
  },
  'Pad by reflection': {
    nodes: [node('Pad', ['x', 'p'], { mode: s('reflect') })],
    inputs: x(3, 4),
    constants: [ints('p', 2, 0, 1, 3)],
  },
  'Pad by the edge': {
    nodes: [node('Pad', ['x', 'p', '', 'a'], { mode: s('edge') })],
    inputs: x(3, 4),
    constants: [ints('p', 2, 1), ints('a', -1)],
  },
  'Dropout of old': { opset: 10, nodes: [node('Dropout', ['x'], { ratio: f(0.5) })] },
  'BatchNormalization of old': {
    opset: 9,
    nodes: [node('BatchNormalization', ['x', 'g', 'b', 'm', 'v'], { epsilon: f(1e-3) })],
    constants: [wave('g', [2]), wave('b', [2], 1), wave('m', [2], 2), makeTensor('v', 'float32', [2], [0.5, 2])],
  },
  'a shape put together': {
    nodes: [
      node('Shape', ['x'], {}, ['shape']),
      node('Gather', ['shape', 'zero'], { axis: i(0) }, ['n']),
      node('Unsqueeze', ['n', 'axis'], {}, ['n1']),
      node('Concat', ['n1', 'rest'], { axis: i(0) }, ['target']),
      node('Reshape', ['x', 'target']),
    ],
    inputs: x('n', 2, 3),
    constants: [makeTensor('zero', 'int64', [], [0]), ints('axis', 0), ints('rest', -1)],
  },
  'a shape computed': {
    nodes: [
      node('Shape', ['x'], {}, ['shape']),
      node('Slice', ['shape', 'one', 'three'], {}, ['inner']),
      node('Cast', ['inner'], { to: i(7) }, ['inner64']),
      node('Mul', ['inner64', 'halves'], {}, ['changed']),
      node('Div', ['changed', 'two'], {}, ['halved']),
      node('Shape', ['x'], { start: i(0), end: i(1) }, ['n']),
      node('Concat', ['n', 'halved'], { axis: i(0) }, ['target']),
      node('Reshape', ['x', 'target']),
    ],
    inputs: x('n', 4, 3),
    constants: [ints('one', 1), ints('three', 3), ints('halves', 1, 4), ints('two', 2)],
  },
  'ConstantOfShape for a batch': {
    nodes: [
      node('Shape', ['x'], {}, ['shape']),
      node('ConstantOfShape', ['shape'], { value: { type: 'tensor', value: makeTensor('', 'float32', [1], [2.5]) } }, [
        'c',
      ]),
      node('Add', ['c', 'x']),
    ],
    inputs: x('n', 2),
  },
  'Expand both ways': { nodes: [node('Expand', ['x', 's'])], inputs: x(3, 1), constants: [ints('s', 2, 1, 4)] },
  Tile: { nodes: [node('Tile', ['x', 'r'])], inputs: x('n', 2), constants: [ints('r', 1, 3)] },
  'Flatten of a batch': { nodes: [node('Flatten', ['x'])], inputs: x('n', 2, 3) },
  'GatherND from the end': {
    nodes: [node('GatherND', ['x', 'k'])],
    inputs: x(2, 3, 4),
    constants: [makeTensor('k', 'int64', [2, 2], [0, -1, 1, 2])],
  },
  'GatherElements over part': {
    nodes: [node('GatherElements', ['x', 'k'], { axis: i(1) })],
    inputs: x(3, 4),
    constants: [makeTensor('k', 'int64', [2, 3], [0, -1, 1, 2, 2, 3])],
  },
  'ScatterND in place': {
    nodes: [node('ScatterND', ['x', 'k', 'u'])],
    inputs: x(3, 2),
    constants: [makeTensor('k', 'int64', [2, 1], [2, 0]), wave('u', [2, 2], 2)],
  },
  'ScatterND with addition': {
    nodes: [node('ScatterND', ['x', 'k', 'u'], { reduction: s('add') })],
    inputs: x(3, 2),
    constants: [makeTensor('k', 'int64', [3, 2], [2, 0, -1, 0, 0, 1]), wave('u', [3], 2)],
  },
  LayerNormalization: {
    nodes: [node('LayerNormalization', ['x', 'g', 'b'], { axis: i(1) })],
    inputs: x('n', 2, 3),
    constants: [wave('g', [2, 3]), wave('b', [2, 3], 1)],
  },
  InstanceNormalization: {
    nodes: [node('InstanceNormalization', ['x', 'g', 'b'])],
    constants: [wave('g', [2]), wave('b', [2], 1)],
  },
  'an initialiser that is an input too': {
    nodes: [node('Add', ['x', 'w'])],
    inputs: [...x(3), makeValue('w', 'float32', [3])],
    constants: [wave('w', [3])],
  },
  'the domain by its long name': { nodes: [{ ...node('Relu', ['x']), domain: 'ai.onnx' }] },
}

describe('files of others', () => {
  it.each(Object.keys(foreignModels))('%s: what ONNX Runtime computes', async (name) => {
    const model = foreign(foreignModels[name])
    const bytes = encodeModel(model)
    const { outputs, inputs } = readModel(bytes)
    verify(outputs)
    expect(inputs.length).toBe(1)
    const shape = inputs[0].shape.map((dim) => (typeof dim === 'number' ? dim : 3))
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, k) => Math.sin(2.3 * k + 0.4))
    const session = await InferenceSession.create(bytes, { logSeverityLevel: 4 })
    const expected = (await session.run({ x: new OrtTensor('float32', data, shape) })).y
    const { y } = interpret(outputs, { x: { shape, data } })
    expect(y.shape).toEqual(expected.dims)
    Array.from(expected.data as Float32Array).forEach((value, k) =>
      expect(Math.abs(y.data[k] - value), `value ${k}`).toBeLessThan(3e-6),
    )
  })

  it('names sizes of which nothing is known after the input and axis', () => {
    const { inputs } = readModel(
      encodeModel(foreign({ nodes: [node('Relu', ['x'])], inputs: [makeValue('x', 'float32', [null, 3])] })),
    )
    expect(inputs[0].shape).toEqual(['x.0', 3])
  })

  it('skips nodes that no output needs, whatever they are', () => {
    const model = foreign({ nodes: [node('Mystery', ['x'], {}, ['unused']), node('Relu', ['x'])] })
    expect(readModel(encodeModel(model)).outputs.y.op.name).toBe('relu')
  })
})

describe('refusals name what is not supported', () => {
  const cases: readonly (readonly [what: string, model: Foreign | OnnxModel, message: string, code?: string])[] = [
    ['an operator', { nodes: [node('Resize', ['x'])] }, "node 0 (Resize to 'y'): operator 'Resize' is not supported"],
    [
      'an operator of another domain',
      { nodes: [makeNode('Thing', ['x'], ['y'], {}, 'org.example')] },
      "operator 'Thing' of domain 'org.example'",
    ],
    ['an operator of our own domain', { nodes: [makeNode('gate', ['x', 'x'], ['y'], {}, 'toll')] }, "domain 'toll'"],
    [
      'an attribute',
      { nodes: [node('Gelu', ['x'], { approximate: s('soft') })], opset: 20 },
      "'approximate' must be none or tanh, got 'soft'",
    ],
    [
      'an attribute of another type',
      { nodes: [node('LeakyRelu', ['x'], { alpha: i(1) })] },
      "attribute 'alpha' must be of type float, got int",
    ],
    [
      'a convolution of signals',
      { nodes: [node('Conv', ['x', 'w'])], inputs: x(1, 2, 5), constants: [wave('w', [1, 2, 3])] },
      'only images of four axes',
    ],
    [
      'an input of unknown rank',
      { nodes: [node('Relu', ['x'])], inputs: [makeValue('x', 'float32')] },
      "input 'x' must be a tensor with a known number of axes, got tensor of unknown rank",
    ],
    [
      'an element type',
      { nodes: [node('Abs', ['x'])], inputs: [makeValue('x', 'int32', [2])] },
      "input 'x' has element type int32",
    ],
    ['a cast to texts', { nodes: [node('Cast', ['x'], { to: i(8) })] }, 'element type 8 is not supported'],
    [
      'texts in arithmetic',
      { nodes: [node('Add', ['x', 'x'])], inputs: [makeValue('x', 'string', [2])] },
      "node 0 (Add to 'y'): add: expected numbers, got string(2)",
    ],
    [
      'constant texts',
      {
        nodes: [node('Equal', ['x', 'k'])],
        inputs: [makeValue('x', 'string', [1])],
        constants: [makeTensor('k', 'string', [1], ['a'])],
      },
      "'k' holds texts",
    ],
    ['a cast', { nodes: [node('Cast', ['x'], { to: i(10) })] }, 'element type 10 is not supported'],
    [
      'a shape that is fed',
      { nodes: [node('Reshape', ['x', 's'])], inputs: [...x(2, 3), makeValue('s', 'int64', [1])] },
      'input 1 must be integers that the file itself determines',
    ],
    ['a value that nothing makes', { nodes: [node('Add', ['x', 'ghost'])] }, "'ghost' is used before"],
    ['a node before its input', { nodes: [node('Relu', ['h']), node('Exp', ['x'], {}, ['h'])] }, "'h' is used before"],
    ['an output that nothing makes', { nodes: [], outputs: [makeValue('z', 'float32')] }, "'z' is used before"],
    [
      'a value made twice',
      { nodes: [node('Exp', ['x'], {}, ['h']), node('Abs', ['x'], {}, ['h']), node('Relu', ['h'])] },
      "'h' is made twice",
    ],
    [
      'an output of another type',
      { nodes: [node('Relu', ['x'])], outputs: [makeValue('y', 'int64')] },
      "output 'y' is declared as int64, its nodes give float32",
    ],
    [
      'shapes that do not fit',
      { nodes: [node('MatMul', ['x', 'w'])], constants: [wave('w', [3, 3])] },
      "node 0 (MatMul to 'y'): matmul: inner sizes 6 and 3",
    ],
    ['a missing input', { nodes: [node('Add', ['x'])] }, 'input 1 is missing'],
    [
      'training mode',
      { nodes: [node('Dropout', ['x', '', 't'])], constants: [makeTensor('t', 'bool', [], [1])] },
      'dropout in training mode',
    ],
    [
      'an inexact integer',
      {
        nodes: [node('Add', ['k', 'k'])],
        outputs: [makeValue('y', 'int64')],
        constants: [makeTensor('k', 'int64', [], [2n ** 60n + 1n])],
      },
      'not exact in float64',
    ],
    ['an old operator set', { nodes: [node('Relu', ['x'])], opset: 6 }, 'operator set 6'],
    ['a new operator set', { nodes: [node('Relu', ['x'])], opset: 99 }, 'operator set 99', 'version'],
    [
      'no standard operator set',
      { ...foreign({ nodes: [node('Relu', ['x'])] }), opsets: { 'org.example': 1 } },
      'standard operator set',
    ],
  ]
  it.each(cases.map(([what, model, message, code = 'format']) => ({ what, model, message, code })))(
    '$what',
    ({ model, message, code }) => {
      const error = thrown(() => readModel(encodeModel('graph' in model ? model : foreign(model))))
      expect(error.message).toContain(message)
      expect(error.code).toBe(code)
    },
  )

  it('and bytes that are no model', () => {
    expect(thrown(() => readModel(new Uint8Array())).code).toBe('format')
    expect(thrown(() => readModel(new TextEncoder().encode('<html>'))).code).toBe('format')
  })
})

describe('damaged files', () => {
  const step = trainingStep('float32')
  const extra = { padded: pad(transpose(input('extra', [2, 3])), [1, 0], [0, 2]) }
  const models = [
    encodeModel(lower({ ...step.outputs, ...extra }, { inputs: step.inputs })),
    ...[
      'Conv in groups',
      'AveragePool rounded up',
      'MaxPool rounded up',
      'a shape computed',
      'Tile',
      'Slice by input',
      'Pad by reflection',
      'ConvTranspose to a shape',
      'GatherND from the end',
      'Split evenly',
    ].map((name) => encodeModel(foreign(foreignModels[name]))),
  ]

  function readOrRefuse(bytes: Uint8Array): boolean {
    try {
      verify(readModel(bytes).outputs)
      return true
    } catch (error) {
      if (error instanceof TollError && error.code !== 'internal') return false
      throw error
    }
  }

  it('with absurd sizes cost neither time nor memory', () => {
    const huge = 2 ** 40
    const big = [makeValue('x', 'float32', [1, 2, huge, huge])]
    const read = (nodes: OnnxNode[], constants: OnnxTensor[] = []) =>
      readModel(encodeModel(foreign({ nodes, constants, inputs: big }))).outputs.y.shape
    expect(read([node('AveragePool', ['x'], { kernel_shape: list(2, 2) })])).toEqual([1, 2, huge - 1, huge - 1])
    expect(read([node('ConstantOfShape', ['s'])], [ints('s', huge, huge)])).toEqual([huge, huge])
    expect(read([node('Tile', ['x', 'r'])], [ints('r', 4096, 4096, 1, 1)])).toEqual([4096, 8192, huge, huge])
    expect(thrown(() => read([node('AveragePool', ['x'], { kernel_shape: list(huge, 1) })])).code).toBe('format')
    expect(
      thrown(() => read([node('Pad', ['x', 'p'], { mode: s('edge') })], [ints('p', 0, 0, 0, 1, 0, 0, 0, 0)])).code,
    ).toBe('format')
    expect(thrown(() => read([node('ConstantOfShape', ['s'])], [ints('s', -1)])).code).toBe('format')
    expect(
      thrown(() =>
        readModel(encodeModel(foreign({ nodes: [node('Relu', ['x'])], inputs: x(...new Array<number>(65).fill(1)) }))),
      ).message,
    ).toContain('65 axes')
  })

  it('read long chains without deep recursion', () => {
    const length = 20_000
    const nodes = Array.from({ length }, (_, k) =>
      node('Neg', [k === 0 ? 'x' : `h${k - 1}`], {}, [k === length - 1 ? 'y' : `h${k}`]),
    )
    const { outputs } = readModel(encodeModel(foreign({ nodes, inputs: x(2) })))
    expect([...interpret(outputs, { x: { shape: [2], data: [1, 2] } }).y.data]).toEqual([1, 2])
    expect(simplify(outputs).y.op.name).toBe('input')
  })

  it('cut anywhere are refused with a typed error, or hold a whole model', () => {
    for (const bytes of models) {
      const stride = Math.max(1, Math.floor(bytes.length / 400))
      for (let length = 0; length < bytes.length; length += stride) readOrRefuse(bytes.subarray(0, length))
      expect(readOrRefuse(bytes.subarray(0, bytes.length >> 1))).toBe(false)
      expect(readOrRefuse(bytes)).toBe(true)
    }
  })

  it('changed anywhere are refused with a typed error, or read as another graph', () => {
    const random = Random.seeded(11)
    let refused = 0
    for (let round = 0; round < 6000; round++) {
      const bytes = [...models[round % models.length]]
      for (let k = 1 + random.integer(4); k > 0; k--) {
        const at = random.integer(bytes.length)
        const kind = random.integer(3)
        if (kind === 0) bytes[at] = random.integer(256)
        else if (kind === 1) bytes[at] ^= 1 << random.integer(8)
        else bytes[at] = [0, 1, 127, 128, 255][random.integer(5)]
      }
      if (!readOrRefuse(Uint8Array.from(bytes))) refused++
    }
    expect(refused).toBeGreaterThan(1000)
    expect(refused).toBeLessThan(6000)
  })
})
