// Rows of a relation as batches of float64 columns, in file order and bounded memory, one query per file.
// A column of numbers in a text file comes twice, as numbers and as it stands; the text is looked at only where there
// is no number.

import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api'
import {
  RowCheck,
  TollError,
  invariant,
  parseTime,
  throwIfAborted,
  type CellValue,
  type InvalidRows,
  type TableColumn,
} from '../../base/index.js'
import { maxCategories } from '../categories.js'
import { flagOf, missingValues, rejectCell } from '../cells.js'
import { missingStrings, type CellOptions, type SourceColumn, type TableBatch } from '../columns.js'
import { describeDuck, doublesOf, validityOf } from './duck.js'
import { checkEnd, mayHoldUnderscore } from './locate.js'
import type { Relation } from './relation.js'
import { vectorSql, type SelectedColumn } from './request.js'
import { CategoryCodes } from './categories.js'

export interface Selection {
  readonly columns: readonly SelectedColumn[]
  readonly passthrough: readonly SourceColumn[]
  readonly invalidRows: InvalidRows
  readonly batchRows: number
  readonly cell: CellOptions
  readonly signal?: AbortSignal
}

/**
 * The batches of several relations, one after the other. Errors: `data` (a bad cell, with its row), `format`,
 * `aborted`.
 */
export async function* streamBatches(
  relations: readonly Relation[],
  selection: Selection,
  connection: DuckDBConnection,
): AsyncGenerator<TableBatch> {
  const interrupt = () => connection.interrupt()
  selection.signal?.addEventListener('abort', interrupt, { once: true })
  const lists = new CategoryLists(selection)
  const judges = selection.cell.decimal !== ',' && selection.columns.some(({ judged }) => judged)
  const left = new AbortController()
  try {
    let batch = new BatchBuilder(selection, lists, 0)
    for (const given of relations) {
      const { textFile } = given
      const relation = {
        ...given,
        underscores: !judges || !textFile || (await mayHoldUnderscore(textFile, given.name)),
      }
      let rowInFile = 0
      const end = textFile && checkEnd(textFile, relation.name, left.signal)
      // Met when the rows are through.
      end?.catch(() => undefined)
      for await (const { chunk, rows } of fetchChunks(relation, selection, connection)) {
        for (let from = 0; from < rows;) {
          const count = Math.min(rows - from, selection.batchRows - batch.rows)
          batch.append(chunk, from, count, relation.name, rowInFile)
          from += count
          rowInFile += count
          if (batch.rows < selection.batchRows) continue
          yield batch.finish()
          lists.renew()
          batch = new BatchBuilder(selection, lists, batch.firstRow + batch.rows)
        }
      }
      await end
    }
    if (batch.rows > 0) yield batch.finish()
    else if (batch.firstRow === 0)
      throw new TollError('no-rows', `${relations.map(({ name }) => name).join(', ')}: there are no rows`, {
        file: relations[0].name,
      })
  } finally {
    left.abort()
    selection.signal?.removeEventListener('abort', interrupt)
  }
}

/** Rows of a relation, the first `rows` of a chunk. */
export interface FetchedRows {
  readonly chunk: DuckDBDataChunk
  readonly rows: number
}

/**
 * The chunks of one relation; the next one is read while the last is used. A streaming result that meets a damaged row
 * just ends, as if the table did: so the query is given one more row, marked as the end, and what stops before it is
 * asked for the error.
 */
