// Tables: raw columns to the matrix that a detector takes. Numbers are filled and scaled, texts become one position per
// category, times a trend and phases; a column that had gaps in training also gets a position that says where they are.
// All of it is a piece of graph, so that the model file does it too; float64 until the last cast. Positions: numbers,
// times, categories, gaps, each in the order of columns.

import * as v from 'valibot'
import { finite, type Infer, type Table } from '../base/index.js'
import { cast, concat, div, isNaN, max, min, slice, sub, where, type Tensor } from '../graph/index.js'
import {
  categoryEncoder,
  decodeCategories,
  encodeCategories,
  fitCategories,
  widthOfCategories,
  type CategoryEncoder,
} from './categories.js'
import {
  fitNumbers,
  numberEncoder,
  row,
  scaleNumbers,
  tableParameters,
  unscaleNumbers,
  type NumberEncoder,
  type TableParameters,
} from './numbers.js'
import type { ColumnSummary, NumberSummary } from './summary.js'
import { decodeTimes, encodeTimes, fitTimes, timeEncoder, widthOfTimes, type TimeEncoder } from './times.js'

const gapEncoder = v.object({ centre: finite, divisor: finite })

/** A position that is 1 where the column is missing, 0 elsewhere, before it is centred and scaled. */
export type GapEncoder = Infer<typeof gapEncoder>

/** Where training had gaps; categories have none, a missing text being one of them. */
const named = { name: v.string(), gaps: v.optional(gapEncoder) }

const sizesFit = (encoder: { readonly centre: readonly number[]; readonly divisor: readonly number[] }, size: number) =>
  encoder.centre.length === size && encoder.divisor.length === size

const columnEncoder = v.variant('kind', [
  v.object({ ...numberEncoder.entries, ...named }),
  v.pipe(
    v.object({ ...categoryEncoder.entries, ...named }),
    v.check((encoder) => sizesFit(encoder, encoder.categories.length + 1), 'one centre and divisor per position'),
  ),
  v.pipe(
    v.object({ ...timeEncoder.entries, ...named }),
    v.check((encoder) => sizesFit(encoder, 1 + 2 * encoder.cycles.length), 'one centre and divisor per position'),
  ),
])

export type ColumnEncoder = Infer<typeof columnEncoder>

/** A fitted preprocessing, plain JSON. */
export const tablePreprocessing = v.object({
  kind: v.literal('table'),
  scale: v.picklist(tableParameters.scale.values),
  /** One per column, in order. */
  columns: v.array(columnEncoder),
})

export type TablePreprocessing = Infer<typeof tablePreprocessing>

/**
 * Scaled values stay within this: far above any data, and its square still fits float32, so that no finite input makes
 * a NaN.
 */
const largest = 1e15

/** @param summaries of the columns of `table`, as `summarize` makes them */
export function fitTablePreprocessing(
  table: Table,
  summaries: readonly ColumnSummary[],
  parameters: TableParameters,
): TablePreprocessing {
  const scaled = parameters.scale !== 'none'
  return {
    kind: 'table',
    scale: parameters.scale,
    columns: summaries.map((summary, i): ColumnEncoder => {
      const { name, kind } = summary
      if (kind === 'category') return { name, ...fitCategories(summary, scaled) }
      const encoder =
        kind === 'time'
          ? fitTimes(table.columns[i].values, summary, scaled)
          : fitNumbers(table.columns[i].values, summary, parameters)
      return { name, ...encoder, ...(summary.missing > 0 && { gaps: fitGaps(summary, scaled) }) }
    }),
  }
}

function fitGaps({ missing, rows }: NumberSummary, scaled: boolean): GapEncoder {
  const share = missing / rows
  // A column without any number is refused before; one without gaps has no such position.
  return scaled ? { centre: share, divisor: Math.sqrt(share * (1 - share)) } : { centre: 0, divisor: 1 }
}

interface Layout {
  readonly numbers: readonly (readonly [encoder: NumberEncoder, column: number])[]
  readonly gaps: readonly (readonly [encoder: GapEncoder, column: number])[]
  readonly times: readonly (readonly [encoder: TimeEncoder, column: number])[]
  readonly categories: readonly (readonly [encoder: CategoryEncoder, column: number])[]
}

