// One file over HTTP: kept in a .part file, resumed with a range request (RFC 9110, section 14), checked before it gets
// its name.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { TollError, messageOf, throwIfAborted } from '../../base/index.js'
import { cannotRead, cannotWrite } from '../../base/node/index.js'

export interface DownloadProgress {
  /** Bytes so far, those of earlier attempts included. */
  readonly received: number
  /** Bytes in all, where the server says so. */
  readonly total: number | undefined
}

export interface DownloadOptions {
  readonly onProgress?: (progress: DownloadProgress) => void
  readonly signal?: AbortSignal
  /** Refused beyond this many bytes; default 1 GiB. */
  readonly limit?: number
}

/** No byte for this long ends an attempt, in milliseconds. */
const stallTime = 30_000

/**
 * Fetches the first address that answers into `part`, going on where an earlier attempt ended.
 * After a broken connection the bytes so far stay there for the next call. Errors: `network`, `io`, `aborted`.
 */
export async function fetchPart(urls: readonly string[], part: string, options: DownloadOptions = {}): Promise<void> {
  await mkdir(dirname(part), { recursive: true }).catch((error: unknown) => {
    throw cannotWrite(error, dirname(part), `cannot write to ${dirname(part)}`)
  })
  const problems: string[] = []
  for (const url of urls) {
    try {
      await fetchOne(url, part, options)
      return
    } catch (error) {
      throwIfAborted(options.signal)
      if (error instanceof TollError && error.code !== 'network') throw error
      problems.push(`${url}: ${messageOf(causeOf(error)) || 'no connection'}`)
    }
  }
  throw new TollError(
    'download-failed',
    `could not download ${problems.join('; ')}; run it again to go on where it stopped, or put the file ` +
      'into the data folder by hand',
    { file: part, value: urls },
  )
}

/** The digest of a file's bytes, in hexadecimal. */
export async function digestFile(path: string, algorithm: 'sha256' | 'md5'): Promise<string> {
  const hash = createHash(algorithm)
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Uint8Array)
  } catch (error) {
    throw cannotRead(error, path)
  }
  return hash.digest('hex')
}

async function fetchOne(
  url: string,
  part: string,
  { onProgress, signal, limit = 2 ** 30 }: DownloadOptions,
): Promise<void> {
  const before = await stat(part).then(
    ({ size }) => size,
    () => 0,
  )
  const stall = new AbortController()
  let timer = setTimeout(() => stall.abort(), stallTime)
  try {
    const response = await fetch(url, {
      headers: before > 0 ? { range: `bytes=${before}-` } : {},
      signal: signal ? AbortSignal.any([signal, stall.signal]) : stall.signal,
    })
    if (response.status === 416) {
      // The .part file is whole already, or of something else: the checksum will tell, a wrong one removes it.
      await response.body?.cancel()
      return
    }
    if (!response.ok || !response.body)
      throw new TollError('download-failed', `the server answered ${response.status} ${response.statusText}`, {
        file: url,
        value: response.status,
      })
    const resumed = response.status === 206 && rangeStart(response) === before
    if (response.status === 206 && !resumed)
      throw new TollError('download-failed', 'the server answered with another range than was asked for', { file: url })
    const length = Number(response.headers.get('content-length') ?? NaN)
    const encoded = response.headers.has('content-encoding')
    const total = Number.isFinite(length) && !encoded ? length + (resumed ? before : 0) : undefined
    let received = resumed ? before : 0
    const handle = await open(part, resumed ? 'a' : 'w')
    try {
      for await (const chunk of response.body) {
        clearTimeout(timer)
        timer = setTimeout(() => stall.abort(), stallTime)
        received += chunk.length
        if (received > limit) break
        await handle.writeFile(chunk)
        onProgress?.({ received, total })
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (received > limit) {
      await unlink(part)
      throw new TollError('download-failed', `the file is larger than the ${limit} bytes that are allowed`, {
        file: url,
        limit,
      })
    }
    if (total !== undefined && received !== total)
      throw new TollError('download-failed', `the connection broke after ${received} of ${total} bytes`, {
        file: url,
        value: received,
        expected: `${total} bytes`,
      })
  } catch (error) {
    throwIfAborted(signal)
    if (stall.signal.aborted)
      throw new TollError('download-failed', `no data for ${stallTime / 1000} seconds`, {
        file: url,
        limit: stallTime / 1000,
        cause: error,
      })
    const system = error instanceof Error && 'syscall' in error && 'errno' in error && 'path' in error
    throw system || isDiskFull(error) ? cannotWrite(error, part) : error
  } finally {
    clearTimeout(timer)
  }
}

function rangeStart(response: Response): number {
  return Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? NaN)
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}

/** fetch says only "fetch failed"; the reason is in its cause. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined && !(error instanceof TollError) ? error.cause : error
}
