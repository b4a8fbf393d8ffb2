// Which columns of a table a model learns from, and as what: numbers, yes or no, categories, times. Left out, with the
// reason, is what cannot say anything of a new row: a column that never changes, one without values, and texts that are
// different in nearly every row, such as keys.

import { TollError, parseTime, type ColumnMeaning, type Table } from '../base/index.js'
import type { FeatureKind } from './summary.js'

export interface LeftOut {
  readonly name: string
  readonly reason: 'constant' | 'identifier' | 'empty'
}

export interface Schema {
  /** The columns to learn from, with the meanings that they are to have. */
  readonly table: Table
  readonly leftOut: readonly LeftOut[]
}

/** Texts are a key when they are more than this many and more than half as many as the rows that have one. */
const fewestIdentifiers = 20

/**
 * Infers what each column is. A column that `types` names is taken as what it says there, whatever it holds.
 *
 * @throws `not-found` for a name in `types` that is no column; `data` for values that cannot be what `types` says (with
 * the row), and when no column is left.
 */
export function inferSchema(given: Table, types: Readonly<Record<string, FeatureKind>> = {}): Schema {
  const unknown = Object.keys(types).find((name) => !given.names.includes(name))
  if (unknown !== undefined)
    throw new TollError(
      'unknown-column',
      `there is no column '${unknown}' to take as ${types[unknown]}; the table has ` +
        `${given.names.slice(0, 20).join(', ')}`,
      { column: unknown, option: 'types', expected: given.names },
    )
  const asked = convert(given, types)
  const leftOut = asked.names.flatMap((name, i): LeftOut[] => {
    const reason = name in types ? undefined : reasonAgainst(asked.columns[i], asked.meanings?.get(name))
    return reason ? [{ name, reason }] : []
  })
  // A table of constants alone, such as one of a single row, is learned as it is.
  const useless = leftOut.some(({ reason }) => reason !== 'constant') || leftOut.length < asked.names.length
  const gone = new Set(useless ? leftOut.map(({ name }) => name) : [])
  const kept = asked.names.flatMap((name, i) => (gone.has(name) ? [] : [i]))
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
  return { table: selectColumns(asked, kept), leftOut: leftOut.filter(({ name }) => gone.has(name)) }
}

/** Without the columns that have no value in the rows that train. Error: `data` when no column is left. */
export function dropEmpty(table: Table, training: readonly number[], leftOut: readonly LeftOut[]): Schema {
  const empty = new Set(table.names.filter((_, i) => training.every((row) => Number.isNaN(table.columns[i][row]))))
  if (empty.size === 0) return { table, leftOut }
  if (empty.size === table.names.length)
    throw new TollError('no-columns', `no column has a value in the ${training.length} rows that train`, {
      columns: table.names,
    })
  return {
    table: selectColumns(
      table,
      table.names.flatMap((name, i) => (empty.has(name) ? [] : [i])),
    ),
    leftOut: [...leftOut, ...[...empty].map((name) => ({ name, reason: 'empty' }) as const)],
  }
}

/** The columns at these places. */
export function selectColumns({ names, columns, rows, meanings }: Table, places: readonly number[]): Table {
  const kept = places.map((i) => names[i])
  const known = kept.flatMap((name) => (meanings?.has(name) ? [[name, meanings.get(name)!] as const] : []))
  return {
    kind: 'table',
    names: kept,
    columns: places.map((i) => columns[i]),
    rows,
    ...(known.length > 0 && { meanings: new Map(known) }),
  }
}

function reasonAgainst(column: Float64Array, meaning: ColumnMeaning | undefined): LeftOut['reason'] | undefined {
  const mostDistinct = meaning?.kind === 'text' ? Infinity : 2
  const seen = new Set<number>()
  let missing = 0
  for (const value of column) {
    if (Number.isNaN(value)) missing++
    else if (seen.size < mostDistinct) seen.add(value)
  }
  const present = column.length - missing
  if (present === 0) return 'empty'
  if (meaning?.kind === 'text' && seen.size > fewestIdentifiers && seen.size > present / 2) return 'identifier'
  // Where some are missing, that is what changes.
  return seen.size === 1 && missing === 0 ? 'constant' : undefined
}

function convert(given: Table, types: Readonly<Record<string, FeatureKind>>): Table {
  if (Object.keys(types).length === 0) return given
  const meanings = new Map(given.meanings)
  const columns = given.names.map((name, i) => {
    const kind = name in types ? types[name] : undefined
    if (kind === undefined) return given.columns[i]
    const { column, meaning } = columnAs(given, i, kind)
    if (meaning) meanings.set(name, meaning)
    else meanings.delete(name)
    return column
  })
  return { ...given, columns, meanings }
}

/** Column `i` as what `kind` says. Errors: `data` with the row. */
export function columnAs(
  { names, columns, meanings }: Table,
  i: number,
  kind: FeatureKind,
): { column: Float64Array; meaning?: ColumnMeaning } {
  const [name, column, meaning] = [names[i], columns[i], meanings?.get(names[i])]
  if (kind === 'category') {
    if (meaning?.kind === 'text') return { column, meaning }
    const codes = new Map<number, number>()
    const coded = column.map((value) => {
      if (Number.isNaN(value)) return NaN
      const code = codes.get(value) ?? codes.size
      codes.set(value, code)
      return code
    })
    const textOf = (value: number) => (meaning?.kind === 'boolean' ? String(value === 1) : String(value))
    return { column: coded, meaning: { kind: 'text', texts: Array.from(codes.keys(), textOf) } }
  }
  const numbers = meaning?.kind === 'text' ? numbersOf(name, column, meaning.texts, kind) : column
  return { column: numbers, ...(kind !== 'number' && { meaning: { kind } }) }
}

function numbersOf(
  name: string,
  column: Float64Array,
  texts: readonly string[],
  kind: Exclude<FeatureKind, 'category'>,
): Float64Array {
  const read = (text: string) =>
    kind === 'time'
      ? (parseTime(text.trim()) ?? NaN)
      : kind === 'boolean' && /^(true|false)$/i.test(text)
        ? Number(text.toLowerCase() === 'true')
        : Number(text)
  const values = texts.map(read)
  const expected = { number: 'a number', boolean: 'true or false', time: 'a time' }[kind]
  const reason = ({ number: 'not-a-number', boolean: 'not-a-boolean', time: 'not-a-time' } as const)[kind]
  return column.map((code, row) => {
    if (Number.isNaN(code)) return NaN
    if (!Number.isFinite(values[code]))
      throw new TollError(
        reason,
        `column '${name}' holds '${texts[code].slice(0, 40)}' in row ${row + 1}; expected ${expected}`,
        { row, column: name, option: 'types', value: texts[code], expected },
      )
    return values[code]
  })
}
