// A whole table from the bytes of a file, without DuckDB: CSV and TSV, NDJSON and JSON, plain or gzip, and the arrays
// that are tables. What DuckDB reads in Node is read here to the same columns.

import { TollError, locate, parseJson, tableFromArray, throwIfAborted, type Table } from '../base/index.js'
import { toFloat64, type NumberArray } from './array.js'
import { isArrayFile, readArray } from './array-bytes.js'
import { ByteReader } from './bytes.js'
import { chooseColumns } from './choose.js'
import { findDialect } from './dialect.js'
import { gunzip } from './inflate.js'
import { sniffKind } from './kinds.js'
import { refuseDialect, withLearned } from './reading.js'
import { linesIn, recordsOf, type QuoteProblem } from './records.js'
import { tableFormat } from './table-format.js'
import type { ReadTableOptions } from './table-location.js'
import { tableOfCells, type CellColumn } from './text-table.js'

/** From what a header is read: as in Node. */
const headBytes = 2 ** 20
/** What a string of a JavaScript engine holds at least. */
const maxTextBytes = 2 ** 29 - 25

/**
 * Errors: `format`, `data`, `not-found` (a column), `argument` (a format that only Node reads), `memory`, `aborted`.
 */
export function tableOfBytes(packed: Uint8Array, name: string, given: ReadTableOptions): Table {
  throwIfAborted(given.signal)
  const options = withLearned(given)
  const bytes = sniffKind(packed) === 'gzip' ? unpack(packed, name) : packed
  if (options.format === undefined && isArrayFile(bytes))
    return tableOfArray(readArray(bytes, name, options.variable), name, given)
  const format = tableFormat(name, bytes, options.format)
  if (format === 'parquet')
    throw new TollError(
      'unsupported-format',
      `${name} is Parquet, which is read from paths in Node; here give it as CSV, TSV, NDJSON or JSON`,
      { file: name, value: format, expected: ['csv', 'tsv', 'ndjson', 'json'] },
    )
  const delimited = format === 'csv' || format === 'tsv'
  if (!delimited) refuseDialect(given, name, format.toUpperCase())
  const text = decode(bytes, name)
  const columns = delimited
    ? readDelimited(text, bytes, name, format === 'tsv' ? { delimiter: '\t', ...options } : options)
    : readJson(text, name, format === 'ndjson' || !text.trimStart().startsWith('['))
  if (columns[0].cells.length === 0) throw new TollError('no-rows', `${name}: there are no rows`, { file: name })
  return tableOfCells(columns, name, options)
}

/** The table of an array (n, d), columns being called x0, x1, ... Errors: `shape`; `not-found`. */
export function tableOfArray(array: NumberArray, name: string, options: ReadTableOptions): Table {
  if (array.shape.length !== 2)
    throw new TollError(
      'shape-mismatch',
      `${name} holds an array of shape (${array.shape.join(', ')}); a table is one of shape (n, d)`,
      { file: name, value: array.shape, expected: '(n, d)' },
    )
  refuseDialect(options, name, 'an array')
  const cell = (['decimal', 'missing'] as const).find((option) => options[option] !== undefined)
  if (cell !== undefined)
    throw new TollError('not-applicable', `${cell} is for cells of text, and ${name} is an array; leave it out`, {
      file: name,
      option: cell,
    })
  const table = tableFromArray(toFloat64(array))
  const byName = new Map(table.columns.map((column) => [column.name, column]))
  const columns = chooseColumns(table.columns, options, name).map((column) => byName.get(column.name)!)
  return { ...table, columns }
}

function unpack(packed: Uint8Array, name: string): Uint8Array {
  try {
    return gunzip(new ByteReader(packed, 'gzip file'))
  } catch (error) {
    throw locate(error, name)
  }
}

function decode(bytes: Uint8Array, name: string): string {
  if (bytes.length > maxTextBytes)
    throw new TollError('too-large', `${name} has ${bytes.length} bytes of text; up to ${maxTextBytes} are read here`, {
      file: name,
      value: bytes.length,
      limit: maxTextBytes,
    })
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new TollError('not-utf8', `${name}: the text is not UTF-8; convert it, for example with iconv -t utf-8`, {
      file: name,
      cause: error,
    })
  }
}

function readDelimited(text: string, bytes: Uint8Array, name: string, options: ReadTableOptions): CellColumn[] {
  const dialect = findDialect(bytes.subarray(0, headBytes), name, bytes.length <= headBytes, options)
  const columns = dialect.names.map((column): CellColumn & { cells: string[] } => ({ name: column, cells: [] }))
  const fail = (reason: 'ragged-row' | 'malformed-quotes', at: number, what: string, details: object = {}): never => {
    const line = linesIn(text.slice(0, at)) + 1
    throw new TollError(reason, `${name}, line ${line}: ${what}`, { file: name, line, ...details })
  }
  let isHeader = options.header !== false
  const { delimiter, start: from } = dialect
  for (const { cells, start, problem } of recordsOf(text, delimiter, { from, comment: options.comment })) {
    if (problem) fail('malformed-quotes', start, quoteProblems[problem])
    if (isHeader || (cells.length === 1 && cells[0] === '' && columns.length > 1)) {
      isHeader = false
      continue
    }
    if (cells.length !== columns.length)
      fail(
        'ragged-row',
        start,
        `expected ${columns.length} values, found ${cells.length}; check the delimiter, quotes and missing ` +
          'fields there',
        { value: cells.length, expected: `${columns.length} values` },
      )
    for (let c = 0; c < cells.length; c++) columns[c].cells.push(cells[c])
  }
  return columns
}

const quoteProblems: Readonly<Record<QuoteProblem, string>> = {
  unclosed: 'a quoted value is never closed',
  'text after a quote': 'a quoted value is followed by more text; quotes inside values must be doubled',
}

/** Objects, one per line or in one list; every key is a column. */
function readJson(text: string, name: string, lines: boolean): CellColumn[] {
  const objects = lines
    ? text.split('\n').flatMap((part, i) => (part.trim() === '' ? [] : [parseObject(part, name, i + 1)]))
    : parseList(text, name)
  const names = new Set(objects.flatMap((object) => Object.keys(object)))
  if (names.size === 0) throw new TollError('no-columns', `${name}: there are no columns`, { file: name })
  return [...names].map((column) => ({ name: column, cells: objects.map((object) => cellOf(object[column])) }))
}

type JsonObject = Readonly<Record<string, unknown>>

function parse(text: string, name: string, line?: number): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    throw malformed(name, line, error)
  }
}

function parseObject(text: string, name: string, line: number): JsonObject {
  const value = parse(text, name, line)
  if (!isObject(value)) throw malformed(name, line)
  return value
}

function parseList(text: string, name: string): JsonObject[] {
  const values = parse(text, name)
  if (!Array.isArray(values) || !values.every(isObject)) throw malformed(name)
  return values
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(name: string, line?: number, cause?: unknown): TollError {
  const where = line === undefined ? name : `${name}, line ${line}`
  return new TollError('malformed-json', `${where}: the JSON is malformed, or no table of objects`, {
    file: name,
    ...(line !== undefined && { line }),
    cause,
  })
}

function cellOf(value: unknown): string | null {
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}