function layoutOf({ columns }: TablePreprocessing): Layout {
  return {
    numbers: columns.flatMap((encoder, column) => (encoder.kind === 'number' ? [[encoder, column] as const] : [])),
    gaps: columns.flatMap(({ gaps }, column) => (gaps ? [[gaps, column] as const] : [])),
    times: columns.flatMap((encoder, column) => (encoder.kind === 'time' ? [[encoder, column] as const] : [])),
    categories: columns.flatMap((encoder, column) => (encoder.kind === 'category' ? [[encoder, column] as const] : [])),
  }
}

/** The positions of a sample that each column makes, in the order of columns. */
export function positionsOf(preprocessing: TablePreprocessing): number[][] {
  const { numbers, gaps, times, categories } = layoutOf(preprocessing)
  const positions: number[][] = preprocessing.columns.map(() => [])
  let next = 0
  const take = (column: number, width: number) => {
    for (let i = 0; i < width; i++) positions[column].push(next++)
  }
  for (const [, column] of numbers) take(column, 1)
  for (const [encoder, column] of times) take(column, widthOfTimes(encoder))
  for (const [encoder, column] of categories) take(column, widthOfCategories(encoder))
  for (const [, column] of gaps) take(column, 1)
  return positions
}

/** Columns (n, 1) in the fitted order, texts as strings and all others float64, to samples (n, d). */
export function prepareTable(
  preprocessing: TablePreprocessing,
  columns: readonly Tensor[],
  precision: 'float32' | 'float64',
): Tensor {
  const { numbers, gaps, times, categories } = layoutOf(preprocessing)
  const beside = (list: readonly (readonly [unknown, number])[]) =>
    concat(
      list.map(([, column]) => columns[column]),
      1,
    )
  const blocks: Tensor[] = []
  if (numbers.length > 0) {
    const raw = beside(numbers)
    const filled = where(isNaN(raw), row(numbers.map(([{ fill }]) => fill)), raw)
    blocks.push(
      scaleNumbers(
        filled,
        numbers.map(([{ scaling }]) => scaling),
      ),
    )
  }
  for (const [encoder, column] of times) {
    const raw = columns[column]
    blocks.push(encodeTimes(where(isNaN(raw), row([encoder.fill]), raw), encoder))
  }
  for (const [encoder, column] of categories) blocks.push(encodeCategories(columns[column], encoder))
  if (gaps.length > 0) {
    const missing = cast(isNaN(beside(gaps)), 'float64')
    blocks.push(div(sub(missing, row(gaps.map(([{ centre }]) => centre))), row(gaps.map(([{ divisor }]) => divisor))))
  }
  return cast(max(min(blocks.length === 1 ? blocks[0] : concat(blocks, 1), largest), -largest), precision)
}

/**
 * Samples (n, d) back to one float64 per column, (n, columns): numbers in their units, times in seconds since 1970 UTC,
 * categories as their places among the encoder's, one more than which stands for others.
 */
export function restoreTable(preprocessing: TablePreprocessing, samples: Tensor): Tensor {
  const { numbers } = layoutOf(preprocessing)
  const wide = cast(samples, 'float64')
  const part = (from: number, to: number) => slice(wide, 1, from, to)
  const known =
    numbers.length > 0
      ? unscaleNumbers(
          numbers.length === wide.shape[1] ? wide : part(0, numbers.length),
          numbers.map(([{ scaling }]) => scaling),
        )
      : undefined
  if (known && numbers.length === preprocessing.columns.length) return known
  const positions = positionsOf(preprocessing)
  return concat(
    preprocessing.columns.map((encoder, column) => {
      const [first] = positions[column]
      if (encoder.kind === 'number') return slice(known!, 1, first, first + 1)
      return encoder.kind === 'time'
        ? decodeTimes(part(first, first + 1), encoder)
        : decodeCategories(part(first, first + widthOfCategories(encoder)), encoder)
    }),
    1,
  )
}
