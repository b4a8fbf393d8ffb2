// The receiver operating characteristic and the area under it. The area equals the Mann-Whitney statistic: the chance
// that an anomaly scores higher than a normal row, a tie counting half (Hanley and McNeil 1982).

import { countByScore, type Labels, type ScoreCounts } from './counts.js'

/** One point per threshold, from (0, 0) to (1, 1); row i holds for "anomaly when score >= thresholds[i]". */
export interface RocCurve {
  readonly falsePositiveRate: Float64Array
  readonly truePositiveRate: Float64Array
  /** Descending; the first is Infinity (nothing is called an anomaly). */
  readonly thresholds: Float64Array
}

/**
 * Area under the ROC curve in [0, 1], 0.5 for scores that know nothing. Ties get mid-ranks. Errors as `countByScore`.
 */
export function auroc(scores: ArrayLike<number>, labels: Labels): number {
  return aurocOf(countByScore(scores, labels))
}

/**
 * U / (a b) with U = sum over scores of anomalies there times (normals below + half the normals there); exact below
 * 2^53 pairs.
 */
export function aurocOf(counts: ScoreCounts): number {
  let below = counts.totalNormals
  let twiceU = 0
  for (let i = 0; i < counts.scores.length; i++) {
    below -= counts.normals[i]
    twiceU += counts.anomalies[i] * (2 * below + counts.normals[i])
  }
  return twiceU / (2 * counts.totalAnomalies * counts.totalNormals)
}

/** The ROC curve with one vertex per distinct score. Errors as `countByScore`. */
export function rocCurve(scores: ArrayLike<number>, labels: Labels): RocCurve {
  return rocCurveOf(countByScore(scores, labels))
}

export function rocCurveOf(counts: ScoreCounts): RocCurve {
  const size = counts.scores.length + 1
  const falsePositiveRate = new Float64Array(size)
  const truePositiveRate = new Float64Array(size)
  const thresholds = new Float64Array(size).fill(Infinity, 0, 1)
  let caught = 0
  let alarmed = 0
  for (let i = 0; i < counts.scores.length; i++) {
    caught += counts.anomalies[i]
    alarmed += counts.normals[i]
    truePositiveRate[i + 1] = caught / counts.totalAnomalies
    falsePositiveRate[i + 1] = alarmed / counts.totalNormals
    thresholds[i + 1] = counts.scores[i]
  }
  return { falsePositiveRate, truePositiveRate, thresholds }
}
