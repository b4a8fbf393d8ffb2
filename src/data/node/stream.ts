// Rows of a relation as batches of float64 columns, in file order and bounded memory, one query per file.
// A text column comes twice, as numbers and as it stands; the text is looked at only where there is no number.

import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api'
import { TollError, throwIfAborted, type Table } from '../../base/index.js'
import { describeDuck, doublesOf, validityOf } from './duck.js'
import { missingTexts, type CellOptions, type ColumnInfo, type ColumnKind, type Relation } from './relation.js'

/** A value passed through unread: text of a text file as it stands there; null where nothing stands. */
export type CellValue = string | number | boolean | null

export interface TableBatch {
  /** The numeric columns asked for; NaN where a number is missing, and in rows that have an error. */
  readonly table: Table
  /** The passed-through columns by name, one value per row. */
  readonly passthrough: ReadonlyMap<string, readonly CellValue[]>
  /** Rows of the source before this batch. */
  readonly firstRow: number
  /** Why a row of this batch cannot be used, by row in the batch; empty unless `badRows` is 'mark'. */
  readonly errors: ReadonlyMap<number, string>
}

export interface Selection {
  readonly numbers: readonly ColumnInfo[]
  readonly passthrough: readonly ColumnInfo[]
  readonly badRows: 'throw' | 'mark'
  readonly batchRows: number
  readonly cell: CellOptions
  readonly signal?: AbortSignal
}

/** The batches of several relations, one after the other. Errors: `data` (a bad cell, with its row), `format`, `aborted`. */
export async function* streamBatches(relations: readonly Relation[], selection: Selection, connection: DuckDBConnection): AsyncGenerator<TableBatch> {
  const interrupt = () => connection.interrupt()
  selection.signal?.addEventListener('abort', interrupt, { once: true })
  try {
    let batch = new BatchBuilder(selection, 0)
    for (const relation of relations) {
      let rowInFile = 0
      for await (const chunk of fetchChunks(relation, selection, connection)) {
        for (let from = 0; from < chunk.rowCount;) {
          const count = Math.min(chunk.rowCount - from, selection.batchRows - batch.rows)
          batch.append(chunk, from, count, relation.name, rowInFile)
          from += count
          rowInFile += count
          if (batch.rows < selection.batchRows) continue
          yield batch.finish()
          batch = new BatchBuilder(selection, batch.firstRow + batch.rows)
        }
      }
    }
    if (batch.rows > 0) yield batch.finish()
    else if (batch.firstRow === 0) throw new TollError('data', `${relations.map(({ name }) => name).join(', ')}: there are no rows`)
  } finally {
    selection.signal?.removeEventListener('abort', interrupt)
  }
}

/** The chunks of one relation; the next one is read while the last is used. */
export async function* fetchChunks(relation: Relation, selection: Selection, connection: DuckDBConnection): AsyncGenerator<DuckDBDataChunk> {
  let next: Promise<DuckDBDataChunk | null> | undefined
  try {
    const result = await connection.stream(selectSql(relation, selection))
    for (next = result.fetchChunk(); ;) {
      const chunk = await next
      next = undefined
      throwIfAborted(selection.signal)
      if (chunk === null || chunk.rowCount === 0) return
      next = result.fetchChunk()
      // A failure is met at the top of the loop, not before.
      next.catch(() => undefined)
      yield chunk
    }
  } catch (error) {
    throwIfAborted(selection.signal)
    throw describeDuck(error, relation.name)
  } finally {
    // Left early: the read that is under way must end before the connection may close.
    if (next) {
      connection.interrupt()
      await next.catch(() => undefined)
    }
  }
}

/**
 * Columns n0.. (numbers), p0.. (passed through), then one text per textual number column. Expressions are kept bare on purpose:
 * judging the texts in SQL (trim, CASE) doubled the time of a scan, and took gigabytes on a thousand columns.
 */
function selectSql(relation: Relation, { numbers, passthrough, cell }: Selection): string {
  const reference = ({ name }: ColumnInfo) => relation.columns.get(name)?.ref ?? 'NULL'
  const columns = [
    ...numbers.map((column) => numberSql(column, reference(column), cell)),
    ...passthrough.map((column) => passthroughSql(column, reference(column))),
    ...numbers.filter(isTextual).map((column) => `CAST(${reference(column)} AS VARCHAR)`),
  ]
  return `SELECT ${columns.join(', ')} FROM ${relation.sql}`
}

function isTextual({ kind, type }: ColumnInfo): boolean {
  return type === 'VARCHAR' || kind === 'text'
}

function numberSql(column: ColumnInfo, ref: string, { decimal = '.' }: CellOptions): string {
  if (!isTextual(column)) return `CAST(${ref} AS DOUBLE)`
  return decimal === ',' ? `try_cast(replace(${ref}, ',', '.') AS DOUBLE)` : `try_cast(CAST(${ref} AS VARCHAR) AS DOUBLE)`
}

