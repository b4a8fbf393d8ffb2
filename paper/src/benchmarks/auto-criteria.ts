// Ways to do without labels: criteria that choose one of several trained networks by scores of unlabelled rows alone,
// and combinations that use them all, and other detectors beside them. What each is worth is measured by `auto.ts`.

import { quantile } from 'toll/base'
import { fitScoreScale, tollAutoParameters } from 'toll/detectors'
import { rankCorrelation, superiority } from 'toll/metrics'

/** A fitted detector and its scores. Higher is more anomalous; none is NaN. */
export interface ScoredMember {
  /** Its detector, or of Toll its setting, in words, such as `beta 1, latent 16, steps 200`. */
  readonly setting: string
  /** Of a network: the group that `toll-auto` averages it in. 0 for other detectors. */
  readonly steps: number
  readonly beta: number
  /** Networks of one setting have other seeds. */
  readonly repeat: number
  readonly trim: number
  readonly scores: {
    readonly test: Float64Array
    /** Of rows that training did not see, contaminated like the others. */
    readonly held: Float64Array
    /** Of rows that it learned from. */
    readonly learned: Float64Array
    /** Of held-back rows, each column shuffled by itself. */
    readonly shuffled: Float64Array
    /** Of points drawn uniformly from the box around the learned rows. */
    readonly uniform: Float64Array
  }
  /** Shares of held-back rows that score lower. */
  readonly ranks: { readonly test: Float64Array; readonly held: Float64Array }
}

const ownTrim = tollAutoParameters.trim.default

export interface Criterion {
  readonly name: string
  /** What is highest for the chosen network. */
  readonly doc: string
  readonly value: (network: ScoredMember, all: readonly ScoredMember[]) => number
}

/** Each chooses one of the networks; `all` are those of the same trim, every repeat. */
export const criteria: readonly Criterion[] = [
  {
    name: 'agreement of seeds',
    doc: 'rank correlation of the held-back scores of two seeds of the setting',
    value: (network, all) =>
      correlation(
        network.scores.held,
        all.find(({ setting, repeat }) => setting === network.setting && repeat !== network.repeat)?.scores.held,
      ),
  },
  {
    name: 'agreement with the consensus',
    doc: 'rank correlation of its held-back scores with the average rank of all networks',
    value: (network, all) => correlation(network.scores.held, average(all.map(({ ranks }) => ranks.held))),
  },
  {
    name: 'held-back loss',
    doc:
      'low mean score of held-back rows, in units of the mean score of shuffled rows, which makes settings ' +
      'comparable',
    value: ({ scores }) => -mean(scores.held) / mean(scores.shuffled),
  },
  {
    name: 'least overfitting',
    doc: 'low mean score of held-back rows, in units of that of learned rows',
    value: ({ scores }) => -mean(scores.held) / mean(scores.learned),
  },
  { name: 'heavy tail', doc: 'kurtosis of held-back log scores', value: ({ scores }) => kurtosis(scores.held) },
  { name: 'light tail', doc: 'low kurtosis of held-back log scores', value: ({ scores }) => -kurtosis(scores.held) },
  {
    name: 'against shuffled rows',
    doc: 'AUROC of shuffled rows against held-back rows',
    value: ({ scores }) => superiority(scores.shuffled, scores.held),
  },
  {
    name: 'mass-volume',
    doc:
      'low share of the box that scores below the 0.9 to 0.999 quantiles of held-back scores (Goix 2016), ' +
      'then the AUROC of uniform points',
    value: ({ scores }) => -volume(scores.uniform, scores.held) + 1e-3 * superiority(scores.uniform, scores.held),
  },
  {
    name: 'excess-mass',
    doc: 'mean excess of held-back rows over uniform points, by score (Goix 2016)',
    value: ({ scores }) => excess(scores.uniform, scores.held),
  },
]

export interface Combination {
  readonly name: string
  readonly doc: string
  /** Test scores of all rows. */
  readonly combine: (networks: readonly ScoredMember[]) => Float64Array
}

/** How `toll-auto` combines its members. */
export const highestAverage: Combination = {
  name: 'highest average over beta',
  doc:
    '(score - mean) / sd over held-back rows, averaged over networks of equal steps, of which the higher ' +
    'counts: as toll-auto does',
  combine: (all) => highestOfGroups(all, standardised),
}

/** Averages of members of equal `steps`, of which the highest counts. */
export function highestOfGroups(
  all: readonly ScoredMember[],
  scaled: (member: ScoredMember) => Float64Array,
): Float64Array {
  return highest(groupsOf(all, ({ steps }) => steps).map((group) => average(group.map(scaled))))
}

