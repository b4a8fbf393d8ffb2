// Numbers and texts on the host: constructors of host tensors, and what a program or a port looks like in an error
// message.

import { TollError, sizeOf } from '../base/index.js'
import { isPlainText, showShape, type DType, type Shape } from '../graph/index.js'
import type { HostTensor, NumberTensor } from './engine.js'

type DataOf<D extends DType> = Extract<HostTensor, { dtype: D }>['data']

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  bool: Uint8Array,
  string: Array,
} as const

/**
 * A host tensor over `data` (row-major, not copied). Throws `argument` for another kind of array, `shape` for another
 * number of values.
 */
export function hostTensor<D extends DType>(
  dtype: D,
  shape: readonly number[],
  data: DataOf<D>,
): Extract<HostTensor, { dtype: D }> {
  const tensor = { dtype, shape, data } as HostTensor
  checkHostTensor(tensor, 'host tensor')
  return tensor as Extract<HostTensor, { dtype: D }>
}

/** A float32 tensor; a Float32Array is taken as it is, other numbers are rounded into a new one. */
export function float32(shape: readonly number[], data: ArrayLike<number>): Extract<HostTensor, { dtype: 'float32' }> {
  return hostTensor('float32', shape, data instanceof Float32Array ? data : Float32Array.from(data))
}

/** A float64 tensor; a Float64Array is taken as it is. */
export function float64(shape: readonly number[], data: ArrayLike<number>): Extract<HostTensor, { dtype: 'float64' }> {
  return hostTensor('float64', shape, data instanceof Float64Array ? data : Float64Array.from(data))
}

/** An int64 tensor of whole numbers (at most 2^53 in size, so that nothing is rounded). */
export function int64(shape: readonly number[], numbers: ArrayLike<number>): Extract<HostTensor, { dtype: 'int64' }> {
  const data = new BigInt64Array(numbers.length)
  for (let i = 0; i < numbers.length; i++) {
    if (!Number.isSafeInteger(numbers[i]))
      throw new TollError('out-of-domain', `an int64 tensor needs whole numbers, value ${i} is ${numbers[i]}`, {
        row: i,
        value: numbers[i],
        expected: 'a whole number within 2^53',
      })
    data[i] = BigInt(numbers[i])
  }
  return hostTensor('int64', shape, data)
}

/**
 * A tensor of texts, of which missing ones are ''; throws `argument` for what is no string, or holds NUL or half a
 * surrogate pair.
 */
export function strings(shape: readonly number[], data: readonly string[]): Extract<HostTensor, { dtype: 'string' }> {
  return hostTensor('string', shape, data)
}

/** Refuses a tensor whose array is not of its element type or does not hold as many values as its shape says. */
export function checkHostTensor(tensor: HostTensor, what: string): void {
  const expected = Object.hasOwn(arrays, tensor?.dtype ?? '') ? arrays[tensor.dtype].name : undefined
  if (expected === undefined) {
    throw new TollError(
      'wrong-type',
      `${what} must be a tensor of ${Object.keys(arrays).join(', ')}, got ${tensor?.dtype ?? typeof tensor}`,
      { option: what, value: tensor?.dtype ?? typeof tensor, expected: Object.keys(arrays) },
    )
  }
  // By tag and not by class: arrays may come from another realm.
  const kind = Object.prototype.toString.call(tensor.data).slice(8, -1)
  if (kind !== expected)
    throw new TollError('wrong-type', `${what} of ${tensor.dtype} must hold a ${expected}, got ${kind}`, {
      option: what,
      value: kind,
      expected,
    })
  if (!tensor.shape.every((dim) => Number.isInteger(dim) && dim >= 0)) {
    throw new TollError(
      'shape-mismatch',
      `${what} must have sizes that are whole numbers, got ${showShape(tensor.shape)}`,
      { option: what, value: tensor.shape, expected: 'whole numbers of at least 0' },
    )
  }
  if (sizeOf(tensor.shape) !== tensor.data.length) {
    throw new TollError(
      'length-mismatch',
      `${what} of shape ${showShape(tensor.shape)} must hold ${sizeOf(tensor.shape)} values, got ${tensor.data.length}`,
      { option: what, value: tensor.data.length, expected: `${sizeOf(tensor.shape)} values` },
    )
  }
  if (tensor.dtype !== 'string') return
  const at = tensor.data.findIndex((text) => !isPlainText(text))
  if (at >= 0) {
    const found: unknown = tensor.data[at]
    throw new TollError(
      'out-of-domain',
      `${what} must hold texts without NUL and without half a surrogate pair, value ${at} is ` +
        `${typeof found === 'string' ? JSON.stringify(found) : String(found)}`,
      { option: what, row: at, value: found, expected: 'strings without NUL and without half a surrogate pair' },
    )
  }
}

/**
 * The same values in an array of their own. (`slice` would not do: Node's Buffer is a Uint8Array whose `slice` shares
 * memory.)
 */
export function copyTensor(tensor: NumberTensor): NumberTensor
export function copyTensor(tensor: HostTensor): HostTensor
export function copyTensor({ dtype, shape, data }: HostTensor): HostTensor {
  return {
    dtype,
    shape: [...shape],
    data: dtype === 'string' ? [...data] : new arrays[dtype](data as never),
  } as HostTensor
}

/** `float32(n, 3)` */
export function showType(type: { readonly dtype: DType; readonly shape: Shape }): string {
  return `${type.dtype}${showShape(type.shape)}`
}
