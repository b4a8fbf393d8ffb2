// Arrays as files hold them: any numeric element type, row-major, with the name of the type; and labelled image sets in
// bytes.

import { TollError, sizeOf, type NdArray } from '../base/index.js'

/** What a file's numbers become. 64-bit integers are read as float64 when all of them are exact there (below 2^53). */
export type NumberData =
  Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array

export type ElementType =
  | 'bool'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float16'
  | 'float32'
  | 'float64'

/**
 * A row-major array read from a file; `type` is the element type in the file, `data` may be wider (see `NumberData`).
 */
export interface NumberArray {
  readonly shape: readonly number[]
  readonly type: ElementType
  readonly data: NumberData
}

/** Labelled images of one size, in bytes 0..255. */
export interface ImageSet {
  /** `(n, channels, height, width)` */
  readonly shape: readonly [number, number, number, number]
  readonly pixels: Uint8Array
  /** Class of each image, an index into `classes`. */
  readonly labels: Uint8Array
  readonly classes: readonly string[]
}

/** Bytes of one element in a file. */
export const elementBytes: Readonly<Record<ElementType, number>> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  float16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  int64: 8,
  uint64: 8,
  float64: 8,
}

/** A float64 copy, same shape. */
export function toFloat64(array: NumberArray): NdArray<Float64Array> {
  return { shape: array.shape, data: Float64Array.from(array.data) }
}

/**
 * The array as one of integers 0..n-1, such as the index files of published splits. Error: `data` for anything else.
 */
export function toIndices(array: NumberArray, bound: number): Int32Array {
  const indices = new Int32Array(array.data.length)
  array.data.forEach((value, i) => {
    if (!Number.isInteger(value) || value < 0 || value >= bound) {
      throw new TollError('invalid-index', `index ${i} must be an integer from 0 to ${bound - 1}, got ${value}`, {
        row: i,
        value,
        expected: `an integer from 0 to ${bound - 1}`,
      })
    }
    indices[i] = value
  })
  return indices
}

/** The images of `set` at `indices`, in that order. */
export function takeImages(set: ImageSet, indices: ArrayLike<number>): ImageSet {
  const size = sizeOf(set.shape.slice(1))
  const pixels = new Uint8Array(indices.length * size)
  const labels = new Uint8Array(indices.length)
  for (let i = 0; i < indices.length; i++) {
    pixels.set(set.pixels.subarray(indices[i] * size, (indices[i] + 1) * size), i * size)
    labels[i] = set.labels[indices[i]]
  }
  const [, channels, height, width] = set.shape
  return { shape: [indices.length, channels, height, width], pixels, labels, classes: set.classes }
}

/** Several sets of images of one size as one, in order. */
export function joinImages(sets: readonly ImageSet[]): ImageSet {
  const [, channels, height, width] = sets[0].shape
  const count = sets.reduce((sum, set) => sum + set.shape[0], 0)
  const pixels = new Uint8Array(count * channels * height * width)
  const labels = new Uint8Array(count)
  let at = 0
  for (const set of sets) {
    if (sizeOf(set.shape.slice(1)) !== channels * height * width) {
      throw new TollError(
        'shape-mismatch',
        `images of (${set.shape.slice(1).join(', ')}) beside images of (${channels}, ${height}, ${width})`,
        { value: set.shape.slice(1), expected: `(${channels}, ${height}, ${width})` },
      )
    }
    pixels.set(set.pixels, at * channels * height * width)
    labels.set(set.labels, at)
    at += set.shape[0]
  }
  return { shape: [count, channels, height, width], pixels, labels, classes: sets[0].classes }
}
