// Questions in SQL to records that are in memory: DuckDB reads them as lines of JSON, so that nested parts become
// structs and lists.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TollError } from '../../base/index.js'
import { cannotWrite, makeTemporary } from '../../base/node/index.js'
import { connect, oneLineOf, quoteName, quotePath } from './duck.js'

/** Lists and structs are nested. */
export type QueryValue =
  string | number | boolean | null | readonly QueryValue[] | { readonly [name: string]: QueryValue }

export interface QueryResult {
  readonly columns: readonly string[]
  /** Integers beyond 2^53 and dates are text; NaN and infinity are null. */
  readonly rows: readonly (readonly QueryValue[])[]
}

export interface Query {
  /** Readable as the table `records`; at least one. */
  readonly records: readonly object[]
  /** Views over `records` and the views before them, by name. */
  readonly views?: Readonly<Record<string, string>>
  /** One statement that gives rows. */
  readonly sql: string
}

/** Errors: `argument` for SQL that DuckDB does not take, with its words; `data` for no records; `io`. */
export async function queryRecords({ records, views = {}, sql }: Query): Promise<QueryResult> {
  if (records.length === 0) throw new TollError('no-rows', 'there are no records to query', { option: 'records' })
  const folder = await makeTemporary()
  const file = join(folder.path, 'records.ndjson')
  const connection = await connect('all')
  try {
    await writeFile(file, records.map((record) => `${JSON.stringify(record)}\n`).join('')).catch((error: unknown) =>
      Promise.reject(cannotWrite(error, file)),
    )
    // The whole file decides the types: a field may be empty in the first records and full in later ones.
    await connection.run(
      `CREATE TABLE records AS FROM read_json(${quotePath(file)}, format = 'newline_delimited', sample_size ` +
        '= -1, maximum_object_size = 67108864)',
    )
    for (const [name, view] of Object.entries(views)) await connection.run(`CREATE VIEW ${quoteName(name)} AS ${view}`)
    const reader = await connection.runAndReadAll(sql).catch((error: unknown) => {
      throw new TollError('invalid-query', `the query failed: ${oneLineOf(error)}`, {
        option: 'sql',
        value: sql,
        cause: error,
      })
    })
    return { columns: reader.columnNames(), rows: reader.getRowsJS().map((row) => row.map(plain)) }
  } finally {
    connection.closeSync()
    await folder.remove()
  }
}

function plain(value: unknown): QueryValue {
  if (value === null || value === undefined) return null
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(plain)
  if (Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]))
  return JSON.stringify(value) ?? null
}
