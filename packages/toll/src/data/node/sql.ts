// A query as DuckDB is to run it: what it reads of text files gets types that hold for the whole file, and what DuckDB
// would pass over without a word is an error. The places in the text are those that DuckDB's own parser tells.

import type { DuckDBConnection } from '@duckdb/node-api'
import { TollError } from '../../base/index.js'
import { isAddress, refuseAddresses } from './address.js'
import { checkDepth } from './json-depth.js'
import { quoteName, quoteText, runRows } from './duck.js'

/** A file that a query reads, and where. */
interface FileUse {
  /** The paths and patterns, as they stand there. */
  readonly files: readonly string[]
  /** The reading function, or none where the file's name stands for a table. */
  readonly reader?: string
  /** Names of the options that are given. */
  readonly options: readonly string[]
  /** Byte of the query at which it begins. */
  readonly at: number
  readonly alias: string
}

/** How messages call a query. */
export const queryName = 'the SQL query'

/**
 * The query, reading whole files of text for their types. A query that is no SELECT comes back as it is.
 * Errors: `lines-outside-table`, `network-refused`.
 */
export async function prepareQuery(
  query: string,
  connection: DuckDBConnection,
  allowNetwork: boolean,
): Promise<{ sql: string; files: string[]; ofText: boolean }> {
  const [[text]] = await runRows(`SELECT json_serialize_sql(${quoteText(query)})`, connection, queryName)
  const uses = filesIn(JSON.parse(String(text)) as unknown)
  const named = uses.flatMap((use) => use.files)
  if (!allowNetwork) refuseAddresses(named)
  let sql = Buffer.from(query)
  // What the parser made itself has no place.
  const placed = uses.filter((use) => readsText(use) && use.at < sql.length)
  for (const use of placed.sort((a, b) => b.at - a.at)) {
    const end = endOf(sql, use)
    const call = callOf(use, sql.subarray(use.at, end).toString())
    if (/^read_csv/i.test(call) && !use.options.includes('skip')) await refuseSkipped(call, use.files[0], connection)
    // A file that stands for a table is called by its name.
    const name = use.reader === undefined && use.alias === '' ? ` AS ${quoteName(stem(use.files[0]))}` : ''
    sql = Buffer.concat([sql.subarray(0, use.at), Buffer.from(call + name), sql.subarray(end)])
  }
  const files: string[] = []
  for (const name of named) files.push(...(await expanded(name, connection)))
  for (const file of files.filter((name) => jsonFile.test(name) && !isAddress(name)))
    await checkDepth({ path: file, name: file, gzip: /\.gz$/i.test(file) }, /\.(ndjson|jsonl)(\.gz)?$/i.test(file))
  return { sql: sql.toString(), files, ofText: uses.some(readsText) }
}

async function expanded(name: string, connection: DuckDBConnection): Promise<string[]> {
  if (!/[*?[]/.test(name) || isAddress(name)) return [name]
  return (await runRows(`SELECT file FROM glob(${quoteText(name)})`, connection, queryName)).map(([file]) =>
    String(file),
  )
}

const jsonFile = /\.(ndjson|jsonl|json)(\.gz)?$/i
const textFile = /\.(csv|tsv|txt|tab|ndjson|jsonl|json)(\.gz|\.zst)?$/i
const textReaders = /^read_(csv|csv_auto|json|json_auto|ndjson|ndjson_auto)$/i

function readsText({ files, reader }: FileUse): boolean {
  return reader === undefined ? textFile.test(files[0]) : textReaders.test(reader) && files.length > 0
}

/** The call of a reader that takes types from the whole file; `text` is what stands there. */
function callOf({ reader, files: [file], options }: FileUse, text: string): string {
  const call = reader === undefined ? `${/json/i.test(file) ? 'read_json' : 'read_csv'}(${quoteText(file)})` : text
  return options.includes('sample_size') ? call : `${call.slice(0, -1)}, sample_size = -1)`
}

function stem(file: string): string {
  return file.replace(/^.*[\\/]/, '').replace(/\..*$/, '')
}

type Node = Readonly<Record<string, unknown>>

/** What a serialized statement reads, wherever it does. */
function filesIn(value: unknown): FileUse[] {
  if (Array.isArray(value)) return value.flatMap(filesIn)
  if (typeof value !== 'object' || value === null) return []
  const node = value as Node
  const inner = Object.values(node).flatMap(filesIn)
  const [at, alias] = [Number(node.query_location), typeof node.alias === 'string' ? node.alias : '']
  if (node.type === 'BASE_TABLE' && node.schema_name === '' && /[./\\]/.test(String(node.table_name)))
    return [...inner, { files: [String(node.table_name)], options: [], at, alias }]
  if (node.type !== 'TABLE_FUNCTION') return inner
  const { function_name: reader, children } = node.function as Node
  const parameters = children as readonly Node[]
  const options = parameters.flatMap(({ type, left }) =>
    type === 'COMPARE_EQUAL' ? (((left as Node).column_names as readonly string[] | undefined) ?? []) : [],
  )
  return [
    ...inner,
    {
      files: stringsIn(parameters[0]),
      reader: String(reader),
      options: options.map((name) => name.toLowerCase()),
      at: Number((node.function as Node).query_location),
      alias,
    },
  ]
}

/** The constant strings of an expression: a path, or a list of them. */
function stringsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  const node = value as Node
  if (node.class === 'CONSTANT') {
    const { value: constant } = node.value as Node
    return typeof constant === 'string' ? [constant] : []
  }
  return Array.isArray(node.children) ? node.children.flatMap(stringsIn) : []
}

/** Where the name of a table, or the call of a function, ends. */
function endOf(sql: Uint8Array, { at, reader }: FileUse): number {
  // Latin-1 keeps bytes and characters alike.
  const text = Buffer.from(sql).toString('latin1')
  const token = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|--[^\n]*|\/\*[\s\S]*?\*\/|[\s\S]/g
  token.lastIndex = at
  let depth = 0
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    if (match[0] === '(') depth++
    if (match[0] === ')') depth--
    if (reader === undefined || (match[0] === ')' && depth === 0)) return token.lastIndex
  }
  return text.length
}

/** DuckDB passes over lines that do not look like the others. */
async function refuseSkipped(call: string, file: string, connection: DuckDBConnection): Promise<void> {
  const sniffing = `SELECT SkipRows FROM sniff_csv${call.slice(call.indexOf('('))}`
  // What cannot be sniffed so is for the query itself to refuse.
  const rows = await runRows(sniffing, connection, queryName).catch(() => [])
  const skipped = Number(rows[0]?.[0] ?? 0)
  if (skipped > 0)
    throw new TollError(
      'lines-outside-table',
      `${file}: the query would pass over the first ${skipped} lines without a word; write read_csv('${file}', ` +
        `skip = ${skipped}) if they are no part of the table`,
      { file, option: 'sql', suggestion: skipped },
    )
}
