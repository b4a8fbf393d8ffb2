// The idx files of MNIST and its relatives (LeCun, Cortes, Burges): two zero bytes, a type, a rank, big-endian sizes,
// the numbers.

import { TollError, sizeOf } from '../base/index.js'
import { elementBytes, type ElementType, type ImageSet, type NumberArray } from './array.js'
import { ByteReader } from './bytes.js'
import { gunzip, isGzip, largestInflated } from './inflate.js'

const kind = 'idx file'

const elementTypes: Readonly<Record<number, ElementType>> = {
  0x08: 'uint8',
  0x09: 'int8',
  0x0b: 'int16',
  0x0c: 'int32',
  0x0d: 'float32',
  0x0e: 'float64',
}

/** The array of an idx file, plain or gzip. Error: `format`, with the byte offset. */
export function readIdx(bytes: Uint8Array): NumberArray {
  const reader = new ByteReader(
    isGzip(bytes) ? gunzip(new ByteReader(bytes, kind), largestInflated, promisedSize) : bytes,
    kind,
    false,
  )
  const { type, shape } = readHeader(reader)
  const data = reader.numbers(type, sizeOf(shape), `an array of shape (${shape.join(', ')})`)
  if (reader.left > 0) reader.fail(`${reader.left} bytes follow the last number`)
  return { shape, type, data }
}

/** Images `(n, h, w)` and their labels `(n)` as one set of one channel. Errors: `format`, `shape`. */
export function readIdxImages(images: Uint8Array, labels: Uint8Array, classes: readonly string[]): ImageSet {
  const pixels = readIdx(images)
  const targets = readIdx(labels)
  if (pixels.shape.length !== 3 || !(pixels.data instanceof Uint8Array)) {
    throw new TollError(
      'unsupported-content',
      `${kind}: images must be bytes of shape (n, height, width), got ${pixels.type} (${pixels.shape.join(', ')})`,
      { option: 'images', value: pixels.shape, expected: 'bytes of shape (n, height, width)' },
    )
  }
  if (targets.shape.length !== 1 || !(targets.data instanceof Uint8Array)) {
    throw new TollError(
      'unsupported-content',
      `${kind}: labels must be bytes of shape (n), got ${targets.type} (${targets.shape.join(', ')})`,
      { option: 'labels', value: targets.shape, expected: 'bytes of shape (n)' },
    )
  }
  const [count, height, width] = pixels.shape
  if (targets.shape[0] !== count)
    throw new TollError('length-mismatch', `${count} images beside ${targets.shape[0]} labels`, {
      option: 'labels',
      value: targets.shape[0],
      expected: `${count} labels`,
    })
  const wrong = targets.data.findIndex((label) => label >= classes.length)
  if (wrong >= 0)
    throw new TollError(
      'damaged-file',
      `${kind}: label ${targets.data[wrong]} of image ${wrong} is not one of ${classes.length} classes`,
      { row: wrong, value: targets.data[wrong], expected: `0 to ${classes.length - 1}` },
    )
  return { shape: [count, 1, height, width], pixels: pixels.data, labels: targets.data, classes }
}

export function isIdx(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0 && bytes[2] in elementTypes && bytes[3] >= 1 && bytes[3] <= 8
}

function readHeader(reader: ByteReader): { type: ElementType; shape: number[] } {
  const head = reader.take(4, 'the header')
  if (!isIdx(head))
    reader.fail(
      'does not begin with two zero bytes, a type and a rank from 1 to 8; it is not an idx file',
      0,
      'wrong-file-kind',
    )
  const shape = Array.from({ length: head[3] }, () => reader.uint32('the sizes'))
  if (!Number.isSafeInteger(sizeOf(shape) * 8))
    reader.fail(`the shape (${shape.join(', ')}) is too large`, 4, 'unsupported-content')
  return { type: elementTypes[head[2]], shape }
}

function promisedSize(head: Uint8Array): number | undefined {
  if (head.length < 4 || (isIdx(head) && head.length < 4 + 4 * head[3])) return undefined
  const reader = new ByteReader(head, kind, false)
  const { type, shape } = readHeader(reader)
  return reader.offset + sizeOf(shape) * elementBytes[type]
}
