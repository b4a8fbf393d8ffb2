// How the columns of a table were distributed, small enough to stay with a model: counts between quantiles, finer in the tails. New data
// are compared with it later.

import { quantileOfSorted, type Table } from '../base/index.js'

export interface ColumnProfile {
  readonly name: string
  /** Upper ends of all bins but the last, which has none, in rising order; a value at an end is in the bin below it. */
  readonly edges: readonly number[]
  /** Rows per bin: one more than edges. */
  readonly counts: readonly number[]
  /** Smallest and largest value; absent where all are missing. */
  readonly range?: readonly [number, number]
  readonly missing: number
}

const shares = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99]

/** Rows that bins are cut by; all rows are counted. */
const mostSorted = 50_000

/** @param rows the rows that count */
export function profileColumns(source: Table, rows: ArrayLike<number>): ColumnProfile[] {
  return source.columns.map((column, c) => {
    const values = new Float64Array(rows.length)
    let [present, low, high] = [0, Infinity, -Infinity]
    for (let i = 0; i < rows.length; i++) {
      const value = column[rows[i]]
      if (Number.isNaN(value)) continue
      values[present++] = value
      if (value < low) low = value
      if (value > high) high = value
    }
    const missing = rows.length - present
    if (present === 0) return { name: source.names[c], edges: [], counts: [0], missing }
    const step = Math.ceil(present / mostSorted)
    const some = Float64Array.from({ length: Math.ceil(present / step) }, (_, i) => values[i * step]).sort()
    const edges = [...new Set(shares.map((share) => quantileOfSorted(some, share)))].filter((edge) => edge < high)
    return { name: source.names[c], edges, counts: [...countBins(values.subarray(0, present), edges)], range: [low, high], missing }
  })
}

/** Values per bin; NaN is in none. */
export function countBins(values: ArrayLike<number>, edges: readonly number[]): Float64Array {
  const counts = new Float64Array(edges.length + 1)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (Number.isNaN(value)) continue
    let [low, high] = [0, edges.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (edges[middle] < value) low = middle + 1
      else high = middle
    }
    counts[low]++
  }
  return counts
}
