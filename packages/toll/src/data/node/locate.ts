// From what a user writes (a path, a glob, a list, '-') to files that exist, each with its format, and a spool for
// streams.

import { createReadStream, createWriteStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { TollError } from '../../base/index.js'
import { cannotRead, cannotWrite, makeTemporary } from '../../base/node/index.js'
import { sniffKind } from '../kinds.js'
import { tableFormat, type TableFormat } from '../table-format.js'
import { connect, quoteText } from './duck.js'
import { isAddress } from './address.js'

/** One file of a table source. */
export interface TableFile {
  /** As the user knows it, for messages. */
  readonly name: string
  readonly path: string
  readonly format: TableFormat
  readonly gzip: boolean
  /** The first decompressed bytes, at most 1 MiB. */
  readonly head: Uint8Array
  /** Whether `head` is the whole file. */
  readonly whole: boolean
}

const headBytes = 2 ** 20

/** The files that `paths` name, in order, globs sorted by name. Error: `not-found`. */
export async function expandPaths(paths: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const path of paths) {
    const exists = await stat(path).then(
      () => true,
      () => false,
    )
    if (exists || !/[*?[]/.test(path) || isAddress(path)) found.push(path)
    else found.push(...(await expandGlob(path)))
  }
  return found
}

/**
 * Format, packing and first bytes of a file. Errors: `not-found`, `io`, `format` (empty, or of a kind that is no
 * table).
 */
export async function inspectFile(path: string, name: string, format?: TableFormat): Promise<TableFile> {
  const status = await stat(path).catch((error: unknown) => {
    throw cannotRead(error, name)
  })
  if (status.isDirectory())
    throw new TollError(
      'cannot-read',
      `cannot read ${name}: it is a folder; name its files, for example '${join(name, '*.csv')}'`,
      { file: name, suggestion: join(name, '*.csv') },
    )
  const start = await readStart(path, name)
  const gzip = sniffKind(start) === 'gzip'
  const head = gzip ? await readGzipStart(path, name) : start
  return { name, path, format: tableFormat(name, head, format), gzip, head, whole: head.length < headBytes }
}

/** A temporary file; `remove` deletes it. */
export interface Spool {
  readonly path: string
  remove(): Promise<void>
}

/** A stream written to a temporary file. */
export async function spool(stream: Readable): Promise<Spool> {
  const { path: folder, remove } = await makeTemporary()
  const path = join(folder, 'input')
  try {
    await pipeline(stream, createWriteStream(path))
  } catch (error) {
    await remove()
    throw cannotWrite(error, tmpdir(), `cannot keep the input in ${tmpdir()}`)
  }
  return { path, remove }
}

/**
 * A copy of a delimited text, unpacked, in which every line ends in \\n, and lines that begin with `comment`, blanks
 * aside, are empty, so that lines keep their numbers; without `blanks` they are left out below the first `above` lines,
 * since an empty line is a row of a table of one column. Errors: `format` (gzip), `io`.
 */
export async function plainCopy(
  { path, name, gzip }: Pick<TableFile, 'path' | 'name' | 'gzip'>,
  rewriting: Rewriting,
): Promise<Spool> {
  const source = createReadStream(path)
  const unpacked = gzip ? createGunzip() : undefined
  if (unpacked) source.on('error', (error) => unpacked.destroy(error)).pipe(unpacked)
  try {
    return await spool(Readable.from(rewriteLines(unpacked ?? source, rewriting)))
  } catch (error) {
    const cause = error instanceof TollError ? error.cause : error
    throw (cause as NodeJS.ErrnoException | undefined)?.code?.startsWith('Z_') ? damagedGzip(cause, name) : error
  } finally {
    source.destroy()
  }
}

interface Rewriting {
  readonly comment?: string
  readonly above: number
  readonly blanks: boolean
}

async function* rewriteLines(
  bytes: AsyncIterable<Uint8Array>,
  { comment, above, blanks }: Rewriting,
): AsyncGenerator<Buffer> {
  // Latin-1 maps every byte to a character and back; quotes and line ends are ASCII in UTF-8.
  const mark = comment === undefined ? undefined : Buffer.from(comment).toString('latin1')
  let [rest, line, quoted] = ['', 0, false]
  const rewrite = (content: string) => {
    line++
    if (!quoted && mark !== undefined && content.replace(/^[ \t]+/, '').startsWith(mark))
      return blanks || line <= above ? '\n' : ''
    if (content.split('"').length % 2 === 0) quoted = !quoted
    return `${content}\n`
  }
  for await (const part of bytes) {
    const text = rest + Buffer.from(part).toString('latin1')
    // A \r may be the first half of a line end.
    const upTo = text.endsWith('\r') ? text.length - 2 : text.length - 1
    const end = Math.max(text.lastIndexOf('\n', upTo), text.lastIndexOf('\r', upTo)) + 1
    rest = text.slice(end)
    if (end > 0) yield Buffer.from(text.slice(0, end).split(lineEnd).slice(0, -1).map(rewrite).join(''), 'latin1')
  }
  if (rest !== '') yield Buffer.from(rest.replace(/\r$/, '').split(lineEnd).map(rewrite).join(''), 'latin1')
}

const lineEnd = /\r\n|\r|\n/

/** Whether a path must be spooled: pipes and devices can be read only once. */
export async function isStream(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined)
  return status !== undefined && (status.isFIFO() || status.isCharacterDevice() || status.isSocket())
}

