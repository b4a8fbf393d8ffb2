// Files that appear whole or not at all: temporary file in the same folder, fsync, rename, fsync of the folder.
// The order is that of "All file systems are not created equal" (Pillai et al., OSDI 2014). Devices and pipes are
// written directly.

import { open, readdir, realpath, rename, rm, stat, unlink, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { TollError, messageOf } from '../errors.js'
import { isLeftBehind, ownerTag, tagPattern } from './owner.js'

/** A file being written under another name; `commit` gives it its own. */
export interface AtomicFile {
  readonly handle: FileHandle
  /** Where the bytes are until `commit`. */
  readonly temporary: string
  /** Flushes, closes and renames. After an error nothing is left behind. */
  commit(): Promise<void>
  /** Closes and removes the temporary file; harmless after `commit`. */
  discard(): Promise<void>
}

/** Opens a temporary file beside `path`. Errors: `not-found` (no such folder), `io`. */
export async function openAtomic(path: string): Promise<AtomicFile> {
  const target = await realpath(path).catch(() => path)
  const there = await stat(target).catch(() => undefined)
  if (there?.isDirectory())
    throw new TollError('cannot-write', `cannot write ${path}: it is a folder; give a file name`, { file: path })
  if (there && !there.isFile()) return openDevice(path)
  const { handle, temporary } = await openBeside(target)
  let done = false
  const discard = async () => {
    if (done) return
    done = true
    await handle.close().catch(() => undefined)
    await unlink(temporary).catch(() => undefined)
  }
  const commit = async () => {
    try {
      await handle.sync()
      await handle.close()
      await rename(temporary, target)
      done = true
    } catch (error) {
      await discard()
      throw cannotWrite(error, path)
    }
    await syncFolder(dirname(target))
  }
  return { handle, temporary, commit, discard }
}

/** Writes `content` to `path`, replacing what was there in one step. Errors: `not-found` (no such folder), `io`. */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  const file = await openAtomic(path)
  try {
    await file.handle.writeFile(content)
  } catch (error) {
    await file.discard()
    throw cannotWrite(error, path)
  }
  await file.commit()
}

const hints: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder',
  EEXIST: 'a file of that name is in the way',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left on the device; free some or choose another folder',
  EDQUOT: 'the disk quota is used up; free some or choose another folder',
  EMFILE: 'too many files are open',
  EPIPE: 'the reader closed the pipe',
}

/**
 * An error of the operating system while `file` was read, as a `TollError` that begins with `what`: `unknown-file`
 * where it does not exist, else `cannot-read`.
 */
export function cannotRead(error: unknown, file: string, what = `cannot read ${file}`): TollError {
  return describeIo(error, 'cannot-read', what, file)
}

/**
 * The same for a file or folder that was written: `unknown-file` where its folder does not exist, else `cannot-write`.
 */
export function cannotWrite(error: unknown, file: string | undefined, what = `cannot write ${file}`): TollError {
  return describeIo(error, 'cannot-write', what, file)
}

function describeIo(
  error: unknown,
  reason: 'cannot-read' | 'cannot-write',
  what: string,
  file: string | undefined,
): TollError {
  if (error instanceof TollError) return error
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const hint = code && hints[code]
  const details = { ...(file !== undefined && { file }), cause: error }
  return new TollError(code === 'ENOENT' ? 'unknown-file' : reason, `${what}: ${hint ?? messageOf(error)}`, details)
}

/** The name is taken with `wx`, so two writers of one path never share a temporary file. */
async function openBeside(target: string): Promise<{ handle: FileHandle; temporary: string }> {
  const folder = dirname(target)
  // A name may have 255 bytes.
  const start = `.${Buffer.from(basename(target))
    .subarray(0, 150)
    .toString('utf8')
    .replace(/\uFFFD$/, '')}.`
  await sweepOnce(folder, start)
  for (let attempt = 1; ; attempt++) {
    const temporary = join(folder, `${start}${ownerTag()}-${attempt}.tmp`)
    try {
      return { handle: await open(temporary, 'wx'), temporary }
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EEXIST'
      if (!taken || attempt === 10_000) throw cannotWrite(error, target)
    }
  }
}

const swept = new Set<string>()
const ending = new RegExp(`^(${tagPattern})-\\d+\\.tmp$`)

/** Takes away what processes left that were killed while they wrote the same file. */
async function sweepOnce(folder: string, start: string): Promise<void> {
  const key = join(folder, start)
  if (swept.has(key)) return
  swept.add(key)
  for (const name of await readdir(folder).catch(() => [])) {
    const tag = name.startsWith(start) ? ending.exec(name.slice(start.length))?.[1] : undefined
    if (tag !== undefined && isLeftBehind(tag)) await rm(join(folder, name), { force: true }).catch(() => undefined)
  }
}

async function openDevice(path: string): Promise<AtomicFile> {
  const handle = await open(path, 'w').catch((error: unknown) => {
    throw cannotWrite(error, path)
  })
  const close = () => handle.close().catch(() => undefined)
  return { handle, temporary: path, commit: close, discard: close }
}

/** Makes the new name durable. Some systems cannot open folders; there the rename alone has to do. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined)
  await folder?.sync().catch(() => undefined)
  await folder?.close().catch(() => undefined)
}
