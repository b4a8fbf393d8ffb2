// What a process keeps in the system's temporary folder: folders and locks that say whose they are. The first one that
// a process makes takes away what dead processes left: a process that is killed cannot.

import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cannotWrite } from './atomic.js'
import { removeDeadLock, takeLock, type LockWords } from './lock.js'
import { isLeftBehind, ownerTag, tagPattern } from './owner.js'

export interface TemporaryFolder {
  readonly path: string
  /** Removes it with all that is in it. */
  readonly remove: () => Promise<void>
}

/** Makes a folder that only this user can read. Errors: `io`, `not-found`. */
export async function makeTemporary(): Promise<TemporaryFolder> {
  const path = await temporaryPath()
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    throw cannotWrite(error, path, `cannot make a temporary folder in ${tmpdir()}`)
  })
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** Where a folder may be made that nobody else uses. */
export async function temporaryPath(): Promise<string> {
  await (swept ??= sweep())
  return join(tmpdir(), `toll-${ownerTag()}-${randomBytes(6).toString('hex')}`)
}

/**
 * Takes what is called `key` for this process alone, among those of this user and machine, and returns what gives it
 * back. Errors as `takeLock`.
 */
export async function claim(key: string, words: LockWords): Promise<() => Promise<void>> {
  await (swept ??= sweep())
  const name = createHash('sha256').update(key).digest('hex').slice(0, 16)
  return takeLock(join(tmpdir(), `toll-${process.getuid?.() ?? ''}-${name}.lock`), words)
}

let swept: Promise<void> | undefined
const folders = new RegExp(`^toll-(${tagPattern})-[0-9a-f]{12}$`)
const locks = /^toll-\d*-[0-9a-f]{16}\.lock$/

async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const path = join(tmpdir(), name)
    const tag = folders.exec(name)?.[1]
    // What is of another user, or gone meanwhile, stays as it is.
    if (tag !== undefined && isLeftBehind(tag)) await rm(path, { recursive: true, force: true }).catch(() => undefined)
    if (locks.test(name)) await removeDeadLock(path)
  }
}
