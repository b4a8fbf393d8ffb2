// An optimiser as a piece of graph: elementwise formulas from (parameter, gradient, slots, scalars) to the next values.
// The scalars of a step (learning rate, bias corrections) are computed outside in float64 and fed.

import type { Tensor } from '../graph/index.js'

export interface Update {
  readonly parameter: Tensor
  /** Next values of the slots, in order. */
  readonly slots: readonly Tensor[]
}

export interface Optimizer {
  readonly name: string
  /** Tensors kept per parameter, in its shape, 0 at the start. */
  readonly slots: readonly string[]
  /** How many scalars `scalars` returns. */
  readonly scalarCount: number
  /** The scalars of step t = 1, 2, ... at a given learning rate. */
  scalars(step: number, learningRate: number): readonly number[]
  update(parameter: Tensor, gradient: Tensor, slots: readonly Tensor[], scalars: readonly Tensor[]): Update
}
