// Transposed convolutions with constant kernels: which become convolutions, and that they mean what they meant.

import { describe, expect, it } from 'vitest'
import { Random, sizeOf } from '../base/index.js'
import { fuse } from './fuse.js'
import { constant, convTranspose, input, interpret, topological, type ConvTransposeOptions } from './index.js'

const numbers = (shape: readonly number[], seed: number) => {
  const random = Random.seeded(seed)
  return Float64Array.from({ length: sizeOf(shape) }, () => random.normal())
}

const kernel = (shape: readonly number[]) => constant(numbers(shape, 1), shape, 'float64')

describe('a transposed convolution', () => {
  it.each<readonly [string, readonly number[], readonly number[], ConvTransposeOptions, string]>([
    [
      'becomes a convolution where results are few more than inputs',
      [2, 3, 9, 12],
      [3, 4, 2, 3],
      {},
      'conv 4,3,2,3 pads 1,2,1,2',
    ],
    ['with what its own pads leave', [2, 3, 9, 9], [3, 4, 3, 3], { pads: [1, 0, 2, 1] }, 'conv 4,3,3,3 pads 1,2,0,1'],
    ['with its dilations', [1, 2, 12, 12], [2, 1, 2, 2], { dilations: [1, 2] }, 'conv 1,2,2,2 pads 1,2,1,2'],
    ['stays where results are many more', [2, 3, 5, 5], [3, 4, 3, 3], {}, 'convTranspose 3,4,3,3 pads 0,0,0,0'],
    [
      'stays where it strides',
      [2, 3, 9, 9],
      [3, 4, 2, 2],
      { strides: [1, 2], pads: [0, 4, 0, 5] },
      'convTranspose 3,4,2,2 pads 0,4,0,5',
    ],
    [
      'stays where its pads reach beyond the kernel',
      [2, 3, 9, 9],
      [3, 4, 2, 2],
      { pads: 2 },
      'convTranspose 3,4,2,2 pads 2,2,2,2',
    ],
  ])('%s', (_, images, shape, options, expected) => {
    const outputs = { y: convTranspose(input('x', images, 'float64'), kernel(shape), options) }
    const fused = fuse(outputs)
    const [{ op, inputs, attrs }] = topological([fused.y]).filter((node) => node.op.name.startsWith('conv'))
    expect(`${op.name} ${inputs[1].shape.join()} pads ${(attrs.pads as number[]).join()}`).toBe(expected)
    const feeds = { x: { shape: images, data: numbers(images, 2) } }
    const [plain, turned] = [interpret(outputs, feeds).y.data, interpret(fused, feeds).y.data]
    expect(Math.max(...plain.map((value, i) => Math.abs(value - turned[i])))).toBeLessThan(1e-12)
  })

  it('stays where the kernel is no constant', () => {
    const y = convTranspose(input('x', [2, 3, 9, 12]), input('w', [3, 4, 2, 3]))
    expect(topological([fuse({ y }).y]).map(({ op }) => op.name)).toContain('convTranspose')
  })
})
