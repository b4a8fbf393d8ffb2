// Activations and the layers that only change shapes; none has parameters.

import * as graph from '../graph/index.js'
import { filled, stateless, type Layer } from './layer.js'

const activations = {
  gelu: graph.gelu,
  relu: graph.relu,
  sigmoid: graph.sigmoid,
  softplus: graph.softplus,
  tanh: graph.tanh,
}

/** Applies a function of no parameters to every element. */
export const activation = (name: keyof typeof activations): Layer => stateless(name, (x) => activations[name](x))

/** PyTorch's default slope is 0.01. */
export const leakyReluLayer = (slope = 0.01): Layer =>
  stateless(`leaky relu ${slope}`, (x) => graph.leakyRelu(x, slope))

/** (n, ...) to (n, features). */
export const flatten = (): Layer =>
  stateless('flatten', (x) => {
    const features = x.shape.slice(1).reduce<number>((product, dim) => product * (dim as number), 1)
    return graph.reshape(x, [x.shape[0], features])
  })

/** (n, features) to (n, ...shape). */
export const unflatten = (shape: readonly number[]): Layer =>
  stateless(`reshape to ${shape.join(' x ')}`, (x) => graph.reshape(x, [x.shape[0], ...shape]))

export const maxPool2d = (kernel: number, options: graph.WindowOptions = {}): Layer =>
  stateless(`max pool ${kernel}`, (x) => graph.maxPool(x, kernel, options))

export const averagePool2d = (kernel: number, options: graph.PoolOptions = {}): Layer =>
  stateless(`average pool ${kernel}`, (x) => graph.averagePool(x, kernel, options))

export const upsample2d = (scale: number): Layer =>
  stateless(`nearest upsample ${scale}`, (x) => graph.upsampleNearest(x, scale))

/** Zeroes elements with probability `rate` in training; does nothing when scoring. */
export const dropoutLayer = (rate: number): Layer =>
  stateless(`dropout ${rate}`, (x, scope) =>
    scope.training ? graph.dropout(x, scope.mask(x.shape as readonly number[], 1 - rate), rate) : x,
  )

/** Adds a learned value to every element of a sample ("untied bias", Dumoulin et al. 2017), 0 at the start. */
export const outputBias = (shape: readonly number[]): Layer => ({
  title: `output bias ${shape.join(' x ')}`,
  parameters: [{ name: 'b', kind: 'output-bias', shape, initialize: filled(0) }],
  buffers: [],
  apply: (x, scope) => graph.add(x, scope.parameter('b')),
})
