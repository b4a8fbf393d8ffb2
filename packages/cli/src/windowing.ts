// Rows of a source as the windows that a model was fitted to, batch by batch. A row is scored by the window that ends
// in it.

import { TollError, orderColumns, readOrder, type InvalidRow, type RowOrder, type Table } from 'toll/base'
import type { TableBatch } from 'toll/data/node'
import type { Manifest, RowWindow } from 'toll/model'
import { WindowStream } from 'toll/preprocess'

export interface WindowedBatch {
  readonly table: Table
  /** Rows (of the batch, from 0) without a score, and why. */
  readonly invalid: ReadonlyMap<number, InvalidRow>
}

export class Windowing {
  /** Columns of the rows, and columns to pass through. */
  readonly columns: readonly string[]
  readonly passthrough: readonly string[]
  readonly #window: RowWindow
  readonly #source: string
  readonly #stream: WindowStream
  /** The last time of each group. */
  readonly #times = new Map<string | number, number>()

  constructor(window: RowWindow, source: string) {
    this.#window = window
    this.#source = source
    this.#stream = new WindowStream(window.size)
    this.columns = window.columns
    this.passthrough = orderColumns(window)
  }

  /** Errors: `data` for rows that are not in the order of their times. */
  push({
    table,
    invalid: unreadable,
    passthrough,
    firstRow,
  }: Pick<TableBatch, 'table' | 'invalid' | 'passthrough' | 'firstRow'>): WindowedBatch {
    const { size } = this.#window
    const { groups, time } = readOrder(passthrough, this.#window, { file: this.#source, firstRow })
    if (time) this.#checkOrder(groups, time, firstRow)
    // One more column says which rows could not be read.
    const unread = new Float64Array(table.rows)
    for (const row of unreadable.keys()) unread[row] = 1
    const { table: wide, rows } = this.#stream.push(
      { ...table, columns: [...table.columns, { name: '', kind: 'number', values: unread }] },
      groups,
    )
    const width = table.columns.length + 1
    const marks = wide.columns.filter((_, c) => c % width === width - 1).map(({ values }) => values)
    const invalid = new Map(unreadable)
    for (let row = 0; row < table.rows; row++) {
      if (invalid.has(row)) continue
      if (rows[row] < size) {
        const message = `row ${firstRow + row + 1} has ${rows[row] - 1} of the ${size - 1} rows before it that its window needs`
        invalid.set(row, { reason: 'incomplete-window', message })
      } else if (marks.some((mark) => mark[row] === 1)) {
        const message = `a row in the window of row ${firstRow + row + 1} could not be read`
        invalid.set(row, { reason: 'unusable-window', message })
      }
    }
    return {
      table: {
        ...wide,
        columns: wide.columns.filter((_, c) => c % width !== width - 1),
        rows: table.rows,
      },
      invalid,
    }
  }

  #checkOrder(groups: RowOrder['groups'], time: ArrayLike<number>, firstRow: number): void {
    for (let row = 0; row < time.length; row++) {
      const group = groups ? groups[row] : ''
      if (time[row] < (this.#times.get(group) ?? -Infinity)) {
        throw new TollError(
          'unordered-rows',
          `${this.#source}, row ${firstRow + row + 1}: '${this.#window.time!}' is earlier than in a row ` +
            `above${groups ? ' of its group' : ''}; ` +
            `windows need rows in order, for example by --sql "select * from 'FILE' order by ${this.#window.time!}"`,
          { file: this.#source, row: firstRow + row, column: this.#window.time! },
        )
      }
      this.#times.set(group, time[row])
    }
  }
}

/** For a model of windows. */
export function openWindowing({ window }: Manifest, source: string): Windowing | undefined {
  return window && new Windowing(window, source)
}
