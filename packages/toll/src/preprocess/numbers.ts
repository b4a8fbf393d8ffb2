// Columns of numbers (and of yes and no) as positions of a sample: a missing number is the training median, then each
// column is put on a scale of its own. `quantile` is a piecewise linear map through the column's quantiles to the
// quantiles of the logistic distribution of variance 1, log(p / (1 - p)) * sqrt(3) / pi, for tails so heavy that a
// standard deviation says nothing; beyond the training range it goes on with the mean slope of the outer tenth, so that
// a value twice as far out is still twice as far out.

import * as v from 'valibot'
import { choice, finite, quantileOfSorted, type Infer, type Values } from '../base/index.js'
import { add, constant, div, gatherElements, mul, searchSorted, sub, cast, type Tensor } from '../graph/index.js'
import type { NumberSummary } from './summary.js'

export const tableParameters = {
  scale: choice({
    values: ['standard', 'robust', 'minmax', 'quantile', 'none'],
    default: 'standard',
    doc:
      'Scale of each column of numbers: from mean and standard deviation, median and interquartile range, ' +
      'minimum and range, its quantiles, or none. A spread of 0 becomes 1.',
  }),
}

export type TableParameters = Values<typeof tableParameters>

const quantileScale = v.object({
  kind: v.literal('quantile'),
  knots: v.pipe(v.array(finite), v.minLength(1, 'at least one knot')),
  values: v.array(finite),
  slopes: v.array(finite),
})

const scaling = v.variant('kind', [
  v.object({ kind: v.literal('linear'), centre: finite, divisor: finite }),
  v.pipe(
    quantileScale,
    v.check(
      ({ knots, values, slopes }) => values.length === knots.length && slopes.length === knots.length + 1,
      'one value per knot and one slope more',
    ),
  ),
])

/**
 * (x - centre) / divisor, or through `knots` (rising), where the scaled value is `values`, with `slopes` between and
 * beyond them: one more than knots.
 */
export type Scaling = Infer<typeof scaling>

export const numberEncoder = v.object({
  kind: v.literal('number'),
  /** What a missing number becomes. */
  fill: finite,
  scaling,
})

export type NumberEncoder = Infer<typeof numberEncoder>

/** Quantiles of a column that its scale is made of, at most. */
const mostKnots = 64

export function fitNumbers(column: Float64Array, summary: NumberSummary, { scale }: TableParameters): NumberEncoder {
  return {
    kind: 'number',
    fill: summary.median,
    scaling: scale === 'quantile' ? quantileScaling(column, summary) : linearScaling(summary, scale),
  }
}

function linearScaling(summary: NumberSummary, scale: Exclude<TableParameters['scale'], 'quantile'>): Scaling {
  const { min: low, max: high, mean, sd, median, quartiles } = summary
  const [centre, divisor] = {
    standard: [mean, sd],
    // A column that is constant in its middle half still has a spread.
    robust: [median, quartiles[1] - quartiles[0] || sd],
    minmax: [low, high - low],
    none: [0, 1],
  }[scale]
  return { kind: 'linear', centre, divisor: scale === 'none' ? 1 : usableDivisor(divisor, summary) }
}

/** What float64 does not tell apart from rounding, next to the largest number of a column. */
function noiseOf({ min: low, max: high }: NumberSummary): number {
  return 16 * Number.EPSILON * Math.max(Math.abs(low), Math.abs(high))
}

/**
 * A spread that is only rounding noise of a constant column would blow that noise up: it counts as 0, and 0 becomes 1,
 * or more where the noise of large numbers is more.
 */
function usableDivisor(divisor: number, summary: NumberSummary): number {
  const noise = noiseOf(summary)
  return divisor > noise ? divisor : Math.max(1, noise)
}

