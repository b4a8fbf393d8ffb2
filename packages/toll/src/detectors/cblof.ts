// Cluster-based local outlier factor: clusters are large or small; normal is what lies near the centre of a large one.
// Source: He, Xu and Deng, "Discovering cluster-based local outliers" (Pattern Recognition Letters 24, 2003), with
// k-means in place of their clustering and without the factor of the cluster's size by default, as in PyOD.
//
// Clusters sorted by size, |C1| >= |C2| >= ...: the first b are large, for the smallest b < k with |C1| + ... + |Cb| >=
// alpha n and
// |Cb| / |Cb+1| >= beta, else the smallest with the former, else with the latter, else all are large.
// A row of a large cluster is scored by the distance to its centre, a row of a small one by the distance to the nearest
// large centre. The centre of a row's cluster is the nearest of all, so both are the distance to the nearest large
// centre.

import { Random, flag, integer, real, type Domains } from '../base/index.js'
import { constant, gather, minOver, mul, reshape, sqrt, square, sub, topIndices, type Tensor } from '../graph/index.js'
import { pauseEvery } from '../runtime/index.js'
import { shown, type Detector } from './contract.js'
import { kMeans } from './k-means.js'
import { centreRows, moveToCentre, sumLast } from './neighbours.js'
import { normalRows } from './training-rows.js'

const parameters = {
  clusters: integer({
    default: 8,
    min: 1,
    max: 1000,
    doc: 'Number of clusters; as many as there are distinct rows when there are fewer.',
    source: 'PyOD',
  }),
  alpha: real({
    default: 0.9,
    min: 0,
    max: 1,
    aboveMin: true,
    belowMax: true,
    doc: 'Share of the rows that the large clusters hold together.',
    source: 'He et al. 2003',
  }),
  beta: real({
    default: 5,
    min: 1,
    aboveMin: true,
    doc: 'How many times larger the last large cluster is than the first small one.',
    source: 'He et al. 2003',
  }),
  weighted: flag({
    default: false,
    doc: "Multiply by the number of training rows in the row's cluster, as the paper does.",
    source: 'PyOD',
  }),
  starts: integer({
    default: 10,
    min: 1,
    max: 1000,
    doc: 'Starts of k-means, of which the best is kept.',
    source: 'scikit-learn before 1.4',
  }),
} satisfies Domains

export const cblof: Detector<typeof parameters> = {
  name: 'cblof',
  title: 'Cluster-based local outlier factor (CBLOF)',
  idea: 'The distance to the centre of the nearest large cluster of k-means.',
  reference: 'He, Xu and Deng, Pattern Recognition Letters 24, 2003',
  accepts: ['table'],
  precision: 'float64',
  takesWeights: false,
  parameters,

  formula: ({ weighted }, summary) => ({
    score: `s(x) = min_{c ∈ L} ‖x - c‖${weighted ? ' · n(x)' : ''}`,
    where: [
      `L are the centres of the ${shown(summary, 'large')} large clusters.`,
      ...(weighted ? ['n(x) is the number of training rows in the cluster nearest to x.'] : []),
    ],
  }),

  async fit(data, { clusters, alpha, beta, weighted, starts }, { seed, signal, onProgress }) {
    const centred = centreRows(normalRows('cblof', data))
    const [n, d] = centred.rows.shape
    const { centres, sizes, inertia } = await kMeans(centred.rows, {
      clusters,
      starts,
      random: Random.seeded(seed).fork('k-means'),
      signal,
      pause: pauseEvery(50),
      advance: (step) => onProgress?.({ step, steps: starts, values: {} }),
    })
    const order = sizes.map((_, at) => at).sort((a, b) => sizes[b] - sizes[a] || a - b)
    const large = order.slice(
      0,
      largeClusters(
        order.map((at) => sizes[at]),
        alpha,
        beta,
      ),
    )
    return {
      score: (x) => {
        const squared = squaredDistances(
          moveToCentre(x, centred),
          constant(centres.data, [1, sizes.length, d], 'float64'),
        )
        const distance = sqrt(minOver(gather(squared, constant(large, [large.length], 'int64'), 1), [1]))
        return { score: weighted ? mul(distance, sizeOfNearest(squared, sizes)) : distance }
      },
      summary: { rows: n, columns: d, sizes: order.map((at) => sizes[at]), large: large.length, inertia },
      containsTrainingRows: sizes.some((size) => size === 1),
    }
  },
}

/** How many of the clusters are large, from their sizes, largest first. */
export function largeClusters(sizes: readonly number[], alpha: number, beta: number): number {
  const rows = sizes.reduce((total, size) => total + size, 0)
  const splits = sizes.map((_, i) => i).slice(1)
  const together = (b: number) => sizes.slice(0, b).reduce((total, size) => total + size, 0)
  const holdsMost = splits.filter((b) => together(b) >= alpha * rows)
  const dropsOff = splits.filter((b) => sizes[b - 1] / sizes[b] >= beta)
  return holdsMost.find((b) => dropsOff.includes(b)) ?? holdsMost[0] ?? dropsOff[0] ?? sizes.length
}

/** Squared distances (n, k) of x (n, d) to centres (1, k, d), by differences. */
function squaredDistances(x: Tensor, centres: Tensor): Tensor {
  return sumLast(square(sub(reshape(x, [x.shape[0], 1, x.shape[1]]), centres)))
}

/** Rows in the cluster of each row, (n). */
function sizeOfNearest(squared: Tensor, sizes: readonly number[]): Tensor {
  return gather(
    constant(sizes, [sizes.length], 'float64'),
    reshape(topIndices(squared, 1, { largest: false }), [squared.shape[0]]),
  )
}
