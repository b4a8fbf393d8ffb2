// Rows written as they come, in their order: CSV (RFC 4180), NDJSON or Parquet, to a file that appears whole or not at
// all, or to a stream.

import { once } from 'node:events'
import type { FileHandle } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { TollError, type CellValue, type Column } from '../../base/index.js'
import { cannotWrite, openAtomic } from '../../base/node/index.js'
import { openParquet } from './parquet.js'

export type RowFormat = 'csv' | 'ndjson' | 'parquet'

/** One column of a batch. NaN and null are written as a missing value: empty in CSV, null elsewhere. */
export type OutputValues = Float64Array | Float32Array | readonly CellValue[]

export interface RowWriter {
  /**
   * Writes a batch of equally long columns; waits while the target is slower. Errors: `io`, `shape`, `data` (infinity).
   */
  write(columns: readonly OutputValues[]): Promise<void>
  /** Finishes; only now does the file have its name. */
  close(): Promise<void>
  /** Gives up; the file that was there before is untouched. */
  abort(): Promise<void>
}

export interface RowWriterOptions {
  readonly format: RowFormat
  /** Categories and times are written as the strings that they print as. */
  readonly columns: readonly Column[]
}

/** What takes bytes: a file, or a stream that was handed in. */
export interface ByteSink {
  write(text: string | Uint8Array): Promise<void>
  close(): Promise<void>
  abort(): Promise<void>
}

/** Opens a writer to a path, or to a stream such as `process.stdout`, which is left open. Errors: `not-found`, `io`. */
export async function openRowWriter(
  target: string | Writable,
  { format, columns }: RowWriterOptions,
): Promise<RowWriter> {
  if (columns.length === 0)
    throw new TollError('missing-argument', 'rows to write need at least one column', { option: 'columns' })
  const sink = typeof target === 'string' ? await fileSink(target) : streamSink(target)
  if (format === 'parquet') {
    const writer = await openParquet(sink, columns).catch(async (error: unknown) => {
      await sink.abort()
      throw error
    })
    return { ...writer, write: async (values) => writer.write(checkBatch(values, columns)) }
  }
  const names = columns.map(({ name }) => name)
  const print = format === 'csv' ? printCsv : (values: readonly OutputValues[]) => printJson(names, values)
  try {
    if (format === 'csv') await sink.write(`${names.map(quoteCell).join(',')}\n`)
  } catch (error) {
    await sink.abort()
    throw error
  }
  return {
    write: async (values) => sink.write(print(checkBatch(values, columns))),
    close: () => sink.close(),
    abort: () => sink.abort(),
  }
}

/** Checks lengths and refuses infinity, which no format but Parquet can hold and no reader expects. */
function checkBatch(values: readonly OutputValues[], columns: readonly Column[]): readonly OutputValues[] {
  if (values.length !== columns.length)
    throw new TollError('shape-mismatch', `${columns.length} columns are written, got ${values.length}`, {
      value: values.length,
      expected: `${columns.length} columns`,
    })
  values.forEach((column, c) => {
    if (column.length !== values[0].length) {
      throw new TollError(
        'length-mismatch',
        `column '${columns[c].name}' has ${column.length} rows, '${columns[0].name}' has ${values[0].length}`,
        { column: columns[c].name, value: column.length, expected: `${values[0].length} rows` },
      )
    }
    if (columns[c].kind !== 'number') return
    for (let i = 0; i < column.length; i++) {
      if (column[i] === Infinity || column[i] === -Infinity)
        throw new TollError(
          'not-finite',
          `column '${columns[c].name}' of the output is infinite in row ${i + 1} of a batch`,
          { column: columns[c].name, row: i, value: column[i] },
        )
    }
  })
  return values
}

function printCsv(columns: readonly OutputValues[]): string {
  let text = ''
  const last = columns.length - 1
  for (let i = 0; i < columns[0].length; i++) {
    for (let c = 0; c <= last; c++) {
      const value = columns[c][i]
      if (typeof value === 'string') text += quoteCell(value)
      else if (value !== null && value === value) text += value
      text += c === last ? '\n' : ','
    }
  }
  return text
}

function printJson(names: readonly string[], columns: readonly OutputValues[]): string {
  const keys = names.map((name, c) => `${c === 0 ? '{' : ','}${JSON.stringify(name)}:`)
  let text = ''
  for (let i = 0; i < columns[0].length; i++) {
    for (let c = 0; c < columns.length; c++) {
      const value = columns[c][i]
      // JSON has no NaN; JSON.stringify makes it null.
      text += keys[c] + (typeof value === 'string' ? JSON.stringify(value) : value === value ? String(value) : 'null')
    }
    text += '}\n'
  }
  return text
}

function quoteCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

async function fileSink(path: string): Promise<ByteSink> {
  const file = await openAtomic(path)
  return {
    write: (content) => writeAll(file.handle, content, path),
    close: () => file.commit(),
    abort: () => file.discard(),
  }
}

async function writeAll(handle: FileHandle, content: string | Uint8Array, path: string): Promise<void> {
  try {
    await handle.writeFile(content)
  } catch (error) {
    throw cannotWrite(error, path)
  }
}

/** A stream is not closed here: it belongs to the caller. Its errors surface at the next write. */
function streamSink(stream: Writable): ByteSink {
  let failure: unknown
  const note = (error: unknown) => {
    failure = error
  }
  stream.on('error', note)
  const check = () => {
    if (failure !== undefined) throw cannotWrite(failure, undefined, 'cannot write the output')
  }
  const drain = async () => {
    await once(stream, 'drain').catch(note)
    check()
  }
  return {
    write: async (content) => {
      check()
      if (!stream.write(content)) await drain()
    },
    close: async () => {
      if (stream.writableLength > 0 && failure === undefined)
        await new Promise<void>((done) => stream.write('', () => done()))
      stream.off('error', note)
      check()
    },
    abort: () => {
      stream.off('error', note)
      return Promise.resolve()
    },
  }
}