function quantileScaling(column: Float64Array, summary: NumberSummary): Scaling {
  const { min: low, max: high, sd } = summary
  const spread = usableDivisor(sd, summary)
  const noise = noiseOf(summary)
  const sorted = column.filter((value) => !Number.isNaN(value)).sort()
  const count = Math.min(mostKnots, sorted.length)
  const logistic = (p: number) => (Math.log(p / (1 - p)) * Math.sqrt(3)) / Math.PI
  const known = [
    [low, 0.5 / sorted.length] as const,
    ...Array.from({ length: count }, (_, k) => (k + 0.5) / count).map((p) => [quantileOfSorted(sorted, p), p] as const),
    [high, 1 - 0.5 / sorted.length] as const,
  ]
  // Equal quantiles are one knot, in the middle of their scores.
  const scores = new Map<number, number[]>()
  for (const [x, p] of known) scores.set(x, [...(scores.get(x) ?? []), logistic(p)])
  const knots: number[] = []
  const values: number[] = []
  for (const [x, list] of [...scores].sort(([a], [b]) => a - b)) {
    // Closer than rounding: no slope can be told.
    if (knots.length > 0 && x - knots[knots.length - 1] <= noise) continue
    knots.push(x)
    values.push((list[0] + list[list.length - 1]) / 2)
  }
  const inner = knots.slice(1).map((x, k) => (values[k + 1] - values[k]) / (x - knots[k]))
  const outer = (from: number, to: number) =>
    from === to ? 1 / spread : (values[to] - values[from]) / (knots[to] - knots[from])
  const last = knots.length - 1
  const tenth = Math.max(1, Math.round(knots.length / 10))
  return {
    kind: 'quantile',
    knots,
    values,
    slopes: [outer(0, Math.min(tenth, last)), ...inner, outer(Math.max(0, last - tenth), last)],
  }
}

/** Filled columns (n, k) float64 to their scaled values. */
export function scaleNumbers(x: Tensor, scalings: readonly Scaling[]): Tensor {
  const linear = (scaling: Scaling) => (scaling.kind === 'linear' ? scaling : { centre: 0, divisor: 1 })
  if (scalings.every(({ kind }) => kind === 'linear')) {
    return div(
      sub(x, row(scalings.map((scaling) => linear(scaling).centre))),
      row(scalings.map((scaling) => linear(scaling).divisor)),
    )
  }
  return piecewise(x, scalings.map(piecesOf))
}

/** The way back. */
export function unscaleNumbers(x: Tensor, scalings: readonly Scaling[]): Tensor {
  if (scalings.every(({ kind }) => kind === 'linear')) {
    const parts = scalings as readonly Extract<Scaling, { kind: 'linear' }>[]
    return add(mul(x, row(parts.map(({ divisor }) => divisor))), row(parts.map(({ centre }) => centre)))
  }
  return piecewise(
    x,
    scalings.map((scaling) => {
      const { knots, values, slopes } = piecesOf(scaling)
      return { knots: values, values: knots, slopes: slopes.map((slope) => 1 / slope) }
    }),
  )
}

interface Pieces {
  readonly knots: readonly number[]
  readonly values: readonly number[]
  readonly slopes: readonly number[]
}

function piecesOf(scaling: Scaling): Pieces {
  return scaling.kind === 'quantile'
    ? scaling
    : { knots: [scaling.centre], values: [0], slopes: [1 / scaling.divisor, 1 / scaling.divisor] }
}

/**
 * x (n, k): in column j the piece that x lies in starts at the last knot below it, the first piece at the first knot.
 */
function piecewise(x: Tensor, pieces: readonly Pieces[]): Tensor {
  const length = Math.max(...pieces.map(({ knots }) => knots.length))
  const padded = (values: readonly number[], size: number, filler: number) =>
    Float64Array.from({ length: size }, (_, i) => values[i] ?? filler)
  const place = searchSorted(
    pieces.map(({ knots }) => padded(knots, length, Infinity)),
    x,
    'left',
  )
  const table = (lists: readonly (readonly number[])[]) => {
    const data = new Float64Array((length + 1) * lists.length)
    lists.forEach((values, c) =>
      padded(values, length + 1, 0).forEach((value, r) => {
        data[r * lists.length + c] = value
      }),
    )
    return gatherElements(constant(data, [length + 1, lists.length], 'float64'), cast(place, 'int64'), 0)
  }
  const from = (list: readonly number[]) => [list[0], ...list]
  return add(
    table(pieces.map(({ values }) => from(values))),
    mul(sub(x, table(pieces.map(({ knots }) => from(knots)))), table(pieces.map(({ slopes }) => slopes))),
  )
}

export function row(values: readonly number[]): Tensor {
  return constant(values, [1, values.length], 'float64')
}
