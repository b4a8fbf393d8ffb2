// What a file seems to be, from its first bytes: so that a file of the wrong kind is named instead of misread.

import { isGzip } from './inflate.js'
import { isIdx } from './idx.js'
import { isMat } from './mat.js'
import { isNpy } from './npy.js'

export type FileKind =
  | 'empty'
  | 'npy'
  | 'zip'
  | 'mat'
  | 'hdf5'
  | 'idx'
  | 'gzip'
  | 'parquet'
  | 'png'
  | 'jpeg'
  | 'pdf'
  | 'sqlite'
  | 'zstd'
  | 'bzip2'
  | 'xz'
  | 'onnx'
  | 'utf-16 text'
  | 'text'
  | 'binary'

const signatures: readonly (readonly [FileKind, readonly number[]])[] = [
  ['zip', [0x50, 0x4b, 3, 4]],
  ['zip', [0x50, 0x4b, 5, 6]],
  ['hdf5', [0x89, 0x48, 0x44, 0x46]],
  ['parquet', [0x50, 0x41, 0x52, 0x31]],
  ['png', [0x89, 0x50, 0x4e, 0x47]],
  ['jpeg', [0xff, 0xd8, 0xff]],
  ['pdf', [0x25, 0x50, 0x44, 0x46]],
  ['sqlite', [0x53, 0x51, 0x4c, 0x69, 0x74, 0x65, 0x20, 0x66]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ['utf-16 text', [0xff, 0xfe]],
  ['utf-16 text', [0xfe, 0xff]],
]

/** A guess from the first bytes (512 are enough); `onnx` means "begins as our model files do". */
export function sniffKind(head: Uint8Array): FileKind {
  if (head.length === 0) return 'empty'
  if (isNpy(head)) return 'npy'
  // A 7.3 file has a MATLAB header before the HDF5 part.
  if (new TextDecoder('latin1').decode(head.subarray(0, 10)) === 'MATLAB 7.3') return 'hdf5'
  if (isMat(head)) return 'mat'
  if (isGzip(head)) return 'gzip'
  const match = signatures.find(([, bytes]) => bytes.every((byte, i) => head[i] === byte))
  if (match) return match[0]
  if (isIdx(head)) return 'idx'
  if (head[0] === 0x08 && head[1] < 32 && head[2] === 0x12) return 'onnx'
  return head.subarray(0, 512).includes(0) ? 'binary' : 'text'
}
