// Where the bytes of a file come from and go to, by whatever a program has in its hands: a path or address, an address,
// a file that a visitor chose, an answer of a server, bytes.

import { TollError, messageOf, throwIfAborted } from './errors.js'

/** A Blob, a File, a Response. */
export interface ByteSource {
  arrayBuffer(): Promise<ArrayBuffer>
}

/** A string is a path in Node, where it is no http(s) address, and an address in a browser. */
export type FileSource = string | URL | ByteSource | ArrayBuffer | Uint8Array

/** A FileSystemFileHandle. */
export interface WritableFile {
  createWritable(): Promise<{ write(bytes: ArrayBuffer): Promise<unknown>; close(): Promise<unknown> }>
}

/** A string is a path in Node, and in a browser the name of a file that is offered as a download. */
export type FileTarget = string | WritableFile

/** What messages call a source. */
export function nameOfSource(source: FileSource): string {
  if (typeof source === 'string') return source
  if (source instanceof URL) return source.href
  const { name, url } = source as { readonly name?: string; readonly url?: string }
  return name || url || 'the file'
}

/** The content of an address or of what is no path. Errors: `not-found`, `network`, `io`, `aborted`. */
export function contentOf(source: FileSource, options: { readonly signal?: AbortSignal } = {}): Promise<Uint8Array> {
  return typeof source === 'string' || source instanceof URL
    ? fetchBytes(source, options)
    : bytesOf(source, nameOfSource(source))
}

/** The content of an address. Errors: `not-found`, `network`, `aborted`. */
async function fetchBytes(
  address: string | URL,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Uint8Array> {
  const response = await fetch(address, { signal }).catch((error: unknown) => {
    throwIfAborted(signal)
    throw new TollError('download-failed', `cannot fetch ${String(address)}: ${messageOf(error)}`, {
      file: String(address),
      cause: error,
    })
  })
  return bytesOf(response, String(address))
}

/** Errors as `fetchBytes`; `io` for a file that cannot be read any more. */
async function bytesOf(source: ByteSource | ArrayBuffer | Uint8Array, name: string): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source
  if (source instanceof ArrayBuffer) return new Uint8Array(source)
  const { ok, status } = source as { readonly ok?: boolean; readonly status?: number }
  if (ok === false)
    throw new TollError(
      status === 404 ? 'unknown-file' : 'download-failed',
      `cannot fetch ${name}: the server answers with status ${status}`,
      { file: name },
    )
  try {
    return new Uint8Array(await source.arrayBuffer())
  } catch (error) {
    throw new TollError('cannot-read', `cannot read ${name}: ${messageOf(error)}`, { file: name, cause: error })
  }
}

/** Writes to a file that a visitor chose. Error: `io`. */
export async function writeHandle(handle: WritableFile, bytes: Uint8Array): Promise<void> {
  try {
    const stream = await handle.createWritable()
    await stream.write(bytes.slice().buffer)
    await stream.close()
  } catch (error) {
    throw new TollError('cannot-write', `cannot write the file: ${messageOf(error)}`, { cause: error })
  }
}
