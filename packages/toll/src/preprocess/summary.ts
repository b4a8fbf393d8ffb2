// What the training data looked like, column by column: kept in the manifest for checks, reports and drift.

import * as v from 'valibot'
import {
  TollError,
  count as rowCount,
  finite,
  quantileOfSorted,
  type CategoryColumn,
  type Infer,
  type NumericColumn,
  type Table,
} from '../base/index.js'
import { isPlainText } from '../graph/index.js'

const summary = v.object({
  name: v.string(),
  rows: rowCount,
  missing: rowCount,
  /** Different values, missing ones not among them; the count stops at 1000 for numbers. */
  distinct: rowCount,
})

export const numberSummary = v.object({
  ...summary.entries,
  kind: v.picklist(['number', 'boolean', 'time']),
  min: finite,
  max: finite,
  mean: finite,
  /** Standard deviation with divisor n. */
  sd: finite,
  median: finite,
  /** Lower and upper quartile. */
  quartiles: v.tuple([finite, finite]),
})

export const categorySummary = v.object({
  ...summary.entries,
  kind: v.literal('category'),
  /**
   * The most frequent categories with their rows, at most `maxFrequent`; of equally frequent ones in the order of their
   * characters.
   */
  frequent: v.array(v.tuple([v.string(), rowCount])),
})

/** A training column of numbers; of times in seconds since 1970 UTC. Statistics are over the numbers that are there. */
export type NumberSummary = Infer<typeof numberSummary>

/** A training column of categories. */
export type CategorySummary = Infer<typeof categorySummary>

export type ColumnSummary = NumberSummary | CategorySummary

/** Above this many different numbers the count stops. */
const countedDistinct = 1000

/** Categories whose rows a summary tells. */
export const maxFrequent = 50

/**
 * Summarises every column by its kind.
 * Errors: `data` for infinity (with its row), a column without a single value, and an empty table.
 */
export function summarize(table: Table): ColumnSummary[] {
  if (table.rows === 0) throw new TollError('no-rows', 'the table has no rows')
  if (table.columns.length === 0) throw new TollError('no-columns', 'the table has no columns')
  return table.columns.map((column) =>
    column.kind === 'category' ? summarizeCategories(column) : summarizeNumbers(column),
  )
}

function summarizeNumbers({ name, kind, values: all }: NumericColumn): NumberSummary {
  const infinite = all.findIndex((value) => value === Infinity || value === -Infinity)
  if (infinite >= 0) {
    throw new TollError(
      'not-finite',
      `column '${name}' is ${all[infinite]} in row ${infinite + 1}; infinity cannot be used, replace it ` +
        'or leave it empty',
      { row: infinite, column: name, value: all[infinite] },
    )
  }
  const values = all.filter((value) => !Number.isNaN(value)).sort()
  const count = values.length
  if (count === 0)
    throw new TollError(
      'empty-column',
      `column '${name}' has no ${kind === 'time' ? 'times' : 'numbers'} at all; leave it out`,
      { column: name },
    )
  const median = quantileOfSorted(values, 0.5)
  const { mean, sd } = momentsOf(values, median)
  if (!Number.isFinite(mean) || !Number.isFinite(sd))
    throw new TollError('overflow', `column ${name} has no mean, since no float64 holds the sum of its numbers`, {
      columns: [name],
    })
  const distinct = new Set<number>()
  for (let i = 0; i < count && distinct.size < countedDistinct; i++) distinct.add(values[i])
  return {
    name,
    kind,
    rows: all.length,
    missing: all.length - count,
    min: values[0],
    max: values[count - 1],
    mean,
    sd,
    median,
    quartiles: [quantileOfSorted(values, 0.25), quantileOfSorted(values, 0.75)],
    distinct: distinct.size,
  }
}

/** Deviations are taken from the median, so that a large offset costs no digits. */
function momentsOf(values: Float64Array, median: number): { mean: number; sd: number } {
  let sum = 0
  for (const value of values) sum += value - median
  const mean = median + sum / values.length
  let squares = 0
  for (const value of values) squares += (value - mean) ** 2
  const held = (squares > 0 && squares < Infinity) || values[0] === values[values.length - 1]
  if (held) return { mean, sd: Math.sqrt(squares / values.length) }
  // The squares are too small or too large for a float64; those of parts of the largest deviation are not.
  const unit = Math.max(mean - values[0], values[values.length - 1] - mean)
  const parts = values.reduce((sum, value) => sum + ((value - mean) / unit) ** 2, 0)
  return { mean, sd: unit * Math.sqrt(parts / values.length) }
}

function summarizeCategories({ name, values, categories }: CategoryColumn): CategorySummary {
  const counts = new Float64Array(categories.length)
  let missing = 0
  for (const code of values) {
    if (Number.isNaN(code)) missing++
    else counts[code]++
  }
  const odd = values.findIndex((code) => !Number.isNaN(code) && !isPlainText(categories[code]))
  if (odd >= 0)
    throw new TollError(
      'unreadable-text',
      `column '${name}' holds a text with NUL or half a character in row ${odd + 1}; no engine takes that, replace it`,
      { row: odd, column: name, value: categories[values[odd]] },
    )
  if (missing === values.length)
    throw new TollError('empty-column', `column '${name}' has no texts at all; leave it out`, { column: name })
  const present = categories.flatMap((category, code): [string, number][] =>
    counts[code] > 0 ? [[category, counts[code]]] : [],
  )
  const frequent = present
    .sort(([a, rowsOfA], [b, rowsOfB]) => rowsOfB - rowsOfA || (a < b ? -1 : 1))
    .slice(0, maxFrequent)
  return {
    name,
    kind: 'category',
    rows: values.length,
    missing,
    distinct: counts.reduce((sum, count) => sum + Number(count > 0), 0),
    frequent,
  }
}
