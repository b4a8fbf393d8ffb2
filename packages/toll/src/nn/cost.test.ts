// The arithmetic of the paper's networks, against sums over their layers: weights times positions that each weight
// meets.

import { expect, it } from 'vitest'
import { costOf, gradients, input, mul, sub, sum, type Cost, type Tensor } from '../graph/index.js'
import { cifarNetwork, dense, mnistNetwork, reconstruct, type Autoencoder } from './index.js'

const rows = 2

function costs(network: Autoencoder): { scoring: Cost; training: Cost } {
  const x = input('x', [rows, ...network.sampleShape])
  const held = new Map<string, Tensor>(
    [...network.parameters, ...network.buffers].map(({ name, shape }) => [name, input(name, shape)]),
  )
  const lookup = (name: string) => held.get(name)!
  const build = (training: boolean) => {
    const { reconstruction } = reconstruct(network, x, {
      training,
      parameter: lookup,
      buffer: lookup,
      update: () => {},
      mask: () => expect.unreachable(),
    })
    return reconstruction
  }
  const difference = sub(build(true), x)
  const slopes = gradients(
    sum(mul(difference, difference)),
    network.parameters.map(({ name }) => lookup(name)),
  )
  return {
    scoring: costOf({ y: build(false) }),
    training: costOf(Object.fromEntries(slopes.map((slope, i) => [String(i), slope]))),
  }
}

// Encoder and decoder mirror each other.
const mnistLayers = [
  1 * 64 * 16 * 25 ** 2,
  64 * 128 * 16 * 22 ** 2,
  128 * 256 * 16 * 10 ** 2,
  256 * 512 * 16 * 7 ** 2,
  512 * 64 * 16 * 4 ** 2,
  1024 * 128,
]
const cifarLayers = [
  3 * 32 * 25 * 28 ** 2,
  32 * 64 * 16 * 13 ** 2,
  64 * 128 * 16 * 10 ** 2,
  128 * 256 * 16 * 4 ** 2,
  256 * 512 * 16,
  512 * 512,
  512 * 64,
  64 * 256 * 16,
  256 * 128 * 16 * 4 ** 2,
  128 * 64 * 16 * 10 ** 2,
  64 * 32 * 16 * 13 ** 2,
  32 * 32 * 25 * 28 ** 2,
  32 * 32 * 32 ** 2,
  32 * 3 * 32 ** 2,
]

it.each([
  ['MNIST', mnistNetwork(128), [...mnistLayers, ...mnistLayers], 455_575_552],
  ['CIFAR', cifarNetwork(64), cifarLayers, 79_820_288],
  ['Arrhythmia', dense([274, 256, 128, 16]), [274 * 256, 256 * 128, 128 * 16, 16 * 128, 128 * 256, 256 * 274], 209_920],
] as const)('the %s network', (_, network, layers, multiplyAdds) => {
  expect(layers.reduce((total, layer) => total + layer, 0)).toBe(multiplyAdds)
  const { scoring, training } = costs(network)
  expect(scoring.products).toBe(2 * multiplyAdds * rows)
  // Each layer once forward and twice backward, but for the gradient of the pictures, which nobody needs; sums over
  // rows as products come on top.
  const least = 2 * (3 * multiplyAdds - layers[0]) * rows
  expect(training.products).toBeGreaterThanOrEqual(least)
  expect(training.products).toBeLessThan(1.01 * least)
})
