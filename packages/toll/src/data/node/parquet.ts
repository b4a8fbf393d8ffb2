// Parquet output: rows are appended to a table of DuckDB, which spills to disk, and copied to a file at the end.

import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import type { DuckDBValue } from '@duckdb/node-api'
import type { Column, ColumnKind } from '../../base/index.js'
import { cannotWrite, makeTemporary } from '../../base/node/index.js'
import { connect, describeDuck, loadDuck, quoteName, quoteText } from './duck.js'
import type { ByteSink, OutputValues, RowWriter } from './rows.js'

/** Rows of one appended chunk: DuckDB's vector size. */
const chunkRows = 2048

/**
 * A writer of checked batches; the sink receives the whole file when the writer is closed, and is the caller's until
 * then.
 */
export async function openParquet(sink: ByteSink, columns: readonly Column[]): Promise<RowWriter> {
  const { BOOLEAN, DOUBLE, DuckDBDataChunk, VARCHAR } = await loadDuck()
  const types = { number: DOUBLE, boolean: BOOLEAN, category: VARCHAR, time: VARCHAR } as const
  const connection = await connect()
  const columnTypes = columns.map(({ kind }) => types[kind])
  const declarations = columns.map(({ name }, c) => `${quoteName(name)} ${columnTypes[c].toString()}`)
  const fail = (error: unknown) => describeDuck(error, 'the Parquet output')
  await connection.run(`CREATE TABLE rows (${declarations.join(', ')})`).catch((error: unknown) => {
    throw fail(error)
  })
  const appender = await connection.createAppender('rows')
  const chunk = DuckDBDataChunk.create(columnTypes)

  const append = (values: readonly OutputValues[], from: number, count: number) => {
    chunk.reset()
    chunk.rowCount = count
    values.forEach((column, c) => chunk.setColumnValues(c, cells(column, from, count, columns[c].kind)))
    appender.appendDataChunk(chunk)
  }
  return {
    write: (values) =>
      new Promise((done) => {
        try {
          for (let from = 0; from < values[0].length; from += chunkRows)
            append(values, from, Math.min(chunkRows, values[0].length - from))
        } catch (error) {
          throw fail(error)
        }
        done()
      }),
    close: async () => {
      const folder = await makeTemporary()
      try {
        appender.closeSync()
        const path = join(folder.path, 'rows.parquet')
        await connection.run(`COPY rows TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd)`)
        for await (const part of createReadStream(path, { highWaterMark: 2 ** 20 }))
          await sink.write(part as Uint8Array)
        await sink.close()
      } catch (error) {
        await sink.abort()
        const system = error instanceof Error && 'errno' in error
        throw system ? cannotWrite(error, undefined, 'cannot write the Parquet output') : fail(error)
      } finally {
        connection.closeSync()
        await folder.remove()
      }
    },
    abort: async () => {
      connection.closeSync()
      await sink.abort()
    },
  }
}

/** A key that is a number in one row goes into a text column as its text. */
function cells(column: OutputValues, from: number, count: number, kind: ColumnKind): DuckDBValue[] {
  return Array.from({ length: count }, (_, i) => {
    const value = column[from + i]
    if (value === null || Number.isNaN(value)) return null
    return kind === 'category' || kind === 'time' ? String(value) : value
  })
}
