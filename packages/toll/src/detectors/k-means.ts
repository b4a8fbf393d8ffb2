// k-means: centres that make the sum of squared distances to the nearest centre small.
// Source: Lloyd, "Least squares quantization in PCM" (1982); starts by Arthur and Vassilvitskii, "k-means++" (SODA
// 2007), with several candidates per centre of which the best is kept, as in their implementation. The best of several
// starts wins.

import { throwIfAborted, type NdArray, type Random } from '../base/index.js'

export interface Clusters {
  /** (k, d); no more than there are distinct rows. */
  readonly centres: NdArray<Float64Array>
  /** Rows of each cluster, all at least 1. */
  readonly sizes: readonly number[]
  /** Sum of squared distances of the rows to the nearest centre. */
  readonly inertia: number
}

export interface ClusterOptions {
  readonly clusters: number
  /** Independent starts. */
  readonly starts: number
  readonly random: Random
  readonly signal?: AbortSignal
  /** Waits for a turn of the event loop when it is time to. */
  readonly pause: () => Promise<void>
  /** Called after each start. */
  readonly advance: (starts: number) => void
}

/** Rounds of one start at most; assignments settle long before on most data. */
const mostRounds = 300

/** Clusters of rows (n, d), finite. The same rows and random stream give the same bits. */
export async function kMeans(rows: NdArray<Float64Array>, options: ClusterOptions): Promise<Clusters> {
  let best: Clusters | undefined
  for (let start = 0; start < options.starts; start++) {
    const found = await settle(rows, await firstCentres(rows, options, options.random.fork(`start ${start}`)), options)
    if (!best || found.inertia < best.inertia) best = found
    options.advance(start + 1)
  }
  return best!
}

/**
 * k-means++: each next centre is a row drawn with a chance proportional to its squared distance from the centres so
 * far.
 */
async function firstCentres(
  { shape: [n, d], data }: NdArray<Float64Array>,
  { clusters, signal, pause }: ClusterOptions,
  random: Random,
): Promise<Float64Array> {
  const candidates = 2 + Math.floor(Math.log(clusters))
  const chosen = [random.integer(n)]
  let nearest = distancesTo(data, d, chosen[0], new Float64Array(n).fill(Infinity))
  while (chosen.length < clusters && nearest.total > 0) {
    throwIfAborted(signal)
    await pause()
    let best: (Nearest & { readonly row: number }) | undefined
    for (let i = 0; i < candidates; i++) {
      const row = drawn(nearest, random.uniform())
      const after = distancesTo(data, d, row, nearest.squared)
      if (!best || after.total < best.total) best = { ...after, row }
    }
    chosen.push(best!.row)
    nearest = best!
  }
  const centres = new Float64Array(chosen.length * d)
  chosen.forEach((row, i) => centres.set(data.subarray(row * d, (row + 1) * d), i * d))
  return centres
}

/** Squared distances (n) of the rows to the nearest centre, and their sum. */
interface Nearest {
  readonly squared: Float64Array
  readonly total: number
}

/** The smaller of `before` and the squared distance to row `to`, for every row. */
function distancesTo(data: Float64Array, d: number, to: number, before: Float64Array): Nearest {
  let total = 0
  const squared = before.map((least, row) => {
    const distance = Math.min(least, squaredDistance(data, row * d, data, to * d, d))
    total += distance
    return distance
  })
  return { squared, total }
}

/** The row at share `uniform` of the running sum of squared distances; never one at a centre. */
function drawn({ squared, total }: Nearest, uniform: number): number {
  let rest = uniform * total
  let last = 0
  for (let row = 0; row < squared.length; row++) {
    if (squared[row] === 0) continue
    last = row
    rest -= squared[row]
    if (rest < 0) break
  }
  return last
}

/**
 * Lloyd's rounds until no row changes its cluster. A cluster that loses all rows takes the row that is farthest from
 * its centre.
 */
async function settle(
  { shape: [n, d], data }: NdArray<Float64Array>,
  centres: Float64Array,
  { signal, pause }: ClusterOptions,
): Promise<Clusters> {
  const k = centres.length / d
  const cluster = new Int32Array(n).fill(-1)
  const squared = new Float64Array(n)
  const sizes = new Float64Array(k)
  for (let round = 0; round < mostRounds; round++) {
    throwIfAborted(signal)
    await pause()
    if (assign(data, d, centres, cluster, squared) === 0) break
    sizes.fill(0)
    for (const at of cluster) sizes[at]++
    sizes.forEach((size, at) => {
      if (size === 0) moveFarthest(cluster, squared, sizes, at)
    })
    centres.fill(0)
    for (let row = 0; row < n; row++) {
      for (let c = 0, to = cluster[row] * d; c < d; c++) centres[to + c] += data[row * d + c]
    }
    for (let i = 0; i < k * d; i++) centres[i] /= sizes[Math.floor(i / d)]
  }
  return {
    centres: { shape: [k, d], data: centres },
    sizes: [...sizes],
    inertia: squared.reduce((total, value) => total + value, 0),
  }
}

/** Puts the row farthest from its centre into the empty cluster `to`, but none that is alone in its own. */
function moveFarthest(cluster: Int32Array, squared: Float64Array, sizes: Float64Array, to: number): void {
  let farthest = -1
  for (let row = 0; row < cluster.length; row++) {
    if (sizes[cluster[row]] > 1 && (farthest < 0 || squared[row] > squared[farthest])) farthest = row
  }
  sizes[cluster[farthest]]--
  sizes[to]++
  cluster[farthest] = to
  squared[farthest] = 0
}

/** Gives every row its nearest centre, the first at a tie; returns how many changed. */
function assign(
  data: Float64Array,
  d: number,
  centres: Float64Array,
  cluster: Int32Array,
  squared: Float64Array,
): number {
  let changed = 0
  const k = centres.length / d
  for (let row = 0; row < cluster.length; row++) {
    let best = 0
    let least = Infinity
    for (let at = 0; at < k; at++) {
      const distance = squaredDistance(data, row * d, centres, at * d, d)
      if (distance < least) [best, least] = [at, distance]
    }
    if (cluster[row] !== best) changed++
    cluster[row] = best
    squared[row] = least
  }
  return changed
}

function squaredDistance(a: Float64Array, from: number, b: Float64Array, to: number, d: number): number {
  let total = 0
  for (let c = 0; c < d; c++) {
    const difference = a[from + c] - b[to + c]
    total += difference * difference
  }
  return total
}
