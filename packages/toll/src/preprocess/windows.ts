// An ordered table as overlapping windows: the sample of a row is the row and those before it, side by side (delay
// embedding, Takens 1981). Columns are called name@lag: a@0 is the row itself, a@1 the row before. No window crosses
// from one group into another.

import {
  TollError,
  integer,
  joinRows,
  resolveParameters,
  takeRows,
  type Table,
  type Values,
  type RowOrder,
} from '../base/index.js'
import { sequencesOf } from './sequences.js'

export const windowParameters = {
  size: integer({ default: 1, min: 1, max: 10_000, doc: 'Rows of a window.' }),
  stride: integer({ default: 1, min: 1, max: 1_000_000, doc: 'Rows from one window to the next.' }),
}

export type WindowSettings = Values<typeof windowParameters>

export interface Windows {
  /** One row per window, size x d columns, the earliest row of the window first. */
  readonly table: Table
  /** Per window, the rows of the source in it, in order. */
  readonly members: readonly Int32Array[]
}

/** Numbers that windows may make of a table: 2 GiB. */
const maxNumbers = 2 ** 28

/** What the columns of windows are called. */
export function windowColumns(names: readonly string[], size: number): string[] {
  return lags(size).flatMap((lag) => names.map((name) => nameAt(name, lag)))
}

/**
 * Windows over the rows of each group. A group with fewer rows than a window gives none.
 *
 * @throws `argument` for a size or stride outside its domain; `data` when no group fills a window, or when the windows
 * would take more than 2^28 numbers; errors as `sequencesOf`.
 */
export function slideWindows(
  source: Table,
  { size: rowsEach = 1, stride: step = 1 }: Partial<WindowSettings>,
  order: RowOrder = {},
): Windows {
  const { size, stride } = resolveParameters(windowParameters, { size: rowsEach, stride: step }, 'window')
  const sequences = sequencesOf(source.rows, order)
  const members: Int32Array[] = []
  for (const rows of sequences)
    for (let start = 0; start + size <= rows.length; start += stride) members.push(rows.subarray(start, start + size))
  if (members.length === 0) {
    const longest = sequences.reduce((most, { length }) => Math.max(most, length), 0)
    throw new TollError(
      'too-few-rows',
      `windows of ${size} rows need as many rows in order, got ` +
        `${longest}${order.groups ? ' in the largest group' : ''}`,
      { option: 'size', value: longest, limit: size },
    )
  }
  const numbers = members.length * size * source.columns.length
  if (numbers > maxNumbers) {
    throw new TollError(
      'too-many-values',
      `${members.length} windows of ${size} rows and ${source.columns.length} columns are ${numbers} ` +
        `numbers, more than the ${maxNumbers} that are taken; choose a larger stride, a smaller window or ` +
        'fewer columns',
      { option: 'stride', value: numbers, limit: maxNumbers },
    )
  }
  return { table: lay(source, members, size), members }
}

/** The columns of every lag beside each other. */
function lay(source: Table, members: readonly Int32Array[], size: number): Table {
  const columns = lags(size).flatMap((lag) => {
    const rows = members.map((window) => window[size - 1 - lag])
    return takeRows(source, rows).columns.map((column) => ({ ...column, name: nameAt(column.name, lag) }))
  })
  return { kind: 'table', columns, rows: members.length, windowSize: size }
}

function nameAt(name: string, lag: number): string {
  return `${name}@${lag}`
}

function lags(size: number): number[] {
  return Array.from({ length: size }, (_, i) => size - 1 - i)
}

/** 1 for rows whose window, which ends in them, holds an anomaly; labels (n), 1 = anomaly. */
export function labelWindows(labels: ArrayLike<number>, size: number, order: RowOrder = {}): Uint8Array {
  const windowed = new Uint8Array(labels.length)
  for (const rows of sequencesOf(labels.length, order)) {
    let last = -Infinity
    rows.forEach((row, index) => {
      if (labels[row] === 1) last = index
      windowed[row] = Number(index - last < size)
    })
  }
  return windowed
}

/** Windows of rows that come batch by batch: of each group only the last rows are kept. */
export class WindowStream {
  readonly #size: number
  readonly #last = new Map<string | number, Table>()

  /** @throws `argument` for a size outside its domain. */
  constructor(size: number) {
    this.#size = resolveParameters(windowParameters, { size }, 'window').size
  }

  /**
   * A window for each row of the batch, which ends in it; `rows` are the rows in its window: fewer than the size, and
   * then missing numbers in their place, before a group has filled one.
   */
  push(batch: Table, groups?: ArrayLike<string | number>): { readonly table: Table; readonly rows: Int32Array } {
    const size = this.#size
    const keys = groups ? [...new Set(Array.from(groups))] : ['']
    const kept = keys.map((key) => this.#last.get(key)).filter((part) => part !== undefined)
    const before = kept.reduce((sum, { rows }) => sum + rows, 0)
    // One row of gaps stands in for rows that never were.
    const parts = [gap(batch), ...kept, batch]
    const all = joinRows(parts) as Table
    const groupOf = groups && [
      ...keys.flatMap((key) => new Array<string | number>(this.#last.get(key)?.rows ?? 0).fill(key)),
      ...Array.from(groups),
    ]
    const sequences = sequencesOf(all.rows - 1, { ...(groupOf && { groups: groupOf }) })
    const members = new Array<Int32Array>(batch.rows)
    const rows = new Int32Array(batch.rows)
    for (const sequence of sequences) {
      for (let end = 0; end < sequence.length; end++) {
        const row = sequence[end] - before
        if (row < 0) continue
        members[row] = Int32Array.from({ length: size }, (_, i) =>
          end - size + 1 + i < 0 ? 0 : sequence[end - size + 1 + i] + 1,
        )
        rows[row] = Math.min(size, end + 1)
      }
      const key = groupOf ? groupOf[sequence[0]] : ''
      this.#last.set(
        key,
        takeRows(
          all,
          sequence.subarray(Math.max(0, sequence.length - size + 1)).map((row) => row + 1),
        ),
      )
    }
    return { table: lay(all, members, size), rows }
  }
}

function gap(like: Table): Table {
  return { ...like, columns: like.columns.map((column) => ({ ...column, values: Float64Array.of(NaN) })), rows: 1 }
}
