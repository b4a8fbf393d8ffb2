// Tables from files, globs, lists, SQL queries and standard input, read through DuckDB.
// CSV, TSV, NDJSON, JSON (plain or gzip) and Parquet; several files are one table, in the order given.

import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import {
  TollError,
  concatenate,
  readBytes,
  type CellValue,
  type InvalidRow,
  type InvalidRows,
  type Table,
  type TableColumn,
} from '../../base/index.js'
import { chooseColumns, columnFinder } from '../choose.js'
import { maxCategories, tooManyCategories } from '../categories.js'
import type { CellOptions, ColumnRequest, SourceColumn, TableBatch } from '../columns.js'
import type { TableFormat } from '../table-format.js'
import { connect } from './duck.js'
import type { DialectOptions } from '../dialect.js'
import { refuseDialect, withLearned, type LearnedReading } from '../reading.js'
import { expandPaths, inspectFile, isStream, spool, type TableFile } from './locate.js'
import { queryRelation, relationOf, type Relation } from './relation.js'
import { kindOfType, selectColumn, type SelectedColumn } from './request.js'
import { sampleColumns, signedNumbers } from './sample.js'
import { isAddress, refuseAddresses } from './address.js'
import { streamBatches, type Selection } from './stream.js'

/** A path, a glob, '-' for standard input, a list of them, or a SQL query in DuckDB's dialect. */
export type TableInput = string | readonly string[] | { readonly sql: string }

export interface TableOptions extends DialectOptions, CellOptions, LearnedReading {
  /** Default: by extension, else by content. */
  readonly format?: TableFormat
  /** Whether a path may be an address, and a query may reach one (DuckDB then fetches its extension); default false. */
  readonly allowNetwork?: boolean
  /** What '-' reads; default `process.stdin`. It is kept in a temporary file until `close`. */
  readonly stdin?: Readable
}

export interface ReadOptions {
  /** Columns, in this order, each once; default: all of kind number or boolean, as numbers. */
  readonly columns?: readonly ColumnRequest[]
  /** Columns whose values are passed on unread, such as a key. */
  readonly passthrough?: readonly string[]
  /**
   * A cell that is not what its column holds, such as text among numbers, or infinity: 'throw' (default) stops at the
   * first, 'mark' records it in the batch's `invalid`.
   */
  readonly invalidRows?: InvalidRows
  readonly signal?: AbortSignal
}

export interface WholeOptions extends ReadOptions {
  /**
   * What to do with a column of more than 2^20 categories: 'refuse' (default), or 'leave out' where so many came
   * in the first 2^21 rows, as those of a key do.
   */
  readonly keys?: 'refuse' | 'leave out'
}

export interface BatchOptions extends ReadOptions {
  /**
   * Rows per batch, at least 1; default 16384, on more than 256 columns fewer (4 million values, but 256 rows). Only
   * the last batch is shorter.
   */
  readonly batchRows?: number
}

/** Values of a batch by default. */
const batchValues = 2 ** 22
/**
 * Columns that are read in one pass when a table is read as a whole; a wider one takes several, in the memory of one.
 */
const readTogether = 2048

export interface WholeTable extends TableBatch {
  readonly leftOut: readonly string[]
}

/** An open table. Rows are counted from 1 in messages, the header not counted. */
export interface TableSource extends AsyncDisposable {
  /** How messages call it. */
  readonly name: string
  readonly columns: readonly SourceColumn[]
  /** Paths of the files that it reads. */
  readonly files: readonly string[]
  /** Known without reading for Parquet only. */
  readonly rowCount?: number
  /** The columns of all rows, by default those of numbers. Integers beyond 2^53 are rounded to the nearest float64. */
  read(options?: ReadOptions): Promise<Table>
  /**
   * All rows as one batch, with passed-through columns and, on request, invalid rows, and the names of keys that were
   * left out.
   */
  readBatch(options?: WholeOptions): Promise<WholeTable>
  /** All rows in order, in memory bounded by the batch size. The next batch is read while one is used. */
  batches(options?: BatchOptions): AsyncIterable<TableBatch>
  close(): Promise<void>
}

/**
 * Opens a table. Nothing but the first rows is read, but for JSON, whose keys may come late: it is read through once.
 * Errors: `not-found`, `io`, `format` (empty, damaged, ragged, wrong delimiter, of another kind), `data`, `argument`.
 */
