// Locks between processes: a file that names the process that holds it. One that a dead process of this machine left is
// taken over, by one of however many that try.

import { randomUUID } from 'node:crypto'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { TollError } from '../errors.js'
import { cannotWrite } from './atomic.js'
import { isAlive, thisProcess, type Owner } from './owner.js'

interface Holder extends Owner {
  /** Tells two locks of one process apart. */
  readonly token: string
}

export interface LockWords {
  /** What is written, for the message. */
  readonly file: string
  /** What else can be done, for the message. */
  readonly advice: string
}

/** Seconds after which a takeover that did not end is nobody's. */
const takeoverSeconds = 10

/**
 * Makes the file `lock`, and returns what removes it. Errors: `busy` while another living process holds it;
 * `cannot-write`, `unknown-file`.
 */
export async function takeLock(lock: string, { file, advice }: LockWords): Promise<() => Promise<void>> {
  const mine: Holder = { ...thisProcess(), token: randomUUID() }
  const release = async () => {
    if ((await readHolder(lock))?.token === mine.token) await rm(lock, { force: true })
  }
  if (await makeFile(lock, JSON.stringify(mine))) return release
  const busy = (holder: Holder | undefined) =>
    new TollError(
      'busy',
      `${file} is being written by process ${holder?.pid ?? 'unknown'} on ${holder?.host ?? 'this machine'}; ` +
        `wait for it or ${advice} (if that process is gone, remove ${lock})`,
      { file },
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

/** Removes the lock of a dead process of this machine. */
export async function removeDeadLock(lock: string): Promise<void> {
  const holder = await readHolder(lock)
  if (!holder || isAlive(holder)) return
  const release = await takeLock(lock, { file: lock, advice: 'leave it' }).catch(() => undefined)
  await release?.()
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
