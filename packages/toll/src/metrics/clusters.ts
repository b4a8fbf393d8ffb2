// Bootstrap intervals where rows depend on each other: whole clusters of rows are drawn again (Davison and Hinkley
// 1997, section 3.8), such as all rows of a patient, or blocks of time (Carlstein 1986). Rows by themselves would claim
// more independent evidence than there is.

import { Random, TollError, resolveParameters } from '../base/index.js'
import {
  bootstrapParameters,
  cutIntervals,
  evaluate,
  type BootstrapInterval,
  type BootstrapOptions,
  type Measure,
} from './bootstrap.js'
import { countByScore, type Labels, type ScoreCounts } from './counts.js'

/** Draws of clusters that hold one class only are made again, this often at most for one replicate. */
const mostDraws = 100

/**
 * Percentile intervals of several measures over the same replicates. Clusters that hold anomalies and clusters that
 * hold none are drawn by themselves, so that each replicate has both classes as far as the clusters permit; numbers of
 * rows vary with the clusters drawn.
 *
 * @param clusters the cluster of each row
 * @throws errors as `bootstrapIntervals`; `shape` when there is not one cluster per row; `data` with fewer than 2
 * clusters, or when they hardly ever give both classes.
 */
export function clusterIntervals<K extends string>(
  measures: Readonly<Record<K, Measure>>,
  scores: ArrayLike<number>,
  labels: Labels,
  clusters: ArrayLike<string | number>,
  options: BootstrapOptions = {},
): Record<K, BootstrapInterval> {
  const { replicates, level, seed } = resolveParameters(bootstrapParameters, options, 'bootstrap option')
  if (clusters.length !== scores.length)
    throw new TollError('length-mismatch', `expected ${scores.length} clusters, one per row, got ${clusters.length}`, {
      option: 'clusters',
      value: clusters.length,
      expected: `${scores.length} clusters`,
    })
  const counts = countByScore(scores, labels)
  const { anomalous, normal } = gather(scores, labels, clusters, counts)
  if (anomalous.length + normal.length < 2)
    throw new TollError('too-few-rows', 'intervals over clusters of rows need at least 2 clusters, got 1', {
      option: 'clusters',
      value: 1,
      limit: 2,
    })
  const random = Random.seeded(seed)
  const names = Object.keys(measures) as K[]
  const samples = names.map(() => new Float64Array(replicates))
  for (let r = 0; r < replicates; r++) {
    const replicate = drawBoth(counts, [anomalous, normal], random)
    names.forEach((name, m) => {
      samples[m][r] = evaluate(name, measures[name], replicate)
    })
  }
  return cutIntervals(measures, counts, samples, { level, replicates })
}

/** Consecutive blocks of rows by time, as equal in size as can be; rows of equal time stay together. */
export function timeBlocks(time: ArrayLike<number>, blocks: number): Int32Array {
  const order = Int32Array.from({ length: time.length }, (_, row) => row).sort((a, b) => time[a] - time[b] || a - b)
  const blockOf = new Int32Array(time.length)
  order.forEach((row, place) => {
    const previous = order[place - 1]
    blockOf[row] =
      place > 0 && time[previous] === time[row] ? blockOf[previous] : Math.floor((place * blocks) / time.length)
  })
  return blockOf
}

/** The rows of a cluster, as places in the list of distinct scores. */
interface Cluster {
  readonly anomalies: number[]
  readonly normals: number[]
}

function gather(
  scores: ArrayLike<number>,
  labels: Labels,
  clusters: ArrayLike<string | number>,
  counts: ScoreCounts,
): { anomalous: Cluster[]; normal: Cluster[] } {
  const placeOf = new Map(Array.from(counts.scores, (score, place) => [score, place]))
  const byKey = new Map<string | number, Cluster>()
  for (let row = 0; row < scores.length; row++) {
    let cluster = byKey.get(clusters[row])
    if (!cluster) byKey.set(clusters[row], (cluster = { anomalies: [], normals: [] }))
    cluster[labels[row] === 1 ? 'anomalies' : 'normals'].push(placeOf.get(scores[row])!)
  }
  const all = [...byKey.values()]
  return {
    anomalous: all.filter(({ anomalies }) => anomalies.length > 0),
    normal: all.filter(({ anomalies }) => anomalies.length === 0),
  }
}

function drawBoth(counts: ScoreCounts, strata: readonly (readonly Cluster[])[], random: Random): ScoreCounts {
  for (let draw = 0; draw < mostDraws; draw++) {
    const anomalies = new Float64Array(counts.scores.length)
    const normals = new Float64Array(counts.scores.length)
    let [totalAnomalies, totalNormals] = [0, 0]
    for (const stratum of strata) {
      for (let i = 0; i < stratum.length; i++) {
        const cluster = stratum[random.integer(stratum.length)]
        for (const place of cluster.anomalies) anomalies[place]++
        for (const place of cluster.normals) normals[place]++
        totalAnomalies += cluster.anomalies.length
        totalNormals += cluster.normals.length
      }
    }
    if (totalAnomalies > 0 && totalNormals > 0)
      return { scores: counts.scores, anomalies, normals, totalAnomalies, totalNormals }
  }
  throw new TollError(
    'one-class',
    `drawing clusters of rows again gives rows of one class only, ${mostDraws} times in a row; normal ` +
      'rows are in too few clusters for intervals',
    { option: 'clusters', limit: mostDraws },
  )
}
