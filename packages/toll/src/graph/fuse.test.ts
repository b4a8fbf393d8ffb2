// Fusion: every rule by the ops that it leaves, and the same numbers as the graph it came from.

import { describe, expect, it } from 'vitest'
import { Random, sizeOf } from '../base/index.js'
import { fuse } from './fuse.js'
import {
  add,
  channelMoments,
  constant,
  conv,
  convTranspose,
  div,
  gradients,
  input,
  interpret,
  leakyRelu,
  lower,
  matmul,
  mean,
  mul,
  neg,
  reciprocalOrZero,
  reshape,
  rowNorm,
  sqrt,
  square,
  sub,
  sum,
  topological,
  type Tensor,
} from './index.js'

const x = input('x', [4, 3], 'float64')
const image = input('image', [4, 3, 5, 5], 'float64')
const column = input('column', [1, 3, 1, 1], 'float64')

function ops(tensor: Tensor): string[] {
  return topological([fuse({ tensor }).tensor])
    .map((node) => node.op.name)
    .filter((name) => name !== 'input' && name !== 'constant')
}

function numbers(shape: readonly number[], seed: number): Float64Array {
  const random = Random.seeded(seed)
  return Float64Array.from({ length: sizeOf(shape) }, () => random.normal())
}

/**
 * The largest difference between a graph and its fused form, relative to the largest value (of at least 1: sums may
 * vanish).
 */
function deviation(outputs: Record<string, Tensor>): number {
  const inputs = topological(Object.values(outputs)).filter((node) => node.op.name === 'input')
  const feeds = Object.fromEntries(
    inputs.map((node, i) => {
      const shape = node.shape as readonly number[]
      return [node.attrs.name as string, { shape, data: numbers(shape, i + 1) }]
    }),
  )
  const [plain, fused] = [interpret(outputs, feeds), interpret(fuse(outputs), feeds)]
  return Math.max(
    ...Object.keys(outputs).map((name) => {
      const scale = Math.max(...plain[name].data.map(Math.abs), 1)
      return Math.max(...plain[name].data.map((value, i) => Math.abs(value - fused[name].data[i]))) / scale
    }),
  )
}

const rules: readonly (readonly [string, Tensor, readonly string[]])[] = [
  ['x + x is one product', add(image, image), ['mul']],
  [
    'what is added twice is doubled where it is small',
    add(mul(image, column), add(square(image), mul(image, column))),
    ['mul', 'mul', 'mul', 'add'],
  ],
  ['small factors meet before the large one', mul(mul(image, column), mul(column, column)), ['mul', 'mul', 'mul']],
  ['a factor leaves a sum', sum(mul(image, column), [0, 2, 3], true), ['sum', 'mul']],
  ['a sign leaves a sum', sum(neg(mul(image, image)), [0, 2, 3], true), ['mul', 'sum', 'neg']],
  ['a centred tensor sums to nothing', sum(sub(image, mean(image, [0, 2, 3], true)), [0, 2, 3], true), []],
  ['the rows of a matrix are summed by a product', sum(x, [0], true), ['matmul']],
  ['their mean is one product too', mean(x, [0], true), ['matmul']],
  [
    'positive roots need no guard',
    reciprocalOrZero(sqrt(add(sum(square(x), [0], true), 1e-5))),
    ['mul', 'matmul', 'add', 'sqrt', 'reciprocal'],
  ],
  [
    'roots that may be zero keep it',
    reciprocalOrZero(sqrt(sum(square(x), [0], true))),
    ['mul', 'matmul', 'sqrt', 'reciprocalOrZero'],
  ],
  [
    'a kernel as large as the image is a product',
    conv(image, input('w', [2, 3, 5, 5], 'float64')),
    ['reshape', 'reshape', 'matmul', 'transpose', 'reshape'],
  ],
  [
    'its transposition too',
    convTranspose(input('g', [4, 2, 1, 1], 'float64'), input('w', [2, 3, 5, 5], 'float64')),
    ['reshape', 'reshape', 'matmul', 'reshape'],
  ],
  ['a smaller kernel stays', conv(image, input('w', [2, 3, 3, 3], 'float64')), ['conv']],
  [
    'a constant scale and shift vanish into constant weights',
    add(
      mul(
        add(
          conv(image, constant(numbers([2, 3, 3, 3], 9), [2, 3, 3, 3], 'float64')),
          constant([1, 2], [1, 2, 1, 1], 'float64'),
        ),
        constant([3, 4], [1, 2, 1, 1], 'float64'),
      ),
      constant([5, 6], [1, 2, 1, 1], 'float64'),
    ),
    ['conv', 'add'],
  ],
  [
    'weights that are fed keep their scale',
    mul(conv(image, input('w', [2, 3, 3, 3], 'float64')), constant([3, 4], [1, 2, 1, 1], 'float64')),
    ['conv', 'mul'],
  ],
]

