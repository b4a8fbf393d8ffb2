// Rows as the inputs of a model file take them, checked row by row.

import {
  RowCheck,
  TollError,
  listNames,
  namesOf,
  sizeOf,
  type Images,
  type InvalidRow,
  type InvalidRows,
  type Samples,
  type Table,
  type TableColumn,
} from '../base/index.js'
import { input, isPlainText, type Tensor } from '../graph/index.js'
import { columnAs, type ColumnSummary, type TablePreprocessing } from '../preprocess/index.js'
import type { HostTensor, HostTensors } from '../runtime/index.js'
import type { ModelInput } from './manifest.js'

/** A column that a model takes, and the name of its input. */
export type ColumnInput = Pick<ColumnSummary, 'name' | 'kind'> & {
  readonly input: string
  /** The categories that are told apart, where it is one. */
  readonly categories?: readonly string[]
}

/** Values that the model replaces: they are not what the row had. */
export interface Replaced {
  /** Missing numbers and times, which become the training median. */
  readonly imputed: number
  /**
   * Strings that training did not see, or too rarely to tell them from others; missing ones where training had none.
   */
  readonly unseen: number
}

/** Rows as the inputs of the model file. Counts are of the rows that are valid. */
export interface RowInputs extends Replaced {
  /** One per score: rows, images, or windows of rows side by side. */
  readonly samples: Samples
  /** Rows (from 0) that cannot be scored. */
  readonly invalid: ReadonlyMap<number, InvalidRow>
  /** Numbers of one row. */
  readonly rowSize: number
  readonly rowShape: readonly number[]
  /** What the inputs are given for the rows from `start` to before `end`. */
  tensors(start: number, end: number): HostTensors
}

export interface InputOptions {
  /** What a row that cannot be scored does: stops everything (default), or is marked while the others are scored. */
  readonly invalidRows?: InvalidRows
  /** Rows that are known to be invalid. */
  readonly invalid?: ReadonlyMap<number, InvalidRow>
  /** Rows of the source before these, for messages; default 0. */
  readonly firstRow?: number
}

/** The graph input of a column. */
export function columnInput({ input: name, kind }: ColumnInput, batch: string): Tensor {
  return input(name, [batch, 1], kind === 'category' ? 'string' : 'float64')
}

/** The columns of a model, with the categories that it tells apart. */
export function columnInputs(
  columns: readonly ColumnInput[],
  { columns: encoders }: TablePreprocessing,
): ColumnInput[] {
  return columns.map(({ name, kind, input }, i) => {
    const encoder = encoders[i]
    return { name, kind, input, ...(encoder.kind === 'category' && { categories: encoder.categories }) }
  })
}

/** A column of the rows at hand. */
interface EncodedColumn {
  readonly input: string
  tensor(start: number, end: number): HostTensor
  /** In valid rows. */
  countReplaced(invalid: ReadonlyMap<number, InvalidRow>): number
}

/** The columns of a table, each checked and ready for its input. */
interface EncodedColumns extends Pick<RowInputs, 'invalid' | 'tensors'> {
  /** What the model replaces in the rows that are valid. */
  readonly replaced: (invalid: ReadonlyMap<number, InvalidRow>) => Replaced
}

/** Errors as `encodeTable`. */
export function encodeColumns(
  data: Table,
  columns: readonly ColumnInput[],
  options: InputOptions = {},
): EncodedColumns {
  const given = findColumns(data, columns)
  const check = new RowCheck(options.invalidRows, options.invalid)
  const encoded = columns.map((column, i) =>
    column.kind === 'category'
      ? encodeCategories(given[i], column, check, options)
      : encodeNumbers(given[i], column, check, options),
  )
  return {
    invalid: check.invalid,
    replaced: (invalid) => {
      const counts = encoded.map((column) => column.countReplaced(invalid))
      const sumOver = (categories: boolean) =>
        counts.reduce((sum, count, i) => ((columns[i].kind === 'category') === categories ? sum + count : sum), 0)
      return { imputed: sumOver(false), unseen: sumOver(true) }
    },
    tensors: (start, end) => Object.fromEntries(encoded.map((column) => [column.input, column.tensor(start, end)])),
  }
}

/**
 * Finds the columns by name. Errors: `not-found` for those that are missing; `data` for infinity and for strings where
 * numbers belong, with the row.
 */
export function encodeTable(data: Table, columns: readonly ColumnInput[], options: InputOptions = {}): RowInputs {
  const { invalid, replaced, tensors } = encodeColumns(data, columns, options)
  return {
    samples: data,
    invalid,
    ...replaced(invalid),
    rowSize: columns.length,
    rowShape: [columns.length],
    tensors,
  }
}

