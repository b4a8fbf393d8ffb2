// Folders for results. Whether one can be made is found out before anything runs, and it is made when there is
// something to put into it, so that work that is stopped leaves no empty folder behind.

import { mkdir, rmdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { cannotWrite } from './atomic.js'

/** Makes a folder and those above it, where missing. Errors: `io`, `not-found`. */
export async function makeFolder(path: string): Promise<void> {
  await makeMissing(path)
}

/** Makes a folder and takes it away again, if it was not there. Errors: those that making it would have. */
export async function checkFolder(path: string): Promise<void> {
  for (const made of (await makeMissing(path)).reverse()) await rmdir(made).catch(() => undefined)
}

/**
 * The folders that were made, from the top. One after the other, since making all at once does not end in some file
 * systems, such as /proc.
 */
async function makeMissing(path: string): Promise<string[]> {
  const missing: string[] = []
  for (let folder = resolve(path); !(await isFolder(folder)); folder = dirname(folder)) missing.unshift(folder)
  const made: string[] = []
  for (const folder of missing) {
    try {
      await mkdir(folder)
      made.push(folder)
    } catch (error) {
      // Somebody else may have made it meanwhile.
      if (await isFolder(folder)) continue
      for (const mine of made.reverse()) await rmdir(mine).catch(() => undefined)
      throw cannotWrite(error, path, `cannot make the folder ${path}`)
    }
  }
  return made
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
