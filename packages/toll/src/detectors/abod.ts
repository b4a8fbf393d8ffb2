// Angle-based outliers, the fast form: seen from an outlier, all other rows lie in about one direction; seen from
// within the data, the angles between them vary.
//
//     f(a, b) = <a - x, b - x> / (|a - x|^2 |b - x|^2),     score(x) = -variance of f over all pairs a, b of the k
//     nearest rows of x
//
// Source: Kriegel, Schubert and Zimek, "Angle-based outlier detection in high-dimensional data" (KDD 2008), FastABOD,
// with the plain variance over pairs that PyOD takes (the paper weights pairs by 1 / (|a - x| |b - x|)).
//
// No angle is formed with a row at x itself. The training rows count as a set, copies once, so that at most one of them
// is at x; it is passed over, and the k nearest of the others are taken. Fewer than three distinct other rows leave no
// variance: the score is 0.

import { Random, integer, throwIfAborted, type Domains, type NdArray } from '../base/index.js'
import {
  and,
  cast,
  constant,
  div,
  greater,
  less,
  matmul,
  max,
  mul,
  neg,
  not,
  reshape,
  square,
  sub,
  sum,
  where,
  type Tensor,
} from '../graph/index.js'
import { shown, type Detector } from './contract.js'
import { subsampleParameter } from './knn.js'
import { centreRows, differences, moveToCentre, nearest, refuseTooMany, rowsTensor, sumLast } from './neighbours.js'
import { normalRows, subsampled } from './training-rows.js'

const parameters = {
  k: integer({
    default: 5,
    min: 3,
    max: 200,
    doc: 'Number of neighbours, whose pairs are compared; all distinct training rows when there are fewer.',
    source: 'PyOD',
  }),
  subsample: subsampleParameter,
} satisfies Domains

/** Squared distance below which a row is at x: f stays below 1e60, its variance finite. */
const coincidence = 1e-60

export const abod: Detector<typeof parameters> = {
  name: 'abod',
  title: 'Angle-based outlier detection (fast ABOD)',
  idea: "How little the angles between a row's neighbours, weighted by closeness, vary as seen from the row.",
  reference: 'Kriegel, Schubert and Zimek, KDD 2008',
  accepts: ['table'],
  precision: 'float64',
  takesWeights: false,
  parameters,

  formula: (_, summary) => ({
    score: String.raw`s(x) = - \op{Var}_{a, b ∈ N(x)} \frac{⟨a - x, b - x⟩}{‖a - x‖^2 ‖b - x‖^2}`,
    where: [
      `N(x) are the ${shown(summary, 'neighbours')} nearest distinct training rows that are not at x; the ` +
        'variance is over their pairs.',
    ],
  }),

  async fit(data, { k, subsample }, { seed, signal, onProgress }) {
    throwIfAborted(signal)
    const samples = subsampled(normalRows('abod', data), subsample, Random.seeded(seed).fork('subsample'))
    refuseTooMany('abod', samples.shape, { pairs: false })
    const centred = centreRows(samples)
    const rows = distinctRows(centred.rows)
    onProgress?.({ step: 1, steps: 1, values: {} })
    return {
      score: (x) => ({
        score: neg(angleVariance(moveToCentre(x, centred), rowsTensor(rows), k)),
      }),
      summary: {
        rows: samples.shape[0],
        columns: samples.shape[1],
        distinctRows: rows.shape[0],
        neighbours: Math.min(k, rows.shape[0]),
      },
      containsTrainingRows: true,
    }
  },
}

/** Variance of f over the pairs of the k nearest of `rows` that are not at x: (n), float64. */
function angleVariance(x: Tensor, rows: Tensor, k: number): Tensor {
  const count = Math.min(rows.shape[0] as number, k + 1)
  const { squared, places } = nearest(x, rows, count)
  const n = x.shape[0]
  const apart = greater(squared, coincidence)
  // Sorted by distance, rows at x come first: a place is among the first k of the others when fewer than k of those
  // stand before it.
  const position = constant(
    Array.from({ length: count }, (_, i) => i),
    [1, count],
    'float64',
  )
  const used = and(apart, less(sub(position, sum(cast(not(apart), 'float64'), [1], true)), k))
  // a / |a|^2, whose products are f.
  const inverted = div(differences(x, rows, places), reshape(where(used, squared, 1), [n, count, 1]))
  const f = reshape(matmul(inverted, inverted, { transposeB: true }), [n, count * count])
  const member = cast(used, 'float64')
  const once = constant(
    Array.from({ length: count * count }, (_, i) => Number(i % count > Math.floor(i / count))),
    [1, count * count],
    'float64',
  )
  const pairs = mul(
    reshape(mul(reshape(member, [n, count, 1]), reshape(member, [n, 1, count])), [n, count * count]),
    once,
  )
  const total = max(sumLast(pairs), 1)
  const average = reshape(div(sumLast(mul(pairs, f)), total), [n, 1])
  return div(sumLast(mul(pairs, square(sub(f, average)))), total)
}

/** The rows without repetitions, in the order of their first appearance. */
export function distinctRows({ shape: [n, d], data }: NdArray<Float64Array>): NdArray<Float64Array> {
  const compare = (a: number, b: number) => {
    for (let c = 0; c < d; c++) {
      const difference = data[a * d + c] - data[b * d + c]
      if (difference !== 0) return difference
    }
    return 0
  }
  const order = Int32Array.from({ length: n }, (_, row) => row).sort((a, b) => compare(a, b) || a - b)
  const kept = order.filter((row, i) => i === 0 || compare(order[i - 1], row) !== 0).sort()
  const rows = new Float64Array(kept.length * d)
  kept.forEach((row, i) => rows.set(data.subarray(row * d, (row + 1) * d), i * d))
  return { shape: [kept.length, d], data: rows }
}
