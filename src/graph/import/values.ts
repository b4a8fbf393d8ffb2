// Element types and constants on their way in: four element types have a counterpart here, all others are refused.

import { TollError } from '../../base/index.js'
import type { OnnxDType, OnnxTensor } from '../../onnx/index.js'
import { constant, onnxType } from '../ops/leaf.js'
import type { DType, Tensor } from '../tensor.js'

/** The largest and smallest int64, which files write for "to the end"; other integers must be exact in float64. */
const openEnds: readonly bigint[] = [2n ** 63n - 1n, -(2n ** 63n), -(2n ** 63n) + 1n]

export function readDType(dtype: OnnxDType, where: string): DType {
  if (Object.hasOwn(onnxType, dtype)) return dtype as DType
  throw new TollError('format', `${where} has element type ${dtype}; supported are ${Object.keys(onnxType).join(', ')}`)
}

/** The element type that ONNX gives this number. */
export function readDTypeCode(code: number, where: string): DType {
  const found = Object.entries(onnxType).find(([, number]) => number === code)
  if (found) return found[0] as DType
  throw new TollError('format', `${where}: element type ${code} is not supported; supported are ${Object.entries(onnxType).map(([name, n]) => `${n} (${name})`).join(', ')}`)
}

export function readTensor(tensor: OnnxTensor, where: string): Tensor {
  const dtype = readDType(tensor.dtype, where)
  if (tensor.dtype !== 'int64') return constant(tensor.data as Float32Array | Float64Array | Uint8Array, tensor.dims, dtype)
  return constant(Float64Array.from(tensor.data, (value) => {
    if (!Number.isSafeInteger(Number(value)) && !openEnds.includes(value)) {
      throw new TollError('format', `${where} holds the integer ${value}, which is not exact in float64`)
    }
    return Number(value)
  }), tensor.dims, dtype)
}
