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

/** The held-back scores above the threshold. */
export function calledHeldBack({ heldBack, threshold }: Pick<Manifest, 'heldBack' | 'threshold'>): {
  called: number
  of: number
} {
  return { called: heldBack.scores.filter((score) => score > threshold.value).length, of: heldBack.scores.length }
}

/** A difference that chance makes this rarely. */
const rare = 0.001

/**
 * Warns of rows of which more than twice as many, or fewer than half as many, are called as of the held-back ones, and
 * not by chance (Fisher's exact test, p below 0.001). Nothing where no rows were held back.
 */
export function reviewAlarms(
  manifest: Pick<Manifest, 'heldBack' | 'threshold'>,
  { rows, anomalies }: { readonly rows: number; readonly anomalies: number },
): AlarmWarning | undefined {
  const { called, of } = calledHeldBack(manifest)
  if (manifest.heldBack.source !== 'held-back' || of === 0 || rows === 0) return undefined
  const expected = (called / of) * rows
  const far = anomalies > 2 * expected || anomalies < expected / 2
  if (!far || countTest(anomalies, rows, called, of) >= rare) return undefined
  return { code: anomalies > expected ? 'many-alarms' : 'few-alarms', rows, anomalies, expected }
}
