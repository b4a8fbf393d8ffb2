// The typical row: where explanations start. The training median of each column, of categories the most frequent; for
// images the median of each pixel, as the file keeps it, or, in files of early versions, an image of the mean grey.

import type { Samples, TableColumn } from '../base/index.js'
import type { Manifest } from '../model/index.js'
import { positionsOf, readTypicalImage, type CategorySummary, type ColumnSummary } from '../preprocess/index.js'
import type { TypicalValue } from './explanation.js'

/** One row that the model takes, typical in every column or pixel. Error: `format` for a damaged manifest. */
export function typicalRow({ input, preprocessing, window }: Manifest): Samples {
  if (input.kind === 'table') {
    const columns = input.columns.map(typicalColumn)
    return { kind: 'table', rows: 1, columns, ...(window && { windowSize: window.size }) }
  }
  const size = input.shape[0] * input.shape[1] * input.shape[2]
  const data =
    input.typical === undefined
      ? new Float32Array(size).fill(
          preprocessing.kind === 'image' && preprocessing.scale === 'standard'
            ? preprocessing.centre
            : (input.range[0] + input.range[1]) / 2,
        )
      : readTypicalImage(input.typical, input.shape, input.range)
  return { kind: 'images', shape: [1, ...input.shape], data }
}

function typicalColumn(column: ColumnSummary): TableColumn {
  const { name, kind } = column
  if (kind !== 'category') return { name, kind, values: Float64Array.of(column.median) }
  const category = mostFrequentOf(column)
  return { name, kind, values: Float64Array.of(category === '' ? NaN : 0), categories: [category] }
}

/** The category of most training rows; '' where most are missing. */
function mostFrequentOf({ frequent, missing }: CategorySummary): string {
  const [category, rows] = frequent[0] ?? ['', 0]
  return missing > rows ? '' : category
}

/** The values of a row. */
export function valuesOf(row: Samples): TypicalValue[] {
  return row.kind === 'table' ? row.columns.map((column) => cellOf(column, 0) ?? '') : Array.from(row.data)
}

/** A cell in the column's own terms: a category or a number; null where it is missing. */
export function cellOf(column: TableColumn, row: number): TypicalValue | null {
  const value = column.values[row]
  if (Number.isNaN(value)) return null
  return column.kind === 'category' ? column.categories[value] : value
}

/** The positions of a sample that each column makes. */
export function columnsOfSample({
  input,
  preprocessing,
}: Manifest): { readonly column: string; readonly positions: readonly number[] }[] {
  if (input.kind !== 'table' || preprocessing.kind !== 'table') return []
  const positions = positionsOf(preprocessing)
  return input.columns.map(({ name }, i) => ({ column: name, positions: positions[i] }))
}
