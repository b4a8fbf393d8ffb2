// Tables from files, globs, lists, SQL queries and standard input, read through DuckDB.
// CSV, TSV, NDJSON, JSON (plain or gzip) and Parquet; several files are one table, in the order given.

import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { TollError, type Table } from '../../base/index.js'
import { connect } from './duck.js'
import type { HeaderOptions } from './header.js'
import { expandPaths, inspectFile, isStream, spool, type TableFile, type TableFormat } from './locate.js'
import { kindOfType, queryRelation, relationOf, type CellOptions, type ColumnInfo, type Relation } from './relation.js'
import { sampleColumns } from './sample.js'
import { streamBatches, type Selection, type TableBatch } from './stream.js'

/** A path, a glob, '-' for standard input, a list of them, or a SQL query in DuckDB's dialect. */
export type TableInput = string | readonly string[] | { readonly sql: string }

export interface TableOptions extends HeaderOptions, CellOptions {
  /** Default: by extension, else by content. */
  readonly format?: TableFormat
  /** What '-' reads; default `process.stdin`. It is kept in a temporary file until `close`. */
  readonly stdin?: Readable
}

export interface ReadOptions {
  /** Numeric columns, in this order; default: all of kind number or boolean. False is 0, true is 1. */
  readonly columns?: readonly string[]
  /** Columns whose values are passed on unread, such as a key. */
  readonly passthrough?: readonly string[]
  /** Text or infinity in a numeric column: 'throw' (default) stops at the first, 'mark' records it in the batch's `errors`. */
  readonly badRows?: 'throw' | 'mark'
  readonly signal?: AbortSignal
}

export interface BatchOptions extends ReadOptions {
  /** Rows per batch, at least 1; default 16384. Only the last batch is shorter. */
  readonly batchRows?: number
}

/** An open table. Rows are counted from 1 in messages, the header not counted. */
export interface TableSource extends AsyncDisposable {
  /** How messages call it. */
  readonly name: string
  readonly columns: readonly ColumnInfo[]
  /** Known without reading for Parquet only. */
  readonly rowCount?: number
  /** The numeric columns of all rows. Integers beyond 2^53 are rounded to the nearest float64. */
  read(options?: ReadOptions): Promise<Table>
  /** All rows as one batch, with passed-through columns and, on request, errors by row. */
  readBatch(options?: ReadOptions): Promise<TableBatch>
  /** All rows in order, in memory bounded by the batch size. The next batch is read while one is used. */
  batches(options?: BatchOptions): AsyncIterable<TableBatch>
  close(): Promise<void>
}

/**
 * Opens a table. Nothing but the first rows is read.
 * Errors: `not-found`, `io`, `format` (empty, damaged, ragged, wrong delimiter, of another kind), `data`, `argument`.
 */
