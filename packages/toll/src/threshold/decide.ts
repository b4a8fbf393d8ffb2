// From score to decision, the same comparison as in the model file: strictly above the threshold.

import { TollError } from '../base/index.js'
import type { Threshold } from './kinds.js'

/**
 * 1 where a score is above the threshold (an anomaly), else 0.
 *
 * @throws `data` when a score is NaN.
 */
export function decide(scores: ArrayLike<number>, threshold: Pick<Threshold, 'value'>): Uint8Array {
  const decisions = new Uint8Array(scores.length)
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i]))
      throw new TollError('score-not-finite', `cannot decide on score ${i}: it is NaN`, { row: i, value: scores[i] })
    decisions[i] = scores[i] > threshold.value ? 1 : 0
  }
  return decisions
}