describe('a fused graph', () => {
  it.each(rules)('%s', (_, graph, left) => {
    expect(ops(graph)).toEqual(left)
    expect(deviation({ graph })).toBeLessThan(1e-12)
  })

  it.each([
    ['convolution', (w: Tensor) => conv(image, w)],
    ['covering convolution', () => conv(image, input('w', [3, 3, 5, 5], 'float64'))],
    ['pointwise convolution', () => conv(image, input('w', [3, 3, 1, 1], 'float64'))],
    ['transposed pointwise convolution', () => convTranspose(image, input('w', [3, 3, 1, 1], 'float64'))],
    [
      'transposed covering convolution',
      () => convTranspose(reshape(x, [4, 3, 1, 1]), input('w', [3, 2, 4, 4], 'float64')),
    ],
  ] as const)('has the gradients of a %s with batch norm, first and second order', (_, layer) => {
    const w = input('w', [2, 3, 3, 3], 'float64')
    const { mean: centre, variance, centred } = channelMoments(layer(w))
    const y = leakyRelu(mul(centred, div(1, sqrt(add(variance, 1e-5)))), 0.1)
    const loss = mean(rowNorm(add(y, mul(centre, 0.1))))
    const inputs = topological([loss]).filter((node) => node.op.name === 'input')
    const first = gradients(loss, inputs)
    const second = gradients(
      first.map((g) => sum(square(g))).reduce((a, b) => add(a, b)),
      inputs,
    )
    expect(deviation(Object.fromEntries([loss, ...first, ...second].map((node, i) => [String(i), node])))).toBeLessThan(
      1e-9,
    )
  })

  it('gives a bias in front of batch norm a gradient of exactly 0', () => {
    const bias = input('bias', [3], 'float64')
    const { centred, variance } = channelMoments(add(x, bias))
    const loss = sum(leakyRelu(mul(centred, div(1, sqrt(add(variance, 1e-5)))), 0.1))
    const { g } = fuse({ g: gradients(loss, [bias])[0] })
    expect(g.op.name).toBe('constant')
    expect(Array.from(g.attrs.data as Float64Array)).toEqual([0, 0, 0])
  })
})

describe('lowering', () => {
  const nodes = (graph: Tensor) => lower({ y: graph }).graph.nodes.map(({ op, inputs }) => `${op}/${inputs.length}`)
  const w = input('w', [2, 3, 3, 3], 'float64')
  const b = input('b', [2], 'float64')

  it('gives a product its bias', () => {
    expect(nodes(add(conv(image, w), reshape(b, [1, 2, 1, 1])))).toEqual(['Reshape/2', 'Conv/3'])
    expect(nodes(add(conv(image, w), constant([1, 2], [1, 2, 1, 1], 'float64')))).toEqual(['Conv/3'])
    expect(nodes(add(b, matmul(x, input('m', [3, 2], 'float64'))))).toEqual(['Gemm/3'])
  })

  it('leaves a bias alone where the product is needed by itself or the shapes differ', () => {
    const product = matmul(x, input('m', [3, 2], 'float64'))
    expect(nodes(mul(add(product, b), product))).toEqual(['MatMul/2', 'Add/2', 'Mul/2'])
    expect(nodes(add(product, input('rows', [4, 1], 'float64')))).toEqual(['MatMul/2', 'Add/2'])
    expect(nodes(add(conv(image, w), input('plane', [3, 3], 'float64')))).toEqual(['Conv/2', 'Add/2'])
  })
})
