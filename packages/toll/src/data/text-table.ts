// Cells of text as columns of a table: what each column holds is judged by its first cells, as in Node.

import { RowCheck, looksLikeTime, parseTime, type Column, type Table, type TableColumn } from '../base/index.js'
import { flagOf, kindOfCells, missingValues, numberOf, rejectCell, sampledRows, type CellCounts } from './cells.js'
import { chooseColumns, type ColumnChoice } from './choose.js'
import { maxCategories, tooManyCategories } from './categories.js'
import { missingStrings, type CellOptions } from './columns.js'

/** A column as the file has it; null where it has nothing. */
export interface CellColumn {
  readonly name: string
  readonly cells: readonly (string | null)[]
}

/** Errors: `data` for a cell that is not of its column's kind; `not-found`; `argument`. */
export function tableOfCells(columns: readonly CellColumn[], file: string, options: CellOptions & ColumnChoice): Table {
  const missing = new Set(['', ...(options.missing ?? missingStrings)])
  const sample = sampledRows(columns.length)
  const held = columns.map(({ name, cells }): Column => ({
    name,
    kind: kindOf(cells.slice(0, sample), missing, options),
  }))
  const given = new Map(columns.map((column) => [column.name, column]))
  return {
    kind: 'table',
    rows: columns[0].cells.length,
    columns: chooseColumns(held, options, file).map((asked) =>
      readColumn(asked, given.get(asked.name)!, { file, missing, cell: options }),
    ),
  }
}

function kindOf(cells: CellColumn['cells'], missing: ReadonlySet<string>, options: CellOptions): Column['kind'] {
  const missingNumbers = missingValues('number', options)
  const counts: CellCounts = { present: 0, numbers: 0, flags: 0, times: 0 }
  for (const cell of cells) {
    const text = cell?.trim() ?? ''
    const number = numberOf(text, options.decimal)
    if (number === undefined ? missing.has(text) : missingNumbers.includes(number)) continue
    counts.present++
    if (number !== undefined) counts.numbers++
    else if (flagOf(text) !== undefined) counts.flags++
    else if (looksLikeTime(text)) counts.times++
  }
  return kindOfCells(counts)
}

interface Reading {
  readonly file: string
  readonly cell: CellOptions
  readonly missing: ReadonlySet<string>
}

function readColumn(asked: Column, { cells }: CellColumn, { file, missing, cell: options }: Reading): TableColumn {
  const { name, kind } = asked
  const { decimal } = options
  const missingNumbers = missingValues(kind, options)
  if (kind === 'category') return readCategories(name, cells, file, missing)
  const check = new RowCheck()
  const values = new Float64Array(cells.length)
  const valueOf = (text: string): number | undefined => {
    if (kind === 'time') return parseTime(text)
    const number = numberOf(text, decimal) ?? (kind === 'boolean' ? flagOf(text) : undefined)
    return kind === 'boolean' && number !== undefined && number !== 0 && number !== 1 && number === number
      ? undefined
      : number
  }
  cells.forEach((cell, row) => {
    const text = cell?.trim() ?? ''
    const value = valueOf(text)
    if (value !== undefined && missingNumbers.includes(value)) values[row] = NaN
    else if (value !== undefined && value - value === 0) values[row] = value
    else if (Number.isNaN(value) || missing.has(text)) values[row] = NaN
    else rejectCell(check, row, infinityOr(text, value), { column: asked, file, row, decimal })
  })
  return { name, kind, values }
}

/** How an infinite cell is shown, in whatever words it was written. */
function infinityOr(text: string, value: number | undefined): string {
  return value === Infinity ? 'infinity' : value === -Infinity ? '-infinity' : text
}

function readCategories(
  name: string,
  cells: CellColumn['cells'],
  file: string,
  missing: ReadonlySet<string>,
): TableColumn {
  const codes = new Map<string, number>()
  const values = Float64Array.from(cells, (cell) => {
    const text = cell?.trim() ?? ''
    if (missing.has(text)) return NaN
    const code = codes.get(text) ?? codes.size
    codes.set(text, code)
    return code
  })
  if (codes.size > maxCategories) throw tooManyCategories(name, file)
  return { name, kind: 'category', values, categories: [...codes.keys()] }
}
