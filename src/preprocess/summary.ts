// What the training data looked like, column by column: kept in the manifest for checks, reports and drift.

import { TollError, quantileOfSorted, type Table } from '../base/index.js'

/** A training column. Statistics are over the numbers that are there. */
export interface ColumnSummary {
  readonly name: string
  readonly rows: number
  readonly missing: number
  readonly min: number
  readonly max: number
  readonly mean: number
  /** Standard deviation with divisor n. */
  readonly sd: number
  readonly median: number
  /** Lower and upper quartile. */
  readonly quartiles: readonly [number, number]
  readonly distinct: number
}

/** Above this many different values the count stops. */
const countedDistinct = 1000

/** Summarises every column; refuses infinity (with its row) and columns without a single number (code `data`). */
export function summarize(table: Table): ColumnSummary[] {
  if (table.rows === 0) throw new TollError('data', 'the table has no rows')
  if (table.columns.length === 0) throw new TollError('data', 'the table has no columns')
  return table.names.map((name, i) => summarizeColumn(name, table.columns[i]))
}

function summarizeColumn(name: string, column: Float64Array): ColumnSummary {
  const infinite = column.findIndex((value) => value === Infinity || value === -Infinity)
  if (infinite >= 0) {
    throw new TollError('data', `column '${name}' is ${column[infinite]} in row ${infinite + 1}; infinity cannot be used, replace it or leave it empty`)
  }
  const values = column.filter((value) => !Number.isNaN(value)).sort()
  const count = values.length
  if (count === 0) throw new TollError('data', `column '${name}' has no numbers at all; leave it out`)
  // Deviations from the median, so that a large offset costs no digits.
  const median = quantileOfSorted(values, 0.5)
  let sum = 0
  for (const value of values) sum += value - median
  const mean = median + sum / count
  let squares = 0
  for (const value of values) squares += (value - mean) ** 2
  const distinct = new Set<number>()
  for (let i = 0; i < count && distinct.size < countedDistinct; i++) distinct.add(values[i])
  return {
    name, rows: column.length, missing: column.length - count,
    min: values[0], max: values[count - 1], mean, sd: Math.sqrt(squares / count), median,
    quartiles: [quantileOfSorted(values, 0.25), quantileOfSorted(values, 0.75)],
    distinct: distinct.size,
  }
}
