// Gradient descent with finite steps: the explicit Euler method on the flow, to lay beside it. Its distance to the flow
// at a fixed time falls in proportion to the step (order 1); steps beyond 2 / (largest curvature) blow up, which no
// flow does.

import { TollError } from 'toll'
import { throwIfAborted } from 'toll/base'
import type { Derivative, IntegrationProgress } from './dormand-prince.js'

export interface DescendOptions {
  /** Learning rate, above 0: one step stands for this much time of the flow. */
  readonly rate: number
  /** Number of steps, at least 0. */
  readonly steps: number
  /** Every how many steps a state is kept; the first and the last always are. Default 1. */
  readonly every?: number
  /** Stops with code `aborted`, within a tenth of a second. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: IntegrationProgress) => void
}

export interface Descent {
  /** Step number times rate. */
  readonly times: Float64Array
  readonly states: readonly Float64Array[]
}

const stretch = 50

/**
 * Takes `steps` steps of gradient descent; `descent` writes minus the gradient. Code `diverged` when a state is no
 * longer finite.
 */
export async function descend(descent: Derivative, start: Float64Array, options: DescendOptions): Promise<Descent> {
  const { rate, steps, every = 1, signal, onProgress } = options
  if (!(Number.isFinite(rate) && rate > 0))
    throw new TollError('out-of-domain', `the rate must be finite and above 0, got ${rate}`)
  if (!(Number.isSafeInteger(steps) && steps >= 0))
    throw new TollError('out-of-domain', `steps must be an integer of at least 0, got ${steps}`)
  if (!(Number.isSafeInteger(every) && every >= 1))
    throw new TollError('out-of-domain', `every must be an integer of at least 1, got ${every}`)
  const bad = start.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) throw new TollError('not-finite', `the start must be finite, component ${bad} is ${start[bad]}`)
  const state = start.slice()
  const slope = new Float64Array(state.length)
  const times = [0]
  const states = [start.slice()]
  let last = performance.now()
  throwIfAborted(signal)
  for (let step = 1; step <= steps; step++) {
    descent(state, slope, (step - 1) * rate)
    for (let i = 0; i < state.length; i++) state[i] += rate * slope[i]
    if (!state.every(Number.isFinite)) {
      throw new TollError(
        'loss-not-finite',
        `gradient descent with rate ${rate} is no longer finite after ${step} steps; use a smaller rate`,
      )
    }
    if (step % every === 0 || step === steps) {
      times.push(step * rate)
      states.push(state.slice())
    }
    if (performance.now() - last > stretch) {
      onProgress?.({ time: step * rate, end: steps * rate, steps: step })
      await new Promise((resolve) => setTimeout(resolve, 0))
      throwIfAborted(signal)
      last = performance.now()
    }
  }
  onProgress?.({ time: steps * rate, end: steps * rate, steps })
  return { times: Float64Array.from(times), states }
}
