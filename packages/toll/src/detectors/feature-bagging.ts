// Feature bagging: LOF on random subsets of the columns, averaged. A row that stands out in a few columns is lost in
// the distance over all of them; some of the subsets leave the others out.
// Source: Lazarevic and Kumar, "Feature bagging for outlier detection" (KDD 2005), cumulative sum (here the mean);
// `maximum` is the choice that keeps what any member sees.

import { Random, choice, integer, takeColumns, type Domains, type NdArray } from '../base/index.js'
import { concat, constant, div, gather, maxOver, reshape } from '../graph/index.js'
import { shown, type Detector } from './contract.js'
import { subsampleParameter } from './knn.js'
import { fitLocalDensity, localOutlierFactor, lofNeighbours, type LocalDensity } from './local-density.js'
import { centreRows, moveToCentre, refuseTooMany, rowsTensor, sumLast } from './neighbours.js'
import { normalRows, subsampled } from './training-rows.js'

const parameters = {
  members: integer({
    default: 10,
    min: 1,
    max: 1000,
    doc: 'Number of LOFs.',
    source: 'PyOD; Lazarevic and Kumar 2005 take 50',
  }),
  k: lofNeighbours,
  combination: choice({
    values: ['average', 'maximum'],
    default: 'average',
    doc: "How the members' factors become one score.",
    source: 'Lazarevic and Kumar 2005: their sum',
  }),
  subsample: subsampleParameter,
} satisfies Domains

export const featureBagging: Detector<typeof parameters> = {
  name: 'feature-bagging',
  title: 'Feature bagging',
  idea: 'The mean local outlier factor over random subsets of half to all of the columns.',
  reference: 'Lazarevic and Kumar, KDD 2005',
  accepts: ['table'],
  precision: 'float64',
  takesWeights: false,
  parameters,

  formula: ({ members, combination }, summary) => ({
    score:
      combination === 'average'
        ? String.raw`s(x) = \frac{1}{${members}} ∑_{i=1}^{${members}} \op{LOF}(x_{F_i})`
        : String.raw`s(x) = max_{i} \op{LOF}(x_{F_i})`,
    where: [
      `F_i is the i-th of ${members} random sets of columns, LOF the local outlier factor with ` +
        `${shown(summary, 'neighbours')} neighbours in these columns.`,
    ],
  }),

  async fit(data, { members, k, combination, subsample }, context) {
    const random = Random.seeded(context.seed)
    const samples = subsampled(normalRows('feature-bagging', data), subsample, random.fork('subsample'))
    refuseTooMany('feature-bagging', samples.shape, { pairs: true, copies: members })
    const [n, d] = samples.shape
    const centred = centreRows(samples)
    const subsets = featureSubsets(d, members, random.fork('features'))
    const locals: LocalDensity[] = []
    for (const columns of subsets) {
      const advance = (done: number) =>
        context.onProgress?.({ step: locals.length * n + done, steps: members * n, values: {} })
      locals.push(
        await fitLocalDensity(takeColumns(centred.rows, columns) as NdArray<Float64Array>, k, context, advance),
      )
    }
    return {
      score: (x) => {
        const moved = moveToCentre(x, centred)
        const rows = rowsTensor(centred.rows)
        const factors = subsets.map((columns, i) => {
          const chosen = constant(columns, [columns.length], 'int64')
          return reshape(localOutlierFactor(gather(moved, chosen, 1), gather(rows, chosen, 1), locals[i]), [
            x.shape[0],
            1,
          ])
        })
        const all = concat(factors, 1)
        return {
          score: combination === 'average' ? div(sumLast(all), members) : maxOver(all, [1]),
        }
      },
      summary: { rows: n, columns: d, neighbours: locals[0].k, subsets: subsets.map((columns) => [...columns]) },
      containsTrainingRows: true,
    }
  },
}

/** `members` sets of columns, rising, each of a random size from floor(d / 2), at least 1, to d. */
export function featureSubsets(d: number, members: number, random: Random): Int32Array[] {
  const fewest = Math.max(1, Math.floor(d / 2))
  return Array.from({ length: members }, () => random.sample(d, fewest + random.integer(d - fewest + 1)).sort())
}
