// The op suite: every primitive and every composition, on every sample, against independent judges. Gradients of first
// and second order against central differences in float64; ONNX Runtime against the interpreter; lowering, reading and
// simplifying against the graph itself.

import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { Random, messageOf, sizeOf } from '../base/index.js'
import { encodeModel, printModel } from '../onnx/index.js'
import {
  abs,
  add,
  averagePool,
  channelMoments,
  concat,
  constant,
  conv,
  convTranspose,
  dropout,
  gate,
  gelu,
  gradients,
  input,
  interpret,
  isFloat,
  leakyRelu,
  logSoftmax,
  logSumExp,
  lower,
  matmul,
  max,
  maxOver,
  maxPool,
  mean,
  min,
  minOver,
  mul,
  pad,
  ranksAmong,
  readModel,
  reciprocalOrZero,
  relu,
  rowNorm,
  searchSorted,
  sigmoid,
  sign,
  simplify,
  slice,
  softmax,
  softplus,
  split,
  square,
  sum,
  topK,
  topological,
  treeEnsemble,
  upsampleNearest,
  verify,
  vocabulary,
  type DType,
  type Fed,
  type Tensor,
} from './index.js'
import { apply, type SampleInput } from './tensor.js'

interface Case {
  readonly name: string
  readonly inputs: readonly SampleInput[]
  build(inputs: readonly Tensor[]): Tensor
}

const primitives: Case[] = [...vocabulary.values()].flatMap((op) =>
  op.samples.map(({ inputs, attrs = {} }, i) => ({
    name: `${op.name} ${i}`,
    inputs,
    build: (xs: readonly Tensor[]) => apply(op, xs, attrs),
  })),
)

const columns = [Float64Array.of(1, 1, 2, 2, 4), Float64Array.of(0, 1, 2, 3, 4)]

