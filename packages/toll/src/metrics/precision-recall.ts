// Precision and recall over all thresholds, and average precision: AP = sum over thresholds of (R_i - R_(i-1)) P_i,
// with rows of equal score taken together and no interpolation, as scikit-learn defines it.

import { countByScore, type Labels, type ScoreCounts } from './counts.js'

/** One point per distinct score, row i for "anomaly when score >= thresholds[i]"; recall rises from above 0 to 1. */
export interface PrecisionRecallCurve {
  readonly precision: Float64Array
  readonly recall: Float64Array
  /** Descending. */
  readonly thresholds: Float64Array
}

/** Average precision in (0, 1]; scores that know nothing get the share of anomalies. Errors as `countByScore`. */
export function averagePrecision(scores: ArrayLike<number>, labels: Labels): number {
  return averagePrecisionOf(countByScore(scores, labels))
}

export function averagePrecisionOf(counts: ScoreCounts): number {
  let caught = 0
  let called = 0
  let sum = 0
  for (let i = 0; i < counts.scores.length; i++) {
    caught += counts.anomalies[i]
    called += counts.anomalies[i] + counts.normals[i]
    if (counts.anomalies[i] > 0) sum += counts.anomalies[i] * (caught / called)
  }
  return sum / counts.totalAnomalies
}

/** The precision-recall curve with one vertex per distinct score. Errors as `countByScore`. */
export function precisionRecallCurve(scores: ArrayLike<number>, labels: Labels): PrecisionRecallCurve {
  const counts = countByScore(scores, labels)
  const precision = new Float64Array(counts.scores.length)
  const recall = new Float64Array(counts.scores.length)
  let caught = 0
  let called = 0
  for (let i = 0; i < counts.scores.length; i++) {
    caught += counts.anomalies[i]
    called += counts.anomalies[i] + counts.normals[i]
    precision[i] = caught / called
    recall[i] = caught / counts.totalAnomalies
  }
  return { precision, recall, thresholds: counts.scores }
}
