// LODA: histograms of sparse random projections. Source: Pevny, "Loda: lightweight on-line detector of anomalies"
// (Machine Learning 2016). A projection has a standard normal weight on about sqrt(d) of the d columns. Left out: its
// updates on streams and its choice of the number of bins. PyOD's version looks values up one bin too high and gives
// everything beyond the range the outer bin; here beyond the range is a bin of its own.

import { Random, integer, real, throwIfAborted, type Domains, type NdArray } from '../base/index.js'
import { constant, matmul, mean, sub } from '../graph/index.js'
import { pauseEvery } from '../runtime/index.js'
import type { Detector, FittedDetector } from './contract.js'
import { countPerBin, equalWidthEdges, stepFunction } from './equal-width.js'
import { columnOf, normalRows } from './training-rows.js'

export const lodaParameters = {
  projections: integer({
    default: 100,
    min: 1,
    max: 1e5,
    doc: 'Random directions, one histogram each.',
    source: 'PyOD',
  }),
  bins: integer({
    default: 10,
    min: 2,
    max: 1e5,
    doc: 'Bins of equal width over the training range of each projection.',
    source: 'PyOD',
  }),
  pseudoCount: real({
    default: 1,
    min: 0,
    max: 1e6,
    aboveMin: true,
    doc:
      'Rows added to every bin and to each side beyond the range, so that no bin has probability 0; small ' +
      'values weigh empty bins more.',
    source: "Laplace's rule",
  }),
} satisfies Domains

export const loda: Detector<typeof lodaParameters> = {
  name: 'loda',
  title: 'Lightweight on-line detector of anomalies (LODA)',
  idea: "Many weak histograms, each of one sparse random projection; the score is the mean surprise of the row's bins.",
  reference: 'Pevny, Machine Learning 2016',
  accepts: ['table'],
  precision: 'float64',
  takesWeights: false,
  parameters: lodaParameters,
  details: () => ['surprise'],

  formula: ({ projections, bins, pseudoCount }) => ({
    score: String.raw`s(x) = - \frac{1}{${projections}} ∑_{i=1}^{${projections}} \op{log} p_i(w_i^T (x - μ))`,
    where: [
      'w_i is a random direction over some of the columns, μ the mean of the training rows, p_i the ' +
        `probability of a bin, one of ${bins} or beyond them, with ${pseudoCount} added to each count.`,
    ],
  }),

  async fit(data, { projections, bins, pseudoCount }, { seed, signal, onProgress }): Promise<FittedDetector> {
    const samples = normalRows('loda', data)
    const [n, d] = samples.shape
    const centre = Float64Array.from({ length: d }, (_, c) => centreOf(columnOf(samples, c)))
    const random = Random.seeded(seed).fork('loda')
    const pause = pauseEvery(50)
    const weights = new Float64Array(d * projections)
    const histograms: { edges: Float64Array; surprise: Float64Array }[] = []
    for (let p = 0; p < projections; p++) {
      throwIfAborted(signal)
      const columns = random.sample(d, Math.round(Math.sqrt(d))).sort()
      const direction = Float64Array.from(columns, () => random.normal())
      columns.forEach((column, i) => (weights[column * projections + p] = direction[i]))
      histograms.push(histogramOf(projected(samples, centre, columns, direction), bins, pseudoCount))
      onProgress?.({ step: p + 1, steps: projections, values: {} })
      await pause()
    }
    return {
      score: (x) => {
        const directions = matmul(
          sub(x, constant(centre, [1, d], 'float64')),
          constant(weights, [d, projections], 'float64'),
        )
        const surprise = stepFunction(
          directions,
          histograms.map(({ edges }) => edges),
          histograms.map((histogram) => histogram.surprise),
        )
        return { score: mean(surprise, [1]), details: { surprise } }
      },
      summary: { rows: n, projections, bins, columnsPerProjection: Math.round(Math.sqrt(d)) },
      containsTrainingRows: false,
    }
  },
}

/** -log probability of being below the range, in each bin, above the range. */
function histogramOf(
  values: Float64Array,
  bins: number,
  pseudoCount: number,
): { edges: Float64Array; surprise: Float64Array } {
  const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))]
  // A projection without spread gets a range of its own size, or of 1 around 0.
  const range = Math.max(high - low, 1e-9 * Math.max(Math.abs(low), Math.abs(high))) || 1
  const middle = low + (high - low) / 2
  // Uneven margins: no edge meets the smallest or largest value or an even fraction between them, where the rounding of
  // a product would decide.
  const edges = equalWidthEdges(middle - range * (0.5 + 1e-9), middle + range * (0.5 + 3e-9), bins)
  const counts = [0, ...countPerBin(values, edges), 0]
  const total = values.length + pseudoCount * (bins + 2)
  return { edges, surprise: Float64Array.from(counts, (count) => -Math.log((count + pseudoCount) / total)) }
}

function projected(
  { shape: [n, d], data }: NdArray,
  centre: Float64Array,
  columns: Int32Array,
  direction: Float64Array,
): Float64Array {
  const values = new Float64Array(n)
  for (let row = 0; row < n; row++) {
    for (let i = 0; i < columns.length; i++)
      values[row] += direction[i] * (data[row * d + columns[i]] - centre[columns[i]])
  }
  return values
}

/** The mean, kept within the values, so that a constant column is centred to 0 exactly. */
function centreOf(column: Float64Array): number {
  const mean = column.reduce((sum, value) => sum + value / column.length, 0)
  return Math.min(
    Math.max(
      mean,
      column.reduce((a, b) => Math.min(a, b)),
    ),
    column.reduce((a, b) => Math.max(a, b)),
  )
}
