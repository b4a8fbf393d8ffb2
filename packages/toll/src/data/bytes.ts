// A bounded cursor over the bytes of a file: every read is checked against what is there, every error names kind and
// offset.

import { TollError, type ErrorReason } from '../base/index.js'
import { elementBytes, type ElementType, type NumberData } from './array.js'

export class ByteReader {
  readonly #view: DataView
  offset = 0

  /** `kind` names the file in errors ("npy file"); `base` is where these bytes begin in it. */
  constructor(
    readonly bytes: Uint8Array,
    readonly kind: string,
    readonly littleEndian = true,
    readonly base = 0,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get left(): number {
    return this.bytes.length - this.offset
  }

  fail(
    problem: string,
    at = this.offset,
    reason: Extract<ErrorReason, 'damaged-file' | 'wrong-file-kind' | 'unsupported-content'> = 'damaged-file',
  ): never {
    throw new TollError(reason, `${this.kind}, byte ${this.base + at}: ${problem}`, { offset: this.base + at })
  }

  /** Throws unless `count` bytes are left. */
  need(count: number, what: string): void {
    if (count > this.left)
      this.fail(`${what} needs ${count} bytes, ${this.left} are left; the file is cut off or damaged`)
  }

  take(count: number, what: string): Uint8Array {
    this.need(count, what)
    this.offset += count
    return this.bytes.subarray(this.offset - count, this.offset)
  }

  uint8(what: string): number {
    return this.take(1, what)[0]
  }

  uint16(what: string): number {
    this.take(2, what)
    return this.#view.getUint16(this.offset - 2, this.littleEndian)
  }

  uint32(what: string): number {
    this.take(4, what)
    return this.#view.getUint32(this.offset - 4, this.littleEndian)
  }

  int32(what: string): number {
    return this.uint32(what) | 0
  }

  /** `count` elements of `type`; memory is taken only after the bytes are known to be there. */
  numbers(type: ElementType, count: number, what: string): NumberData {
    const start = this.offset
    const bytes = this.take(count * elementBytes[type], what)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const little = this.littleEndian
    switch (type) {
      // A copy: `slice` of a Buffer would keep the whole file alive and shared.
      case 'bool':
      case 'uint8':
        return new Uint8Array(bytes)
      case 'int8':
        return Int8Array.from(bytes, (byte) => (byte << 24) >> 24)
      case 'int16':
        return Int16Array.from({ length: count }, (_, i) => view.getInt16(2 * i, little))
      case 'uint16':
        return Uint16Array.from({ length: count }, (_, i) => view.getUint16(2 * i, little))
      case 'int32':
        return Int32Array.from({ length: count }, (_, i) => view.getInt32(4 * i, little))
      case 'uint32':
        return Uint32Array.from({ length: count }, (_, i) => view.getUint32(4 * i, little))
      case 'float16':
        return fill(new Float32Array(count), (i) => halfToNumber(view.getUint16(2 * i, little)))
      case 'float32':
        return fill(new Float32Array(count), (i) => view.getFloat32(4 * i, little))
      case 'float64':
        return fill(new Float64Array(count), (i) => view.getFloat64(8 * i, little))
      case 'int64':
        return fill(new Float64Array(count), (i) => this.#exact(view.getBigInt64(8 * i, little), start + 8 * i))
      case 'uint64':
        return fill(new Float64Array(count), (i) => this.#exact(view.getBigUint64(8 * i, little), start + 8 * i))
    }
  }

  #exact(value: bigint, at: number): number {
    const number = Number(value)
    if (!Number.isSafeInteger(number))
      this.fail(
        `the 64-bit integer ${value} is beyond 2^53 and not exact as a float64; store it as float64`,
        at,
        'unsupported-content',
      )
    return number
  }
}

function fill<T extends Float32Array | Float64Array>(array: T, valueAt: (index: number) => number): T {
  for (let i = 0; i < array.length; i++) array[i] = valueAt(i)
  return array
}

/** IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 0x3ff
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24)
}

/** The same array with the first index fastest in the file (Fortran order) laid out row-major. */
export function fromColumnMajor<T extends NumberData>(data: T, shape: readonly number[]): T {
  if (shape.filter((dim) => dim > 1).length < 2) return data
  const result = data.slice() as T
  const rank = shape.length
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, dim) => product * dim, 1))
  const index = new Array<number>(rank).fill(0)
  for (let i = 0, source = 0; i < data.length; i++) {
    result[i] = data[source]
    for (let axis = rank - 1; axis >= 0; axis--) {
      source += strides[axis]
      if (++index[axis] < shape[axis]) break
      source -= strides[axis] * shape[axis]
      index[axis] = 0
    }
  }
  return result
}
