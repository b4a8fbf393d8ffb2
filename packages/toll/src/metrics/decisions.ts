// Decisions against labels: the four counts, and precision, recall and F1 on the anomaly class. Also the paper's rule
// for Arrhythmia, which decides by a share of the rows and not by a value.

import { TollError } from '../base/index.js'
import { checkScores, countAnomalies, type Labels, type ScoreCounts } from './counts.js'

/** Counts of rows; anomaly is the positive class. */
export interface Confusion {
  readonly truePositives: number
  readonly falsePositives: number
  readonly falseNegatives: number
  readonly trueNegatives: number
}

/**
 * Counts decisions (1 = called an anomaly) against labels.
 *
 * @throws `shape` when lengths differ; `data` when a value is neither 0 nor 1 or a class has no row.
 */
export function confusion(decisions: Labels, labels: Labels): Confusion {
  const anomalies = countAnomalies(labels, decisions.length)
  let truePositives = 0
  let falsePositives = 0
  for (let i = 0; i < decisions.length; i++) {
    if (decisions[i] !== 0 && decisions[i] !== 1) {
      throw new TollError(
        'invalid-label',
        `decision ${i} is ${decisions[i]}; decisions are 0 (normal) or 1 (anomaly)`,
        { row: i, option: 'decisions', value: decisions[i], expected: ['0', '1'] },
      )
    }
    truePositives += decisions[i] & labels[i]
    falsePositives += decisions[i] & (1 - labels[i])
  }
  return fillCounts(truePositives, falsePositives, anomalies, decisions.length - anomalies)
}

/**
 * Counts the decisions "anomaly when score > threshold". Errors as `countByScore`; `argument` when the threshold is
 * NaN.
 */
export function confusionAt(scores: ArrayLike<number>, labels: Labels, threshold: number): Confusion {
  checkScores(scores)
  checkThreshold(threshold)
  return confusion(
    Uint8Array.from(scores, (score) => (score > threshold ? 1 : 0)),
    labels,
  )
}

/** `confusionAt` of counts per score. */
export function confusionOf(counts: ScoreCounts, threshold: number): Confusion {
  checkThreshold(threshold)
  let truePositives = 0
  let falsePositives = 0
  for (let i = 0; i < counts.scores.length && counts.scores[i] > threshold; i++) {
    truePositives += counts.anomalies[i]
    falsePositives += counts.normals[i]
  }
  return fillCounts(truePositives, falsePositives, counts.totalAnomalies, counts.totalNormals)
}

/** Share of called anomalies that are anomalies; 0 when nothing was called. */
export function precision({ truePositives, falsePositives }: Confusion): number {
  return truePositives === 0 ? 0 : truePositives / (truePositives + falsePositives)
}

/** Share of anomalies that were called; 0 when there are none. */
export function recall({ truePositives, falseNegatives }: Confusion): number {
  return truePositives === 0 ? 0 : truePositives / (truePositives + falseNegatives)
}

/** Harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN); 0 when no anomaly was called. */
export function f1Score({ truePositives, falsePositives, falseNegatives }: Confusion): number {
  return truePositives === 0 ? 0 : (2 * truePositives) / (2 * truePositives + falsePositives + falseNegatives)
}

/**
 * Decisions by share: the lowest round(normalShare n) of n scores are normal (0), the others anomalies (1). The paper's
 * code does this on Arrhythmia with 0.854, the share of normal rows in the whole set: 13 of 90 rows are called.
 * Halves round to even, as in Python. Among equal scores, earlier rows count as lower.
 *
 * @param normalShare in [0, 1]
 * @throws `data` when a score is NaN; `argument` when the share is outside [0, 1].
 */
export function predictShare(scores: ArrayLike<number>, normalShare: number): Uint8Array {
  if (!(normalShare >= 0 && normalShare <= 1)) {
    throw new TollError('out-of-domain', `the share of normal rows must be from 0 to 1, got ${normalShare}`, {
      option: 'normalShare',
      value: normalShare,
      expected: 'a number from 0 to 1',
    })
  }
  checkScores(scores)
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i)
  // The difference of two equal infinities is NaN, so compare; the index makes the order total.
  order.sort((i, j) => (scores[i] < scores[j] ? -1 : scores[i] > scores[j] ? 1 : i - j))
  const decisions = new Uint8Array(scores.length).fill(1)
  for (const i of order.subarray(0, roundHalfEven(normalShare * scores.length))) decisions[i] = 0
  return decisions
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x)
  const rest = x - floor
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1
}

function checkThreshold(threshold: number): void {
  if (Number.isNaN(threshold))
    throw new TollError('out-of-domain', 'the threshold must be a number, got NaN', {
      option: 'threshold',
      value: threshold,
      expected: 'a number',
    })
}

function fillCounts(truePositives: number, falsePositives: number, anomalies: number, normals: number): Confusion {
  return {
    truePositives,
    falsePositives,
    falseNegatives: anomalies - truePositives,
    trueNegatives: normals - falsePositives,
  }
}
