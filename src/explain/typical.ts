// The typical row: where explanations start. The training median of each column; for images the median of each pixel, as the file keeps
// it, or, in files of early versions, an image of the mean grey.

import type { NdArray, Table } from '../base/index.js'
import type { Manifest } from '../model/index.js'
import { readTypicalImage } from '../preprocess/index.js'
import type { TypicalValue } from './explanation.js'

/** One row that the model takes, typical in every column or pixel. Error: `format` for a damaged manifest. */
export function typicalRow({ input, preprocessing }: Manifest): Table | NdArray {
  if (input.kind === 'table') {
    return { names: input.columns.map(({ name }) => name), columns: input.columns.map(({ median }) => Float64Array.of(median)), rows: 1 }
  }
  const size = input.shape[0] * input.shape[1] * input.shape[2]
  const data = input.typical === undefined
    ? new Float32Array(size).fill(preprocessing.kind === 'image' && preprocessing.scale === 'standard' ? preprocessing.centre : (input.range[0] + input.range[1]) / 2)
    : readTypicalImage(input.typical, input.shape, input.range)
  return { shape: [1, ...input.shape], data }
}

/** The values of a row. */
export function valuesOf(row: Table | NdArray): TypicalValue[] {
  return 'columns' in row ? row.columns.map(([value]) => value) : Array.from(row.data)
}

/** The positions of a sample that each column makes. */
export function columnsOfSample({ input }: Manifest): { readonly column: string; readonly positions: readonly number[] }[] {
  return input.kind === 'table' ? input.columns.map(({ name }, i) => ({ column: name, positions: [i] })) : []
}