const composed: Case[] = [
  { name: 'softmax', inputs: [{ shape: [3, 4] }], build: ([x]) => softmax(x, 1) },
  { name: 'softmax over the first axis', inputs: [{ shape: [3, 2] }], build: ([x]) => softmax(x, 0) },
  { name: 'logSoftmax', inputs: [{ shape: [2, 5] }], build: ([x]) => logSoftmax(x, -1) },
  { name: 'logSumExp', inputs: [{ shape: [3, 4] }], build: ([x]) => logSumExp(x, 1) },
  { name: 'gelu', inputs: [{ shape: [3, 4] }], build: ([x]) => gelu(x) },
  { name: 'rowNorm', inputs: [{ shape: [3, 2, 2] }], build: ([x]) => rowNorm(x) },
  { name: 'rowNorm of a vector', inputs: [{ shape: [3] }], build: ([x]) => rowNorm(x) },
  {
    name: 'dropout',
    inputs: [{ shape: [2, 3] }, { shape: [2, 3], dtype: 'bool', values: [1, 0, 1, 1, 0, 0] }],
    build: ([x, mask]) => dropout(x, mask, 0.25),
  },
  { name: 'mean', inputs: [{ shape: [2, 3, 2] }], build: ([x]) => mean(x, [0, 2]) },
  { name: 'maxPool', inputs: [{ shape: [2, 2, 4, 6] }], build: ([x]) => maxPool(x, 2) },
  {
    name: 'maxPool with padding and overlap',
    inputs: [{ shape: [1, 2, 5, 5] }],
    build: ([x]) => maxPool(x, 3, { strides: 2, pads: 1 }),
  },
  {
    name: 'maxPool with dilation and uneven padding',
    inputs: [{ shape: [1, 1, 7, 6] }],
    build: ([x]) => maxPool(x, [2, 3], { strides: [2, 1], pads: [1, 0, 0, 2], dilations: [3, 2] }),
  },
  { name: 'averagePool', inputs: [{ shape: [2, 2, 4, 6] }], build: ([x]) => averagePool(x, [2, 3]) },
  {
    name: 'averagePool with padding',
    inputs: [{ shape: [1, 2, 5, 5] }],
    build: ([x]) => averagePool(x, 3, { strides: 2, pads: 1 }),
  },
  {
    name: 'averagePool without counting padding',
    inputs: [{ shape: [1, 2, 5, 5] }],
    build: ([x]) => averagePool(x, 3, { strides: 2, pads: [1, 0, 2, 1], countPadding: false }),
  },
  {
    name: 'averagePool with dilation',
    inputs: [{ shape: [1, 1, 7, 6] }],
    build: ([x]) => averagePool(x, 2, { strides: 1, pads: 1, dilations: [2, 3] }),
  },
  { name: 'upsampleNearest', inputs: [{ shape: [1, 2, 2, 3] }], build: ([x]) => upsampleNearest(x, 3) },
  {
    name: 'conv with uneven padding',
    inputs: [{ shape: [1, 2, 5, 4] }, { shape: [2, 2, 3, 2] }],
    build: ([x, w]) => conv(x, w, { strides: [2, 3], pads: [0, 2, 1, 1] }),
  },
  {
    name: 'convTranspose with output padding',
    inputs: [{ shape: [1, 2, 3, 3] }, { shape: [2, 3, 3, 3] }],
    build: ([x, w]) => convTranspose(x, w, { strides: 2, pads: 1, outputPadding: 1 }),
  },
  {
    name: 'convTranspose with uneven padding',
    inputs: [{ shape: [1, 2, 3, 2] }, { shape: [2, 1, 3, 4] }],
    build: ([x, w]) => convTranspose(x, w, { strides: [2, 3], pads: [0, 1, 2, 0], outputPadding: [1, 2] }),
  },
  {
    name: 'convTranspose with an output padding above the stride',
    inputs: [{ shape: [1, 1, 3, 3] }, { shape: [1, 2, 2, 2] }],
    build: ([x, w]) => convTranspose(x, w, { dilations: 3, outputPadding: 2 }),
  },
  {
    name: 'channelMoments',
    inputs: [{ shape: [3, 2, 2, 2] }],
    build: ([x]) => {
      const { variance, centred } = channelMoments(x)
      return mul(centred, square(variance))
    },
  },
  {
    name: 'batched transposed matmul',
    inputs: [{ shape: [2, 4, 3] }, { shape: [2, 4] }],
    build: ([a, b]) => matmul(a, b, { transposeA: true, transposeB: true }),
  },
  { name: 'pad and cut', inputs: [{ shape: [3, 4] }], build: ([x]) => pad(x, [1, -1], [0, 2]) },
  {
    name: 'split and join',
    inputs: [{ shape: [2, 6] }],
    build: ([x]) => {
      const [a, b, c] = split(x, [1, 3, 2], 1)
      return concat([c, mul(b, b), a], 1)
    },
  },
  { name: 'slices that overlap', inputs: [{ shape: [5] }], build: ([x]) => mul(slice(x, 0, 0, 3), slice(x, 0, 2)) },
  { name: 'minOver', inputs: [{ shape: [3, 4] }], build: ([x]) => minOver(x, [1]) },
  { name: 'topK', inputs: [{ shape: [3, 5] }], build: ([x]) => square(topK(x, 2, { largest: false }).values) },
  {
    name: 'searchSorted left',
    inputs: [{ shape: [6, 2], dtype: 'float64', values: [-9, 0, 1, 1, 2, 2, 3, 2.5, 4, 4, 99, 1e300] }],
    build: ([x]) => searchSorted(columns, x, 'left'),
  },
  {
    name: 'searchSorted right',
    inputs: [{ shape: [6, 2], dtype: 'float64', values: [-9, 0, 1, 1, 2, 2, 3, 2.5, 4, 4, 99, 1e300] }],
    build: ([x]) => searchSorted(columns, x, 'right'),
  },
  { name: 'largest of a row times itself', inputs: [{ shape: [2, 3] }], build: ([x]) => mul(maxOver(x, [1], true), x) },
]

