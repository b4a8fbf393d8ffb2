// Trial logs: append-only files of one JSON line per finished trial (NDJSON). A line is on the disk before its trial counts as finished;
// what a crash cut off is dropped with a warning and never glued to the next line. Logs of several machines merge by concatenation.

import { open, readFile, rm, stat, writeFile, type FileHandle } from 'node:fs/promises'
import { hostname } from 'node:os'
import { TollError, messageOf } from '../../base/index.js'
import { describeIo } from '../../base/node/index.js'

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
  /** Told of every line that is passed over. */
  readonly warn: (message: string) => void
}

/** The records in a log; an absent file is an empty log. Error: `io`. */
export async function readTrialLog<T>(path: string, { parse, warn }: TrialLogOptions<T>): Promise<T[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const failure = describeIo(error, `cannot read ${path}`)
    if (failure.code === 'not-found') return ''
    throw failure
  })
  let passed = 0
  const records = text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return []
    try {
      return [parse(parseLine(line))]
    } catch (error) {
      if (++passed <= mostWarnings) warn(`${path}, line ${i + 1} is passed over: ${messageOf(error)}`)
      return []
    }
  })
  if (passed > mostWarnings) warn(`${path}: ${passed - mostWarnings} more lines are passed over`)
  return records
}

/** Lines that are named one by one; a file of another kind has nothing but such lines. */
const mostWarnings = 3

/** Where a log that ends in half a line was joined with another, the whole record that follows the half one is still there. */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    const next = line.lastIndexOf('{"format":')
    if (next > 0) return JSON.parse(line.slice(next))
    throw new TollError('format', `it is no whole line of JSON (${messageOf(error)})`, { cause: error })
  }
}

/**
 * Opens a log for this process alone, made if missing. Errors: `io`, `not-found` (no such folder); `argument` while another living
 * process has it open.
 */
export async function openTrialLog<T>(path: string, options: TrialLogOptions<T>): Promise<TrialLog<T>> {
  const lock = `${path}.lock`
  await takeLock(lock, path)
  let file: FileHandle
  try {
    file = await openForAppending(path, options.warn)
  } catch (error) {
    await rm(lock, { force: true })
    throw error
  }
  return {
    read: () => readTrialLog(path, options),
    async append(record) {
      const { size } = await file.stat()
      try {
        await file.appendFile(`${JSON.stringify(record)}\n`)
        await file.datasync()
      } catch (error) {
        await file.truncate(size).catch(() => undefined)
        throw describeIo(error, `cannot write ${path}`)
      }
    },
    async close() {
      await file.close()
      await rm(lock, { force: true })
    },
  }
}

async function openForAppending(path: string, warn: (message: string) => void): Promise<FileHandle> {
  let file: FileHandle | undefined
  try {
    file = await open(path, 'a')
    if (!(await file.stat()).isFile()) throw new TollError('argument', `a trial log is a regular file, ${path} is none`)
    await endLastLine(path, file, warn)
    return file
  } catch (error) {
    await file?.close()
    throw describeIo(error, `cannot write ${path}`)
  }
}

/** A last line without its end is a whole record (then it gets its end) or was cut off (then it goes). */
async function endLastLine(path: string, file: FileHandle, warn: (message: string) => void): Promise<void> {
  const bytes = await readFile(path)
  const end = bytes.lastIndexOf(10) + 1
  if (end === bytes.length) return
  try {
    JSON.parse(bytes.toString('utf8', end))
    await file.appendFile('\n')
  } catch {
    warn(`${path} ended in half a line of ${bytes.length - end} bytes, cut off while it was written; it was dropped, its trial runs again`)
    await file.truncate(end)
  }
}

/** A file that names the process that writes. One that a dead process of this machine left is replaced. */
async function takeLock(lock: string, path: string): Promise<void> {
  const mine = JSON.stringify({ pid: process.pid, host: hostname() })
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await writeFile(lock, mine, { flag: 'wx' })
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw describeIo(error, `cannot write ${lock}`)
      const holder = await readHolder(lock)
      const alive = holder !== undefined && (holder.host !== hostname() || isRunning(holder.pid))
      if (alive || attempt > 0) {
        throw new TollError('argument', `${path} is being written by process ${holder?.pid ?? 'unknown'} on ${holder?.host ?? 'another machine'}; wait for it or `
          + `use another file, logs can be joined later (if that process is gone, remove ${lock})`)
      }
      await rm(lock, { force: true })
    }
  }
}

/** Undefined for a lock that is no longer there, or that its process died before filling. */
async function readHolder(lock: string): Promise<{ pid: number; host: string } | undefined> {
  try {
    return JSON.parse(await readFile(lock, 'utf8')) as { pid: number; host: string }
  } catch {
    // Between making and filling the file there is a moment; a lock that stays empty for longer is nobody's.
    const made = await stat(lock).then(({ mtimeMs }) => mtimeMs, () => 0)
    return Date.now() - made < 2000 ? { pid: 0, host: hostname() } : undefined
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
