// How the columns of a table were distributed, small enough to stay with a model: counts between quantiles, finer in
// the tails, and of texts the counts of the most frequent. New data are compared with it later.

import { quantileOfSorted, type Table } from '../base/index.js'
import { mostFrequent } from './summary.js'

export type ColumnProfile = NumberProfile | TextProfile

export interface TextProfile {
  readonly name: string
  /** The most frequent texts, in falling order. */
  readonly texts: readonly string[]
  /** Rows per text, then of all others. */
  readonly counts: readonly number[]
  readonly missing: number
}

export interface NumberProfile {
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
    const meaning = source.meanings?.get(source.names[c])
    if (meaning?.kind === 'text') return profileTexts(source.names[c], column, rows, meaning.texts)
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
    return {
      name: source.names[c],
      edges,
      counts: [...countBins(values.subarray(0, present), edges)],
      range: [low, high],
      missing,
    }
  })
}

function profileTexts(
  name: string,
  column: Float64Array,
  rows: ArrayLike<number>,
  texts: readonly string[],
): TextProfile {
  const all = new Float64Array(texts.length)
  let missing = 0
  for (let i = 0; i < rows.length; i++) {
    const code = column[rows[i]]
    if (Number.isNaN(code)) missing++
    else all[code]++
  }
  const present = Array.from(texts.keys())
    .filter((code) => all[code] > 0)
    .sort((a, b) => all[b] - all[a] || (texts[a] < texts[b] ? -1 : 1))
  const kept = present.slice(0, mostFrequent)
  const others = present.slice(mostFrequent).reduce((sum, code) => sum + all[code], 0)
  return { name, texts: kept.map((code) => texts[code]), counts: [...kept.map((code) => all[code]), others], missing }
}

/** Rows per text of the profile, then of all others; missing texts are in none. `column` holds codes of `texts`. */
export function countTexts(column: ArrayLike<number>, texts: readonly string[], profile: TextProfile): Float64Array {
  const places = new Map(profile.texts.map((text, place) => [text, place]))
  const placeOf = texts.map((text) => places.get(text) ?? profile.texts.length)
  const counts = new Float64Array(profile.counts.length)
  for (let i = 0; i < column.length; i++) if (!Number.isNaN(column[i])) counts[placeOf[column[i]]]++
  return counts
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
