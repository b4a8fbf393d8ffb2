// Array files by what they hold, not by their name: .npy, .npz, MATLAB .mat, idx, each plain or gzip.

import { readFile, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { TollError, locate } from '../../base/index.js'
import { cannotRead } from '../../base/node/index.js'
import type { NumberArray } from '../array.js'
import { readIdx } from '../idx.js'
import { largestInflated } from '../inflate.js'
import { sniffKind, type FileKind } from '../kinds.js'
import { readMat } from '../mat.js'
import { readNpy } from '../npy.js'
import { readNpz } from '../npz.js'

export interface ArrayFileOptions {
  /** The array to read from an .npz or .mat file; default: the only one. */
  readonly variable?: string
}

const readers: Partial<Record<FileKind, (bytes: Uint8Array, variable?: string) => NumberArray>> = {
  npy: readNpy,
  zip: readNpz,
  mat: readMat,
  hdf5: readMat,
  idx: readIdx,
}

/**
 * Reads one array. Errors: `not-found` (file or variable), `io`, `format` (with kind and byte offset, or what the file
 * seems to be).
 */
export async function readArrayFile(path: string, options: ArrayFileOptions = {}): Promise<NumberArray> {
  const bytes = await readUnpacked(path)
  const kind = sniffKind(bytes)
  const read = readers[kind]
  if (!read)
    throw new TollError(
      'wrong-file-kind',
      `${path} should be a .npy, .npz, .mat or idx file but seems to be ${kind === 'empty' ? 'empty' : `${kind} data`}`,
      { file: path, value: kind, expected: ['npy', 'npz', 'mat', 'idx'] },
    )
  try {
    return read(bytes, options.variable)
  } catch (error) {
    throw locate(error, path)
  }
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
