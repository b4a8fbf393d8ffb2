// The Arrhythmia protocol of the paper's reference code: its settings, and how test scores are measured.

import { auroc, averagePrecision, confusion, f1Score, predictShare, type Labels } from 'toll/metrics'
import type { Measured } from './record.js'

/** The settings of the reference code. */
export const arrhythmiaProtocol = {
  hidden: [256, 128],
  latent: 16,
  batch: 100,
  learningRate: 1e-3,
  beta: 10,
  steps: 2000,
  validateEvery: 20,
  /** Share of normal rows in the whole data set, 386 of 452, as rounded there: 13 of 90 rows are called anomalies. */
  normalShare: 0.854,
} as const

/** F1 by calling the highest scores anomalies, all but a share of them normal; AUROC and average precision. */
export function measureScores(
  scores: ArrayLike<number>,
  labels: Labels,
  normalShare: number = arrhythmiaProtocol.normalShare,
): Measured {
  return {
    f1: shareF1(scores, labels, normalShare),
    auroc: auroc(scores, labels),
    averagePrecision: averagePrecision(scores, labels),
  }
}

export function shareF1(
  scores: ArrayLike<number>,
  labels: Labels,
  normalShare: number = arrhythmiaProtocol.normalShare,
): number {
  return f1Score(confusion(predictShare(scores, normalShare), labels))
}
