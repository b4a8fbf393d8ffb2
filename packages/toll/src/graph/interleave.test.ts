// Interleaved convolutions: which are joined and by how many, and that they mean what they meant.

import { describe, expect, it } from 'vitest'
import { Random, sizeOf } from '../base/index.js'
import { fuse } from './fuse.js'
import {
  add,
  constant,
  conv,
  convTranspose,
  gradients,
  input,
  interpret,
  lower,
  mul,
  reshape,
  sum,
  topological,
  type Tensor,
  type WindowOptions,
} from './index.js'

const images = (name: string, shape: readonly (number | string)[]) => input(name, shape, 'float64')

/** The convolutions of a fused graph, with the shape of their images. */
function convolutions(y: Tensor): string[] {
  return topological([fuse({ y }).y])
    .filter(({ op }) => op.name.startsWith('conv'))
    .map(({ op, inputs: [x] }) => `${op.name} ${x.shape.join(' x ')}`)
}

/** The largest difference between the values of a graph and of its fused form. */
function deviation(y: Tensor): number {
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
  const [plain, fused] = [interpret({ y }, feeds).y.data, interpret(fuse({ y }), feeds).y.data]
  return Math.max(...plain.map((value, i) => Math.abs(value - fused[i])))
}

// A kernel of 64 x 64 x 2 x 2 = 16,384 terms is just large enough.
const w = images('w', [64, 64, 2, 2])
const weightGradient = (x: Tensor, out: number, kernel: number, window: WindowOptions) => {
  const kernels = images('kernels', [out, x.shape[1], kernel, kernel])
  const y = conv(x, kernels, window)
  return gradients(sum(mul(y, images('g', y.shape))), [kernels])[0]
}

describe('a fused graph', () => {
  it.each<readonly [string, Tensor, readonly string[]]>([
    ['joins all images of a small batch', conv(images('x', [6, 64, 3, 4]), w), ['conv 1 x 64 x 3 x 24']],
    [
      'joins a divisor of the batch, for at most 512 positions',
      conv(images('x', [6, 64, 11, 11]), w),
      ['conv 2 x 64 x 11 x 33'],
    ],
    [
      'leaves a convolution of more than 128 positions',
      conv(images('x', [2, 64, 13, 12]), w),
      ['conv 2 x 64 x 13 x 12'],
    ],
    [
      'splits the columns of a strided convolution',
      conv(images('x', [4, 64, 4, 4]), w, { strides: 2 }),
      ['conv 1 x 128 x 4 x 8'],
    ],
    [
      'joins one that strides along rows alone',
      conv(images('x', [4, 64, 5, 3]), w, { strides: [2, 1] }),
      ['conv 1 x 64 x 5 x 12'],
    ],
    [
      'leaves a strided convolution of more than 64 positions',
      conv(images('x', [4, 64, 18, 16]), w, { strides: 2 }),
      ['conv 4 x 64 x 18 x 16'],
    ],
    [
      'leaves it where the width is no multiple of the stride',
      conv(images('x', [4, 64, 5, 5]), w, { strides: 2 }),
      ['conv 4 x 64 x 5 x 5'],
    ],
    ['leaves a padded convolution', conv(images('x', [4, 64, 3, 3]), w, { pads: 1 }), ['conv 4 x 64 x 3 x 3']],
    ['leaves a dilated convolution', conv(images('x', [4, 64, 4, 4]), w, { dilations: 2 }), ['conv 4 x 64 x 4 x 4']],
    [
      'leaves a pointwise convolution',
      conv(images('x', [4, 128, 2, 2]), images('one', [128, 128, 1, 1])),
      ['conv 4 x 128 x 2 x 2'],
    ],
    [
      'leaves a small kernel',
      conv(images('x', [4, 63, 3, 3]), images('less', [64, 63, 2, 2])),
      ['conv 4 x 63 x 3 x 3'],
    ],
    [
      'joins the images of a transposed convolution',
      convTranspose(images('x', [6, 64, 2, 3]), w),
      ['convTranspose 1 x 64 x 2 x 18'],
    ],
    [
      'splits the columns of a strided one',
      convTranspose(images('x', [6, 64, 2, 3]), w, { strides: 2 }),
      ['convTranspose 1 x 64 x 2 x 18'],
    ],
    [
      'whose strides may differ',
      convTranspose(images('x', [6, 64, 2, 3]), w, { strides: [3, 2] }),
      ['convTranspose 1 x 64 x 2 x 18'],
    ],
    [
      'leaves it where the kernel is no multiple of the stride',
      convTranspose(images('x', [6, 64, 2, 2]), w, { strides: 3 }),
      ['convTranspose 6 x 64 x 2 x 2'],
    ],
    [
      'leaves it where a column is added',
      convTranspose(images('x', [6, 64, 2, 2]), w, { strides: 2, outputPadding: 1 }),
      ['convTranspose 6 x 64 x 2 x 2'],
    ],
    [
      'leaves a transposed convolution of more than 64 positions',
      convTranspose(images('x', [2, 64, 9, 8]), w),
      ['convTranspose 2 x 64 x 9 x 8'],
    ],
    [
      'joins the channels of a weight gradient',
      weightGradient(images('x', [3, 4, 5, 6]), 2, 3, {}),
      ['conv 1 x 3 x 5 x 24'],
    ],
    [
      'strided and padded',
      weightGradient(images('x', [2, 3, 6, 7]), 2, 3, { strides: [2, 3], pads: [1, 0, 2, 1] }),
      ['conv 1 x 2 x 6 x 21'],
    ],
    [
      'leaves a dilated weight gradient',
      weightGradient(images('x', [2, 3, 6, 6]), 2, 2, { dilations: 2 }),
      ['convWeight 2 x 3 x 6 x 6'],
    ],
    [
      'leaves the weight gradient of one channel',
      weightGradient(images('x', [3, 1, 5, 6]), 2, 3, {}),
      ['convWeight 3 x 1 x 5 x 6'],
    ],
  ])('%s', (_, y, expected) => {
    expect(convolutions(y)).toEqual(expected)
    expect(deviation(y)).toBeLessThan(1e-10)
  })

  it('leaves constant kernels and batches of any size, which score', () => {
    const fixed = constant(new Float64Array(16_384), [64, 64, 2, 2], 'float64')
    expect(convolutions(conv(images('x', [6, 64, 3, 3]), fixed))).toEqual(['conv 6 x 64 x 3 x 3'])
    expect(convolutions(conv(images('x', ['n', 64, 3, 3]), w))).toEqual(['conv n x 64 x 3 x 3'])
    expect(convolutions(convTranspose(images('x', ['n', 64, 3, 3]), w))).toEqual(['convTranspose n x 64 x 3 x 3'])
  })

  it.each([
    ['Conv', conv(images('x', [6, 64, 3, 4]), w)],
    ['ConvTranspose', convTranspose(images('x', [6, 64, 2, 3]), w)],
  ])('gives a joined %s its bias', (op, product) => {
    const y = add(product, reshape(images('b', [64]), [1, 64, 1, 1]))
    const nodes = lower(fuse({ y })).graph.nodes.map((node) => `${node.op}/${node.inputs.length}`)
    expect(nodes).toContain(`${op}/3`)
    expect(nodes).not.toContain('Add/2')
    expect(deviation(y)).toBeLessThan(1e-10)
  })
})