/** Images (n, channels, height, width). Errors: `shape` for others than the model takes, `data` for infinite pixels. */
export function encodeImages(
  data: Images,
  { input: name, shape }: Extract<ModelInput, { kind: 'image' }>,
  { invalidRows, invalid, firstRow = 0 }: InputOptions = {},
): RowInputs {
  if (data.shape.slice(1).join() !== shape.join())
    throw new TollError(
      'shape-mismatch',
      `this model scores images of shape (n, ${shape.join(', ')}), got an array of shape (${data.shape.join(', ')})`,
    )
  const size = sizeOf(shape)
  const check = new RowCheck(invalidRows, invalid)
  for (let i = 0; i < data.data.length; i++) {
    const value = data.data[i]
    if (value - value === 0) continue
    const row = Math.floor(i / size)
    check.reject(
      row,
      { reason: 'not-finite', message: `image ${firstRow + row + 1} has a pixel that is ${value}` },
      { value, advice: 'pixels must be finite numbers' },
    )
  }
  return {
    samples: data,
    invalid: check.invalid,
    imputed: 0,
    unseen: 0,
    rowSize: size,
    rowShape: shape,
    tensors: (start, end) => {
      const pixels = Float32Array.from(data.data.subarray(start * size, end * size))
      return { [name]: { dtype: 'float32', shape: [end - start, ...shape], data: pixels } }
    },
  }
}

/** Error: `shape` for a table where the model takes images, or the other way round; `source` is where it is from. */
export function requireKind(kind: Samples['kind'], input: ModelInput, source?: string): void {
  if ((kind === 'table') === (input.kind === 'table')) return
  const expected =
    input.kind === 'table' ? 'tables with named columns' : `images of shape (n, ${input.shape.join(', ')})`
  const given = kind === 'table' ? 'a table' : 'images'
  throw new TollError(
    'wrong-input-kind',
    `this model scores ${expected}, ${source === undefined ? `got ${given}` : `but ${source} holds ${given}`}`,
    { expected, value: given, ...(source !== undefined && { file: source }) },
  )
}

function findColumns(data: Table, columns: readonly ColumnInput[]): TableColumn[] {
  const byName = new Map(data.columns.map((column) => [column.name, column]))
  const missing = namesOf(columns.filter(({ name }) => !byName.has(name)))
  if (missing.length > 0) {
    throw new TollError(
      'unknown-column',
      `the table lacks ${missing.length === 1 ? 'column' : 'columns'} ${listNames(missing, 8)}, which the model was ` +
        `trained on; it has ${namesOf(data.columns).join(', ')}`,
      { column: missing[0], columns: missing, expected: namesOf(data.columns) },
    )
  }
  return columns.map(({ name }) => byName.get(name)!)
}

function encodeCategories(
  given: TableColumn,
  { name, input, categories: learned }: ColumnInput,
  check: RowCheck,
  { firstRow = 0 }: InputOptions,
): EncodedColumn {
  // Numbers are the strings that they print as.
  const { values, categories } = columnAs(given, 'category')
  const known = learned && new Set(learned)
  const isUnseen = categories.map((category) => known !== undefined && !known.has(category))
  const isMissingUnseen = known !== undefined && !known.has('')
  const plain = categories.map((category) => (isPlainText(category) ? category : undefined))
  if (plain.includes(undefined)) {
    values.forEach((code, row) => {
      if (Number.isNaN(code) || plain[code] !== undefined) return
      check.reject(
        row,
        {
          reason: 'unreadable-text',
          message: `column '${name}' holds a text with NUL or half a character in row ${firstRow + row + 1}`,
          column: name,
        },
        { value: categories[code], advice: 'no engine takes that, replace it' },
      )
    })
  }
  return {
    input,
    countReplaced: (invalid) => {
      let count = 0
      for (let row = 0; row < values.length; row++) {
        const unseen = Number.isNaN(values[row]) ? isMissingUnseen : isUnseen[values[row]]
        if (unseen && !invalid.has(row)) count++
      }
      return count
    },
    tensor: (start, end) => ({
      dtype: 'string',
      shape: [end - start, 1],
      data: Array.from(values.subarray(start, end), (code) => (Number.isNaN(code) ? '' : (plain[code] ?? ''))),
    }),
  }
}

function encodeNumbers(
  { kind: givenKind, values }: TableColumn,
  { name, input, kind }: ColumnInput,
  check: RowCheck,
  { firstRow = 0 }: InputOptions,
): EncodedColumn {
  if (givenKind === 'category') {
    throw new TollError(
      'wrong-column-kind',
      `column '${name}' holds texts, but the model was trained on ${kind === 'time' ? 'times' : 'numbers'} there`,
      { column: name, value: givenKind, expected: kind },
    )
  }
  for (let row = 0; row < values.length; row++) {
    const value = values[row]
    // x - x is 0 for finite numbers.
    if (value - value === 0 || Number.isNaN(value)) continue
    check.reject(
      row,
      { reason: 'not-finite', message: `column '${name}' is ${value} in row ${firstRow + row + 1}`, column: name },
      { value, advice: 'infinity cannot be scored, replace it or leave it empty' },
    )
  }
  return {
    input,
    countReplaced: (invalid) => {
      let count = 0
      for (let row = 0; row < values.length; row++) if (Number.isNaN(values[row]) && !invalid.has(row)) count++
      return count
    },
    tensor: (start, end) => ({ dtype: 'float64', shape: [end - start, 1], data: values.slice(start, end) }),
  }
}
