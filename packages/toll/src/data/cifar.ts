// The binary batches of CIFAR-10 and CIFAR-100 (Krizhevsky 2009): records of label bytes and 3072 pixels,
// channel-first, no header.

import type { ImageSet } from './array.js'
import { ByteReader } from './bytes.js'
import { gunzip, isGzip } from './inflate.js'

const pixelCount = 3 * 32 * 32

export interface CifarLayout {
  readonly kind: string
  /** Label bytes before the pixels of a record. */
  readonly labelBytes: 1 | 2
  /** Which of them is the class. */
  readonly labelAt: 0 | 1
}

/** One label byte, 3073 bytes a record. */
export const cifar10Layout: CifarLayout = { kind: 'CIFAR-10 file', labelBytes: 1, labelAt: 0 }
/** A coarse and a fine label byte, 3074 bytes a record; the class is the fine one. */
export const cifar100Layout: CifarLayout = { kind: 'CIFAR-100 file', labelBytes: 2, labelAt: 1 }
/** The same file by its 20 coarse classes. */
export const cifar100CoarseLayout: CifarLayout = { ...cifar100Layout, labelAt: 0 }

/** The most that one batch file may hold: CIFAR-100's training file, 50,000 records. */
const largestBatch = 50_000

/** The images of one batch file, plain or gzip, `(n, 3, 32, 32)`. Error: `format`, with the byte offset. */
export function readCifar(bytes: Uint8Array, layout: CifarLayout, classes: readonly string[]): ImageSet {
  const record = layout.labelBytes + pixelCount
  const content = isGzip(bytes) ? gunzip(new ByteReader(bytes, layout.kind), largestBatch * record) : bytes
  const reader = new ByteReader(content, layout.kind)
  const count = content.length / record
  if (!Number.isInteger(count) || count === 0 || count > largestBatch) {
    reader.fail(
      `a batch is 1 to ${largestBatch} records of ${record} bytes, got ${content.length} bytes; the file is ` +
        'cut off or of another kind',
      content.length,
    )
  }
  const pixels = new Uint8Array(count * pixelCount)
  const labels = new Uint8Array(count)
  for (let i = 0; i < count; i++) {
    const at = i * record + layout.labelBytes
    const label = i * record + layout.labelAt
    labels[i] = content[label]
    if (labels[i] >= classes.length)
      reader.fail(`label ${labels[i]} of record ${i} is not one of ${classes.length} classes`, label)
    pixels.set(content.subarray(at, at + pixelCount), i * pixelCount)
  }
  return { shape: [count, 3, 32, 32], pixels, labels, classes }
}