interface Problem {
  /** Named results: the value, its gradients, and the gradients of a random projection of those. */
  readonly outputs: Record<string, Tensor>
  readonly value: Tensor
  readonly projections: readonly Tensor[]
  readonly feeds: Record<string, Fed>
  /** Inputs that are differentiated: real ones that the sample does not fix. */
  readonly wrt: readonly Tensor[]
}

function pose(test: Case, dtype: DType): Problem {
  const random = Random.seeded(7)
  const draw = ({ shape, range: [low, high] = [-2, 2], values, texts, dtype = 'float32' }: SampleInput): Fed => ({
    shape,
    data:
      texts ??
      values ??
      Array.from({ length: sizeOf(shape) }, () => drawOne[dtype](low + (high - low) * random.uniform())),
  })
  // The samples of cast say which element types they mean.
  const typeOf = (sample: SampleInput) =>
    test.name.startsWith('cast')
      ? (sample.dtype ?? dtype)
      : sample.dtype === 'float32'
        ? dtype
        : (sample.dtype ?? dtype)
  const inputs = test.inputs.map((sample, i) => input(`x${i}`, sample.shape, typeOf(sample)))
  const feeds = Object.fromEntries(test.inputs.map((sample, i) => [`x${i}`, round(draw(sample), inputs[i].dtype)]))
  const value = test.build(inputs)
  const wrt = inputs.filter((x, i) => isFloat(x.dtype) && !test.inputs[i].values)
  if (!isFloat(value.dtype) || wrt.length === 0) return { outputs: { value }, value, projections: [], feeds, wrt: [] }
  const project = (x: Tensor) =>
    sum(
      mul(
        x,
        constant(
          Array.from({ length: sizeOf(x.shape as number[]) }, () => 2 * random.uniform() - 1),
          x.shape as number[],
          x.dtype,
        ),
      ),
    )
  const first = project(value)
  const slopes = gradients(first, wrt)
  const second = slopes.map(project).reduce(add)
  const curvatures = gradients(second, wrt)
  return {
    outputs: { value, ...named('first', slopes), ...named('second', curvatures) },
    value,
    projections: [first, second],
    feeds,
    wrt,
  }
}

const named = (prefix: string, tensors: readonly Tensor[]) =>
  Object.fromEntries(tensors.map((x, i) => [`${prefix}${i}`, x]))

/** Kinks stand at 0: drawn values keep a distance. */
function awayFromZero(value: number): number {
  return Math.abs(value) < 0.05 ? value + Math.sign(value || 1) * 0.05 : value
}

const drawOne: Readonly<Record<DType, (value: number) => number>> = {
  float32: awayFromZero,
  float64: awayFromZero,
  int64: Math.round,
  bool: (value) => Number(value > 0),
  string: () => expect.fail('texts are given, not drawn'),
}

function round({ shape, data }: Fed, dtype: DType): Fed {
  return { shape, data: dtype === 'float32' ? Array.from(data as ArrayLike<number>, Math.fround) : data }
}

/** The derivative of a scalar by differences: error of order h^2 plus rounding of order 1e-16 / h. */
function differences(y: Tensor, feeds: Record<string, Fed>, name: string): number[] {
  const step = 1e-5
  const data = Array.from(feeds[name].data as ArrayLike<number>)
  const at = (i: number, value: number) =>
    interpret({ y }, { ...feeds, [name]: { shape: feeds[name].shape, data: data.with(i, value) } }).y.data[0]
  return data.map((value, i) => (at(i, value + step) - at(i, value - step)) / (2 * step))
}

const largest = (values: ArrayLike<number>) =>
  Array.from(values).reduce((best, value) => Math.max(best, Math.abs(value)), 0)

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  expect(actual.length, what).toBe(expected.length)
  const allowed = tolerance * Math.max(1, largest(expected))
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i])
    if (!(difference <= allowed))
      expect.fail(`${what}: value ${i} is ${actual[i]}, expected ${expected[i]} within ${allowed}`)
  }
}

