// Element types and constants on their way in: five element types have a counterpart here, of which only inputs are
// strings; all others are refused.

import { TollError } from '../../base/index.js'
import type { OnnxDType, OnnxTensor } from '../../onnx/index.js'
import { constant, onnxType } from '../ops/leaf.js'
import type { DType, Tensor } from '../tensor.js'

/** The largest and smallest int64, which files write for "to the end"; other integers must be exact in float64. */
const openEnds: readonly bigint[] = [2n ** 63n - 1n, -(2n ** 63n), -(2n ** 63n) + 1n]

/** Types that a constant or a result can have, with ONNX's number of each. */
const numeric = Object.entries(onnxType).filter(([name]) => name !== 'string')

/** The element type of an input. */
export function readDType(dtype: OnnxDType, where: string): DType {
  if (Object.hasOwn(onnxType, dtype)) return dtype as DType
  throw new TollError(
    'unsupported-content',
    `${where} has element type ${dtype}; supported are ${Object.keys(onnxType).join(', ')}`,
    { part: where, value: dtype, expected: Object.keys(onnxType) },
  )
}

/** The element type of numbers that ONNX gives this number. */
export function readDTypeCode(code: number, where: string): DType {
  const found = numeric.find(([, number]) => number === code)
  if (found) return found[0] as DType
  throw new TollError(
    'unsupported-content',
    `${where}: element type ${code} is not supported; supported are ` +
      `${numeric.map(([name, n]) => `${n} (${name})`).join(', ')}`,
    { part: where, value: code, expected: numeric.map(([name]) => name) },
  )
}

export function readTensor(tensor: OnnxTensor, where: string): Tensor {
  const dtype = readDType(tensor.dtype, where)
  if (dtype === 'string')
    throw new TollError(
      'unsupported-content',
      `${where} holds texts; supported are ${numeric.map(([name]) => name).join(', ')}`,
      { part: where, value: dtype, expected: numeric.map(([name]) => name) },
    )
  if (tensor.dtype !== 'int64')
    return constant(tensor.data as Float32Array | Float64Array | Uint8Array, tensor.dims, dtype)
  return constant(
    Float64Array.from(tensor.data, (value) => {
      if (!Number.isSafeInteger(Number(value)) && !openEnds.includes(value)) {
        throw new TollError(
          'unsupported-content',
          `${where} holds the integer ${value}, which is not exact in float64`,
          { part: where, value },
        )
      }
      return Number(value)
    }),
    tensor.dims,
    dtype,
  )
}
