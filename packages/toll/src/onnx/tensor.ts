// Tensors between their wire form and typed arrays. Reads raw bytes and the typed fields, writes raw bytes (text
// excepted). Source: the comments on TensorProto in onnx.proto. Raw bytes are little-endian, as is every host that ONNX
// Runtime has JavaScript for.

import { TollError } from '../base/index.js'
import type { Message } from './schema.js'
import type { OnnxArrays, OnnxDType, OnnxTensor } from './types.js'

type NumberArray = Exclude<OnnxArrays[OnnxDType], readonly string[]>
type DataField = 'float_data' | 'int32_data' | 'int64_data' | 'double_data' | 'uint64_data' | 'string_data'

/** Makes an array from bytes, which it takes over, or of a size. */
interface ArrayMaker<A> {
  readonly name: string
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBuffer): A
  new (size: number): A
}

interface Storage<A extends OnnxArrays[OnnxDType]> {
  /** Number of the type in TensorProto.DataType. */
  readonly code: number
  /** The field that holds the values when they are not raw bytes. */
  readonly field: DataField
  /** The class of the array; null for text. */
  readonly array: A extends NumberArray ? ArrayMaker<A> : null
  /** Array slots per element. */
  readonly slots: number
}

const STORAGE: { readonly [D in OnnxDType]: Storage<OnnxArrays[D]> } = {
  float32: { code: 1, field: 'float_data', array: Float32Array, slots: 1 },
  uint8: { code: 2, field: 'int32_data', array: Uint8Array, slots: 1 },
  int8: { code: 3, field: 'int32_data', array: Int8Array, slots: 1 },
  uint16: { code: 4, field: 'int32_data', array: Uint16Array, slots: 1 },
  int16: { code: 5, field: 'int32_data', array: Int16Array, slots: 1 },
  int32: { code: 6, field: 'int32_data', array: Int32Array, slots: 1 },
  int64: { code: 7, field: 'int64_data', array: BigInt64Array, slots: 1 },
  string: { code: 8, field: 'string_data', array: null, slots: 1 },
  bool: { code: 9, field: 'int32_data', array: Uint8Array, slots: 1 },
  float16: { code: 10, field: 'int32_data', array: Uint16Array, slots: 1 },
  float64: { code: 11, field: 'double_data', array: Float64Array, slots: 1 },
  uint32: { code: 12, field: 'uint64_data', array: Uint32Array, slots: 1 },
  uint64: { code: 13, field: 'uint64_data', array: BigUint64Array, slots: 1 },
  complex64: { code: 14, field: 'float_data', array: Float32Array, slots: 2 },
  complex128: { code: 15, field: 'double_data', array: Float64Array, slots: 2 },
  bfloat16: { code: 16, field: 'int32_data', array: Uint16Array, slots: 1 },
  float8e4m3fn: { code: 17, field: 'int32_data', array: Uint8Array, slots: 1 },
  float8e4m3fnuz: { code: 18, field: 'int32_data', array: Uint8Array, slots: 1 },
  float8e5m2: { code: 19, field: 'int32_data', array: Uint8Array, slots: 1 },
  float8e5m2fnuz: { code: 20, field: 'int32_data', array: Uint8Array, slots: 1 },
  uint4: { code: 21, field: 'int32_data', array: Uint8Array, slots: 1 / 2 },
  int4: { code: 22, field: 'int32_data', array: Uint8Array, slots: 1 / 2 },
  float4e2m1: { code: 23, field: 'int32_data', array: Uint8Array, slots: 1 / 2 },
  float8e8m0: { code: 24, field: 'int32_data', array: Uint8Array, slots: 1 },
  uint2: { code: 25, field: 'int32_data', array: Uint8Array, slots: 1 / 4 },
  int2: { code: 26, field: 'int32_data', array: Uint8Array, slots: 1 / 4 },
}

const DTYPES = new Map(Object.entries(STORAGE).map(([dtype, { code }]) => [code, dtype as OnnxDType]))

/** TensorProto.DataLocation: the values are in another file. */
const EXTERNAL = 1

export function codeOfDType(dtype: OnnxDType): number {
  if (!Object.hasOwn(STORAGE, dtype)) {
    throw new TollError(
      'out-of-domain',
      `element type must be one of ${Object.keys(STORAGE).join(', ')}, got '${dtype}'`,
      { option: 'dtype', value: dtype, expected: Object.keys(STORAGE) },
    )
  }
  return STORAGE[dtype].code
}

export function dtypeOfCode(code: number | undefined, where: string): OnnxDType {
  const dtype = DTYPES.get(code ?? 0)
  if (!dtype)
    throw new TollError(
      'damaged-file',
      `${where} must have an ONNX element type from 1 to ${DTYPES.size}, got ${code ?? 'none'}`,
      { part: where, value: code, expected: `1 to ${DTYPES.size}` },
    )
  return dtype
}

/** The class of the array that holds a tensor of this type; null for text. */
export function arrayOfDType(dtype: OnnxDType): ArrayMaker<NumberArray> | null {
  codeOfDType(dtype)
  return STORAGE[dtype].array
}

