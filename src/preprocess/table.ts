// Tables: raw float64 columns to the matrix that a detector takes. Missing numbers become the training median, then every column
// is centred and divided by a scale. All of it is a piece of graph, so that the model file does it too; float64 until the last cast.

import { choice, type Values } from '../base/index.js'
import { add, cast, concat, constant, div, isNaN, max, min, mul, sub, where, type Tensor } from '../graph/index.js'
import type { ColumnSummary } from './summary.js'

export const tableParameters = {
  scale: choice({
    values: ['standard', 'robust', 'minmax', 'none'], default: 'standard',
    doc: 'Centre and divisor of each column: mean and standard deviation, median and interquartile range, minimum and range, or 0 and 1. A divisor of 0 becomes 1.',
  }),
}

export type TableParameters = Values<typeof tableParameters>

/** A fitted preprocessing, plain JSON. Arrays have one number per column. */
export interface TablePreprocessing {
  readonly kind: 'table'
  readonly scale: TableParameters['scale']
  readonly columns: readonly string[]
  /** What a missing number becomes. */
  readonly fill: readonly number[]
  readonly centre: readonly number[]
  readonly divisor: readonly number[]
}

/** Scaled values stay within this: far above any data, and its square still fits float32, so that no finite input makes a NaN. */
const largest = 1e15

export function fitTablePreprocessing(columns: readonly ColumnSummary[], { scale }: TableParameters): TablePreprocessing {
  const centreOf: Record<TableParameters['scale'], (column: ColumnSummary) => number> = {
    standard: ({ mean }) => mean, robust: ({ median }) => median, minmax: ({ min: low }) => low, none: () => 0,
  }
  const divisorOf: Record<TableParameters['scale'], (column: ColumnSummary) => number> = {
    standard: ({ sd }) => sd,
    // A column that is constant in its middle half still has a spread.
    robust: ({ quartiles, sd }) => quartiles[1] - quartiles[0] || sd,
    minmax: ({ min: low, max: high }) => high - low,
    none: () => 1,
  }
  return {
    kind: 'table', scale,
    columns: columns.map(({ name }) => name),
    fill: columns.map(({ median }) => median),
    centre: columns.map(centreOf[scale]),
    divisor: columns.map((column) => usableDivisor(divisorOf[scale](column), column)),
  }
}

/** A spread that is only rounding noise of a constant column would blow that noise up: it counts as 0, and 0 becomes 1. */
function usableDivisor(divisor: number, { min: low, max: high }: ColumnSummary): number {
  const noise = 1e-12 * Math.max(Math.abs(low), Math.abs(high))
  return divisor > noise ? divisor : 1
}

/** Columns (n, 1) float64 in the fitted order to samples (n, d). */
export function prepareTable({ fill, centre, divisor }: TablePreprocessing, columns: readonly Tensor[], precision: 'float32' | 'float64'): Tensor {
  const raw = concat(columns, 1)
  const filled = where(isNaN(raw), row(fill), raw)
  const scaled = div(sub(filled, row(centre)), row(divisor))
  return cast(max(min(scaled, largest), -largest), precision)
}

/** Samples (n, d) back to the columns' units, (n, d) float64. */
export function restoreTable({ centre, divisor }: TablePreprocessing, samples: Tensor): Tensor {
  return add(mul(cast(samples, 'float64'), row(divisor)), row(centre))
}

function row(values: readonly number[]): Tensor {
  return constant(values, [1, values.length], 'float64')
}