export async function* fetchChunks(
  relation: Relation,
  selection: Selection,
  connection: DuckDBConnection,
): AsyncGenerator<FetchedRows> {
  let next: Promise<DuckDBDataChunk | null> | undefined
  try {
    const result = await connection.stream(selectSql(relation, selection))
    let ended = false
    for (next = result.fetchChunk(); ;) {
      const chunk = await next
      next = undefined
      throwIfAborted(selection.signal)
      if (chunk === null || chunk.rowCount === 0) break
      next = result.fetchChunk()
      // A failure is met at the top of the loop, not before.
      next.catch(() => undefined)
      invariant(!ended, 'rows of a table came after its last one')
      ended = chunk.getColumnVector(chunk.columnCount - 1).getItem(chunk.rowCount - 1) === true
      const rows = ended ? chunk.rowCount - 1 : chunk.rowCount
      if (rows > 0) yield { chunk, rows }
    }
    if (!ended) await explainEnd(relation, selection, connection)
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

/** Reads again, keeping nothing, to hear why the rows stopped. */
async function explainEnd(relation: Relation, selection: Selection, connection: DuckDBConnection): Promise<never> {
  await connection.run(`SELECT bit_xor(hash(t)) FROM (${selectSql(relation, selection)}) t`)
  throw new TollError(
    'changed-file',
    `${relation.name} could not be read to its end, though a second reading could; was it written to meanwhile?`,
    { file: relation.name },
  )
}

/**
 * The vectors of the columns, then those passed through, then one text per judged column, then whether the row is the
 * end, which is one row more than there are. Expressions are kept bare on purpose:
 * judging the texts in SQL (trim, CASE) doubled the time of a scan, and took gigabytes on a thousand columns.
 */
function selectSql(relation: Relation, { columns, passthrough, cell }: Selection): string {
  const reference = ({ name }: SourceColumn) => relation.columns.get(name)?.ref ?? 'NULL'
  const expressions = [
    // One file may have DOUBLE where the first has BIGINT.
    ...columns.map((column) =>
      vectorSql({ ...column, type: relation.columns.get(column.name)?.type ?? column.type }, reference(column), {
        ...cell,
        underscores: relation.underscores ?? true,
      }),
    ),
    ...passthrough.map((column) => passthroughSql(column, reference(column))),
    ...columns.filter(({ judged }) => judged).map((column) => `CAST(${reference(column)} AS VARCHAR)`),
  ]
  return (
    `SELECT ${[...expressions, 'false'].join(', ')} FROM ${relation.sql} UNION ALL SELECT ` +
    `${[...expressions.map(() => 'NULL'), 'true'].join(', ')}`
  )
}

function passthroughSql({ type }: SourceColumn, ref: string): string {
  if (/^(U?(TINYINT|SMALLINT|INTEGER)|FLOAT|DOUBLE)$/.test(type)) return `CAST(${ref} AS DOUBLE)`
  return type === 'BOOLEAN' ? ref : `CAST(${ref} AS VARCHAR)`
}

/** The lists of categories of a selection's columns. */
class CategoryLists {
  readonly missing: ReadonlySet<string>
  readonly lists: (CategoryCodes | undefined)[]

  constructor({ columns, cell }: Selection) {
    this.missing = new Set(cell.missing ?? missingStrings)
    this.lists = columns.map(({ kind }) => (kind === 'category' ? new CategoryCodes(this.missing) : undefined))
  }

  /** Lists that are full are left to those who have them. */
  renew(): void {
    this.lists.forEach((list, c) => {
      if (list && list.categories.length > maxCategories) this.lists[c] = new CategoryCodes(this.missing)
    })
  }
}

class BatchBuilder {
  rows = 0
  readonly #columns: Float64Array[]
  readonly #lists: readonly (CategoryCodes | undefined)[]
  readonly #passthrough: CellValue[][]
  readonly #check: RowCheck
  /** For each column, numbers that mean a missing value. */
  readonly #missing: readonly (readonly number[])[]

  constructor(
    readonly selection: Selection,
    readonly categories: CategoryLists,
    readonly firstRow: number,
  ) {
    this.#columns = selection.columns.map(() => new Float64Array(selection.batchRows))
    this.#lists = [...categories.lists]
    this.#passthrough = selection.passthrough.map(() => [])
    this.#check = new RowCheck(selection.invalidRows)
    this.#missing = selection.columns.map(({ kind }) => missingValues(kind, selection.cell))
  }

  /** Rows `from`..`from + count` of a chunk; `rowInFile` rows of the file came before them. */
  append(chunk: DuckDBDataChunk, from: number, count: number, file: string, rowInFile: number): void {
    let judgedAt = this.#columns.length + this.#passthrough.length
    const part: ChunkPart = { chunk, from, count, file, rowInFile }
    this.selection.columns.forEach((column, c) => {
      const list = this.#lists[c]
      if (list) list.read(chunk.getColumnVector(c), from, count, this.#columns[c], this.rows)
      else if (column.vector === 'VARCHAR') this.#readTimes(part, c)
      else this.#readNumbers(part, c, column.judged ? judgedAt++ : undefined)
    })
    this.#passthrough.forEach((values, c) => {
      const vector = chunk.getColumnVector(this.#columns.length + c)
      for (let i = 0; i < count; i++) {
        const value = vector.getItem(from + i)
        values.push(typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null)
      }
    })
    this.rows += count
  }

  finish(): TableBatch {
    const { columns, passthrough } = this.selection
    return {
      table: {
        kind: 'table',
        columns: columns.map(({ name, kind }, c): TableColumn => {
          const values = this.#columns[c].subarray(0, this.rows)
          return kind === 'category'
            ? { name, kind, values, categories: this.#lists[c]!.categories }
            : { name, kind, values }
        }),
        rows: this.rows,
      },
      passthrough: new Map(passthrough.map(({ name }, i) => [name, this.#passthrough[i]])),
      firstRow: this.firstRow,
      invalid: this.#check.invalid,
    }
  }

  /** NaN where there is no number; an error where the text there, in vector `judgedAt`, does not mean "missing". */
  #readNumbers(part: ChunkPart, c: number, judgedAt: number | undefined): void {
    const { chunk, from, count } = part
    const [column, { kind, flags }, start] = [this.#columns[c], this.selection.columns[c], this.rows]
    const vector = chunk.getColumnVector(c)
    column.set(doublesOf(vector).subarray(from, from + count), start)
    const valid = validityOf(vector)
    if (valid !== undefined) {
      for (let i = 0; i < count; i++) {
        if ((valid[(from + i) >> 5] >>> ((from + i) & 31)) & 1) continue
        const text = judgedAt === undefined ? null : chunk.getColumnVector(judgedAt).getItem(from + i)
        const value = typeof text === 'string' ? this.#judge(text.trim(), flags) : NaN
        column[start + i] = value ?? NaN
        if (value === undefined) this.#refuse(part, i, c, String(text))
      }
    }
    this.#dropMissing(c, count)
    for (let i = start; i < start + count; i++) {
      const value = column[i]
      // x - x is 0 for finite numbers and NaN for the others.
      if ((value - value === 0 && (kind !== 'boolean' || value === 0 || value === 1)) || Number.isNaN(value)) continue
      this.#refuse(
        part,
        i - start,
        c,
        value === Infinity ? 'infinity' : value === -Infinity ? '-infinity' : String(value),
      )
      column[i] = NaN
    }
  }

  #readTimes(part: ChunkPart, c: number): void {
    const { chunk, from, count } = part
    const vector = chunk.getColumnVector(c)
    for (let i = 0; i < count; i++) {
      const cell = vector.getItem(from + i)
      const text = typeof cell === 'string' ? cell.trim() : ''
      const value = parseTime(text)
      this.#columns[c][this.rows + i] = value ?? NaN
      if (value === undefined && !this.#isMissing(text)) this.#refuse(part, i, c, text)
    }
    this.#dropMissing(c, count)
  }

  /** NaN for the values of the last `count` rows that mean a missing one. */
  #dropMissing(c: number, count: number): void {
    const [column, missing] = [this.#columns[c], this.#missing[c]]
    if (missing.length === 0) return
    for (let i = this.rows; i < this.rows + count; i++) if (missing.includes(column[i])) column[i] = NaN
  }

  /** What a text that is no number stands for: NaN for a missing one, 0 and 1 of a flag, else nothing. */
  #judge(text: string, flags: boolean): number | undefined {
    if (this.#isMissing(text)) return NaN
    return flags ? flagOf(text) : undefined
  }

  #isMissing(text: string): boolean {
    return text === '' || this.categories.missing.has(text)
  }

  #refuse({ file, rowInFile }: ChunkPart, row: number, c: number, text: string): void {
    const { decimal } = this.selection.cell
    rejectCell(this.#check, this.rows + row, text, {
      column: this.selection.columns[c],
      file,
      row: rowInFile + row,
      decimal,
    })
  }
}

/** Rows `from`..`from + count` of a chunk of `file`; `rowInFile` rows of the file came before them. */
interface ChunkPart {
  readonly chunk: DuckDBDataChunk
  readonly from: number
  readonly count: number
  readonly file: string
  readonly rowInFile: number
}