function passthroughSql({ type }: ColumnInfo, ref: string): string {
  if (/^(U?(TINYINT|SMALLINT|INTEGER)|FLOAT|DOUBLE)$/.test(type)) return `CAST(${ref} AS DOUBLE)`
  return type === 'BOOLEAN' ? ref : `CAST(${ref} AS VARCHAR)`
}

class BatchBuilder {
  rows = 0
  readonly #columns: Float64Array[]
  readonly #passthrough: CellValue[][]
  readonly #errors = new Map<number, string>()
  readonly #missing: ReadonlySet<string>

  constructor(readonly selection: Selection, readonly firstRow: number) {
    this.#missing = new Set(selection.cell.missing ?? missingTexts)
    this.#columns = selection.numbers.map(() => new Float64Array(selection.batchRows))
    this.#passthrough = selection.passthrough.map(() => [])
  }

  /** Rows `from`..`from + count` of a chunk; `rowInFile` rows of the file came before them. */
  append(chunk: DuckDBDataChunk, from: number, count: number, file: string, rowInFile: number): void {
    const width = this.#columns.length
    this.#columns.forEach((column, c) => column.set(doublesOf(chunk.getColumnVector(c)).subarray(from, from + count), this.rows))
    this.#passthrough.forEach((values, c) => {
      const vector = chunk.getColumnVector(width + c)
      for (let i = 0; i < count; i++) {
        const value = vector.getItem(from + i)
        values.push(typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null)
      }
    })
    this.#fillGaps(chunk, from, count, file, rowInFile)
    this.#refuseInfinity(count, file, rowInFile)
    this.rows += count
  }

  finish(): TableBatch {
    const { numbers, passthrough } = this.selection
    const columns = this.rows < this.selection.batchRows ? this.#columns.map((column) => column.subarray(0, this.rows)) : this.#columns
    return {
      table: { names: numbers.map(({ name }) => name), columns, rows: this.rows },
      passthrough: new Map(passthrough.map(({ name }, i) => [name, this.#passthrough[i]])),
      firstRow: this.firstRow,
      errors: this.#errors,
    }
  }

  /** NaN where there is no number; an error where the text there does not mean "missing". */
  #fillGaps(chunk: DuckDBDataChunk, from: number, count: number, file: string, rowInFile: number): void {
    let textIndex = this.#columns.length + this.#passthrough.length
    this.#columns.forEach((column, c) => {
      const info = this.selection.numbers[c]
      const texts = isTextual(info) ? textIndex++ : undefined
      const valid = validityOf(chunk.getColumnVector(c))
      if (valid === undefined) return
      for (let i = 0; i < count; i++) {
        if ((valid[(from + i) >> 5] >>> ((from + i) & 31)) & 1) continue
        const text = texts === undefined ? null : chunk.getColumnVector(texts).getItem(from + i)
        const value = typeof text === 'string' ? this.#judge(text.trim(), info.kind) : NaN
        column[this.rows + i] = value ?? NaN
        if (value === undefined) this.#refuse(i, c, String(text), file, rowInFile)
      }
    })
  }

  /** What a text that is no number stands for: NaN for a missing one, 0 and 1 in a boolean column, else nothing. */
  #judge(text: string, kind: ColumnKind): number | undefined {
    if (text === '' || this.#missing.has(text)) return NaN
    return kind === 'boolean' ? flagOf(text) : undefined
  }

  /** x - x is 0 for finite numbers and NaN for the others. */
  #refuseInfinity(count: number, file: string, rowInFile: number): void {
    this.#columns.forEach((column, c) => {
      for (let i = this.rows; i < this.rows + count; i++) {
        if (column[i] - column[i] === 0 || Number.isNaN(column[i])) continue
        this.#refuse(i - this.rows, c, column[i] > 0 ? 'infinity' : '-infinity', file, rowInFile)
        column[i] = NaN
      }
    })
  }

  #refuse(row: number, c: number, text: string, file: string, rowInFile: number): void {
    const shown = text.length > 40 ? `${text.slice(0, 37)}...` : text
    const message = `${file}, row ${rowInFile + row + 1}: column '${this.selection.numbers[c].name}' holds '${shown}', which is not a finite number`
    if (this.selection.badRows === 'throw') {
      throw new TollError('data', `${message}; correct it, leave the column out, or declare the text as missing`)
    }
    if (!this.#errors.has(this.rows + row)) this.#errors.set(this.rows + row, message)
  }
}

/** 1 for true, 0 for false, in any case. */
export function flagOf(text: string): number | undefined {
  return { true: 1, false: 0 }[text.toLowerCase()]
}
