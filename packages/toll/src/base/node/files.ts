// Files in Node: paths, and whatever a browser takes.

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { throwIfAborted } from '../errors.js'
import { contentOf, writeHandle, type FileSource, type FileTarget } from '../file-source.js'
import { cannotRead, writeFileAtomic } from './atomic.js'

/** Whether a source is a path on this machine, and which. */
export function pathOf(source: FileSource): string | undefined {
  if (typeof source === 'string') return /^(https?|data|blob):/i.test(source) ? undefined : source
  return source instanceof URL && source.protocol === 'file:' ? fileURLToPath(source) : undefined
}

/** The content of a source. Errors: `not-found`, `network`, `io`, `aborted`. */
export async function readBytes(
  source: FileSource,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Uint8Array> {
  const path = pathOf(source)
  if (path !== undefined)
    return readFile(path, options).catch((error: unknown) => {
      throwIfAborted(options.signal)
      throw cannotRead(error, path)
    })
  return contentOf(source, options)
}

/** Writes a file whole or not at all. Errors: `not-found` (no such folder), `io`. */
export async function writeBytes(target: FileTarget, bytes: Uint8Array): Promise<void> {
  return typeof target === 'string' ? writeFileAtomic(target, bytes) : writeHandle(target, bytes)
}
