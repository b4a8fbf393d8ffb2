// Learning-rate schedules: the factor of the base rate at step t = 1, 2, ... of `steps`.

import { TollError, choice, type Values } from '../base/index.js'

export type Schedule = (step: number, steps: number) => number

export const constantRate: Schedule = () => 1

/** Multiplies by `factor` after each of the given steps. */
export function stepDecay(milestones: readonly number[], factor = 0.1): Schedule {
  if (!milestones.every((step) => Number.isInteger(step) && step >= 0) || !(factor > 0)) {
    throw new TollError('out-of-domain', 'stepDecay needs whole, non-negative milestones and a positive factor', {
      option: 'milestones',
      value: milestones,
      expected: 'whole, non-negative steps and a positive factor',
    })
  }
  return (step) => factor ** milestones.filter((milestone) => step > milestone).length
}

/** Half a cosine from 1 down to `end` (Loshchilov and Hutter 2017). */
export function cosineDecay(end = 0): Schedule {
  return (step, steps) => end + ((1 - end) * (1 + Math.cos((Math.PI * (step - 1)) / Math.max(steps, 1)))) / 2
}

/** Rises linearly over the first `warmup` steps, then follows `after`. */
export function linearWarmup(warmup: number, after: Schedule = constantRate): Schedule {
  return (step, steps) => (step < warmup ? step / warmup : 1) * after(step, steps)
}

/** Which schedule, as a parameter of detectors. */
export const scheduleChoice = choice({
  values: ['constant', 'cosine'],
  default: 'constant',
  doc:
    'Learning rate over the steps: constant, or half a cosine down to 0, which ends calmly, so that seeds ' +
    'agree more.',
  source: 'paper, section 4.1: constant; Loshchilov and Hutter 2017: cosine',
})

export function scheduleNamed(name: Values<{ name: typeof scheduleChoice }>['name']): Schedule {
  return { constant: constantRate, cosine: cosineDecay() }[name]
}
