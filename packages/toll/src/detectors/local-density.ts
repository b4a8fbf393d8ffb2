// Local reachability density, the mathematics that LOF and feature bagging share.
//
// k-distance of a training row = distance to its k-th other row. Reachability of y from x: r(x, y) = max(|x - y|,
// k-distance(y)). Density of x: lrd(x) = 1 / (mean of r(x, y) over the k neighbours y of x + 1e-10), LOF(x) = mean of
// lrd(y) / lrd(x). The 1e-10 is scikit-learn's: rows with more than k copies have reachability 0 and a density of 1e10,
// so that copies of them score 1 and everything stays finite. A new row is compared with the training rows only;
// training rows are not their own neighbours.

import { integer, type NdArray } from '../base/index.js'
import { add, constant, div, gather, max, mul, sqrt, type Tensor } from '../graph/index.js'
import type { FitContext } from './contract.js'
import { nearest, neighboursWithin, sumLast, type TrainingNeighbours } from './neighbours.js'

const floor = 1e-10

export const lofNeighbours = integer({
  default: 20,
  min: 1,
  max: 10000,
  doc: 'Number of neighbours; all other training rows when there are fewer.',
  source: 'scikit-learn, PyOD',
})

/** What scoring needs of the training rows, (n) each. */
export interface LocalDensity {
  readonly k: number
  readonly kDistance: Float64Array
  readonly density: Float64Array
}

/**
 * Densities of all rows (n, d), n >= 2, about their centre; with fewer than k other rows all of them are neighbours.
 */
export async function fitLocalDensity(
  rows: NdArray<Float64Array>,
  k: number,
  context: Pick<FitContext, 'engine' | 'signal'>,
  advance: (done: number) => void,
): Promise<LocalDensity> {
  return densityOf(await neighboursWithin(rows, Math.min(k, rows.shape[0] - 1), context, advance))
}

/** k-distances and densities from the neighbours of every row. */
export function densityOf({ k, distances, places }: TrainingNeighbours): LocalDensity {
  const n = distances.length / k
  const kDistance = Float64Array.from({ length: n }, (_, row) => distances[row * k + k - 1])
  const density = Float64Array.from({ length: n }, (_, row) => {
    let total = 0
    for (let j = row * k; j < (row + 1) * k; j++) total += Math.max(distances[j], kDistance[places[j]])
    return 1 / (total / k + floor)
  })
  return { k, kDistance, density }
}

/**
 * LOF of x (n, d) against rows (m, d), both about one centre: (n), float64. About 1 where x lies as densely as its
 * neighbours do.
 */
export function localOutlierFactor(x: Tensor, rows: Tensor, { k, kDistance, density }: LocalDensity): Tensor {
  const { squared, places } = nearest(x, rows, k)
  const reach = max(sqrt(squared), gather(constant(kDistance, [kDistance.length], 'float64'), places))
  const around = div(sumLast(gather(constant(density, [density.length], 'float64'), places)), k)
  return mul(around, add(div(sumLast(reach), k), floor))
}
