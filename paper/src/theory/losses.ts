// The losses of the analysis in the graph language: the independent source of their gradients, and the forms to vary in
// experiments.

import { TollError } from 'toll'
import { add, matmul, mean, mul, rowNorm, sqrt, square, sub, sum, type Tensor } from 'toll/graph'

/**
 * The tensors of a linear autoencoder: samples (n, d), encoder (d, k), decoder (k, d), and the weight of the norm term.
 */
export interface LinearTensors {
  readonly samples: Tensor
  readonly encoder: Tensor
  readonly decoder: Tensor
  readonly beta: number
}

/** Equation (5): ||X W||^2 / 2n. */
export function normLoss(samples: Tensor, encoder: Tensor): Tensor {
  return mul(sum(square(matmul(samples, encoder))), 0.5 / rowsOf(samples))
}

/** Equation (9): ||X - X W V||^2 / 2n + beta ||X W||^2 / 2n. */
export function squaredLoss({ samples, encoder, decoder, beta }: LinearTensors): Tensor {
  const code = matmul(samples, encoder)
  const left = sub(samples, matmul(code, decoder))
  return add(mul(sum(square(left)), 0.5 / rowsOf(samples)), mul(sum(square(code)), (0.5 * beta) / rowsOf(samples)))
}

/**
 * The loss of the real method on linear layers: mean ||x - x W V|| + beta mean ||x W||, norms not squared; their
 * gradient at 0 is 0.
 */
export function unsquaredLoss({ samples, encoder, decoder, beta }: LinearTensors): Tensor {
  const code = matmul(samples, encoder)
  return add(mean(rowNorm(sub(samples, matmul(code, decoder)))), mul(mean(rowNorm(code)), beta))
}

/**
 * `unsquaredLoss` for a Gaussian and a code of one dimension, without kinks: ||x W|| has the expectation sqrt(2 / pi)
 * ||S^(1/2) W||, and `samples` are points whose mean is the expectation of norms (`gaussianEllipse`). `root` is
 * S^(1/2), (d, d).
 */
export function gaussianUnsquaredLoss({
  samples,
  encoder,
  decoder,
  beta,
  root,
}: LinearTensors & { readonly root: Tensor }): Tensor {
  if (encoder.shape[1] !== 1)
    throw new TollError('shape-mismatch', `this loss needs a code of one dimension, got ${encoder.shape[1]}`)
  const left = sub(samples, matmul(matmul(samples, encoder), decoder))
  return add(mean(rowNorm(left)), mul(sqrt(sum(square(matmul(root, encoder)))), beta * Math.sqrt(2 / Math.PI)))
}

function rowsOf(samples: Tensor): number {
  const [rows] = samples.shape
  if (typeof rows !== 'number')
    throw new TollError('shape-mismatch', `the samples of this loss need a known number of rows, got '${rows}'`)
  return rows
}