export async function openTable(input: TableInput, given: TableOptions = {}): Promise<TableSource> {
  const options = withLearned(given)
  const cleanups: (() => Promise<void>)[] = []
  const close = async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup()
  }
  try {
    const { relations, sampled } = await findRelations(input, { given, options }, cleanups)
    const connection = await connect()
    try {
      const [first] = relations
      const columns = sampled
        ? await sampleColumns(first, connection, options)
        : withSignedNumbers(await signedNumbers(first, connection, options), first)
      return new DuckSource(relations, columns, options, close)
    } finally {
      connection.closeSync()
    }
  } catch (error) {
    await close()
    throw error
  }
}

function withSignedNumbers(signed: ReadonlySet<string>, { columns }: Relation): SourceColumn[] {
  return [...columns].map(([name, { type }]) => ({ name, type, kind: signed.has(name) ? 'number' : kindOfType(type) }))
}

async function findRelations(
  input: TableInput,
  { given, options }: { readonly given: TableOptions; readonly options: TableOptions },
  cleanups: (() => Promise<void>)[],
): Promise<{ relations: Relation[]; sampled: boolean }> {
  const { allowNetwork = false } = options
  const connection = await connect(1, 0, allowNetwork)
  try {
    if (typeof input === 'object' && 'sql' in input) {
      refuseDialect(given, 'the source', 'a query')
      return { relations: [await queryRelation(input.sql, connection, allowNetwork)], sampled: false }
    }
    const paths = await expandPaths(typeof input === 'string' ? [input] : input)
    if (paths.length === 0) throw new TollError('missing-argument', 'no table was named', { option: 'input' })
    const relations: Relation[] = []
    let sampled = false
    for (const [i, path] of paths.entries()) {
      const file = await openFile(path, options, cleanups)
      const text = file.format !== 'parquet'
      if (file.format !== 'csv' && file.format !== 'tsv') refuseDialect(given, file.name, file.format.toUpperCase())
      if (i > 0 && text !== sampled)
        throw new TollError(
          'wrong-file-kind',
          `${file.name} is ${file.format} but ${relations[0].name} is not; read them one by one`,
          { file: file.name, value: file.format },
        )
      sampled = text
      relations.push(await relationOf(file, connection, options, cleanups))
    }
    relations.forEach((relation) => checkSameColumns(relations[0], relation))
    return { relations, sampled }
  } finally {
    connection.closeSync()
  }
}

async function openFile(path: string, options: TableOptions, cleanups: (() => Promise<void>)[]): Promise<TableFile> {
  const address = isAddress(path)
  if (path !== '-' && !address && !(await isStream(path))) return inspectFile(path, path, options.format)
  if (address && !options.allowNetwork) refuseAddresses([path])
  const stream =
    path === '-'
      ? (options.stdin ?? process.stdin)
      : address
        ? Readable.from([await readBytes(path)])
        : createReadStream(path)
  const spooled = await spool(stream)
  cleanups.push(() => spooled.remove())
  return inspectFile(spooled.path, path === '-' ? 'standard input' : path, options.format)
}

function checkSameColumns(first: Relation, other: Relation): void {
  for (const name of other.columns.keys()) {
    if (!first.columns.has(name))
      throw new TollError('schema-mismatch', `${other.name} has a column '${name}' that ${first.name} lacks`, {
        file: other.name,
        column: name,
      })
  }
  for (const [name, { type }] of first.columns) {
    const found = other.columns.get(name)
    if (!found)
      throw new TollError('schema-mismatch', `${other.name} lacks column '${name}' that ${first.name} has`, {
        file: other.name,
        column: name,
      })
    if ((type === 'VARCHAR') !== (found.type === 'VARCHAR')) {
      throw new TollError(
        'schema-mismatch',
        `column '${name}' is ${type} in ${first.name} and ${found.type} in ${other.name}`,
        { file: other.name, column: name, value: found.type, expected: type },
      )
    }
  }
}

class DuckSource implements TableSource {
  readonly name: string
  readonly rowCount?: number
  readonly files: readonly string[]
  readonly #column: (name: string) => SourceColumn

  constructor(
    readonly relations: readonly Relation[],
    readonly columns: readonly SourceColumn[],
    readonly cell: Pick<TableOptions, keyof CellOptions | 'allowNetwork'>,
    readonly close: () => Promise<void>,
  ) {
    this.name = relations.length === 1 ? relations[0].name : `${relations[0].name} and ${relations.length - 1} more`
    this.files = relations.flatMap(({ files }) => files)
    this.#column = columnFinder(columns, this.name)
    const counts = relations.map(({ rowCount }) => rowCount)
    if (counts.every((count) => count !== undefined)) this.rowCount = counts.reduce((sum, count) => sum + count, 0)
  }

