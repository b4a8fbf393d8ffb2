// The best of all thresholds on labelled scores, by any measure of the counts above it.

import type { LabelledScores } from './kind.js'

/** Rows above a threshold, among all. */
export interface CutCounts {
  /** Anomalies above the threshold. */
  readonly called: number
  /** Normal rows above the threshold. */
  readonly falsely: number
  readonly anomalous: number
  readonly normal: number
}

export function precisionAndRecall({ called, falsely, anomalous }: CutCounts): { precision: number; recall: number } {
  return { precision: called + falsely === 0 ? 0 : called / (called + falsely), recall: called / anomalous }
}

/**
 * The threshold with the largest gain, halfway between neighbouring scores. Of equal gains the highest threshold, which
 * calls fewest rows; calling none and calling all are among the choices: then it lies just outside the scores.
 *
 * @param labelled scores in falling order
 */
export function bestCut(
  { scores, labels }: LabelledScores,
  gain: (counts: CutCounts) => number,
): { value: number; gain: number } {
  const n = scores.length
  let anomalous = 0
  for (let i = 0; i < n; i++) anomalous += labels[i]
  const normal = n - anomalous
  const margin = Math.max((scores[0] - scores[n - 1]) / n, Math.abs(scores[0]) * 1e-9, Number.MIN_VALUE)
  let [called, falsely] = [0, 0]
  let best = { value: scores[0] + margin, gain: gain({ called, falsely, anomalous, normal }) }
  for (let i = 0; i < n; i++) {
    if (labels[i] === 1) called++
    else falsely++
    if (i + 1 < n && scores[i + 1] === scores[i]) continue
    const value = i + 1 < n ? scores[i + 1] + (scores[i] - scores[i + 1]) / 2 : scores[i] - margin
    const here = gain({ called, falsely, anomalous, normal })
    // Gains that only rounding tells apart are equal. Neighbouring doubles have no middle: the lower one then separates
    // them.
    if (here - best.gain > 1e-12 * Math.abs(best.gain))
      best = { value: value < scores[i] ? value : scores[i + 1], gain: here }
  }
  return best
}
