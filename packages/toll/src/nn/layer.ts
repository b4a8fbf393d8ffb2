// A layer: parameters with their initial values, buffers with theirs, and a function on symbolic tensors.
// Layers own no numbers. Whoever applies them says where parameters come from, so that the same layer trains, scores
// and exports.

import type { Random } from '../base/index.js'
import type { Tensor } from '../graph/index.js'

/** What a parameter is to initialisation, weight decay and tests. */
export type ParameterKind = 'weight' | 'bias' | 'batchnorm-weight' | 'batchnorm-bias' | 'output-bias'

export interface ParameterSpec {
  readonly name: string
  readonly kind: ParameterKind
  readonly shape: readonly number[]
  /** Fills the first values. */
  readonly initialize: (random: Random, values: Float32Array) => void
}

/** A tensor that training updates but no gradient moves, such as a running mean. */
export interface BufferSpec {
  readonly name: string
  readonly shape: readonly number[]
  readonly initial: number
}

/** What a layer sees while it is applied. */
export interface Scope {
  /** Training uses batch statistics and dropout; scoring uses the running statistics. */
  readonly training: boolean
  parameter(name: string): Tensor
  buffer(name: string): Tensor
  /** The buffer's value after this step. */
  update(name: string, value: Tensor): void
  /** A fed 0/1 mask of this shape, each element 1 with probability `keep`. */
  mask(shape: readonly number[], keep: number): Tensor
}

export interface Layer {
  /** One line for people, such as `linear 274 -> 256`. */
  readonly title: string
  readonly parameters: readonly ParameterSpec[]
  readonly buffers: readonly BufferSpec[]
  apply(x: Tensor, scope: Scope): Tensor
}

/** A layer without parameters. */
export function stateless(title: string, apply: (x: Tensor, scope: Scope) => Tensor): Layer {
  return { title, parameters: [], buffers: [], apply }
}

/**
 * PyTorch's default for linear and convolution layers, weights and biases alike: uniform within 1 / sqrt(fanIn)
 * (He's rule with a = sqrt(5)). A transposed convolution counts its output channels as fan-in, as PyTorch does.
 */
export function uniformFan(fanIn: number): ParameterSpec['initialize'] {
  const bound = 1 / Math.sqrt(fanIn)
  return (random, values) => {
    for (let i = 0; i < values.length; i++) values[i] = (2 * random.uniform() - 1) * bound
  }
}

export function filled(value: number): ParameterSpec['initialize'] {
  return (_, values) => {
    values.fill(value)
  }
}