/** Array slots that a tensor of these dims fills; NaN or infinity when the dims are absurd. */
function slotsOf(dtype: OnnxDType, dims: readonly number[]): number {
  return Math.ceil(dims.reduce((product, dim) => product * dim, 1) * STORAGE[dtype].slots)
}

function isDim(dim: number): boolean {
  return Number.isSafeInteger(dim) && dim >= 0
}

/** A shape for a message; a damaged file may claim millions of axes. */
function printDims(dims: readonly number[]): string {
  return dims.length <= 8 ? `[${dims.join(', ')}]` : `[${dims.slice(0, 8).join(', ')}, ... ${dims.length} axes]`
}

/** Takes a tensor off the wire (code `format`). Its array is a copy, so the file's bytes may go. */
export function fromTensorMessage(message: Message<'Tensor'>, where: string): OnnxTensor {
  const name = message.name ?? ''
  const label = name === '' ? where : `${where} '${name}'`
  if (message.data_location === EXTERNAL || message.external_data) {
    throw new TollError(
      'unsupported-content',
      `${label} keeps its values in another file, which is not read; save the model as one file`,
      { part: label },
    )
  }
  const dtype = dtypeOfCode(message.data_type, label)
  const dims = message.dims ?? []
  if (!dims.every(isDim))
    throw new TollError('damaged-file', `${label} must have sizes of 0 or more, got ${printDims(dims)}`, {
      part: label,
      value: dims,
    })
  const data = valuesOf(message, dtype, label)
  const expected = slotsOf(dtype, dims)
  if (data.length !== expected) {
    throw new TollError(
      'damaged-file',
      `${label} of type ${dtype} and shape ${printDims(dims)} needs ${expected} stored values, got ` +
        `${data.length}; the file is damaged`,
      { part: label, value: data.length, expected: `${expected} values` },
    )
  }
  return { name, dtype, dims, data } as OnnxTensor
}

function valuesOf(message: Message<'Tensor'>, dtype: OnnxDType, label: string): OnnxArrays[OnnxDType] {
  const { array, field } = STORAGE[dtype]
  if (array === null) return message.string_data ?? []
  const raw = message.raw_data
  if (raw && (raw.length > 0 || !message[field])) {
    if (raw.length % array.BYTES_PER_ELEMENT !== 0) {
      throw new TollError(
        'damaged-file',
        `${label} of type ${dtype} needs a multiple of ${array.BYTES_PER_ELEMENT} bytes, got ${raw.length}; ` +
          'the file is damaged',
        { part: label, value: raw.length, expected: `a multiple of ${array.BYTES_PER_ELEMENT} bytes` },
      )
    }
    return new array(raw.slice().buffer)
  }
  const listed: ArrayLike<number | bigint | string> = message[field] ?? []
  if (listed instanceof array) return listed
  // What is left are narrow integers in wider fields.
  const data = new array(listed.length)
  for (let i = 0; i < listed.length; i++) {
    const value = Number(listed[i])
    data[i] = value
    if (data[i] !== value) {
      throw new TollError(
        'damaged-file',
        `${label} of type ${dtype} cannot hold ${listed[i]}, value ${i} of ${field}; the file is damaged`,
        { part: label, value: listed[i], expected: dtype },
      )
    }
  }
  return data
}

/** Puts a tensor on the wire (code `shape` when values and dims disagree). Shares the tensor's memory. */
export function toTensorMessage(tensor: OnnxTensor): Message<'Tensor'> {
  checkTensor(tensor)
  const { name, dtype, dims, data } = tensor
  const head = { dims, data_type: codeOfDType(dtype), name: name === '' ? undefined : name }
  return dtype === 'string' ? { ...head, string_data: data } : { ...head, raw_data: bytesOf(data) }
}

function isTexts(data: unknown): boolean {
  return Array.isArray(data) && data.every((text) => typeof text === 'string')
}

/** Throws unless type, dims and values agree. */
export function checkTensor({ name, dtype, dims, data }: OnnxTensor): void {
  codeOfDType(dtype)
  const { array } = STORAGE[dtype]
  if (array === null ? !isTexts(data) : !(data instanceof array)) {
    throw new TollError(
      'wrong-type',
      `tensor '${name}' of type ${dtype} must hold ${array === null ? 'an array of strings' : array.name}`,
      { option: name, expected: array === null ? 'an array of strings' : array.name },
    )
  }
  if (!dims.every(isDim))
    throw new TollError('shape-mismatch', `tensor '${name}' must have sizes of 0 or more, got ${printDims(dims)}`, {
      option: name,
      value: dims,
    })
  const expected = slotsOf(dtype, dims)
  if (data.length !== expected) {
    throw new TollError(
      'length-mismatch',
      `tensor '${name}' of type ${dtype} and shape ${printDims(dims)} needs ${expected} stored values, got ` +
        `${data.length}`,
      { option: name, value: data.length, expected: `${expected} values` },
    )
  }
}

/** The memory of a typed array as bytes. */
export function bytesOf(data: NumberArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