/** DuckDB's longest line of delimited text, and the bytes that it looks at together. */
const longestLine = 2_000_000
const csvBuffer = 16 * longestLine

/** A text file whose end is to be looked at. */
export interface TextFile {
  readonly path: string
  readonly gzip: boolean
  /** Whether a row is a line, as in CSV. */
  readonly lines: boolean
  /** Of a file that is no archive, the byte at which its rows begin. */
  readonly rowsAt?: number
}

/** Whether the rows of a text may hold an underscore: to look costs a hundredth of reading them. */
export async function mayHoldUnderscore({ path, gzip, rowsAt }: TextFile, name: string): Promise<boolean> {
  if (gzip || rowsAt === undefined) return true
  try {
    for await (const part of createReadStream(path, { start: rowsAt, highWaterMark: 2 ** 20 }))
      if ((part as Buffer).includes(underscore)) return true
    return false
  } catch (error) {
    throw cannotRead(error, name)
  }
}

const underscore = '_'.charCodeAt(0)

/**
 * Refuses a text file of which DuckDB 1.5 leaves the end out without a word: a gzip file that is cut off or damaged,
 * and a last line of CSV that is longer than DuckDB reads and does not fit its buffer. A gzip file is unpacked for
 * that, beside the reading of it. Errors: `format`, `io`.
 */
export async function checkEnd({ path, gzip, lines }: TextFile, name: string, signal?: AbortSignal): Promise<void> {
  const { size, last } = gzip ? await unpackedEnd(path, name, signal) : await plainEnd(path, name)
  if (lines && size > csvBuffer && last > longestLine)
    throw new TollError('line-too-long', `${name}: the last line is longer than 2 MB; is this a text table?`, {
      file: name,
      limit: longestLine,
    })
}

/** Bytes of a text, and of its last line that is not empty, or more than `longestLine`. */
interface TextEnd {
  readonly size: number
  readonly last: number
}

const isBreak = (byte: number) => byte === 10 || byte === 13

async function plainEnd(path: string, name: string): Promise<TextEnd> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw cannotRead(error, name)
  })
  try {
    const { size } = await handle.stat()
    const { buffer, bytesRead } = await handle.read(
      new Uint8Array(longestLine + 2),
      0,
      longestLine + 2,
      Math.max(0, size - longestLine - 2),
    )
    const end = buffer.subarray(0, bytesRead).findLastIndex((byte) => !isBreak(byte))
    return { size, last: end - buffer.subarray(0, end + 1).findLastIndex(isBreak) }
  } finally {
    await handle.close()
  }
}

async function unpackedEnd(path: string, name: string, signal?: AbortSignal): Promise<TextEnd> {
  let [size, line, last] = [0, 0, 0]
  const measure = async (parts: AsyncIterable<Uint8Array>) => {
    for await (const part of parts) {
      size += part.length
      const [first, end] = [part.findIndex(isBreak), part.findLastIndex(isBreak)]
      if (first < 0) {
        line += part.length
        continue
      }
      // Lines within a part are short ones.
      if (line + first > 0) last = line + first
      if (part.subarray(first, end).some((byte) => !isBreak(byte))) last = 0
      line = part.length - end - 1
    }
  }
  try {
    await pipeline(createReadStream(path), createGunzip({ chunkSize: 2 ** 18 }), measure, { signal })
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code?.startsWith('Z_') ? damagedGzip(error, name) : cannotRead(error, name)
  }
  return { size, last: line > 0 ? line : last }
}

async function expandGlob(pattern: string): Promise<string[]> {
  const connection = await connect()
  try {
    const rows = await (await connection.run(`SELECT file FROM glob(${quoteText(pattern)})`)).getRows()
    if (rows.length === 0) throw new TollError('unknown-file', `no file matches '${pattern}'`, { file: pattern })
    return rows.map(([file]) => String(file)).sort()
  } finally {
    connection.closeSync()
  }
}

async function readStart(path: string, name: string): Promise<Uint8Array> {
  try {
    const handle = await open(path, 'r')
    try {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(headBytes), 0, headBytes, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw cannotRead(error, name)
  }
}

async function readGzipStart(path: string, name: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  const source = createReadStream(path)
  const unpacked = createGunzip()
  source.on('error', (error) => unpacked.destroy(error)).pipe(unpacked)
  try {
    for await (const part of unpacked) {
      parts.push(part as Uint8Array)
      size += (part as Uint8Array).length
      if (size >= headBytes) break
    }
  } catch (error) {
    throw damagedGzip(error, name)
  } finally {
    source.destroy()
  }
  return Buffer.concat(parts).subarray(0, headBytes)
}

export function damagedGzip(cause: unknown, file: string): TollError {
  return new TollError('damaged-file', `${file}: the gzip data is damaged or cut off`, { file, cause })
}
