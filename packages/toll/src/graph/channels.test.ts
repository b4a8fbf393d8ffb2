// Batch norm and leaky ReLU over images: what is left of each pattern, and that it means what it meant.

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
  mul,
  reshape,
  sqrt,
  sub,
  sum,
  topological,
  type Tensor,
} from './index.js'

const real = (name: string, shape: readonly number[]) => input(name, shape, 'float64')
const x = real('x', [2, 3, 4, 5])
const channel = (name: string, channels = 3) => reshape(real(name, [channels]), [1, channels, 1, 1])

/** The fused graph, which must have the values of the graph itself to rounding. */
function fused(y: Tensor): Tensor {
  const after = fuse({ y }).y
  const feeds = Object.fromEntries(
    topological([y])
      .filter((node) => node.op.name === 'input')
      .map((node, i) => {
        const random = Random.seeded(i + 1)
        const shape = node.shape as number[]
        return [
          node.attrs.name as string,
          { shape, data: Float64Array.from({ length: sizeOf(shape) }, () => random.normal()) },
        ]
      }),
  )
  const [plain, other] = [interpret({ y }, feeds).y.data, interpret({ y: after }, feeds).y.data]
  plain.forEach((value, i) => expect(Math.abs(value - other[i])).toBeLessThan(1e-10 * (1 + Math.abs(value))))
  return after
}

/** Passes over images of this shape, in order. */
function passes(y: Tensor, shape: readonly number[] = y.shape as number[]): string[] {
  return topological([y])
    .filter((node) => node.op.name !== 'input' && String(node.shape) === String(shape))
    .map(({ op }) => op.name)
}

const operators = (y: Tensor) =>
  lower({ y })
    .graph.nodes.map(({ op }) => op)
    .filter((op) => op !== 'Reshape')

describe('a fused graph', () => {
  it('opens the gate of a leaky ReLU in units, which leave with a product', () => {
    const y = fused(gradients(sum(mul(leakyRelu(x, 0.1), real('r', [2, 3, 4, 5]))), [x])[0])
    expect(passes(y)).toEqual(['leakyRelu', 'gate', 'mul'])
    expect(topological([y]).find(({ op }) => op.name === 'gate')!.attrs).toEqual({ slope: 0.1, unit: 2 ** -40 })
    expect(operators(y).slice(-3)).toEqual(['Clip', 'Mul', 'Mul'])
  })

  it('sends batch norm its gradient in one product and two sums, and scales the kernels', () => {
    const w = real('w', [3, 2, 2, 2])
    const before = real('before', [2, 2, 5, 6])
    const { variance, centred } = channelMoments(conv(before, w))
    const y = leakyRelu(
      add(mul(centred, mul(channel('gamma'), div(1, sqrt(add(variance, 1e-5))))), channel('beta')),
      0.1,
    )
    const [toInput, toKernel] = gradients(sum(mul(y, real('r', [2, 3, 4, 5]))), [before, w])
    // conv, centring, its square, scale, shift and activation; then gate, its product with the centred images, and the
    // gradient.
    const forward = ['conv', 'sub', 'mul', 'mul', 'add', 'leakyRelu']
    const backward = ['gate', 'mul', 'mul', 'add', 'add']
    expect(passes(fused(toInput), y.shape as number[]).toSorted()).toEqual([...forward, ...backward].toSorted())
    expect(passes(fused(toKernel), y.shape as number[]).toSorted()).toEqual([...forward, ...backward].toSorted())
  })

  it.each<readonly [string, Tensor]>([
    ['convolution', conv(mul(x, channel('a')), real('w', [2, 3, 2, 2]))],
    ['transposed convolution', convTranspose(mul(x, channel('a')), real('w', [3, 2, 2, 2]))],
    [
      'weight gradient, left',
      gradients(sum(mul(conv(mul(x, channel('a')), real('w', [2, 3, 2, 2])), real('r', [2, 2, 3, 4]))), [
        real('w', [2, 3, 2, 2]),
      ])[0],
    ],
  ])('scales kernels instead of images: %s', (_, y) => {
    expect(passes(fused(y), x.shape as number[])).toEqual([])
  })

  it('scales images that are smaller than the kernels', () => {
    expect(passes(fused(conv(mul(x, channel('a')), real('w', [20, 3, 2, 2]))), x.shape as number[])).toEqual(['mul'])
  })

  it.each<readonly [string, Tensor, boolean]>([
    ['a transposed convolution', convTranspose(x, real('w', [3, 2, 2, 3])), true],
    ['a strided one', convTranspose(x, real('w', [3, 2, 2, 3]), { strides: 2, outputPadding: 1 }), true],
    ['a pointwise convolution', conv(x, real('w', [2, 3, 1, 1])), true],
    ['not what padding cuts off', convTranspose(x, real('w', [3, 2, 2, 3]), { pads: 1 }), false],
    ['not positions that a stride leaves out', conv(x, real('w', [2, 3, 1, 1]), { strides: 2 }), false],
    ['not a convolution, which visits the margin less', conv(x, real('w', [2, 3, 2, 2])), false],
  ])('sums the images before a linear map: %s', (_, images, before) => {
    const convolutions = topological([fused(sum(images, [0, 2, 3], true))]).filter(({ op }) =>
      op.name.startsWith('conv'),
    )
    expect(convolutions).toHaveLength(before ? 0 : 1)
  })
})

describe('a lowered graph', () => {
  const large = input('large', [2, 3, 10, 10])
  const vector = (name: string) => reshape(input(name, [3]), [1, 3, 1, 1])
  const scaled = mul(large, vector('a'))
  it.each<readonly [string, Tensor, readonly string[]]>([
    ['scales and shifts in one pass', add(mul(large, vector('a')), vector('b')), ['Conv']],
    ['not a few positions', add(mul(input('small', [2, 3, 9, 11]), vector('a')), vector('b')), ['Mul', 'Add']],
    ['not by constants', add(mul(large, constant([1, 2, 3], [1, 3, 1, 1])), vector('b')), ['Mul', 'Add']],
    ['not in double precision', add(mul(real('d', [2, 3, 10, 10]), channel('a')), channel('b')), ['Mul', 'Add']],
    [
      'not a product that is needed itself',
      sub(add(scaled, vector('b')), mul(scaled, large)),
      ['Mul', 'Add', 'Mul', 'Sub'],
    ],
  ])('%s', (_, y, expected) => {
    expect(operators(y)).toEqual(expected)
  })
})
