// Layers against PyTorch 1.13 in float64, the architectures against the paper's parameter lists, and the defaults on
// odd sizes.

import { describe, expect, it } from 'vitest'
import { Random, sizeOf } from '../base/index.js'
import { gradients, input, interpret, mul, sum, type Tensor } from '../graph/index.js'
import {
  batchNorm,
  cifarNetwork,
  dense,
  imageDefault,
  linear,
  mnistNetwork,
  parameterCount,
  reconstruct,
  tabularDefault,
  conv2d,
  convTranspose2d,
  type Autoencoder,
  type Layer,
  type Scope,
} from './index.js'

function scopeOf(training: boolean, updates = new Map<string, Tensor>()): Scope & { ports: Map<string, Tensor> } {
  const ports = new Map<string, Tensor>()
  const port = (shape: readonly number[]) => (name: string) => {
    const known = ports.get(name) ?? input(name, shape, 'float64')
    ports.set(name, known)
    return known
  }
  return {
    training,
    ports,
    parameter: port([2]),
    buffer: port([2]),
    update: (name, value) => void updates.set(name, value),
    mask: () => {
      throw new Error('no masks here')
    },
  }
}

describe('batch norm equals PyTorch', () => {
  const x = input('x', [3, 2], 'float64')
  const weights = input('w', [3, 2], 'float64')
  const feeds = {
    x: { shape: [3, 2], data: [1, 10, 2, -4, 4, 3] },
    w: { shape: [3, 2], data: [1, 2, 3, -1, 0.5, 0.7] },
    weight: { shape: [2], data: [1.5, -0.5] },
    bias: { shape: [2], data: [0.1, 0.2] },
    running_mean: { shape: [2], data: [0, 0] },
    running_var: { shape: [2], data: [1, 1] },
  }
  const close = (values: Float64Array, expected: number[]) =>
    expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 12))

  it('in training, with gradients and running statistics', () => {
    const updates = new Map<string, Tensor>()
    const scope = scopeOf(true, updates)
    const y = batchNorm({ features: 2 }).apply(x, scope)
    const [dx, dWeight, dBias] = gradients(sum(mul(y, weights)), [
      x,
      scope.ports.get('weight')!,
      scope.ports.get('bias')!,
    ])
    const values = interpret(
      { y, dx, dWeight, dBias, mean: updates.get('running_mean')!, variance: updates.get('running_var')! },
      feeds,
    )
    close(
      values.y.data,
      [-1.5035622971754463, -0.4123723419653412, -0.3008905742938617, 0.8123723419653412, 2.1044528714693076, 0.2],
    )
    close(
      values.dx.data,
      [
        -1.1167632863565973, 0.0058320773723420085, 1.6751507280934255, 0.0058321577127121065, -0.5583874417368286,
        -0.011664235085054115,
      ],
    )
    close(values.dWeight.data, [-1.202671722881585, 3.6742340517920473])
    close(values.dBias.data, [4.5, 1.7])
    close(values.mean.data, [0.23333333333333336, 0.30000000000000004])
    close(values.variance.data, [1.1333333333333333, 5.800000000000001])
  })

  it('when scoring', () => {
    const y = batchNorm({ features: 2 }).apply(x, scopeOf(false))
    const after = {
      ...feeds,
      running_mean: { shape: [2], data: [0.23333333333333336, 0.30000000000000004] },
      running_var: { shape: [2], data: [1.1333333333333333, 5.800000000000001] },
    }
    close(
      interpret({ y }, after).y.data,
      [
        1.1802321364023818, -1.8138511503753645, 2.5892305751880973, 1.0927381388261925, 5.407227452759528,
        -0.360556505774586,
      ],
    )
  })

  it('refuses a batch with one value per feature', () => {
    const one = input('x', [1, 2], 'float64')
    expect(() => batchNorm({ features: 2 }).apply(one, scopeOf(true))).toThrow(
      expect.objectContaining({ code: 'data' }),
    )
  })
})

