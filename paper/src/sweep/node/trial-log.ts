// Trial logs: append-only files of one JSON line per finished trial (NDJSON). A line is on the disk before its trial
// counts as finished; what a crash cut off is dropped with a warning and never glued to the next line. Logs of several
// machines merge by concatenation.

import { randomUUID } from 'node:crypto'
import { open, readFile, realpath, rm, stat, writeFile, type FileHandle } from 'node:fs/promises'
import { hostname } from 'node:os'
import { TollError, messageOf } from 'toll/base'
import { cannotRead, cannotWrite } from 'toll/base/node'

export interface TrialLog<T> {
  /** The records so far, in the order of the file. Lines that are none are passed over with a warning. */
  read(): Promise<readonly T[]>
  /** Returns when the line is on the disk. Error: `io`; then the file ends where it ended before. */
  append(record: T): Promise<void>
  close(): Promise<void>
}

export interface TrialLogOptions<T> {
  /** Turns a parsed line into a record or throws what is wrong with it. */
  readonly parse: (value: unknown) => T
  /**
   * What every line begins with, such as `{"format":`: where one is cut off and another follows on the same line, the
   * other is found by it.
   */
  readonly begins: string
  /** Told of everything that is passed over. */
  readonly warn: (message: string) => void
}

/** Passed-over lines that are named one by one; a file of another kind has nothing but such lines. */
const mostWarnings = 3

/** The records in a log; an absent file is an empty log. Error: `io`. */
export async function readTrialLog<T>(path: string, { parse, begins, warn }: TrialLogOptions<T>): Promise<T[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const failure = cannotRead(error, path)
    if (failure.code === 'not-found') return ''
    throw failure
  })
  let passed = 0
  const records = text.split('\n').flatMap((line, i) =>
    piecesOf(line, begins).flatMap((piece) => {
      try {
        return [parse(parseLine(piece))]
      } catch (error) {
        if (++passed <= mostWarnings) warn(`${path}, line ${i + 1} is passed over: ${messageOf(error)}`)
        return []
      }
    }),
  )
  if (passed > mostWarnings) warn(`${path}: ${passed - mostWarnings} more lines are passed over`)
  return records
}

/** Nothing of an empty line; more than one piece where a log that ended in half a line was joined with another. */
function piecesOf(line: string, begins: string): string[] {
  if (line.trim() === '') return []
  if (isJson(line)) return [line]
  const starts = [...line.matchAll(new RegExp(begins.replaceAll(/[^\w]/g, '\\$&'), 'g'))].map(({ index }) => index)
  return [0, ...starts.filter((start) => start > 0)].map((start, i, all) => line.slice(start, all[i + 1]))
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw new TollError('damaged-file', `it is no whole line of JSON (${messageOf(error)})`, { cause: error })
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/**
 * Opens a log for this process alone, made if missing. Errors: `io`, `not-found` (no such folder); `argument` for a
 * file that is no trial log, and while another living process has the log open.
 */
export async function openTrialLog<T>(given: string, options: TrialLogOptions<T>): Promise<TrialLog<T>> {
  const path = await realpath(given).catch(() => given)
  const release = await takeLock(`${path}.lock`, given)
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

async function openForAppending(
  path: string,
  { begins, warn }: Pick<TrialLogOptions<unknown>, 'begins' | 'warn'>,
): Promise<FileHandle> {
  let file: FileHandle | undefined
  try {
    file = await open(path, 'a')
    if (!(await file.stat()).isFile())
      throw new TollError('out-of-domain', `a trial log is a regular file, ${path} is none`)
    const bytes = await readFile(path)
    // Half a first line may be shorter than the beginning itself.
    const head = bytes.toString('utf8', 0, begins.length)
    if (!(bytes.length < begins.length ? begins.startsWith(head) : head === begins)) {
      throw new TollError(
        'out-of-domain',
        `${path} is no trial log of this kind: it does not begin with ${begins}; choose another file`,
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

interface Holder {
  readonly pid: number
  readonly host: string
  /** Tells two locks of one process apart. */
  readonly token: string
}

/** Seconds after which a takeover that did not end is nobody's. */
const takeoverSeconds = 10

/**
 * Makes a file that names the process that writes, and returns what removes it. One that a dead process of this machine
 * left is replaced.
 */
async function takeLock(lock: string, path: string): Promise<() => Promise<void>> {
  const mine: Holder = { pid: process.pid, host: hostname(), token: randomUUID() }
  const release = async () => {
    if ((await readHolder(lock))?.token === mine.token) await rm(lock, { force: true })
  }
  if (await makeFile(lock, JSON.stringify(mine))) return release
  const busy = (holder: Holder | undefined) =>
    new TollError(
      'unknown-parameter',
      `${path} is being written by process ${holder?.pid ?? 'unknown'} on ` +
        `${holder?.host ?? 'this machine'}; wait for it or use another file, logs can be joined later (if ` +
        `that process is gone, remove ${lock})`,
    )
  const holder = await readHolder(lock)
  if (holder && isAlive(holder)) throw busy(holder)
  // Only one process at a time may replace a dead one's lock, and it looks again before it does.
  const takeover = `${lock}.takeover`
  if ((await ageOf(takeover)) > takeoverSeconds) await rm(takeover, { force: true })
  if (!(await makeFile(takeover, ''))) throw busy(holder)
  try {
    const now = await readHolder(lock)
    if (now ? isAlive(now) : Math.abs(await ageOf(lock)) < takeoverSeconds) throw busy(now)
    await rm(lock, { force: true })
    if (!(await makeFile(lock, JSON.stringify(mine)))) throw busy(undefined)
    return release
  } finally {
    await rm(takeover, { force: true })
  }
}

/** False where the file is already there. One that could not be filled is taken away again. */
async function makeFile(path: string, content: string): Promise<boolean> {
  return writeFile(path, content, { flag: 'wx' }).then(
    () => true,
    async (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      await rm(path, { force: true }).catch(() => undefined)
      throw cannotWrite(error, path)
    },
  )
}

/** Undefined for a lock that is gone, or that its process has not filled. */
async function readHolder(lock: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(lock, 'utf8')) as Holder
  } catch {
    return undefined
  }
}

/** Seconds since the file was written; minus infinity where there is none. */
async function ageOf(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => (Date.now() - mtimeMs) / 1e3,
    () => -Infinity,
  )
}

/** Processes of other machines cannot be asked and count as alive. */
function isAlive({ pid, host }: Holder): boolean {
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
