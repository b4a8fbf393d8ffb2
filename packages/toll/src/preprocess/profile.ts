// How the columns of a table were distributed, small enough to stay with a model: counts between quantiles, finer in
// the tails, and of categories the counts of the most frequent. New data are compared with it later.

import * as v from 'valibot'
import {
  count as rowCount,
  finite,
  quantileOfSorted,
  range,
  type CategoryColumn,
  type Column,
  type Infer,
  type NumericColumn,
  type NumericKind,
  type Table,
} from '../base/index.js'
import { maxFrequent } from './summary.js'

const numberProfile = v.object({
  name: v.string(),
  /** Upper ends of all bins but the last, which has none, in rising order; a value at an end is in the bin below it. */
  edges: v.array(finite),
  /** Rows per bin: one more than edges. */
  counts: v.array(rowCount),
  /** Smallest and largest value; absent where all are missing. */
  range: v.optional(range),
  missing: rowCount,
})

const categoryProfile = v.object({
  name: v.string(),
  /** The most frequent categories, in falling order. */
  texts: v.array(v.string()),
  /** Rows per category, then of all others. */
  counts: v.array(rowCount),
  missing: rowCount,
})

/** A profile in a file: its kind is that of the input. */
export const storedProfile = v.union([
  v.pipe(
    categoryProfile,
    v.check(({ texts, counts }) => counts.length === texts.length + 1, 'one count per category and one more'),
  ),
  v.pipe(
    numberProfile,
    v.check(({ edges, counts }) => counts.length === edges.length + 1, 'one count per edge and one more'),
  ),
])

export type StoredProfile = Infer<typeof storedProfile>

export type NumberProfile = { readonly kind: NumericKind } & Infer<typeof numberProfile>

export interface CategoryProfile extends Omit<Infer<typeof categoryProfile>, 'texts'> {
  readonly kind: 'category'
  readonly categories: Infer<typeof categoryProfile>['texts']
}

export type ColumnProfile = NumberProfile | CategoryProfile

/** The profile as a file has it. */
export function storeProfile(profile: ColumnProfile): StoredProfile {
  if (profile.kind === 'category') {
    const { name, categories, counts, missing } = profile
    return { name, texts: categories, counts, missing }
  }
  const { kind: _, ...stored } = profile
  return stored
}

/** The profiles of a file, whose columns these are. */
export function readProfiles(stored: readonly StoredProfile[], features: readonly Column[]): ColumnProfile[] {
  const kinds = new Map(features.map(({ name, kind }) => [name, kind]))
  return stored.map((profile) => {
    if (!('texts' in profile)) return { ...profile, kind: (kinds.get(profile.name) ?? 'number') as NumericKind }
    const { name, texts, counts, missing } = profile
    return { name, kind: 'category', categories: texts, counts, missing }
  })
}

const shares = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99]

/** Rows that bins are cut by; all rows are counted. */
const maxSorted = 50_000

/** @param rows the rows that count */
export function profileColumns(source: Table, rows: ArrayLike<number>): ColumnProfile[] {
  return source.columns.map((column) =>
    column.kind === 'category' ? profileCategories(column, rows) : profileNumbers(column, rows),
  )
}

function profileNumbers({ name, kind, values: all }: NumericColumn, rows: ArrayLike<number>): NumberProfile {
  const values = new Float64Array(rows.length)
  let [present, low, high] = [0, Infinity, -Infinity]
  for (let i = 0; i < rows.length; i++) {
    const value = all[rows[i]]
    if (Number.isNaN(value)) continue
    values[present++] = value
    if (value < low) low = value
    if (value > high) high = value
  }
  const missing = rows.length - present
  if (present === 0) return { name, kind, edges: [], counts: [0], missing }
  const step = Math.ceil(present / maxSorted)
  const some = Float64Array.from({ length: Math.ceil(present / step) }, (_, i) => values[i * step]).sort()
  const edges = [...new Set(shares.map((share) => quantileOfSorted(some, share)))].filter((edge) => edge < high)
  const counts = [...countBins(values.subarray(0, present), edges)]
  return { name, kind, edges, counts, range: [low, high], missing }
}

function profileCategories({ name, values, categories }: CategoryColumn, rows: ArrayLike<number>): CategoryProfile {
  const all = new Float64Array(categories.length)
  let missing = 0
  for (let i = 0; i < rows.length; i++) {
    const code = values[rows[i]]
    if (Number.isNaN(code)) missing++
    else all[code]++
  }
  const present = Array.from(categories.keys())
    .filter((code) => all[code] > 0)
    .sort((a, b) => all[b] - all[a] || (categories[a] < categories[b] ? -1 : 1))
  const kept = present.slice(0, maxFrequent)
  const others = present.slice(maxFrequent).reduce((sum, code) => sum + all[code], 0)
  return {
    name,
    kind: 'category',
    categories: kept.map((code) => categories[code]),
    counts: [...kept.map((code) => all[code]), others],
    missing,
  }
}

/** Rows per category of the profile, then of all others; missing ones are in none. `codes` are of `categories`. */
export function countCategories(
  codes: ArrayLike<number>,
  categories: readonly string[],
  profile: CategoryProfile,
): Float64Array {
  const known = new Map(profile.categories.map((category, index) => [category, index]))
  const indexOf = categories.map((category) => known.get(category) ?? profile.categories.length)
  const counts = new Float64Array(profile.counts.length)
  for (let i = 0; i < codes.length; i++) if (!Number.isNaN(codes[i])) counts[indexOf[codes[i]]]++
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
