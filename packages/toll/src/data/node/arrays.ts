// Array files by what they hold, not by their name: .npy, .npz, MATLAB .mat, idx, each plain or gzip.

import { readFile, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { TollError } from '../../base/index.js'
import { cannotRead } from '../../base/node/index.js'
import type { NumberArray } from '../array.js'
import { readArray } from '../array-bytes.js'
import { largestInflated } from '../inflate.js'
import { sniffKind } from '../kinds.js'

export interface ArrayFileOptions {
  /** The array to read from an .npz or .mat file; default: the only one. */
  readonly variable?: string
}

/**
 * Reads one array. Errors: `not-found` (file or variable), `io`, `format` (with kind and byte offset, or what the file
 * seems to be).
 */
export async function readArrayFile(path: string, options: ArrayFileOptions = {}): Promise<NumberArray> {
  return readArray(await readUnpacked(path), path, options.variable)
}

/** The content of a file, unpacked if it is gzip, at most 1 GiB. Errors: `not-found`, `io`, `format`. */
export async function readUnpacked(path: string): Promise<Uint8Array> {
  const bytes = await readWhole(path)
  if (sniffKind(bytes) !== 'gzip') return bytes
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: largestInflated })
  } catch (error) {
    throw new TollError(
      'damaged-file',
      `${path}: the gzip data is damaged, cut off or holds more than ${largestInflated} bytes`,
      { file: path, limit: largestInflated, cause: error },
    )
  }
}

async function readWhole(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path)
    if (size > largestInflated)
      throw new TollError('cannot-read', `${path} has ${size} bytes; arrays of up to ${largestInflated} are read`, {
        file: path,
        value: size,
        limit: largestInflated,
      })
    return await readFile(path)
  } catch (error) {
    throw cannotRead(error, path)
  }
}
