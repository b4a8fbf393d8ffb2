// DuckDB as this room uses it: a private in-memory database, quoting, escaped paths, and its errors in our words.

import { availableParallelism } from 'node:os'
import type { DuckDBConnection, DuckDBVector } from '@duckdb/node-api'
import { TollError, invariant, messageOf, type ErrorReason } from '../../base/index.js'
import { loadPackage, temporaryPath } from '../../base/node/index.js'

/** The package. Error: `device` where it is not installed. */
export function loadDuck(): Promise<typeof import('@duckdb/node-api')> {
  return loadPackage('@duckdb/node-api')
}

/**
 * A connection to an empty database that holds at most 768 MB (30 columns take a tenth of it) and spills to the
 * temporary folder; more where more than 2048 columns are read at once: a chunk of 10,000 text columns alone is 320 MB.
 * `threads` is 1 wherever rows are streamed: with more, DuckDB 1.5 hands out the chunks of a streaming result out of
 * file order when the consumer is slow, whatever `preserve_insertion_order` says. Without `allowNetwork` no extension
 * is fetched, and so no address.
 */
export async function connect(threads: 1 | 'all' = 1, columns = 0, allowNetwork = false): Promise<DuckDBConnection> {
  const { DuckDBInstance } = await loadDuck()
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(threads === 'all' ? availableParallelism() : threads),
    memory_limit: `${Math.max(768, Math.ceil(0.375 * columns))}MB`,
    // Of its own: two databases that spill into one folder break each other's files. It is made when it is needed.
    temp_directory: await temporaryPath(),
    autoinstall_known_extensions: String(allowNetwork),
    autoload_known_extensions: String(allowNetwork),
  })
  const connection = await instance.connect()
  // Times with a zone, in a SQL query or as texts, must not depend on where the machine stands.
  await connection.run("SET TimeZone = 'UTC'")
  return connection
}

export async function runRows(sql: string, connection: DuckDBConnection, name: string): Promise<unknown[][]> {
  try {
    return await (await connection.run(sql)).getRows()
  } catch (error) {
    throw describeDuck(error, name)
  }
}

/** A string literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** An identifier. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** The literal of a path in which `*`, `?` and `[` mean themselves. */
export function quotePath(path: string): string {
  return quoteText(path.replace(/[*?[]/g, (char) => `[${char}]`))
}

/** The bare numbers of a float64 vector, without a call per value; what stands at a NULL is undefined. */
export function doublesOf(vector: DuckDBVector): Float64Array {
  const items = 'items' in vector ? vector.items : undefined
  invariant(items instanceof Float64Array, 'a vector of DuckDB that should be DOUBLE is not')
  return items
}

/**
 * The validity bits of a vector, 32 rows a word, a set bit for a value; undefined where no row is NULL.
 * A call per cell costs a second per 20 million cells; the bits cost nothing.
 */
export function validityOf(vector: DuckDBVector): Uint32Array | undefined {
  const mask: unknown = 'validity' in vector ? vector.validity : undefined
  invariant(typeof mask === 'object' && mask !== null && 'data' in mask, 'a vector of DuckDB has no validity mask')
  return mask.data instanceof BigUint64Array
    ? new Uint32Array(mask.data.buffer, mask.data.byteOffset, 2 * mask.data.length)
    : undefined
}

/** What DuckDB said: of an error of the binding its message, which is all that it has. */
function wordsOf(error: unknown): string {
  // eslint-disable-next-line rooms/messages -- DuckDB's errors carry no data: this file is where they are read
  return messageOf(error)
}

/** The lines of what DuckDB said to a query, as one. */
export function oneLineOf(error: unknown): string {
  return wordsOf(error)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .join(' ')
}

/**
 * What DuckDB said, as one sentence that begins with the source's name. Errors: `format` for file content, else `data`.
 */
export function describeDuck(error: unknown, source: string): TollError {
  if (error instanceof TollError) return error
  // Below the message DuckDB prints the query, whose words say nothing of the file.
  const text = wordsOf(error).replace(/\n+LINE \d+:[\s\S]*$/, '')
  const line = /CSV Error on Line: (\d+)/.exec(text)?.[1]
  const where = line ? `${source}, line ${line}` : source
  const details = { file: source, ...(line && { line: Number(line) }), cause: error }
  const ragged = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(text)
  if (ragged) {
    const advice = 'check the delimiter, quotes and missing fields there'
    return new TollError('ragged-row', `${where}: expected ${ragged[1]} values, found ${ragged[2]}; ${advice}`, {
      ...details,
      value: Number(ragged[2]),
      expected: `${ragged[1]} values`,
    })
  }
  const known = contentProblems.find(([pattern]) => pattern.test(text))
  if (known) return new TollError(known[1], `${where}: ${known[2]}`, details)
  const first =
    text
      .replace(/^[A-Z][a-z]+ Error: /, '')
      .split('\n')
      .find((part) => part.trim() !== '') ?? text
  const reason = /^(IO|HTTP) Error|Out of Memory/.test(text) ? 'cannot-read' : 'query-failed'
  return new TollError(reason, `${where}: ${first.trim()}`, details)
}

const contentProblems: readonly (readonly [RegExp, ErrorReason, string])[] = [
  [
    /when sniffing file/i,
    'ragged-row',
    'lines of a file do not split alike; check the delimiter, quotes and missing fields there',
  ],
  [
    /not utf-8 encoded|Invalid unicode/i,
    'not-utf8',
    'the text is not UTF-8; convert it, for example with iconv -t utf-8',
  ],
  [
    /state machine reached an invalid state/i,
    'mixed-line-ends',
    "lines end in different ways (\\n, \\r\\n, \\r); make them alike, for example with tr -d '\\r'",
  ],
  [/unterminated quote/i, 'malformed-quotes', 'a quoted value is never closed'],
  [
    /quote should be followed by/i,
    'malformed-quotes',
    'a quoted value is followed by more text; quotes inside values must be doubled',
  ],
  [/maximum_object_size/i, 'line-too-long', 'a JSON object is longer than 16 MB; is this a table?'],
  [
    /Maximum line size|does not support a full read/i,
    'line-too-long',
    'a line is longer than 2 MB; is this a text table?',
  ],
  [/Malformed JSON|JSON transform error|Invalid Input Error: .*JSON/i, 'malformed-json', 'the JSON is malformed'],
  [
    /magic bytes|Parquet|Thrift|TProtocol|snappy|ZSTD|Decompress|Failed to (read|deserialize)|Invalid string encoding/i,
    'damaged-file',
    'the file is damaged, cut off or of another kind',
  ],
  [/gzip|GZIP/, 'damaged-file', 'the gzip data is damaged or cut off'],
]