  async read(options: ReadOptions = {}): Promise<Table> {
    return (await this.readBatch({ ...options, passthrough: [] })).table
  }

  async readBatch(options: WholeOptions = {}): Promise<WholeTable> {
    const selected = this.#select(options.columns)
    const whole = await this.#readTogether(selected.slice(0, readTogether), options)
    if (selected.length <= readTogether) return whole
    const parts = [whole]
    for (let from = readTogether; from < selected.length; from += readTogether) {
      parts.push(await this.#readTogether(selected.slice(from, from + readTogether), { ...options, passthrough: [] }))
    }
    const invalid = new Map(parts.toReversed().flatMap((part) => [...part.invalid]))
    return {
      ...whole,
      table: {
        kind: 'table',
        columns: parts.flatMap(({ table }) => table.columns),
        rows: whole.table.rows,
      },
      invalid: new Map([...invalid].sort(([a], [b]) => a - b)),
      leftOut: parts.flatMap(({ leftOut }) => leftOut),
    }
  }

  /** All rows of some columns. The batches give their columns up one by one, so that memory is taken once. */
  async #readTogether(columns: readonly SelectedColumn[], options: WholeOptions): Promise<WholeTable> {
    const pieces = columns.map((): Float64Array[] => [])
    const passthrough = new Map<string, CellValue[]>((options.passthrough ?? []).map((name) => [name, []]))
    const invalid = new Map<number, InvalidRow>()
    const keys = new Set<string>()
    /** The columns of the first batch, without its values. */
    let first: readonly TableColumn[] = []
    let rows = 0
    for await (const { table, ...batch } of this.#stream(columns, options)) {
      if (rows === 0) first = table.columns.map((column) => ({ ...column, values: new Float64Array() }))
      for (const name of overfull(first, table.columns)) {
        if (keys.has(name)) continue
        if (options.keys !== 'leave out' || rows > 2 * maxCategories) throw tooManyCategories(name, this.name)
        keys.add(name)
      }
      table.columns.forEach((column, c) => {
        if (keys.has(column.name)) pieces[c].length = 0
        else pieces[c].push(column.values)
      })
      for (const [name, values] of batch.passthrough) for (const value of values) passthrough.get(name)?.push(value)
      for (const [row, problem] of batch.invalid) invalid.set(rows + row, problem)
      rows += table.rows
    }
    const joined = first.flatMap((column, c) =>
      keys.has(column.name) ? [] : [{ ...column, values: concatenate(pieces[c].splice(0), new Float64Array(rows)) }],
    )
    return {
      table: { kind: 'table', columns: joined, rows },
      passthrough,
      firstRow: 0,
      invalid,
      leftOut: [...keys],
    }
  }

  batches(options: BatchOptions = {}): AsyncGenerator<TableBatch> {
    return this.#stream(this.#select(options.columns), options)
  }

  async *#stream(columns: readonly SelectedColumn[], options: BatchOptions): AsyncGenerator<TableBatch> {
    const {
      batchRows = Math.min(16_384, Math.max(256, Math.floor(batchValues / columns.length))),
      invalidRows = 'throw',
      signal,
    } = options
    if (!Number.isInteger(batchRows) || batchRows < 1)
      throw new TollError('out-of-domain', `batchRows must be an integer of at least 1, got ${batchRows}`, {
        option: 'batchRows',
        value: batchRows,
        expected: 'an integer of at least 1',
      })
    const selection: Selection = {
      columns,
      passthrough: (options.passthrough ?? []).map((name) => this.#column(name)),
      invalidRows,
      batchRows,
      cell: this.cell,
      signal,
    }
    const connection = await connect(1, columns.length, this.cell.allowNetwork)
    try {
      yield* readAhead(streamBatches(this.relations, selection, connection))
    } finally {
      connection.closeSync()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #select(requests: readonly ColumnRequest[] | undefined): SelectedColumn[] {
    if (!requests)
      return this.columns
        .filter(({ kind }) => kind === 'number' || kind === 'boolean')
        .map((column) => ({ ...selectColumn(column, 'number', this.name), flags: column.kind === 'boolean' }))
    if (requests.length === 0) return []
    return chooseColumns(this.columns, { columns: requests }, this.name).map(({ name, kind }) =>
      selectColumn(this.#column(name), kind, this.name),
    )
  }
}

/** Columns that began another list of categories: all rows of a table share one. */
function overfull(first: readonly TableColumn[], later: readonly TableColumn[]): string[] {
  return later.flatMap((column, c) => {
    const before = first[c]
    return column.kind === 'category' && before.kind === 'category' && column.categories !== before.categories
      ? [column.name]
      : []
  })
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
