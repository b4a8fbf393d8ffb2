// Each kind of table as something DuckDB can select from: CSV and JSON as bare text, so that every cell is judged by
// one rule and a bad one can be named; Parquet and SQL with the types they have.

import type { DuckDBConnection } from '@duckdb/node-api'
import { TollError } from '../../base/index.js'
import { checkDepth } from './json-depth.js'
import { quoteName, quotePath, quoteText, runRows } from './duck.js'
import { findDialect, type DialectOptions } from '../dialect.js'
import { startOfLine } from '../records.js'
import { prepareQuery, queryName } from './sql.js'
import { plainCopy, type TableFile, type TextFile } from './locate.js'

/**
 * One file, or one query, as a relation: its SQL and its columns in order, each with the expression that selects it.
 */
export interface Relation {
  readonly name: string
  readonly sql: string
  readonly columns: ReadonlyMap<string, { readonly ref: string; readonly type: string }>
  /** The paths that it reads. */
  readonly files: readonly string[]
  /** Of a query, whether it reads files of text. */
  readonly ofText?: boolean
  /** Rows, where the format says so without reading them. */
  readonly rowCount?: number
  /** Whether a cell may hold an underscore, which DuckDB would skip in a number; default true. */
  readonly underscores?: boolean
  /** A text file, whose end must be looked at (see `checkEnd`). */
  readonly textFile?: TextFile
}

/** Every key of a JSON file is a column, wherever it first appears and however rare it is. */
const allKeys = 'sample_size = -1, map_inference_threshold = -1, field_appearance_threshold = 0, records = true'

/**
 * The relation of one file; `cleanups` gets what must be done when it is no longer needed. Errors as `findDialect`, and
 * `format` for damaged files.
 */
export async function relationOf(
  file: TableFile,
  connection: DuckDBConnection,
  options: DialectOptions,
  cleanups: (() => Promise<void>)[],
): Promise<Relation> {
  switch (file.format) {
    case 'csv':
    case 'tsv':
      return delimitedRelation(file, options, cleanups)
    case 'ndjson':
    case 'json':
      return jsonRelation(file, connection)
    case 'parquet':
      return parquetRelation(file, connection)
  }
}

export async function queryRelation(
  query: string,
  connection: DuckDBConnection,
  allowNetwork: boolean,
): Promise<Relation> {
  const prepared = await prepareQuery(query.trim().replace(/[;\s]+$/, ''), connection, allowNetwork)
  // The line end keeps a closing comment from swallowing the bracket.
  const sql = `(${prepared.sql}\n)`
  return {
    name: queryName,
    sql,
    files: prepared.files,
    ofText: prepared.ofText,
    columns: await describe(sql, connection, queryName),
  }
}

async function delimitedRelation(
  { name, path, format, gzip, head, whole }: TableFile,
  options: DialectOptions,
  cleanups: (() => Promise<void>)[],
): Promise<Relation> {
  const preset = format === 'tsv' ? { delimiter: '\t', ...options } : options
  const { delimiter, names, skip, above, mixedEnds } = findDialect(head, name, whole, preset)
  const { comment, header } = options
  // Latin-1 has a character for each byte.
  const rowsAt = startOfLine(Buffer.from(head).toString('latin1'), above)
  let text: TextFile = { path, gzip, lines: true, rowsAt }
  // DuckDB takes no mixed line ends, and a comment for one in the middle of a line, too.
  if (comment !== undefined || mixedEnds) {
    const copy = await plainCopy({ path, name, gzip }, { comment, above: skip, blanks: names.length > 1 })
    cleanups.push(() => copy.remove())
    text = { path: copy.path, gzip: false, lines: true, rowsAt: 0 }
  }
  // Positional names, since DuckDB's own ignore case: `a` and `A` are two columns of a CSV file.
  const types = names.map((_, i) => `'c${i}': 'VARCHAR'`).join(', ')
  const sql =
    `read_csv(${quotePath(text.path)}, auto_detect = false, header = ${header !== false}, skip = ${skip}, ` +
    `delim = ${quoteText(delimiter)}, quote = '"', escape = '"', ` +
    `compression = '${text.gzip ? 'gzip' : 'none'}', columns = {${types}})`
  const columns = new Map(names.map((column, i) => [column, { ref: `c${i}`, type: 'VARCHAR' }]))
  return { name, sql, files: [path], columns, textFile: text }
}

