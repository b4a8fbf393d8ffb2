// Dense data as the library passes it around: a row-major array with a shape.

import { TollError } from './errors.js'

export type FloatArray = Float32Array | Float64Array

/**
 * A dense row-major array. The first axis counts samples: a table is `(n, d)`, images are `(n, channels, height,
 * width)`.
 */
export interface NdArray<T extends FloatArray = FloatArray> {
  readonly shape: readonly number[]
  readonly data: T
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1)
}

/** Wraps `data` in `shape`, after checking that they agree. */
export function ndarray<T extends FloatArray>(data: T, shape: readonly number[]): NdArray<T> {
  if (shape.some((dim) => !Number.isInteger(dim) || dim < 0)) {
    throw new TollError('shape-mismatch', `shape must be non-negative integers, got (${shape.join(', ')})`, {
      option: 'shape',
      value: shape,
      expected: 'non-negative integers',
    })
  }
  if (sizeOf(shape) !== data.length) {
    throw new TollError(
      'length-mismatch',
      `shape (${shape.join(', ')}) needs ${sizeOf(shape)} values, got ${data.length}`,
      { option: 'data', value: data.length, expected: `${sizeOf(shape)} values` },
    )
  }
  return { shape, data }
}

/** The samples `indices` along the first axis, in that order. */
export function takeSamples(source: NdArray, indices: ArrayLike<number>): NdArray {
  const size = sizeOf(source.shape.slice(1))
  const data =
    source.data instanceof Float32Array
      ? new Float32Array(indices.length * size)
      : new Float64Array(indices.length * size)
  for (let i = 0; i < indices.length; i++) {
    data.set(source.data.subarray(indices[i] * size, (indices[i] + 1) * size), i * size)
  }
  return { shape: [indices.length, ...source.shape.slice(1)], data }
}

/** The columns `indices` of samples (n, d), in that order. */
export function takeColumns({ shape: [n, d], data }: NdArray, indices: ArrayLike<number>): NdArray {
  const width = indices.length
  const taken = data instanceof Float32Array ? new Float32Array(n * width) : new Float64Array(n * width)
  for (let row = 0; row < n; row++) {
    for (let c = 0; c < width; c++) taken[row * width + c] = data[row * d + indices[c]]
  }
  return { shape: [n, width], data: taken }
}

/** Fills `whole` with the parts, one after the other; it has room for all of them. */
export function concatenate<T extends { set(values: ArrayLike<number>, at: number): void }>(
  parts: readonly ArrayLike<number>[],
  whole: T,
): T {
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