describe('initialisation follows PyTorch, layer for layer', () => {
  const drawn = (layer: Layer, name: string) => {
    const spec = layer.parameters.find((parameter) => parameter.name === name)!
    const values = new Float32Array(sizeOf(spec.shape))
    spec.initialize(Random.seeded(1), values)
    return values
  }
  const spread = (values: Float32Array) => Math.max(...values.map(Math.abs))

  it.each<[string, Layer, number]>([
    ['linear: columns', linear({ in: 64, out: 500 }), 1 / 8],
    ['convolution: input channels times window', conv2d({ in: 4, out: 300, kernel: 2 }), 1 / 4],
    ['transposed convolution: output channels times window', convTranspose2d({ in: 300, out: 4, kernel: 2 }), 1 / 4],
  ])('%s', (_, layer, bound) => {
    for (const name of ['weight', 'bias']) {
      const values = drawn(layer, name)
      expect(spread(values)).toBeLessThanOrEqual(bound)
      if (values.length >= 300) expect(spread(values)).toBeGreaterThan(0.97 * bound)
    }
    const weight = drawn(layer, 'weight')
    expect(Math.abs(weight.reduce((a, b) => a + b) / weight.length)).toBeLessThan(0.1 * bound)
  })

  it('batch norm starts as the identity', () => {
    const layer = batchNorm({ features: 3 })
    expect(
      layer.parameters.map(({ kind, initialize, shape }) => {
        const values = new Float32Array(sizeOf(shape))
        initialize(Random.seeded(1), values)
        return [kind, [...values]]
      }),
    ).toEqual([
      ['batchnorm-weight', [1, 1, 1]],
      ['batchnorm-bias', [0, 0, 0]],
    ])
  })
})

/** The reconstruction has the samples' shape, and the code the width asked for. */
function checkShapes(network: Autoencoder, n: number | string): void {
  const scope: Scope = {
    training: false,
    parameter: (name) => input(name, network.parameters.find((spec) => spec.name === name)!.shape),
    buffer: (name) => input(name, network.buffers.find((spec) => spec.name === name)!.shape),
    update: () => {},
    mask: () => {
      throw new Error('no masks here')
    },
  }
  const { code, reconstruction } = reconstruct(network, input('x', [n, ...network.sampleShape]), scope)
  expect(code.shape).toEqual([n, network.latent])
  expect(reconstruction.shape).toEqual([n, ...network.sampleShape])
}

describe('architectures', () => {
  it("have the paper's sizes", () => {
    const [tabular, mnist, cifar] = [dense([274, 256, 128, 16]), mnistNetwork(), cifarNetwork()]
    expect(tabular.parameters.map(({ shape }) => shape.join('x'))).toEqual([
      '256x274',
      '256',
      '256',
      '256',
      '128x256',
      '128',
      '128',
      '128',
      '16x128',
      '16',
      '128x16',
      '128',
      '128',
      '128',
      '256x128',
      '256',
      '256',
      '256',
      '274x256',
      '274',
    ])
    expect([tabular, mnist, cifar].map((network) => network.parameters.length)).toEqual([20, 40, 40])
    // Counted from PyTorch's parameter lists of the same networks.
    expect([tabular, mnist, cifar].map(parameterCount)).toEqual([212_514, 6_824_769, 4_066_816])
    for (const network of [tabular, mnist, cifar]) checkShapes(network, 'n')
  })

  it('the table default follows the width', () => {
    expect(tabularDefault(30).encoder.title).toContain('linear 30 -> 128')
    expect(tabularDefault(274, 16).parameters.map(({ shape }) => shape)).toEqual(
      dense([274, 256, 128, 16]).parameters.map(({ shape }) => shape),
    )
    for (const columns of [1, 2, 128, 129, 2000]) checkShapes(tabularDefault(columns), 'n')
  })

  it.each([
    [1, 28, 28],
    [3, 32, 32],
    [1, 1, 1],
    [2, 5, 17],
    [1, 100, 3],
    [4, 64, 63],
    [1, 3, 257],
  ])('the image default fits %i x %i x %i', (channels, height, width) => {
    checkShapes(imageDefault({ channels, height, width }), 'n')
    checkShapes(imageDefault({ channels, height, width }, 5), 7)
  })

  it('refuse samples of another shape', () => {
    const scope = { training: false } as Scope
    expect(() => reconstruct(mnistNetwork(), input('x', ['n', 3, 28, 28]), scope)).toThrow(
      /takes samples of \(1, 28, 28\), got \(3, 28, 28\)/,
    )
  })
})
