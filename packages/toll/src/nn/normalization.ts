// Batch normalisation (Ioffe and Szegedy 2015) as PyTorch defines it: the biased variance normalises, the unbiased one
// enters the running statistics.

import { TollError, sizeOf } from '../base/index.js'
import { add, channelMoments, div, mul, reciprocal, reshape, sqrt, sub, type Tensor } from '../graph/index.js'
import { filled, type Layer, type Scope } from './layer.js'

export interface BatchNormOptions {
  readonly features: number
  /** Added to the variance; default 1e-5. */
  readonly eps?: number
  /** Weight of the new batch in the running statistics; default 0.1. */
  readonly momentum?: number
  /** Whether a learned scale and shift follow; default true. */
  readonly affine?: boolean
}

/** Over (n, features) or (n, features, height, width). */
export function batchNorm({ features, eps = 1e-5, momentum = 0.1, affine = true }: BatchNormOptions): Layer {
  return {
    title: `batch norm ${features}`,
    parameters: affine
      ? [
          { name: 'weight', kind: 'batchnorm-weight', shape: [features], initialize: filled(1) },
          { name: 'bias', kind: 'batchnorm-bias', shape: [features], initialize: filled(0) },
        ]
      : [],
    buffers: [
      { name: 'running_mean', shape: [features], initial: 0 },
      { name: 'running_var', shape: [features], initial: 1 },
    ],
    apply: (input, scope) => {
      // Images of one pixel are rows: onnxruntime is slow where axes of size 1 follow the channels.
      const x =
        scope.training && input.shape.slice(2).every((size) => size === 1)
          ? reshape(input, input.shape.slice(0, 2))
          : input
      const channels = x.shape.map((_, axis) => (axis === 1 ? features : 1))
      // A vector lies along the last axis of a matrix as it is.
      const column = (vector: Tensor) => (x.shape.length === 2 ? vector : reshape(vector, channels))
      const scale = (deviation: Tensor) => (affine ? mul(column(scope.parameter('weight')), deviation) : deviation)
      if (!scope.training) {
        // One product and one sum per element: scale and shift are constants of the scoring graph.
        const factor = scale(reciprocal(sqrt(add(column(scope.buffer('running_var')), eps))))
        const offset = mul(column(scope.buffer('running_mean')), factor)
        return affine ? add(mul(x, factor), sub(column(scope.parameter('bias')), offset)) : sub(mul(x, factor), offset)
      }
      const { mean, variance, centred } = channelMoments(x)
      track(scope, x, features, momentum, mean, variance)
      const normal = mul(centred, scale(div(1, sqrt(add(variance, eps)))))
      return reshape(affine ? add(normal, column(scope.parameter('bias'))) : normal, input.shape)
    },
  }
}

function track(scope: Scope, x: Tensor, features: number, momentum: number, mean: Tensor, variance: Tensor): void {
  const count = sizeOf(x.shape as readonly number[]) / features
  if (!(count > 1))
    throw new TollError(
      'too-few-rows',
      'batch norm needs more than one value per feature in a batch: give at least two rows',
      { limit: 2 },
    )
  const blend = (name: string, value: Tensor) =>
    scope.update(name, add(mul(scope.buffer(name), 1 - momentum), mul(reshape(value, [features]), momentum)))
  blend('running_mean', mean)
  blend('running_var', mul(variance, count / (count - 1)))
}
