// The minimum covariance determinant: mean and covariance of those h of n rows whose covariance has the smallest
// determinant, so that nearly half of the rows can be anything. Found as by Rousseeuw and Van Driessen 1999 (FastMCD):
// from many tiny random subsets, two concentration steps each (take the h rows nearest to the current estimate, in its
// own Mahalanobis distance: the determinant never grows), the best few until nothing changes; large data first in
// groups. Then consistency factor, reweighting, and its consistency factor (Croux and Haesbroeck 1999).
// Every covariance S is replaced by (1 - r) S + r t I, with t the mean squared robust scale of a column (Boudt et al.
// 2020, whose proof that concentration steps converge holds for any fixed r and t): it exists for constant columns and
// for fewer rows than columns.

import {
  TollError,
  cholesky,
  inverseOfLower,
  logDeterminant,
  quantile,
  takeSamples,
  throwIfAborted,
  type Matrix,
  type Random,
} from '../base/index.js'
import { pauseEvery, type Engine } from '../runtime/index.js'
import { chiSquareBelow, chiSquareQuantile } from './chi-square.js'
import type { Moments } from './moments.js'
import { openSubsetMoments, type SubsetMoments } from './subset-moments.js'

export interface McdOptions {
  /** Share of the rows that the core holds, [0.5, 1]; never fewer than (n + d + 1) / 2 rows. */
  readonly support: number
  /** Random starts; fewer when they would take more than `mostWork`. */
  readonly starts: number
  /** r, [0, 1). */
  readonly shrinkage: number
  readonly engine: Engine
  readonly random: Random
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, all: number) => void
}

export interface RobustMoments {
  /** (d) */
  readonly location: Float64Array
  /** Reweighted, consistent at the normal distribution, shrunken, (d, d). */
  readonly covariance: Matrix
  /** Lower triangular F with F'F the inverse of the covariance, (d, d). */
  readonly factor: Matrix
  /** Rows of the core, h. */
  readonly core: number
  /** log det of the core's shrunken covariance: what the search made small. */
  readonly logDeterminant: number
  /** Rows that were not cut off in the reweighting. */
  readonly reweighted: number
  /** Random starts that were made. */
  readonly starts: number
}

interface Candidate {
  readonly location: Float64Array
  readonly covariance: Matrix
  readonly factor: Matrix
  readonly logDeterminant: number
}

/** Estimate of each stage that go on to the next. */
const survivors = 10
/** Of these, with more rows than this only the best three are followed to the end. */
const manyRows = 1500
const smallestGroup = 300
const mostGroups = 5
/** Multiplications of all random starts together, about two seconds; at least ten starts are made. */
const mostWork = 2e9
const fewestStarts = 10
/** Rows farther than this share of normal data are cut off before the last estimate. */
const kept = 0.975

/**
 * The robust mean and covariance of rows (n, d).
 *
 * @throws `data` when a covariance is singular and the shrinkage 0 or too small to mend it; `aborted`.
 */
export async function minimumCovarianceDeterminant(samples: Matrix, options: McdOptions): Promise<RobustMoments> {
  const [n, d] = samples.shape
  const core = Math.min(n, Math.max(Math.ceil(options.support * n), Math.ceil((n + d + 1) / 2)))
  const all = await openSubsetMoments(samples, options.engine, options.signal)
  try {
    const search = new Search(options, robustVariance(samples), core / n)
    const best = core === n ? search.candidate(await all.moments(range(n))) : await search.run(all)
    return await reweight(all, search.required(best), search, core)
  } finally {
    await all.close()
  }
}

class Search {
  readonly #options: McdOptions
  /** t of the shrinkage. */
  readonly #target: number
  readonly #share: number
  readonly #pause = pauseEvery(50)
  /** Random starts made, and those that will be. */
  starts = 0
  #planned = 0

  constructor(options: McdOptions, target: number, share: number) {
    this.#options = options
    this.#target = target
    this.#share = share
  }