async function jsonRelation(file: TableFile, connection: DuckDBConnection): Promise<Relation> {
  await checkDepth(file, file.format === 'ndjson')
  const format = file.format === 'ndjson' ? 'newline_delimited' : 'auto'
  const common = `${quotePath(file.path)}, format = '${format}', compression = '${file.gzip ? 'gzip' : 'uncompressed'}'`
  const names = [...(await describeJson(common, connection, file.name)).keys()]
  await checkKeys(names, common, connection, file.name)
  const types = names.map((name) => `${quoteText(name)}: 'VARCHAR'`).join(', ')
  const columns = new Map(names.map((name) => [name, { ref: quoteName(name), type: 'VARCHAR' }]))
  return {
    name: file.name,
    files: [file.path],
    sql: `read_json(${common}, columns = {${types}})`,
    columns,
    ...(file.gzip && { textFile: { path: file.path, gzip: true, lines: false } }),
  }
}

/** Errors: `malformed-json` for what is no object, with its row; `no-rows`; `no-columns`. */
async function describeJson(file: string, connection: DuckDBConnection, name: string): ReturnType<typeof describe> {
  try {
    return await describe(`read_json(${file}, ${allKeys})`, connection, name)
  } catch (error) {
    if (!(error instanceof TollError) || error.reason !== 'query-failed') throw error
    const objects = `SELECT json, row_number() OVER () AS row FROM read_json_objects(${file})`
    const [other] = await runRows(`${objects} QUALIFY json_type(json) <> 'OBJECT' LIMIT 1`, connection, name)
    if (other !== undefined)
      throw new TollError('malformed-json', `${name}, row ${Number(other[1])}: the JSON is no object`, {
        file: name,
        row: Number(other[1]) - 1,
        cause: error,
      })
    const some = await runRows(`${objects} LIMIT 1`, connection, name)
    throw some.length === 0
      ? new TollError('no-rows', `${name}: there are no rows`, { file: name })
      : new TollError('no-columns', `${name}: there are no columns`, { file: name })
  }
}

/**
 * DuckDB renames what it cannot tell apart, and then reads nothing of it: of `id` and `Id` it makes `id` and `Id_1`, of
 * an empty key `C0`. So where a name may be one of those, the keys are read.
 */
async function checkKeys(
  names: readonly string[],
  file: string,
  connection: DuckDBConnection,
  name: string,
): Promise<void> {
  if (!names.some((key) => /_\d+$|^C\d+$/.test(key))) return
  const rows = await runRows(
    `SELECT DISTINCT unnest(json_keys(json)) AS key FROM read_json_objects(${file}) ORDER BY key`,
    connection,
    name,
  )
  const byCase = new Map<string, string>()
  for (const [key] of rows.map((row) => row.map(String))) {
    if (key === '')
      throw new TollError('unnamed-column', `${name} has an object with an empty key; name it`, { file: name })
    const lower = key.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    const other = byCase.get(lower)
    if (other !== undefined)
      throw new TollError(
        'duplicate-column',
        `${name} has the keys '${other}' and '${key}', which differ in case only; rename one of them`,
        { file: name, column: key },
      )
    byCase.set(lower, key)
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
  return { name: file.name, sql, files: [file.path], columns, rowCount: Number(rows[0][0]) }
}

async function describe(
  sql: string,
  connection: DuckDBConnection,
  name: string,
): Promise<Map<string, { ref: string; type: string }>> {
  const rows = await runRows(`DESCRIBE SELECT * FROM ${sql}`, connection, name)
  return new Map(rows.map(([column, type]) => [String(column), { ref: quoteName(String(column)), type: String(type) }]))
}
