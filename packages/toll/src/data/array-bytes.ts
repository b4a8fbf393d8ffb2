// Array files by what they hold, not by their name: .npy, .npz, MATLAB .mat, idx.

import { TollError, locate } from '../base/index.js'
import type { NumberArray } from './array.js'
import { readIdx } from './idx.js'
import { sniffKind, type FileKind } from './kinds.js'
import { readMat } from './mat.js'
import { readNpy } from './npy.js'
import { readNpz } from './npz.js'

const readers: Partial<Record<FileKind, (bytes: Uint8Array, variable?: string) => NumberArray>> = {
  npy: readNpy,
  zip: readNpz,
  mat: readMat,
  hdf5: readMat,
  idx: readIdx,
}

/** Whether bytes seem to be a file of arrays. */
export function isArrayFile(bytes: Uint8Array): boolean {
  return readers[sniffKind(bytes)] !== undefined
}

/**
 * The array of a file, unpacked; of several the one called `variable`. Errors: `not-found` (variable), `format` (with
 * kind and byte offset, or what the file seems to be).
 */
export function readArray(bytes: Uint8Array, name: string, variable?: string): NumberArray {
  const kind = sniffKind(bytes)
  const read = readers[kind]
  if (!read)
    throw new TollError(
      'wrong-file-kind',
      `${name} should be a .npy, .npz, .mat or idx file but seems to be ${kind === 'empty' ? 'empty' : `${kind} data`}`,
      { file: name, value: kind, expected: ['npy', 'npz', 'mat', 'idx'] },
    )
  try {
    return read(bytes, variable)
  } catch (error) {
    throw locate(error, name)
  }
}
