// What the columns of a text file hold, judged by its first rows: the same cells, read the same way, as when the table
// is used.

import type { DuckDBConnection } from '@duckdb/node-api'
import { looksLikeTime } from '../../base/index.js'
import { flagOf, kindOfCells, missingValues, sampledRows, type CellCounts } from '../cells.js'
import { missingStrings, type CellOptions, type SourceColumn } from '../columns.js'
import { doublesOf, quoteText, runRows, validityOf } from './duck.js'
import type { Relation } from './relation.js'
import { selectColumn } from './request.js'
import { fetchChunks } from './stream.js'

/** Columns that are sampled together: vectors of many more would take gigabytes. */
const sampledTogether = 2048

/** The columns of a text file with the kinds that their first rows suggest (see `SourceColumn`). */
export async function sampleColumns(
  relation: Relation,
  connection: DuckDBConnection,
  cell: CellOptions,
): Promise<SourceColumn[]> {
  const columns = [...relation.columns].map(([name, { type }]): SourceColumn => ({ name, type, kind: 'category' }))
  const rows = sampledRows(columns.length)
  const kinds: SourceColumn[] = []
  for (let from = 0; from < columns.length; from += sampledTogether) {
    const some = columns.slice(from, from + sampledTogether)
    const refs = some.map(({ name }) => relation.columns.get(name)!.ref)
    const head = { ...relation, sql: `(SELECT ${refs.join(', ')} FROM ${relation.sql} LIMIT ${rows})` }
    kinds.push(...(await sampleSome(head, some, rows, connection, cell)))
  }
  return kinds
}

/**
 * Columns of texts in a query over text files whose first values are all numbers, some with a plus sign: DuckDB, which
 * types the columns of such files itself, takes `+1.5` for a text.
 */
export async function signedNumbers(
  { sql, columns, ofText, name }: Relation,
  connection: DuckDBConnection,
  { missing = missingStrings }: CellOptions,
): Promise<ReadonlySet<string>> {
  const texts = ofText ? [...columns].filter(([, { type }]) => type === 'VARCHAR') : []
  if (texts.length === 0) return new Set()
  const gaps = ['', ...missing].map(quoteText).join()
  const tests = texts.map(
    ([, { ref }]) =>
      `bool_and(${ref} IS NULL OR trim(${ref}) IN (${gaps}) OR regexp_full_match(trim(${ref}), ` +
      `'[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?')) AND bool_or(starts_with(trim(${ref}), '+'))`,
  )
  const rows = await runRows(
    `SELECT ${tests.join()} FROM (SELECT * FROM ${sql} LIMIT ${sampledRows(columns.size)})`,
    connection,
    name,
  )
  return new Set(texts.filter((_, i) => rows[0][i] === true).map(([column]) => column))
}

async function sampleSome(
  head: Relation,
  columns: readonly SourceColumn[],
  rows: number,
  connection: DuckDBConnection,
  cell: CellOptions,
): Promise<SourceColumn[]> {
  const missing = new Set(['', ...(cell.missing ?? missingStrings)])
  const missingNumbers = missingValues('number', cell)
  const counts = columns.map((): CellCounts => ({ present: 0, numbers: 0, flags: 0, times: 0 }))
  const numbers = columns.map((column) => selectColumn(column, 'number', head.name))
  for await (const { chunk, rows: count } of fetchChunks(
    head,
    { columns: numbers, passthrough: [], invalidRows: 'mark', batchRows: rows, cell },
    connection,
  )) {
    counts.forEach((kinds, c) => {
      const valid = validityOf(chunk.getColumnVector(c))
      const values = missingNumbers.length > 0 ? doublesOf(chunk.getColumnVector(c)) : undefined
      for (let i = 0; i < count; i++) {
        const number = valid === undefined || (valid[i >> 5] >>> (i & 31)) & 1
        const text = number ? null : chunk.getColumnVector(columns.length + c).getItem(i)
        if (!number && (typeof text !== 'string' || missing.has(text.trim()))) continue
        if (number && values && missingNumbers.includes(values[i])) continue
        kinds.present++
        if (typeof text !== 'string') kinds.numbers++
        else if (flagOf(text.trim()) !== undefined) kinds.flags++
        else if (looksLikeTime(text.trim())) kinds.times++
      }
    })
  }
  return columns.map(({ name, type }, c) => {
    const { present, numbers, flags, times } = counts[c]
    return {
      name,
      type,
      kind: kindOfCells(counts[c]),
      ...(present > 0 && {
        readable: { number: numbers / present, boolean: (flags + numbers) / present, time: times / present },
      }),
    }
  })
}