export async function openTable(input: TableInput, options: TableOptions = {}): Promise<TableSource> {
  const cleanups: (() => Promise<void>)[] = []
  const close = async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup()
  }
  try {
    const { relations, sampled } = await findRelations(input, options, cleanups)
    const connection = await connect()
    try {
      const typed = () => [...relations[0].columns].map(([name, { type }]) => ({ name, type, kind: kindOfType(type) }))
      const columns = sampled ? await sampleColumns(relations[0], connection, options) : typed()
      return new DuckSource(relations, columns, options, close)
    } finally {
      connection.closeSync()
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function findRelations(
  input: TableInput, options: TableOptions, cleanups: (() => Promise<void>)[],
): Promise<{ relations: Relation[]; sampled: boolean }> {
  const connection = await connect()
  try {
    if (typeof input === 'object' && 'sql' in input) return { relations: [await queryRelation(input.sql, connection)], sampled: false }
    const paths = await expandPaths(typeof input === 'string' ? [input] : input)
    if (paths.length === 0) throw new TollError('argument', 'no table was named')
    const relations: Relation[] = []
    let sampled = false
    for (const [i, path] of paths.entries()) {
      const file = await openFile(path, options, cleanups)
      const text = file.format !== 'parquet'
      if (i > 0 && text !== sampled) throw new TollError('format', `${file.name} is ${file.format} but ${relations[0].name} is not; read them one by one`)
      sampled = text
      relations.push(await relationOf(file, connection, options))
    }
    relations.forEach((relation) => checkSameColumns(relations[0], relation))
    return { relations, sampled }
  } finally {
    connection.closeSync()
  }
}

async function openFile(path: string, options: TableOptions, cleanups: (() => Promise<void>)[]): Promise<TableFile> {
  if (path !== '-' && !(await isStream(path))) return inspectFile(path, path, options.format)
  const stream = path === '-' ? options.stdin ?? process.stdin : createReadStream(path)
  const spooled = await spool(stream)
  cleanups.push(() => spooled.remove())
  return inspectFile(spooled.path, path === '-' ? 'standard input' : path, options.format)
}

function checkSameColumns(first: Relation, other: Relation): void {
  for (const [name, { type }] of first.columns) {
    const found = other.columns.get(name)
    if (!found) throw new TollError('format', `${other.name} lacks column '${name}' that ${first.name} has`)
    if ((type === 'VARCHAR') !== (found.type === 'VARCHAR')) {
      throw new TollError('format', `column '${name}' is ${type} in ${first.name} and ${found.type} in ${other.name}`)
    }
  }
}

class DuckSource implements TableSource {
  readonly name: string
  readonly rowCount?: number

  constructor(readonly relations: readonly Relation[], readonly columns: readonly ColumnInfo[], readonly cell: CellOptions, readonly close: () => Promise<void>) {
    this.name = relations.length === 1 ? relations[0].name : `${relations[0].name} and ${relations.length - 1} more`
    const counts = relations.map(({ rowCount }) => rowCount)
    if (counts.every((count) => count !== undefined)) this.rowCount = counts.reduce((sum, count) => sum + count, 0)
  }

  async read(options: ReadOptions = {}): Promise<Table> {
    return (await this.readBatch({ ...options, passthrough: [] })).table
  }

  async readBatch(options: ReadOptions = {}): Promise<TableBatch> {
    const parts: TableBatch[] = []
    for await (const batch of this.batches(options)) parts.push(batch)
    const rows = parts.reduce((sum, { table }) => sum + table.rows, 0)
    const columns = parts[0].table.names.map((_, c) => {
      const column = new Float64Array(rows)
      for (const { table, firstRow } of parts) column.set(table.columns[c], firstRow)
      return column
    })
    return {
      table: { names: parts[0].table.names, columns, rows },
      passthrough: new Map([...parts[0].passthrough.keys()].map((name) => [name, parts.flatMap((part) => part.passthrough.get(name) ?? [])])),
      firstRow: 0,
      errors: new Map(parts.flatMap(({ errors, firstRow }) => [...errors].map(([row, message]): [number, string] => [firstRow + row, message]))),
    }
  }

  async *batches(options: BatchOptions = {}): AsyncGenerator<TableBatch> {
    const { batchRows = 16_384, badRows = 'throw', signal } = options
    if (!Number.isInteger(batchRows) || batchRows < 1) throw new TollError('argument', `batchRows must be an integer of at least 1, got ${batchRows}`)
    const selection: Selection = { numbers: this.#numbers(options.columns), passthrough: (options.passthrough ?? []).map((name) => this.#column(name)), badRows, batchRows, cell: this.cell, signal }
    const connection = await connect()
    try {
      yield* readAhead(streamBatches(this.relations, selection, connection))
    } finally {
      connection.closeSync()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #numbers(names: readonly string[] | undefined): ColumnInfo[] {
    const chosen = names?.map((name) => this.#column(name)) ?? this.columns.filter(({ kind }) => kind === 'number' || kind === 'boolean')
    for (const { name, kind, type } of chosen) {
      if (kind === 'time') throw new TollError('data', `column '${name}' of ${this.name} holds times (${type}); make numbers of it first, for example epoch("${name}") in a SQL query`)
    }
    return chosen
  }

  #column(name: string): ColumnInfo {
    const found = this.columns.find((column) => column.name === name)
    if (found) return found
    const alike = this.columns.find((column) => column.name.toLowerCase() === name.toLowerCase())
    const names = this.columns.slice(0, 20).map((column) => column.name).join(', ')
    throw new TollError('not-found', `${this.name} has no column '${name}'; ${alike ? `did you mean '${alike.name}'?` : `it has ${names}${this.columns.length > 20 ? ', ...' : ''}`}`)
  }
}

/** The same items; one is fetched while the one before is used. */
async function* readAhead<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = source.next()
  try {
    for (;;) {
      const result = await next
      if (result.done) return
      next = source.next()
      // It may fail while the item before it is still in use: that failure is met at the top of the loop.
      next.catch(() => undefined)
      yield result.value
    }
  } finally {
    await next.catch(() => undefined)
    await source.return(undefined)
  }
}
