// A column of texts as positions of a sample: one for each frequent text (a missing text is one of them where training
// had enough) and one for all others, rare or never seen. A position is centred by its share p and divided by sqrt(p (K
// - 1)), K positions having rows: distances are then those of multiple correspondence analysis (chi-square, Greenacre
// 1984), in which a rare text is far from a frequent one, and the column's variance is 1, so that it weighs as much as
// a column of numbers. A text that training did not have counts as one row of it.

import * as v from 'valibot'
import { finite, type Infer } from '../base/index.js'
import { add, cast, constant, div, equal, lookup, mul, slice, sub, topIndices, type Tensor } from '../graph/index.js'
import { row } from './numbers.js'
import type { CategorySummary } from './summary.js'

export const categoryEncoder = v.object({
  kind: v.literal('category'),
  /** Texts with a position of their own, by falling frequency; '' stands for a missing text. */
  categories: v.array(v.string()),
  /** Share of each category in training, then that of all other texts. */
  centre: v.array(finite),
  divisor: v.array(finite),
})

export type CategoryEncoder = Infer<typeof categoryEncoder>

/** A text with fewer rows is among the others, unless the table is so small that a hundredth of it is less. */
const fewestRows = 5

export function fitCategories({ frequent, rows, missing }: CategorySummary, scaled: boolean): CategoryEncoder {
  const fewest = Math.min(fewestRows, Math.ceil(rows / 100))
  const counts = missing > 0 ? [...frequent, ['', missing] as const] : frequent
  const kept = counts.filter(([, count]) => count >= fewest).sort(([, a], [, b]) => b - a)
  const others = rows - kept.reduce((sum, [, count]) => sum + count, 0)
  const all = [...kept.map(([, count]) => count), others]
  const degrees = Math.max(1, all.filter((count) => count > 0).length - 1)
  return {
    kind: 'category',
    categories: kept.map(([text]) => text),
    centre: all.map((count) => (scaled ? count / rows : 0)),
    divisor: all.map((count) => (scaled ? Math.sqrt((Math.max(count, 1) / rows) * degrees) : 1)),
  }
}

/** Positions that the column takes. */
export function widthOfCategories({ categories }: CategoryEncoder): number {
  return categories.length + 1
}

/** Texts (n, 1) to (n, width) float64. */
export function encodeCategories(x: Tensor, { categories, centre, divisor }: CategoryEncoder): Tensor {
  const places = constant(
    Float64Array.from({ length: categories.length + 1 }, (_, i) => i),
    [1, categories.length + 1],
    'int64',
  )
  return div(sub(cast(equal(lookup(x, categories), places), 'float64'), row(centre)), row(divisor))
}

/** The place of the likeliest category, `categories.length` for the others: (n, width) to (n, 1) float64. */
export function decodeCategories(x: Tensor, { centre, divisor }: CategoryEncoder): Tensor {
  return cast(slice(topIndices(add(mul(x, row(divisor)), row(centre)), 1), 1, 0, 1), 'float64')
}
