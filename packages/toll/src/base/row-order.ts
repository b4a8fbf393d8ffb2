// Which rows belong together and which came first, and how both are read from the cells of columns.

import { TollError } from './errors.js'
import type { CellValue } from './rows.js'
import { parseTime } from './time.js'

export interface RowOrder {
  /** The group of each row, such as a patient or a machine; default: all rows are one. */
  readonly groups?: ArrayLike<string | number>
  /** When each row was, in any unit; default: rows come in order. */
  readonly time?: ArrayLike<number>
}

/** Columns that say it. */
export interface OrderColumns {
  readonly group?: string
  readonly time?: string
}

const secondsOf = { ms: 1e-3, s: 1, min: 60, h: 3600, d: 86_400 } as const

/** Unit of times that are numbers. */
export type TimeUnit = keyof typeof secondsOf
export const timeUnits = Object.keys(secondsOf) as TimeUnit[]

export interface ReadOrderOptions {
  /** Of times that are numbers; default seconds. */
  readonly timeUnit?: TimeUnit
  /** What the rows are from, for errors. */
  readonly file?: string
  /** Rows of the source before these, for errors. */
  readonly firstRow?: number
}

/** The names of the columns, each once. */
export function orderColumns({ group, time }: OrderColumns): string[] {
  return [...new Set([group, time].filter((name) => name !== undefined))]
}

/**
 * Groups as strings, times in seconds: numbers in `timeUnit`, dates and times as in ISO 8601, UTC where they have no
 * zone. `cells` holds the columns by name.
 *
 * @throws `data` for a row without a group (`missing-group`), or with a time that is none (`not-a-time`).
 */
export function readOrder(
  cells: ReadonlyMap<string, readonly CellValue[]>,
  { group, time }: OrderColumns,
  { timeUnit = 's', file, firstRow = 0 }: ReadOrderOptions = {},
): RowOrder {
  const placed = (row: number, column: string) => ({ ...(file !== undefined && { file }), row: firstRow + row, column })
  return {
    ...(group !== undefined && { groups: cells.get(group)!.map((cell, row) => groupOf(cell, placed(row, group))) }),
    ...(time !== undefined && {
      time: Float64Array.from(cells.get(time)!, (cell, row) => timeOf(cell, secondsOf[timeUnit], placed(row, time))),
    }),
  }
}

interface Place {
  readonly file?: string
  readonly row: number
  readonly column: string
}

function groupOf(cell: CellValue, place: Place): string {
  const text = cell === null ? '' : String(cell).trim()
  if (text === '') throw new TollError('missing-group', `${wordsOf(place)} is empty; every row needs a group`, place)
  return text
}

function timeOf(cell: CellValue, seconds: number, place: Place): number {
  const text = typeof cell === 'string' ? cell.trim() : cell
  const number =
    typeof text === 'number' ? text : text === null || text === '' || typeof text === 'boolean' ? NaN : Number(text)
  if (Number.isFinite(number)) return number * seconds
  const moment = parseTime(String(text))
  if (moment !== undefined) return moment
  const expected = 'a number, or a date such as 2024-05-31 or 2024-05-31T13:00:00Z'
  throw new TollError(
    'not-a-time',
    `${wordsOf(place)} holds ` +
      `${cell === null || cell === '' ? 'nothing' : `'${String(cell).slice(0, 40)}'`}, which is ` +
      `no time; expected ${expected}`,
    { ...place, value: cell, expected },
  )
}

function wordsOf({ file, row, column }: Place): string {
  return `${file === undefined ? '' : `${file}, `}row ${row + 1}: column '${column}'`
}
