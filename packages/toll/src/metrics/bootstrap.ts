// Bootstrap intervals of a measure (Efron 1979): rows are drawn again with replacement, each class on its own so that
// both keep their size, and the interval is cut from the quantiles of the replicates. Scores are sorted once; a
// replicate only counts draws per score.

import { integer, quantileOfSorted, Random, real, resolveParameters, TollError, type Values } from '../base/index.js'
import { mergeClasses, sortClasses, type Labels, type ScoreCounts } from './counts.js'

export interface Interval {
  readonly low: number
  readonly high: number
}

/** A measure on the given rows and where its replicates lie. */
export interface BootstrapInterval extends Interval {
  readonly value: number
  readonly level: number
  readonly replicates: number
}

/**
 * A measure of counts per score: `aurocOf`, `averagePrecisionOf`, `(counts) => f1Score(confusionOf(counts,
 * threshold))`.
 */
export type Measure = (counts: ScoreCounts) => number

export const bootstrapParameters = {
  replicates: integer({ default: 1000, min: 1, max: 1_000_000, doc: 'How many times the rows are drawn again.' }),
  level: real({
    default: 0.95,
    min: 0,
    max: 1,
    aboveMin: true,
    belowMax: true,
    doc: 'Share of the replicates inside the interval.',
  }),
  seed: integer({ default: 0, min: 0, max: 0xffffffff, doc: 'Seed of the draws.' }),
}

export type BootstrapOptions = Partial<Values<typeof bootstrapParameters>>

/** `bootstrapIntervals` of one measure. */
export function bootstrapInterval(
  measure: Measure,
  scores: ArrayLike<number>,
  labels: Labels,
  options?: BootstrapOptions,
): BootstrapInterval {
  return bootstrapIntervals({ measure }, scores, labels, options).measure
}

/**
 * Percentile intervals of several measures over the same replicates, stratified by label.
 * Time O(n log n + replicates n); one to two seconds for 1000 replicates of 100,000 rows.
 *
 * @returns per measure its value on the rows as given, and the (1 - level) / 2 and (1 + level) / 2 quantiles of its
 * replicates
 * @throws errors as `countByScore`; `argument` for an option outside its domain; `data` when a measure gives NaN or
 * infinity.
 */
export function bootstrapIntervals<K extends string>(
  measures: Readonly<Record<K, Measure>>,
  scores: ArrayLike<number>,
  labels: Labels,
  options: BootstrapOptions = {},
): Record<K, BootstrapInterval> {
  const { replicates, level, seed } = resolveParameters(bootstrapParameters, options, 'bootstrap option')
  const classes = sortClasses(scores, labels)
  const counts = mergeClasses(classes)
  const random = Random.seeded(seed)
  const names = Object.keys(measures) as K[]
  const samples = names.map(() => new Float64Array(replicates))
  const groupOfAnomaly = expandGroups(counts.anomalies, counts.totalAnomalies)
  const groupOfNormal = expandGroups(counts.normals, counts.totalNormals)
  const replicate: ScoreCounts = { ...counts, anomalies: counts.anomalies.slice(), normals: counts.normals.slice() }
  for (let r = 0; r < replicates; r++) {
    drawAgain(groupOfAnomaly, replicate.anomalies, random)
    drawAgain(groupOfNormal, replicate.normals, random)
    names.forEach((name, m) => {
      samples[m][r] = evaluate(name, measures[name], replicate)
    })
  }
  return cutIntervals(measures, counts, samples, { level, replicates })
}

/** The value of each measure, and the quantiles of its replicates; `samples` are sorted. */
export function cutIntervals<K extends string>(
  measures: Readonly<Record<K, Measure>>,
  counts: ScoreCounts,
  samples: readonly Float64Array[],
  { level, replicates }: { readonly level: number; readonly replicates: number },
): Record<K, BootstrapInterval> {
  const result = {} as Record<K, BootstrapInterval>
  for (const [m, name] of (Object.keys(measures) as K[]).entries()) {
    const sorted = samples[m].sort()
    const low = quantileOfSorted(sorted, (1 - level) / 2)
    const high = quantileOfSorted(sorted, (1 + level) / 2)
    result[name] = { value: evaluate(name, measures[name], counts), low, high, level, replicates }
  }
  return result
}

/** For each row of a class, the index of its score. */
function expandGroups(perScore: Float64Array, total: number): Int32Array {
  const groups = new Int32Array(total)
  let row = 0
  for (let g = 0; g < perScore.length; g++) for (let k = perScore[g]; k > 0; k--) groups[row++] = g
  return groups
}

function drawAgain(groupOf: Int32Array, perScore: Float64Array, random: Random): void {
  perScore.fill(0)
  for (let i = 0; i < groupOf.length; i++) perScore[groupOf[random.integer(groupOf.length)]]++
}

/** Error: `data` for a measure that is not finite. */
export function evaluate(name: string, measure: Measure, counts: ScoreCounts): number {
  const value = measure(counts)
  if (!Number.isFinite(value))
    throw new TollError('undefined-measure', `measure '${name}' must be finite on every replicate, got ${value}`, {
      option: name,
      value,
    })
  return value
}
