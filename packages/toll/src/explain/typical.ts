// The typical row: where explanations start. The training median of each column, of texts the most frequent; for images
// the median of each pixel, as the file keeps it, or, in files of early versions, an image of the mean grey.

import type { Table, Samples } from '../base/index.js'
import type { Manifest } from '../model/index.js'
import { positionsOf, readTypicalImage, type CategorySummary } from '../preprocess/index.js'
import type { TypicalValue } from './explanation.js'

/** One row that the model takes, typical in every column or pixel. Error: `format` for a damaged manifest. */
export function typicalRow({ input, preprocessing }: Manifest): Samples {
  if (input.kind === 'table') {
    const usual = input.columns.map((column) => (column.kind === 'category' ? mostFrequentOf(column) : column.median))
    const texts = input.columns.flatMap(({ name }, i) =>
      typeof usual[i] === 'string' ? [[name, { kind: 'text', texts: [usual[i]] }] as const] : [],
    )
    return {
      kind: 'table',
      names: input.columns.map(({ name }) => name),
      rows: 1,
      columns: usual.map((value) => Float64Array.of(typeof value === 'number' ? value : value === '' ? NaN : 0)),
      ...(texts.length > 0 && { meanings: new Map(texts) }),
    }
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

/** The text of most training rows; '' where most are missing. */
function mostFrequentOf({ frequent, missing }: CategorySummary): string {
  const [text, rows] = frequent[0] ?? ['', 0]
  return missing > rows ? '' : text
}

/** The values of a row. */
export function valuesOf(row: Samples): TypicalValue[] {
  return row.kind === 'table' ? row.names.map((_, column) => cellOf(row, column, 0) ?? '') : Array.from(row.data)
}

/** A cell in the column's own terms: a text or a number; null where it is missing. */
export function cellOf({ names, columns, meanings }: Table, column: number, row: number): TypicalValue | null {
  const value = columns[column][row]
  if (Number.isNaN(value)) return null
  const meaning = meanings?.get(names[column])
  return meaning?.kind === 'text' ? meaning.texts[value] : value
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
