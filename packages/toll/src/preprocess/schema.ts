// Which columns of a table a model learns from, and as what kind. Left out, with the reason, is what cannot say
// anything of a new row: a column that never changes, one without values, and categories that are different in nearly
// every row, such as keys.

import * as v from 'valibot'
import {
  TollError,
  namesOf,
  parseTime,
  type CategoryColumn,
  type ColumnKind,
  type Infer,
  type NumericColumn,
  type NumericKind,
  type Table,
  type TableColumn,
} from '../base/index.js'

export const leftOut = v.object({ name: v.string(), reason: v.picklist(['constant', 'identifier', 'empty']) })

/** A column that a model does not take, and why. */
export type LeftOut = Infer<typeof leftOut>

export interface Schema {
  /** The columns to learn from, each of the kind that it is learned as. */
  readonly table: Table
  readonly leftOut: readonly LeftOut[]
}

/** Categories are a key when they are more than this many and more than half as many as the rows that have one. */
const minIdentifiers = 20

/**
 * Infers what each column is. A column that `types` names is taken as what it says there, whatever it holds.
 *
 * @throws `not-found` for a name in `types` that is no column; `data` for values that cannot be what `types` says (with
 * the row), and when no column is left.
 */
export function inferSchema(given: Table, types: Readonly<Record<string, ColumnKind>> = {}): Schema {
  const unknown = Object.keys(types).find((name) => given.columns.every((column) => column.name !== name))
  if (unknown !== undefined)
    throw new TollError(
      'unknown-column',
      `there is no column '${unknown}' to take as ${types[unknown]}; the table has ` +
        namesOf(given.columns.slice(0, 20)).join(', '),
      { column: unknown, option: 'types', expected: namesOf(given.columns) },
    )
  const asked = given.columns.map((column) =>
    Object.hasOwn(types, column.name) ? columnAs(column, types[column.name]) : column,
  )
  const leftOut = asked.flatMap((column): LeftOut[] => {
    const reason = Object.hasOwn(types, column.name) ? undefined : reasonAgainst(column)
    return reason ? [{ name: column.name, reason }] : []
  })
  // A table of constants alone, such as one of a single row, is learned as it is.
  const useless = leftOut.some(({ reason }) => reason !== 'constant') || leftOut.length < asked.length
  const gone = new Set(useless ? leftOut.map(({ name }) => name) : [])
  const kept = asked.filter(({ name }) => !gone.has(name))
  if (kept.length === 0) {
    throw new TollError(
      'no-columns',
      `no column is left to learn from: ${leftOut
        .slice(0, 8)
        .map(({ name, reason }) => `${name} (${reason})`)
        .join(', ')}; say what a column is with types, such as category`,
      { columns: leftOut.map(({ name }) => name), option: 'types' },
    )
  }
  return { table: { ...given, columns: kept }, leftOut: leftOut.filter(({ name }) => gone.has(name)) }
}

/** Without the columns that have no value in the rows that train. Error: `data` when no column is left. */
export function dropEmpty(table: Table, training: readonly number[], leftOut: readonly LeftOut[]): Schema {
  const kept = table.columns.filter(({ values }) => !training.every((row) => Number.isNaN(values[row])))
  if (kept.length === table.columns.length) return { table, leftOut }
  if (kept.length === 0)
    throw new TollError('no-columns', `no column has a value in the ${training.length} rows that train`, {
      columns: namesOf(table.columns),
    })
  const empty = namesOf(table.columns.filter((column) => !kept.includes(column)))
  return {
    table: { ...table, columns: kept },
    leftOut: [...leftOut, ...empty.map((name) => ({ name, reason: 'empty' }) as const)],
  }
}

/** The columns `indices`, in that order. */
export function selectColumns(table: Table, indices: readonly number[]): Table {
  return { ...table, columns: indices.map((i) => table.columns[i]) }
}

function reasonAgainst({ kind, values }: TableColumn): LeftOut['reason'] | undefined {
  const maxDistinct = kind === 'category' ? Infinity : 2
  const seen = new Set<number>()
  let missing = 0
  for (const value of values) {
    if (Number.isNaN(value)) missing++
    else if (seen.size < maxDistinct) seen.add(value)
  }
  const present = values.length - missing
  if (present === 0) return 'empty'
  if (kind === 'category' && seen.size > minIdentifiers && seen.size > present / 2) return 'identifier'
  // Where some are missing, that is what changes.
  return seen.size === 1 && missing === 0 ? 'constant' : undefined
}

/** The column as one of this kind. Error: `data`, with the row, for a category that is no value of the kind. */
export function columnAs(column: TableColumn, kind: 'category'): CategoryColumn
export function columnAs(column: TableColumn, kind: ColumnKind): TableColumn
export function columnAs(column: TableColumn, kind: ColumnKind): TableColumn {
  if (kind === 'category') return column.kind === 'category' ? column : categoriesOf(column)
  return { name: column.name, kind, values: column.kind === 'category' ? numbersOf(column, kind) : column.values }
}

/** Numbers as the strings that they print as. */
function categoriesOf({ name, kind, values }: NumericColumn): CategoryColumn {
  const codes = new Map<number, number>()
  const coded = values.map((value) => {
    if (Number.isNaN(value)) return NaN
    const code = codes.get(value) ?? codes.size
    codes.set(value, code)
    return code
  })
  const print = (value: number) => (kind === 'boolean' ? String(value === 1) : String(value))
  return { name, kind: 'category', values: coded, categories: Array.from(codes.keys(), print) }
}

function numbersOf({ name, values, categories }: CategoryColumn, kind: NumericKind): Float64Array {
  const read = (text: string) =>
    kind === 'time'
      ? (parseTime(text.trim()) ?? NaN)
      : kind === 'boolean' && /^(true|false)$/i.test(text)
        ? Number(text.toLowerCase() === 'true')
        : Number(text)
  const numbers = categories.map(read)
  const expected = { number: 'a number', boolean: 'true or false', time: 'a time' }[kind]
  const reason = ({ number: 'not-a-number', boolean: 'not-a-boolean', time: 'not-a-time' } as const)[kind]
  return values.map((code, row) => {
    if (Number.isNaN(code)) return NaN
    if (!Number.isFinite(numbers[code]))
      throw new TollError(
        reason,
        `column '${name}' holds '${categories[code].slice(0, 40)}' in row ${row + 1}; expected ${expected}`,
        { row, column: name, option: 'types', value: categories[code], expected },
      )
    return numbers[code]
  })
}
