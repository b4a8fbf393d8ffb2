// How a cell of a text file is judged: by the same rules in every reader.

import { parseTime, type Column, type ColumnKind, type ErrorReason, type RowCheck } from '../base/index.js'
import type { CellOptions } from './columns.js'

/** 1 for true, 0 for false, in any case. */
export function flagOf(text: string): number | undefined {
  return { true: 1, false: 0 }[text.toLowerCase()]
}

/**
 * The number of a cell: decimal, with an exponent, `inf` and `nan` in any case. Where the comma is the decimal sign a
 * point is none: `1.234` may be a thousand there.
 */
export function numberOf(text: string, decimal: CellOptions['decimal'] = '.'): number | undefined {
  if (decimal === ',' && text.includes('.')) return undefined
  const plain = decimal === ',' ? text.replace(',', '.') : text
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) return Number(plain)
  const word = /^([+-]?)(inf|infinity|nan)$/i.exec(plain)
  if (!word) return undefined
  return word[2].toLowerCase() === 'nan' ? NaN : word[1] === '-' ? -Infinity : Infinity
}

/**
 * What stands for a missing value in a column of this kind, besides texts that are none of its values: -999 is missing
 * where `-999` is, however it is written or typed.
 */
export function missingValues(kind: ColumnKind, { missing = [], decimal }: CellOptions): readonly number[] {
  const valueOf = (text: string) =>
    kind === 'time' ? parseTime(text) : (numberOf(text, decimal) ?? (kind === 'boolean' ? flagOf(text) : undefined))
  return kind === 'category' ? [] : missing.flatMap((text) => valueOf(text) ?? [])
}

/** What the first cells of a column look like; those that mean a missing value are not counted. */
export interface CellCounts {
  present: number
  numbers: number
  flags: number
  times: number
}

/** Rows at the beginning of a text file that decide what its columns hold. */
export function sampledRows(columns: number): number {
  return Math.ceil(Math.min(maxSampledRows, sampledCells / columns))
}

const sampledCells = 1_000_000
const maxSampledRows = 10_000

/** What a column holds, as `SourceColumn` says. */
export function kindOfCells({ present, numbers, flags, times }: CellCounts): ColumnKind {
  if (present === 0 || numbers > present / 2) return 'number'
  return flags === present ? 'boolean' : times > present / 2 ? 'time' : 'category'
}

/** What a cell should be, for messages. */
const expected: Readonly<Record<ColumnKind, string>> = {
  number: 'a finite number',
  boolean: 'true or false',
  time: 'a date or time such as 2024-05-31 or 2024-05-31T13:00:00Z',
  category: 'a text',
}

/** Where a cell is: `row` counts from 0 within its file. */
export interface CellPlace extends Pick<CellOptions, 'decimal'> {
  readonly column: Column
  readonly file: string
  readonly row: number
}

/** Rejects the row `row` of what is being read for a cell that is not of its column's kind. */
export function rejectCell(check: RowCheck, row: number, text: string, place: CellPlace): void {
  const { file, decimal, column } = place
  const { name, kind } = column
  const shown = text.length > 40 ? `${text.slice(0, 37)}...` : text
  const comma = kind === 'number' && decimal !== ',' && /^[+-]?\d+,\d+$/.test(text)
  const flag = kind === 'number' && flagOf(text) !== undefined
  const message =
    `${file}, row ${place.row + 1}: column '${name}' holds '${shown}', which is not ` +
    `${expected[kind]}${comma ? '; with a decimal comma it is one' : ''}`
  check.reject(
    row,
    { reason: comma ? 'decimal-comma' : wrongCell(kind, text), message, column: name },
    {
      file,
      row: place.row,
      value: text,
      expected: expected[kind],
      ...(comma ? { option: 'decimal', suggestion: ',' } : { option: 'missing' }),
      advice: `correct it, leave the column out, ${flag ? 'read it as boolean, ' : ''}or declare the text as missing`,
    },
  )
}

function wrongCell(kind: ColumnKind, text: string): ErrorReason {
  if (kind === 'boolean') return 'not-a-boolean'
  if (kind === 'time') return 'not-a-time'
  return text === 'infinity' || text === '-infinity' ? 'not-finite' : 'not-a-number'
}
