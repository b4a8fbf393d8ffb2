// Rows of a table as the inputs of a model file take them, checked column by column.

import {
  RowCheck,
  TollError,
  namesOf,
  type Column,
  type InvalidRow,
  type InvalidRows,
  type Table,
} from '../base/index.js'
import { input, isPlainText, type Tensor } from '../graph/index.js'
import { columnAs, type TablePreprocessing } from '../preprocess/index.js'
import type { HostTensor, HostTensors } from '../runtime/index.js'

/** A column that is fed, under the name of its input. */
export interface FedColumn extends Column {
  readonly input: string
  /** The categories that are told apart, where it is one. */
  readonly categories?: readonly string[]
}

/** Rows as the inputs of the file take them. */
export interface Feeding {
  /** Rows (from 0) that cannot be scored, with the reason. */
  readonly invalid: ReadonlyMap<number, InvalidRow>
  /** Missing numbers and times, which become the training median. */
  readonly imputed: number
  /** Texts that training did not see, or too rarely to tell them from others; missing texts where training had none. */
  readonly unseen: number
  /** Numbers of one row. */
  readonly rowSize: number
  readonly rowShape: readonly number[]
  feeds(start: number, end: number): HostTensors
}

/** The graph input of a column. */
export function columnInput({ input: name, kind }: FedColumn, batch: string): Tensor {
  return input(name, [batch, 1], kind === 'category' ? 'string' : 'float64')
}

/** The columns of a model, with the categories that it tells apart. */
export function fedColumns(columns: readonly FedColumn[], { columns: encoders }: TablePreprocessing): FedColumn[] {
  return columns.map((column, i) => {
    const encoder = encoders[i]
    return {
      name: column.name,
      kind: column.kind,
      input: column.input,
      ...(encoder.kind === 'category' && { categories: encoder.categories }),
    }
  })
}

/**
 * Finds the columns by name. Errors: `not-found` for those that are missing; `data` for infinity and for texts where
 * numbers belong, with the row.
 */
export function feedTable(data: Table, columns: readonly FedColumn[], invalidRows: InvalidRows = 'throw'): Feeding {
  const place = new Map(data.columns.map((column) => [column.name, column]))
  const missing = columns.filter(({ name }) => !place.has(name)).map(({ name }) => name)
  if (missing.length > 0) {
    const listed =
      missing.length > 8 ? `${missing.slice(0, 8).join(', ')} and ${missing.length - 8} more` : missing.join(', ')
    throw new TollError(
      'unknown-column',
      `the table lacks ${missing.length === 1 ? 'column' : 'columns'} ${listed}, which the model was ` +
        `trained on; it has ${namesOf(data.columns).join(', ')}`,
      { column: missing[0], columns: missing, expected: namesOf(data.columns) },
    )
  }
  const check = new RowCheck(invalidRows)
  let imputed = 0
  let unseen = 0
  const feeders = columns.map((column): readonly [string, (start: number, end: number) => HostTensor] => {
    const given = place.get(column.name)!
    if (column.kind === 'category') {
      // Numbers are the strings that they print as.
      const { values, categories } = columnAs(given, 'category')
      const known = column.categories && new Set(column.categories)
      const isUnseen = categories.map((category) => known !== undefined && !known.has(category))
      const plain = categories.map((category) => (isPlainText(category) ? category : undefined))
      values.forEach((code, row) => {
        if (Number.isNaN(code)) {
          if (known && !known.has('')) unseen++
          return
        }
        if (plain[code] === undefined)
          check.reject(
            row,
            {
              reason: 'unreadable-text',
              message: `column '${column.name}' holds a text with NUL or half a character in row ${row + 1}`,
              column: column.name,
            },
            { value: categories[code], advice: 'no engine takes that, replace it' },
          )
        else if (isUnseen[code]) unseen++
      })
      return [
        column.input,
        (start, end) => ({
          dtype: 'string',
          shape: [end - start, 1],
          data: Array.from(values.subarray(start, end), (code) => (Number.isNaN(code) ? '' : (plain[code] ?? ''))),
        }),
      ]
    }
    if (given.kind === 'category') {
      throw new TollError(
        'wrong-column-kind',
        `column '${column.name}' holds texts, but the model was trained on ` +
          `${column.kind === 'time' ? 'times' : 'numbers'} there`,
        { column: column.name, value: given.kind, expected: column.kind },
      )
    }
    const { values } = given
    for (let row = 0; row < values.length; row++) {
      const value = values[row]
      if (value - value === 0) continue
      if (Number.isNaN(value)) imputed++
      else
        check.reject(
          row,
          {
            reason: 'not-finite',
            message: `column '${column.name}' is ${value} in row ${row + 1}`,
            column: column.name,
          },
          { value, advice: 'infinity cannot be scored, replace it or leave it empty' },
        )
    }
    return [
      column.input,
      (start, end) => ({ dtype: 'float64', shape: [end - start, 1], data: values.slice(start, end) }),
    ]
  })
  return {
    invalid: check.invalid,
    imputed,
    unseen,
    rowSize: columns.length,
    rowShape: [columns.length],
    feeds: (start, end) => Object.fromEntries(feeders.map(([name, feed]) => [name, feed(start, end)])),
  }
}
