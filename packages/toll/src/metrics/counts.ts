// What every measure here works on: how many anomalies and how many normal rows have each distinct score. Sorting
// happens once; AUROC, average precision, curves, F1 at a threshold and each bootstrap replicate are then one pass over
// these counts. Any measure that does not depend on the order of the rows is a function of them.

import { TollError } from '../base/index.js'

/** 0 for a normal row, 1 for an anomaly. */
export type Labels = ArrayLike<number>

/** Rows grouped by score. The three arrays are equally long; `scores` is strictly descending. */
export interface ScoreCounts {
  readonly scores: Float64Array
  /** Anomalies with that score. */
  readonly anomalies: Float64Array
  /** Normal rows with that score. */
  readonly normals: Float64Array
  readonly totalAnomalies: number
  readonly totalNormals: number
}

/** The scores of each class, sorted in descending order. */
export interface SortedClasses {
  readonly anomalies: Float64Array
  readonly normals: Float64Array
}

/**
 * Groups `n` scores by value and label, in O(n log n).
 *
 * @throws `shape` when lengths differ; `data` when a score is NaN, a label is neither 0 nor 1, or a class has no row.
 */
export function countByScore(scores: ArrayLike<number>, labels: Labels): ScoreCounts {
  return mergeClasses(sortClasses(scores, labels))
}

/** Splits scores by label and sorts both parts in descending order. Errors as `countByScore`. */
export function sortClasses(scores: ArrayLike<number>, labels: Labels): SortedClasses {
  checkScores(scores)
  const positive = countAnomalies(labels, scores.length)
  const anomalies = new Float64Array(positive)
  const normals = new Float64Array(scores.length - positive)
  let a = 0
  let b = 0
  for (let i = 0; i < scores.length; i++) {
    // Negated, so that the engine's ascending sort without a comparator serves; zero stays +0.
    const key = 0 - scores[i]
    if (labels[i] === 1) anomalies[a++] = key
    else normals[b++] = key
  }
  for (const part of [anomalies, normals]) {
    part.sort()
    for (let i = 0; i < part.length; i++) part[i] = 0 - part[i]
  }
  return { anomalies, normals }
}

/** Merges two descending lists into counts per distinct score. */
export function mergeClasses({ anomalies, normals }: SortedClasses): ScoreCounts {
  const size = anomalies.length + normals.length
  const scores = new Float64Array(size)
  const inAnomalies = new Float64Array(size)
  const inNormals = new Float64Array(size)
  let groups = 0
  for (let a = 0, b = 0; a < anomalies.length || b < normals.length; groups++) {
    const score =
      b >= normals.length || (a < anomalies.length && anomalies[a] >= normals[b]) ? anomalies[a] : normals[b]
    const fromA = a
    const fromB = b
    while (a < anomalies.length && anomalies[a] === score) a++
    while (b < normals.length && normals[b] === score) b++
    scores[groups] = score
    inAnomalies[groups] = a - fromA
    inNormals[groups] = b - fromB
  }
  return {
    scores: scores.slice(0, groups),
    anomalies: inAnomalies.slice(0, groups),
    normals: inNormals.slice(0, groups),
    totalAnomalies: anomalies.length,
    totalNormals: normals.length,
  }
}

/** Refuses NaN; infinite scores are ordered like any other. */
export function checkScores(scores: ArrayLike<number>): void {
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i]))
      throw new TollError(
        'score-not-finite',
        `score ${i} is NaN; a row that cannot be scored must be left out, with its label`,
        { row: i, value: scores[i] },
      )
  }
}

/** How many of `rows` labels are 1, after checking that all are 0 or 1 and both occur. */
export function countAnomalies(labels: Labels, rows: number): number {
  if (labels.length !== rows)
    throw new TollError('length-mismatch', `${rows} rows but ${labels.length} labels`, {
      option: 'labels',
      value: labels.length,
      expected: `${rows} labels`,
    })
  let positive = 0
  for (let i = 0; i < rows; i++) {
    if (labels[i] !== 0 && labels[i] !== 1)
      throw new TollError('invalid-label', `label ${i} is ${labels[i]}; labels are 0 (normal) or 1 (anomaly)`, {
        row: i,
        option: 'labels',
        value: labels[i],
        expected: ['0', '1'],
      })
    positive += labels[i]
  }
  if (positive === 0 || positive === rows) {
    const found =
      rows === 0
        ? 'there are no rows'
        : positive === 0
          ? `all ${rows} rows are normal (0)`
          : `all ${rows} rows are anomalies (1)`
    throw new TollError(
      rows === 0 ? 'no-rows' : 'one-class',
      `measuring needs rows of both classes, at least one normal (0) and one anomaly (1); ${found}`,
      { option: 'labels' },
    )
  }
  return positive
}