  /**
   * The estimate with the smallest determinant that was found; undefined when all covariances on the way were singular.
   */
  async run(all: SubsetMoments): Promise<Candidate | undefined> {
    const {
      shape: [n, d],
    } = all.samples
    const size = Math.max(smallestGroup, 5 * d)
    const groups = Math.min(mostGroups, Math.floor(n / size))
    if (groups < 2) return this.#finish(all, await this.#fromStarts(all, this.#startsFor(n, d, 1)))

    const order = this.#options.random.permutation(n)
    const rows = groups < mostGroups ? Math.floor(n / groups) : size
    const perGroup = this.#startsFor(rows, d, groups)
    const found: Candidate[] = []
    for (let group = 0; group < groups; group++) {
      found.push(
        ...(await this.#within(all.samples, order.subarray(group * rows, (group + 1) * rows), (set) =>
          this.#fromStarts(set, perGroup),
        )),
      )
    }
    const merged = await this.#within(all.samples, order.subarray(0, groups * rows), (set) => this.#best(set, found))
    return this.#finish(all, merged)
  }

  /** The estimate from moments; undefined when the covariance is singular. */
  candidate({ mean, covariance }: Moments): Candidate | undefined {
    const shrunken = this.#shrink(covariance)
    const factor = cholesky(shrunken)
    return (
      factor && {
        location: mean,
        covariance: shrunken,
        factor: inverseOfLower(factor),
        logDeterminant: logDeterminant(factor),
      }
    )
  }

  required(candidate: Candidate | undefined): Candidate {
    if (candidate) return candidate
    throw new TollError(
      'dependent-columns',
      `the covariance of the rows is singular at mcd's shrinkage ${this.#options.shrinkage}: columns are ` +
        'constant or depend on each other, ' +
        'or rows are fewer than columns; raise the shrinkage',
      { option: 'shrinkage', value: this.#options.shrinkage },
    )
  }

  #shrink({ shape, data }: Matrix): Matrix {
    const { shrinkage } = this.#options
    const d = shape[0]
    return {
      shape,
      data: data.map((value, i) => (1 - shrinkage) * value + (i % (d + 1) === 0 ? shrinkage * this.#target : 0)),
    }
  }

  /** Starts per group: all asked for, unless the whole work would exceed its limit. */
  #startsFor(rows: number, d: number, groups: number): number {
    const step = ((1 + this.#share) * rows * d * d) / 2 + d ** 3 / 3
    const affordable = Math.max(fewestStarts, Math.floor(mostWork / (2 * step)))
    const perGroup = Math.ceil(Math.min(this.#options.starts, affordable) / groups)
    this.#planned = perGroup * groups
    return perGroup
  }

  async #within<T>(samples: Matrix, indices: Int32Array, use: (set: SubsetMoments) => Promise<T>): Promise<T> {
    const set = await openSubsetMoments(
      takeSamples(samples, indices) as Matrix,
      this.#options.engine,
      this.#options.signal,
    )
    try {
      return await use(set)
    } finally {
      await set.close()
    }
  }

  /** The best estimates from random subsets of d + 1 rows, two concentration steps each. */
  async #fromStarts(set: SubsetMoments, starts: number): Promise<Candidate[]> {
    const {
      shape: [n, d],
    } = set.samples
    const found: Candidate[] = []
    for (let start = 0; start < starts; start++) {
      addTo(found, await this.#twice(set, await this.#randomStart(set, Math.min(n, d + 1))))
      if (found.length > 2 * survivors) keepBest(found)
      this.starts++
      this.#options.onProgress?.(this.starts, this.#planned)
      await this.#rest()
    }
    return keepBest(found)
  }

  /** A start whose covariance exists: with more rows as long as there are any, as the paper has it. */
  async #randomStart(set: SubsetMoments, rows: number): Promise<Candidate | undefined> {
    const [n] = set.samples.shape
    const start = this.candidate(await set.moments(this.#options.random.sample(n, rows)))
    return start || rows === n ? start : this.#randomStart(set, Math.min(n, 2 * rows))
  }

  /** The best of the candidates after two concentration steps on this set. */
  async #best(set: SubsetMoments, candidates: readonly Candidate[]): Promise<Candidate[]> {
    const found: Candidate[] = []
    for (const candidate of candidates) {
      addTo(found, await this.#twice(set, candidate))
      await this.#rest()
    }
    return keepBest(found)
  }

  /** The candidates followed until the determinant stays, and the best of them. */
  async #finish(all: SubsetMoments, candidates: readonly Candidate[]): Promise<Candidate | undefined> {
    const many = all.samples.shape[0] > manyRows
    let best: Candidate | undefined
    for (const start of many ? (await this.#best(all, candidates)).slice(0, 3) : candidates) {
      // An estimate from a group is compared only with those from all rows: its own determinant does not count.
      let current = await this.#concentrate(all, start)
      for (let next = current; next !== undefined; next = await this.#concentrate(all, next)) {
        await this.#rest()
        if (
          current !== next &&
          !(next.logDeterminant < current!.logDeterminant - 1e-12 * (1 + Math.abs(current!.logDeterminant)))
        )
          break
        current = next
      }
      if (current && (best === undefined || current.logDeterminant < best.logDeterminant)) best = current
    }
    return best
  }

  async #twice(set: SubsetMoments, start: Candidate | undefined): Promise<Candidate | undefined> {
    const once = start && (await this.#concentrate(set, start))
    return once && this.#concentrate(set, once)
  }

  async #concentrate(set: SubsetMoments, { location, factor }: Candidate): Promise<Candidate | undefined> {
    const distances = await set.distances(location, factor)
    return this.candidate(await set.moments(nearest(distances, Math.ceil(this.#share * distances.length - 1e-9))))
  }

  async #rest(): Promise<void> {
    await this.#pause()
    throwIfAborted(this.#options.signal)
  }
}

/**
 * Raw covariance times c0 so that the median squared distance is the chi-square median; rows beyond its 0.975 quantile
 * cut off; mean and covariance of the others, times c1 = 0.975 / P(chi-square with d + 2 below the same quantile),
 * which makes up for the cut.
 */
async function reweight(all: SubsetMoments, raw: Candidate, search: Search, core: number): Promise<RobustMoments> {
  const d = raw.location.length
  const distances = await all.distances(raw.location, raw.factor)
  // When more than half of the rows are one point, the median says nothing of the spread.
  const correction = quantile(distances, 0.5) / chiSquareQuantile(0.5, d) || 1
  const limit = chiSquareQuantile(kept, d)
  const rows = range(distances.length).filter((row) => distances[row] <= limit * correction)
  const { mean, covariance } = await all.moments(rows)
  const consistency = kept / chiSquareBelow(limit, d + 2)
  const final = search.required(
    search.candidate({
      mean,
      covariance: { shape: covariance.shape, data: covariance.data.map((value) => consistency * value) },
    }),
  )
  return {
    location: final.location,
    covariance: final.covariance,
    factor: final.factor,
    core,
    logDeterminant: raw.logDeterminant,
    reweighted: rows.length,
    starts: search.starts,
  }
}

function addTo(found: Candidate[], candidate: Candidate | undefined): void {
  if (candidate) found.push(candidate)
}

/** The best few, in place, best first. */
function keepBest(candidates: Candidate[]): Candidate[] {
  candidates.sort((a, b) => a.logDeterminant - b.logDeterminant)
  candidates.length = Math.min(candidates.length, survivors)
  return candidates
}

/** Indices of the `count` smallest distances; among equal ones the first rows. */
function nearest(distances: Float64Array, count: number): Int32Array {
  const limit = distances.slice().sort()[count - 1]
  const indices = new Int32Array(count)
  let equal = count
  for (const distance of distances) if (distance < limit) equal--
  for (let row = 0, at = 0; at < count; row++) {
    if (distances[row] < limit || (distances[row] === limit && equal-- > 0)) indices[at++] = row
  }
  return indices
}

function range(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => i)
}

/**
 * Mean over the columns of (1.4826 times the median absolute deviation)^2, which outliers cannot move far; 1 when all
 * of them are 0.
 */
function robustVariance({ shape: [n, d], data }: Matrix): number {
  let sum = 0
  for (let c = 0; c < d; c++) {
    const column = Float64Array.from({ length: n }, (_, r) => data[r * d + c])
    const median = quantile(column, 0.5)
    sum +=
      (1.4826 *
        quantile(
          column.map((value) => Math.abs(value - median)),
          0.5,
        )) **
      2
  }
  return sum / d || 1
}