async function runInOrt(
  outputs: Record<string, Tensor>,
  feeds: Record<string, Fed>,
): Promise<Record<string, ArrayLike<number>>> {
  const model = lower(outputs)
  const session = await InferenceSession.create(encodeModel(model), {
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
    intraOpNumThreads: 1,
  })
  const fed = Object.fromEntries(
    model.graph.inputs.map(({ name, type }) => {
      const { shape, data } = feeds[name]
      const values = Array.from(data as ArrayLike<number>)
      const dtype = type?.kind === 'tensor' ? type.dtype : undefined
      const tensor =
        dtype === 'string'
          ? new OrtTensor('string', data as string[], shape)
          : dtype === 'float32'
            ? new OrtTensor('float32', Float32Array.from(values), shape)
            : dtype === 'float64'
              ? new OrtTensor('float64', Float64Array.from(values), shape)
              : dtype === 'int64'
                ? new OrtTensor('int64', BigInt64Array.from(values, BigInt), shape)
                : new OrtTensor('bool', Uint8Array.from(values), shape)
      return [name, tensor]
    }),
  )
  const results = await session.run(fed)
  await session.release()
  return Object.fromEntries(
    Object.keys(outputs).map((name) => [name, Array.from(results[name].data as Float32Array, Number)]),
  )
}

/** Ops that ONNX Runtime's CPU has in single precision only. */
const singleOnly: readonly string[] = ['erf', 'conv', 'convTranspose', 'convWeight', 'gelu']

describe('values that are not finite', () => {
  const data = [NaN, Infinity, -Infinity, 0, 1e-30, -1e-30, 5, -5, ...new Array<number>(9).fill(NaN)]
  const feeds = { x: { shape: [17], data }, g: { shape: [17], data: new Array<number>(17).fill(2) } }
  const functions: Record<string, (x: Tensor, g: Tensor) => Tensor> = {
    gate: (x, g) => gate(g, x, 0.1),
    relu,
    abs,
    sign,
    sigmoid,
    softplus,
    reciprocalOrZero,
    leakyRelu: (x) => leakyRelu(x, 0.1),
    max: (x) => max(x, 0),
    min: (x) => min(x, 0),
    maxOver: (x) => maxOver(x),
    maxFromTheRight: (x, g) => max(g, x),
  }
  it.each(Object.keys(functions))('%s treats them as ONNX Runtime does', async (name) => {
    for (const dtype of ['float32', 'float64'] as const) {
      const y = functions[name](input('x', [17], dtype), input('g', [17], dtype))
      const expected = interpret({ y }, feeds).y.data
      const actual = (await runInOrt({ y }, feeds)).y
      expect(actual.length).toBe(expected.length)
      expected.forEach((value, i) => {
        const same =
          Object.is(value, actual[i]) ||
          Math.abs(value - actual[i]) <= 2e-5 * Math.abs(value) ||
          (value === 0 && actual[i] === 0)
        if (!same) expect.fail(`${dtype} ${name}(${data[i]}) is ${value}, ONNX Runtime gives ${actual[i]}`)
      })
    }
  })
})

describe('searching', () => {
  it('counts what is below, and what is not above', () => {
    const x = input('x', [6, 2], 'float64')
    const feeds = { x: { shape: [6, 2], data: [-9, 0, 1, 1, 2, 2, 3, 2.5, 4, 4, 99, 1e300] } }
    const { left, right } = interpret(
      { left: searchSorted(columns, x, 'left'), right: searchSorted(columns, x, 'right') },
      feeds,
    )
    expect([...left.data]).toEqual([0, 0, 0, 1, 2, 2, 4, 3, 4, 4, 5, 5])
    expect([...right.data]).toEqual([0, 1, 2, 2, 4, 3, 4, 3, 5, 5, 5, 5])
    const { below, notAbove } = interpret({ ...ranksAmong(columns, x) }, feeds)
    expect([below.data, notAbove.data]).toEqual([left.data, right.data])
  })
})

