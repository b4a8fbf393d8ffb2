// Trial logs: append-only files of one JSON line per finished trial (NDJSON). A line is on the disk before its trial
// counts as finished; what a crash cut off is dropped with a warning and never glued to the next line. Logs of several
// machines merge by concatenation.

import { open, readFile, realpath, type FileHandle } from 'node:fs/promises'
import { TollError } from 'toll'
import { messageOf, parseJson } from 'toll/base'
import { cannotRead, cannotWrite, takeLock } from 'toll/node'
import { readRecord, type RecordFormat } from '../format.js'

export interface TrialLog<T> {
  /** The records so far, in the order of the file. Lines that are none are passed over with a warning. */
  read(): Promise<readonly T[]>
  /** Returns when the line is on the disk. Error: `io`; then the file ends where it ended before. */
  append(record: T): Promise<void>
  close(): Promise<void>
}

/** What of a format a log needs. */
export type LineFormat<T extends object> = Pick<RecordFormat<T>, 'name' | 'version' | 'begins' | 'read'>

export interface TrialLogOptions<T extends object> {
  readonly format: LineFormat<T>
  /** Told of everything that is passed over. */
  readonly warn: (message: string) => void
}

/** Passed-over lines that are named one by one; a file of another kind has nothing but such lines. */
const maxWarnings = 3

/** The records in a log; an absent file is an empty log. Error: `io`. */
export async function readTrialLog<T extends object>(path: string, { format, warn }: TrialLogOptions<T>): Promise<T[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const failure = cannotRead(error, path)
    if (failure.code === 'not-found') return ''
    throw failure
  })
  let passed = 0
  const records = text.split('\n').flatMap((line, i) =>
    piecesOf(line, format).flatMap((piece) => {
      try {
        return [readRecord(format, parseLine(piece))]
      } catch (error) {
        if (++passed <= maxWarnings) warn(`${path}, line ${i + 1} is passed over: ${messageOf(error)}`)
        return []
      }
    }),
  )
  if (passed > maxWarnings) warn(`${path}: ${passed - maxWarnings} more lines are passed over`)
  return records
}

/** Nothing of an empty line; more than one piece where a log that ended in half a line was joined with another. */
function piecesOf(line: string, { begins }: Pick<LineFormat<object>, 'begins'>): string[] {
  if (line.trim() === '') return []
  if (isJson(line)) return [line]
  const anyBegin = new RegExp(begins.map((text) => text.replaceAll(/[^\w]/g, '\\$&')).join('|'), 'g')
  const starts = [...line.matchAll(anyBegin)].map(({ index }) => index)
  return [0, ...starts.filter((start) => start > 0)].map((start, i, all) => line.slice(start, all[i + 1]))
}

function parseLine(line: string): unknown {
  try {
    return parseJson(line)
  } catch (error) {
    throw new TollError('damaged-file', `it is no whole line of JSON (${messageOf(error)})`, { cause: error })
  }
}

function isJson(text: string): boolean {
  try {
    parseJson(text)
    return true
  } catch {
    return false
  }
}

/**
 * Opens a log for this process alone, made if missing. Errors: `io`, `not-found` (no such folder); `argument` for a
 * file that is no trial log, and while another living process has the log open.
 */
export async function openTrialLog<T extends object>(given: string, options: TrialLogOptions<T>): Promise<TrialLog<T>> {
  const path = await realpath(given).catch(() => given)
  const release = await takeLock(`${path}.lock`, { file: given, advice: 'use another file, logs can be joined later' })
  let file: FileHandle
  try {
    file = await openForAppending(path, options)
  } catch (error) {
    await release()
    throw error
  }
  // One after the other: a line that fails is taken back, which must not take back another one.
  let last: Promise<void> = Promise.resolve()
  return {
    read: () => readTrialLog(path, options),
    append(record) {
      last = last.catch(() => undefined).then(() => appendLine(file, `${JSON.stringify(record)}\n`, given))
      return last
    },
    async close() {
      await last.catch(() => undefined)
      await file.close()
      await release()
    },
  }
}

async function appendLine(file: FileHandle, line: string, path: string): Promise<void> {
  const { size } = await file.stat()
  try {
    await file.appendFile(line)
    await file.datasync()
  } catch (error) {
    await file.truncate(size).catch(() => undefined)
    throw cannotWrite(error, path)
  }
}

async function openForAppending<T extends object>(
  path: string,
  { format: { name, begins }, warn }: TrialLogOptions<T>,
): Promise<FileHandle> {
  let file: FileHandle | undefined
  try {
    file = await open(path, 'a')
    if (!(await file.stat()).isFile())
      throw new TollError('unsupported-input', `a trial log is a regular file, ${path} is none`, { file: path })
    const bytes = await readFile(path)
    // Half a first line may be shorter than the beginning itself.
    const fits = (begin: string) => {
      const head = bytes.toString('utf8', 0, begin.length)
      return bytes.length < begin.length ? begin.startsWith(head) : head === begin
    }
    if (!begins.some(fits)) {
      throw new TollError(
        'unsupported-format',
        `${path} is no trial log of this kind: it does not begin with ${begins.join(' or ')}; choose another file`,
        { file: path, expected: name },
      )
    }
    await endLastLine(path, bytes, file, warn)
    return file
  } catch (error) {
    await file?.close()
    throw cannotWrite(error, path)
  }
}

/** A last line without its end is a whole record (then it gets its end) or was cut off (then it goes). */
async function endLastLine(
  path: string,
  bytes: Buffer,
  file: FileHandle,
  warn: (message: string) => void,
): Promise<void> {
  const end = bytes.lastIndexOf(10) + 1
  if (end === bytes.length) return
  if (isJson(bytes.toString('utf8', end))) return file.appendFile('\n')
  warn(
    `${path} ended in half a line of ${bytes.length - end} bytes, cut off while it was written; it was ` +
      'dropped, its trial runs again',
  )
  await file.truncate(end)
}
