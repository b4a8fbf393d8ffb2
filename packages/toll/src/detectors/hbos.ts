// Histogram-based outlier score: the columns' densities from histograms of equal width, taken as independent.
// Source: Goldstein and Dengel, "Histogram-based outlier score (HBOS)" (KI 2012), in the form of PyOD, whose published
// table it reproduces: log2(density + alpha), bins closed at their right end when they are looked up, half a bin of
// grace at both ends of the range.

import { integer, real, throwIfAborted, type Domains } from '../base/index.js'
import { neg, sum, type Tensor } from '../graph/index.js'
import { columnOf, normalRows } from './training-rows.js'
import { countPerBin, equalWidthEdges, isRising, stepFunction } from './equal-width.js'
import type { Detector, FittedDetector } from './contract.js'

export const hbosParameters = {
  bins: integer({
    default: 10,
    min: 2,
    max: 1e5,
    doc: 'Bins of equal width over the training range of each column.',
    source: 'PyOD',
  }),
  alpha: real({
    default: 0.1,
    min: 0,
    max: 1,
    aboveMin: true,
    doc: 'Added to every density, so that an empty bin is unlikely, not impossible.',
    source: 'PyOD',
  }),
  tolerance: real({
    default: 0.5,
    min: 0,
    max: 1e6,
    doc: 'How far beyond the training range a value still counts to the outer bin, in bin widths.',
    source: 'PyOD',
  }),
} satisfies Domains

export const hbos: Detector<typeof hbosParameters> = {
  name: 'hbos',
  title: 'Histogram-based outlier score (HBOS)',
  idea: 'A histogram per column; a row is unusual when its values fall into thinly filled bins, column by column.',
  reference: 'Goldstein and Dengel, KI 2012',
  accepts: ['table'],
  precision: 'float64',
  takesWeights: false,
  exceptions: {
    outliers:
      'a column adds at most log2 of its highest density over alpha: a row in empty bins of all columns ' +
      'outranks one that is absurd in one of them',
    distinct: 'scores are sums of a few steps per column, so that rows in the same bins score the same',
  },
  parameters: hbosParameters,

  formula: ({ bins, alpha, tolerance }) => ({
    score: String.raw`s(x) = - ∑_{j=1}^{d} \op{log}_2 ( p_j(x_j) + ${alpha} )`,
    where: [
      `p_j is the density of column j by a histogram of ${bins} bins of equal width; up to ${tolerance} ` +
        'widths beyond the range a value counts to the outer bin, farther out to the thinnest.',
    ],
  }),

  async fit(data, parameters, { signal }): Promise<FittedDetector> {
    const samples = normalRows('hbos', data)
    const [n, d] = samples.shape
    const columns = Array.from({ length: d }, (_, c) => {
      throwIfAborted(signal)
      return logDensities(columnOf(samples, c), parameters)
    })
    return {
      score: (x) => scoreColumns(x, columns),
      summary: { rows: n, bins: parameters.bins, constantColumns: columns.filter(({ constant }) => constant).length },
      containsTrainingRows: false,
    }
  },
}

interface ColumnDensity {
  /** Rising; a value on a border belongs to the step below it. */
  readonly borders: Float64Array
  /** log2(density + alpha) of each step, one more than borders. */
  readonly values: Float64Array
  readonly constant: boolean
}

/**
 * Steps from left to right: beyond the grace (the smallest value of the column), the grace (the first bin's value), the
 * bins, the grace, beyond. A column without spread, or with one that its rounding swallows, says nothing of any value,
 * as in PyOD.
 */
function logDensities(
  column: Float64Array,
  { bins, alpha, tolerance }: { bins: number; alpha: number; tolerance: number },
): ColumnDensity {
  const [low, high] = [column.reduce((a, b) => Math.min(a, b)), column.reduce((a, b) => Math.max(a, b))]
  const edges = equalWidthEdges(low, high, bins)
  const borders = new Float64Array(bins + 3)
  if (!isRising(edges)) return { borders, values: new Float64Array(bins + 4), constant: true }
  const values = countPerBin(column, edges).map((count, b) =>
    Math.log2(count / (edges[b + 1] - edges[b]) / column.length + alpha),
  )
  const smallest = values.reduce((a, b) => Math.min(a, b))
  borders.set(edges, 1)
  // At exactly this distance a value is still within the grace.
  borders[0] = nextBelow(low - tolerance * (edges[1] - edges[0]))
  borders[bins + 2] = high + tolerance * (edges[bins] - edges[bins - 1])
  return {
    borders,
    values: Float64Array.of(smallest, values[0], ...values, values[bins - 1], smallest),
    constant: false,
  }
}

/** The largest double below a finite number. */
function nextBelow(value: number): number {
  if (value === 0) return -Number.MIN_VALUE
  const bits = new BigInt64Array(Float64Array.of(value).buffer)
  bits[0] += value > 0 ? -1n : 1n
  return new Float64Array(bits.buffer)[0]
}

function scoreColumns(x: Tensor, columns: readonly ColumnDensity[]) {
  return {
    score: neg(
      sum(
        stepFunction(
          x,
          columns.map(({ borders }) => borders),
          columns.map(({ values }) => values),
        ),
        [1],
      ),
    ),
  }
}