describe('trees', () => {
  const leaf = { roots: [0], feature: [-1], value: [7], left: [0], right: [0] }
  const x = input('x', ['batch', 1], 'float64')

  it('send a row left only below the threshold', () => {
    const trees = {
      roots: [0, 3],
      feature: [0, -1, -1, -1],
      value: [0.1, 1, 2, 40],
      left: [1, 0, 0, 0],
      right: [2, 0, 0, 0],
    }
    const { y } = interpret(
      { y: treeEnsemble(x, trees) },
      { x: { shape: [3, 1], data: [0.1 - 2 ** -56, 0.1, -1e300] } },
    )
    expect([...y.data]).toEqual([41, 42, 41])
  })

  it('are refused where a path could leave its tree or never end', () => {
    expect(() => treeEnsemble(x, { ...leaf, roots: [] })).toThrow(/first tree/)
    expect(() => treeEnsemble(x, { ...leaf, value: [NaN] })).toThrow(/node 0 has the value NaN/)
    expect(() => treeEnsemble(x, { ...leaf, feature: [1] })).toThrow(/column 1 of 1/)
    expect(() => treeEnsemble(x, { ...leaf, feature: [0] })).toThrow(/point forward within its tree/)
    expect(() => treeEnsemble(input('x', [2, 1]), leaf)).toThrow(/float64/)
  })
})

describe('the vocabulary', () => {
  it('has a sample of every op but the leaves', () => {
    expect([...vocabulary.values()].filter((op) => op.samples.length === 0).map((op) => op.name)).toEqual([
      'input',
      'constant',
      'slot',
      'dimSize',
    ])
  })
})

describe.each([...primitives, ...composed])('$name', (test) => {
  const double = pose(test, 'float64')

  it.skipIf(double.wrt.length === 0 || test.name.startsWith('stopGradient'))(
    'has the gradients of first and second order that differences give',
    () => {
      const results = interpret(double.outputs, double.feeds)
      double.projections.forEach((projection, order) => {
        double.wrt.forEach((x, i) => {
          const expected = differences(projection, double.feeds, x.attrs.name as string)
          expectClose(
            results[`${['first', 'second'][order]}${i}`].data,
            expected,
            2e-8,
            `order ${order + 1}, input ${i}`,
          )
        })
      })
    },
  )

  it('gives the same numbers in ONNX Runtime, in single precision', async () => {
    const { outputs, feeds } = pose(test, 'float32')
    const expected = interpret(outputs, feeds)
    const actual = await runInOrt(outputs, feeds)
    for (const [name, { data, dtype }] of Object.entries(expected))
      expectClose(actual[name], data, isFloat(dtype) ? 4e-6 : 0, name)
  })

  it('gives the same numbers in ONNX Runtime, in double precision', async () => {
    const { outputs, feeds } = double
    const expected = interpret(outputs, feeds)
    let actual
    try {
      actual = await runInOrt(outputs, feeds)
    } catch (error) {
      expect(messageOf(error)).toMatch(/NOT_IMPLEMENTED|Could not find an implementation/)
      expect(singleOnly).toContain(test.name.split(' ')[0])
      return
    }
    const single = topological(Object.values(outputs)).some((node) => node.dtype === 'float32')
    for (const [name, { data, dtype }] of Object.entries(expected))
      expectClose(actual[name], data, isFloat(dtype) ? (single ? 4e-6 : 1e-12) : 0, name)
    expect(singleOnly).not.toContain(test.name.split(' ')[0])
  })

  it('survives verification, simplification, and the way to ONNX and back', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const { outputs, feeds } = pose(test, dtype)
      verify(outputs)
      const expected = interpret(outputs, feeds)
      const simple = simplify(outputs)
      verify(simple)
      const simplified = interpret(simple, feeds)
      const model = lower(outputs)
      const back = readModel(encodeModel(model))
      expect(printModel(lower(back.outputs, { inputs: back.inputs }))).toBe(printModel(model))
      verify(back.outputs)
      const again = interpret(back.outputs, feeds)
      for (const name of Object.keys(outputs)) {
        expectClose(simplified[name].data, expected[name].data, 1e-6, `simplified ${name}`)
        expect(again[name], name).toEqual(expected[name])
      }
    }
  })
})