/** Each uses all networks that it is given. */
export const combinations: readonly Combination[] = [
  highestAverage,
  {
    name: 'average over beta of the highest',
    doc: 'standardised score, the highest of networks of equal beta, averaged',
    combine: (all) => average(groupsOf(all, ({ beta }) => beta).map((group) => highest(group.map(standardised)))),
  },
  {
    name: 'average standardised score',
    doc: 'the standardised scores, averaged',
    combine: (all) => average(all.map(standardised)),
  },
  {
    name: 'average rank',
    doc: 'share of held-back rows that score lower, averaged',
    combine: (all) => average(all.map(({ ranks }) => ranks.test)),
  },
  {
    name: 'median rank',
    doc: 'the median share of held-back rows that score lower',
    combine: (all) =>
      rowwise(
        all.map(({ ranks }) => ranks.test),
        (row) => quantile(row, 0.5),
      ),
  },
  {
    name: 'highest rank',
    doc: 'the largest share of held-back rows that score lower',
    combine: (all) => highest(all.map(({ ranks }) => ranks.test)),
  },
  {
    name: 'average tail probability',
    doc: '-log(1 - rank), averaged: far rows weigh more',
    combine: (all) => average(all.map(({ ranks }) => ranks.test.map((rank) => -Math.log(Math.max(1 - rank, 1e-300))))),
  },
  {
    name: 'highest standardised score',
    doc: 'the largest standardised score',
    combine: (all) => highest(all.map(standardised)),
  },
  {
    name: 'average of the better half',
    doc: 'average standardised score of the half that agrees most with the average rank of all',
    combine: (all) => {
      const consensus = average(all.map(({ ranks }) => ranks.held))
      const agreement = new Map(all.map((network) => [network, correlation(network.scores.held, consensus)]))
      const half = all.toSorted((a, b) => agreement.get(b)! - agreement.get(a)!).slice(0, Math.ceil(all.length / 2))
      return average(half.map(standardised))
    },
  },
]

/** The network of the highest value; the first at a tie. A value that is not a number never wins. */
export function chosenBy(
  { value }: Criterion,
  candidates: readonly ScoredMember[],
  all: readonly ScoredMember[],
): ScoredMember {
  const values = candidates
    .map((network) => value(network, all))
    .map((number) => (Number.isNaN(number) ? -Infinity : number))
  return candidates[values.indexOf(Math.max(...values))]
}

function correlation(a: ArrayLike<number>, b: ArrayLike<number> | undefined): number {
  const differ = (values: ArrayLike<number>) => Array.from(values).some((value) => value !== values[0])
  return b && differ(a) && differ(b) ? rankCorrelation(a, b) : NaN
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value / values.length, 0)
}

/** (score - mean) / sd over the held-back rows, the outer scores drawn in, as `toll-auto` has it. */
function standardised({ scores }: ScoredMember): Float64Array {
  return scaledBy(scores, ownTrim)
}

/** The same, all scores as they are. */
export function standardisedByAll({ scores }: ScoredMember): Float64Array {
  return scaledBy(scores, 0)
}

function scaledBy({ test, held }: Pick<ScoredMember['scores'], 'test' | 'held'>, outer: number): Float64Array {
  const {
    mean: [centre],
    sd: [sd],
  } = fitScoreScale([held], outer)
  return test.map((score) => (score - centre) / sd)
}

function kurtosis(scores: Float64Array): number {
  const logs = scores.map((score) => Math.log(Math.max(score, 1e-300)))
  const centre = mean(logs)
  return mean(logs.map((value) => (value - centre) ** 4)) / mean(logs.map((value) => (value - centre) ** 2)) ** 2
}

function shareBelow(sorted: Float64Array, score: number): number {
  const place = (before: (value: number) => boolean) => {
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (before(sorted[middle])) low = middle + 1
      else high = middle
    }
    return low
  }
  return (place((value) => value < score) + place((value) => value <= score)) / 2 / sorted.length
}

const levels = Array.from({ length: 20 }, (_, i) => 0.9 + (0.099 * i) / 19)

function volume(uniform: Float64Array, held: Float64Array): number {
  const sorted = held.toSorted()
  const quantile = (level: number) => sorted[Math.min(sorted.length - 1, Math.floor(level * sorted.length))]
  return levels.reduce(
    (sum, level) => sum + uniform.filter((score) => score <= quantile(level)).length / uniform.length / levels.length,
    0,
  )
}

/**
 * Mean over t = 1, 2, 4, ..., 2^19 of the largest mass - t volume that a threshold reaches: masses of held-back rows,
 * volumes of the box.
 */
function excess(uniform: Float64Array, held: Float64Array): number {
  const box = uniform.toSorted()
  const sets = held.toSorted().map((score) => shareBelow(box, score))
  const at = (t: number) => sets.reduce((most, share, i) => Math.max(most, (i + 1) / sets.length - t * share), 0)
  return Array.from({ length: 20 }, (_, i) => at(2 ** i) / 20).reduce((sum, part) => sum + part)
}

function average(lists: readonly Float64Array[]): Float64Array {
  return rowwise(lists, (row) => row.reduce((sum, value) => sum + value, 0) / row.length)
}

function highest(lists: readonly Float64Array[]): Float64Array {
  return rowwise(lists, (row) => Math.max(...row))
}

function groupsOf(networks: readonly ScoredMember[], key: (network: ScoredMember) => number): ScoredMember[][] {
  return [...new Set(networks.map(key))].map((value) => networks.filter((network) => key(network) === value))
}

function rowwise(lists: readonly Float64Array[], reduce: (row: readonly number[]) => number): Float64Array {
  return lists[0].map((_, i) => reduce(lists.map((list) => list[i])))
}
