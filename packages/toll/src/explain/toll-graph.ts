// The parts of a Toll model, found in the graph of its file: the samples that enter the network, what the network
// leaves of them, and the code. score = ||samples - reconstruction|| + beta ||code||, so that the file alone says
// enough, whatever its network is.

import { TollError } from '../base/index.js'
import { cast, costOf, gradients, input, readModel, substitute, sum, topological, type Tensor } from '../graph/index.js'
import type { Manifest } from '../model/index.js'
import type { Program } from '../runtime/index.js'

export interface TollGraph {
  /** Raw inputs to `samples` and `residual` = samples - reconstruction, (n, ...sample). */
  readonly residuals: Program
  /** `points` (n, ...sample) to `norm` (n), the norm of the code, and `gradient` (n, ...sample), its gradient. */
  readonly path: Program
  /** Shape of one sample. */
  readonly sample: readonly number[]
  readonly precision: 'float32' | 'float64'
  /** Points that one run of `path` should take at most. */
  readonly pointsPerRun: number
}

/** Whether the model's score is made of these two parts. */
export function isToll({ detector, parts, parameters }: Manifest): boolean {
  return (
    detector === 'toll' &&
    typeof parameters.beta === 'number' &&
    parts.includes('reconstruction_error') &&
    parts.includes('latent_norm')
  )
}

/**
 * Reads the graph out of the bytes of a model file. Error: `format` when the parts are not where a Toll model has them.
 */
export function readTollGraph(bytes: Uint8Array): TollGraph {
  const { inputs, outputs } = readModel(bytes)
  const residual = normed(outputs.reconstruction_error, 'reconstruction_error')
  normed(outputs.latent_norm, 'latent_norm')
  if (residual.op.name !== 'sub')
    throw new TollError(
      'damaged-file',
      "the model's 'reconstruction_error' is no norm of a difference; score it with the version that made it",
    )
  const [samples] = residual.inputs
  const points = input('points', samples.shape, samples.dtype)
  const { norm } = substitute({ norm: cast(outputs.latent_norm, 'float64') }, new Map([[samples, points]]))
  if (topological([norm]).some((node) => node.op.name === 'input' && node !== points)) {
    throw new TollError(
      'damaged-file',
      "the model's code depends on more than its samples; it cannot be explained by gradients",
    )
  }
  const [gradient] = gradients(sum(norm), [points])
  const sample = samples.shape.slice(1).map(Number)
  return {
    residuals: { inputs, outputs: { samples, residual } },
    path: { inputs: [points], outputs: { norm, gradient } },
    sample,
    precision: samples.dtype as 'float32' | 'float64',
    pointsPerRun: pointsPerRunOf({ norm, gradient }, points),
  }
}

/** What the norm is of: above it stand square root, sum of squares, and the guard against NaN. */
function normed(norm: Tensor | undefined, name: string): Tensor {
  const steps: readonly (readonly [op: string, operand: number])[] = [
    ['where', 2],
    ['cast', 0],
    ['sqrt', 0],
    ['reshape', 0],
    ['sum', 0],
  ]
  const squared = steps.reduce((node, [op, operand]) => (node?.op.name === op ? node.inputs[operand] : node), norm)
  const isSquare = squared?.op.name === 'mul' && squared.inputs[0] === squared.inputs[1]
  if (!isSquare)
    throw new TollError('damaged-file', `the model's '${name}' is no norm; it cannot be explained by gradients`)
  return squared.inputs[0]
}

/** Memory that one run may take. */
const runBytes = 128 * 2 ** 20

function pointsPerRunOf(outputs: Readonly<Record<string, Tensor>>, points: Tensor): number {
  const name = String(points.shape[0])
  const peak = (size: number) => costOf(outputs, { inputs: [points], sizes: { [name]: size } }).peakBytes
  const perPoint = Math.max((peak(65) - peak(1)) / 64, 1)
  return Math.max(1, Math.min(4096, Math.floor(runBytes / perPoint)))
}
