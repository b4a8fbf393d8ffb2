// How many rows a model calls, against how many of its held-back rows it called: what is far from that says that either
// the rows are another kind of data, or the threshold is not what its owner meant.

import { countTest } from '../metrics/index.js'
import type { Manifest } from '../model/index.js'

export interface AlarmWarning {
  readonly code: 'many-alarms' | 'few-alarms'
  readonly rows: number
  readonly anomalies: number
  /** How many would be called of as many rows that are like the held-back ones. */
  readonly expected: number
}

/** A difference that chance makes this rarely. */
const rare = 0.001

/**
 * Warns of rows of which more than twice as many, or fewer than half as many, are called as of the held-back ones, and
 * not by chance (Fisher's exact test, p below 0.001). Nothing where no rows were held back.
 */
export function reviewAlarms(
  { heldBack, threshold }: Pick<Manifest, 'heldBack' | 'threshold'>,
  { rows, anomalies }: { readonly rows: number; readonly anomalies: number },
): AlarmWarning | undefined {
  if (heldBack.source !== 'held-back' || heldBack.scores.length === 0 || rows === 0) return undefined
  const called = heldBack.scores.filter((score) => score > threshold.value).length
  const expected = (called / heldBack.scores.length) * rows
  const far = anomalies > 2 * expected || anomalies < expected / 2
  if (!far || countTest(anomalies, rows, called, heldBack.scores.length) >= rare) return undefined
  return { code: anomalies > expected ? 'many-alarms' : 'few-alarms', rows, anomalies, expected }
}
