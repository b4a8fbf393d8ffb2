// Each kind of table as something DuckDB can select from: CSV and JSON as bare text, so that every cell is judged by
// one rule and a bad one can be named; Parquet and SQL with the types they have.

import type { DuckDBConnection } from '@duckdb/node-api'
import { TollError } from '../../base/index.js'
import { describeDuck, quoteName, quotePath, quoteText } from './duck.js'
import { readHeader, type HeaderOptions } from '../header.js'
import type { TableFile, TextFile } from './locate.js'

/**
 * One file, or one query, as a relation: its SQL and its columns in order, each with the expression that selects it.
 */
export interface Relation {
  readonly name: string
  readonly sql: string
  readonly columns: ReadonlyMap<string, { readonly ref: string; readonly type: string }>
  /** Rows, where the format says so without reading them. */
  readonly rowCount?: number
  /** A text file, whose end must be looked at (see `checkEnd`). */
  readonly textFile?: TextFile
}

/** Every key of a JSON file is a column, wherever it first appears and however rare it is. */
const allKeys = 'sample_size = -1, map_inference_threshold = -1, field_appearance_threshold = 0'

/** The relation of one file. Errors as `readHeader`, and `format` for damaged files. */
export async function relationOf(
  file: TableFile,
  connection: DuckDBConnection,
  options: HeaderOptions,
): Promise<Relation> {
  switch (file.format) {
    case 'csv':
    case 'tsv':
      return delimitedRelation(file, options)
    case 'ndjson':
    case 'json':
      return jsonRelation(file, connection)
    case 'parquet':
      return parquetRelation(file, connection)
  }
}

export async function queryRelation(query: string, connection: DuckDBConnection): Promise<Relation> {
  // The line end keeps a closing comment from swallowing the bracket.
  const sql = `(${query.trim().replace(/[;\s]+$/, '')}\n)`
  return { name: 'the SQL query', sql, columns: await describe(sql, connection, 'the SQL query') }
}

export async function runRows(sql: string, connection: DuckDBConnection, name: string): Promise<unknown[][]> {
  try {
    return await (await connection.run(sql)).getRows()
  } catch (error) {
    throw describeDuck(error, name)
  }
}

function delimitedRelation(file: TableFile, options: HeaderOptions): Relation {
  const preset = file.format === 'tsv' ? { delimiter: '\t', ...options } : options
  const { delimiter, names } = readHeader(file.head, file.name, file.whole, preset)
  // Positional names, since DuckDB's own ignore case: `a` and `A` are two columns of a CSV file.
  const types = names.map((_, i) => `'c${i}': 'VARCHAR'`).join(', ')
  const sql =
    `read_csv(${quotePath(file.path)}, auto_detect = false, header = ${options.header !== false}, delim = ` +
    `${quoteText(delimiter)}, ` +
    `quote = '"', escape = '"', compression = '${file.gzip ? 'gzip' : 'none'}', columns = {${types}})`
  const columns = new Map(names.map((name, i) => [name, { ref: `c${i}`, type: 'VARCHAR' }]))
  return { name: file.name, sql, columns, textFile: { path: file.path, gzip: file.gzip, lines: true } }
}

async function jsonRelation(file: TableFile, connection: DuckDBConnection): Promise<Relation> {
  const format = file.format === 'ndjson' ? 'newline_delimited' : 'auto'
  const common = `${quotePath(file.path)}, format = '${format}', compression = '${file.gzip ? 'gzip' : 'uncompressed'}'`
  const names = [...(await describe(`read_json(${common}, ${allKeys})`, connection, file.name)).keys()]
  await checkKeys(names, common, connection, file.name)
  const types = names.map((name) => `${quoteText(name)}: 'VARCHAR'`).join(', ')
  const columns = new Map(names.map((name) => [name, { ref: quoteName(name), type: 'VARCHAR' }]))
  return {
    name: file.name,
    sql: `read_json(${common}, columns = {${types}})`,
    columns,
    ...(file.gzip && { textFile: { path: file.path, gzip: true, lines: false } }),
  }
}

/** DuckDB's names ignore case: of `id` and `Id` it makes `id` and `Id_1`, and reads the second nowhere. */
async function checkKeys(
  names: readonly string[],
  file: string,
  connection: DuckDBConnection,
  name: string,
): Promise<void> {
  const known = new Set(names.map((key) => key.toLowerCase()))
  const renamed = names.some((key) => /_\d+$/.test(key) && known.has(key.replace(/_\d+$/, '').toLowerCase()))
  if (!renamed) return
  const rows = await runRows(
    `SELECT DISTINCT unnest(json_keys(json)) AS key FROM read_json_objects(${file}) ORDER BY key`,
    connection,
    name,
  )
  const byCase = new Map<string, string>()
  for (const [key] of rows.map((row) => row.map(String))) {
    const other = byCase.get(key.toLowerCase())
    if (other !== undefined)
      throw new TollError(
        'duplicate-column',
        `${name} has the keys '${other}' and '${key}', which differ in case only; rename one of them`,
        { file: name, column: key },
      )
    byCase.set(key.toLowerCase(), key)
  }
}

async function parquetRelation(file: TableFile, connection: DuckDBConnection): Promise<Relation> {
  const sql = `read_parquet(${quotePath(file.path)})`
  const columns = await describe(sql, connection, file.name)
  const rows = await runRows(
    `SELECT num_rows FROM parquet_file_metadata(${quotePath(file.path)})`,
    connection,
    file.name,
  )
  return { name: file.name, sql, columns, rowCount: Number(rows[0][0]) }
}

async function describe(
  sql: string,
  connection: DuckDBConnection,
  name: string,
): Promise<Map<string, { ref: string; type: string }>> {
  const rows = await runRows(`DESCRIBE SELECT * FROM ${sql}`, connection, name)
  return new Map(rows.map(([column, type]) => [String(column), { ref: quoteName(String(column)), type: String(type) }]))
}
