// Rows as the windows that a model was fitted to. A row is scored by the window that ends in it; rows come batch by
// batch, and of each group the last ones are kept.

import {
  RowCheck,
  TollError,
  cellsOf,
  orderColumns,
  readOrder,
  type CellValue,
  type InvalidRow,
  type RowBatch,
  type RowOrder,
  type Table,
  type TableColumn,
} from '../base/index.js'
import { WindowStream, type TablePreprocessing } from '../preprocess/index.js'
import {
  columnInputs,
  encodeColumns,
  encodeTable,
  type ColumnInput,
  type InputOptions,
  type RowInputs,
} from './inputs.js'
import type { Manifest, RowWindow } from './manifest.js'

/** A column that marks invalid rows; no column of a source has an empty name. */
const marker = ''

export class RowWindows {
  readonly #window: RowWindow
  readonly #source: string | undefined
  readonly #stream: WindowStream
  /** The columns of a window, and those of the row that it ends in under the names that rows have. */
  readonly #inputs: readonly ColumnInput[]
  readonly #ownInputs: readonly ColumnInput[]
  /** The last time of each group. */
  readonly #times = new Map<string | number, number>()
  #rows = 0

  /** @param source how messages call the source of the rows */
  constructor({ input, preprocessing }: Manifest, window: RowWindow, source?: string) {
    this.#window = window
    this.#source = source
    this.#stream = new WindowStream(window.size)
    this.#inputs = input.kind === 'table' ? columnInputs(input.columns, preprocessing as TablePreprocessing) : []
    const byName = new Map(this.#inputs.map((column) => [column.name, column]))
    this.#ownInputs = window.columns.map((name) => ({ ...byName.get(`${name}@0`)!, name }))
  }

  /**
   * The windows of further rows. A row before the first full window of its group is marked as invalid, and so is one
   * with an invalid row in its window.
   *
   * @param order groups and times of these rows; default: the columns that the model names, in the batch
   * @throws `data` for rows that are not in the order of their times, and as `encodeTable` and `readOrder`.
   */
  push(batch: RowBatch, options: InputOptions = {}, order: RowOrder = {}): RowInputs {
    const { table, firstRow = this.#rows } = batch
    const { groups, time } = this.#orderOf(batch, firstRow, order)
    if (time) this.#checkOrder(groups, time, firstRow)
    const own = encodeColumns(table, this.#ownInputs, { ...options, firstRow, invalid: batch.invalid })
    const { windows, invalid } = this.#windowsOf(table, own.invalid, firstRow, groups)
    this.#rows = firstRow + table.rows
    // A gap counts in its own row, not in every window that it is in.
    return {
      ...encodeTable(windows, this.#inputs, { invalidRows: 'mark', invalid }),
      invalid,
      ...own.replaced(invalid),
    }
  }

  #windowsOf(
    table: Table,
    invalidRows: ReadonlyMap<number, InvalidRow>,
    firstRow: number,
    groups: RowOrder['groups'],
  ): { readonly windows: Table; readonly invalid: ReadonlyMap<number, InvalidRow> } {
    const { size } = this.#window
    const byName = new Map(table.columns.map((column) => [column.name, column]))
    const marks = new Float64Array(table.rows)
    for (const row of invalidRows.keys()) marks[row] = 1
    const columns: TableColumn[] = [
      ...this.#window.columns.map((name) => byName.get(name)!),
      { name: marker, kind: 'number', values: marks },
    ]
    const { table: wide, rows } = this.#stream.push({ kind: 'table', columns, rows: table.rows }, groups)
    const isMark = ({ name }: TableColumn) => name.startsWith(`${marker}@`)
    const invalidIn = wide.columns.filter(isMark)
    const check = new RowCheck('mark', invalidRows)
    for (let row = 0; row < table.rows; row++) {
      if (rows[row] < size) {
        const found = `${rows[row] - 1} of the ${size - 1} rows before it that its window needs`
        check.reject(row, { reason: 'incomplete-window', message: `row ${firstRow + row + 1} has ${found}` })
      } else if (invalidIn.some(({ values }) => values[row] === 1)) {
        const message = `a row in the window of row ${firstRow + row + 1} could not be read`
        check.reject(row, { reason: 'unusable-window', message })
      }
    }
    return { windows: { ...wide, columns: wide.columns.filter((column) => !isMark(column)) }, invalid: check.invalid }
  }

  #orderOf({ table, passthrough = new Map() }: RowBatch, firstRow: number, order: RowOrder): RowOrder {
    const { group, time } = this.#window
    const named = {
      ...(!order.groups && group !== undefined && { group }),
      ...(!order.time && time !== undefined && { time }),
    }
    const cells = orderColumns(named).map((name): [string, readonly CellValue[]] => {
      const values = passthrough.get(name) ?? cellsOf(table, name)
      if (values) return [name, values]
      throw new TollError(
        'unknown-column',
        `the windows of this model follow column '${name}', which the rows lack: give it with them`,
        { column: name },
      )
    })
    return { ...readOrder(new Map(cells), named, { file: this.#source, firstRow }), ...order }
  }

  #checkOrder(groups: RowOrder['groups'], time: ArrayLike<number>, firstRow: number): void {
    for (let row = 0; row < time.length; row++) {
      const group = groups ? groups[row] : ''
      if (time[row] < (this.#times.get(group) ?? -Infinity)) {
        const place = `${this.#source === undefined ? '' : `${this.#source}, `}row ${firstRow + row + 1}`
        throw new TollError(
          'unordered-rows',
          `${place}: '${this.#window.time ?? 'time'}' is earlier than in a row ` +
            `above${groups ? ' of its group' : ''}; ` +
            'windows need rows in the order of their times',
          { row: firstRow + row, column: this.#window.time, file: this.#source },
        )
      }
      this.#times.set(group, time[row])
    }
  }
}
