// MATLAB's level 5 .mat files (MathWorks, "MAT-File Format", 2019): a 128-byte header, then tagged elements, mostly
// zlib-packed. Read: real numeric and logical arrays of any rank, every storage type, small elements, both byte orders.
// Other classes are listed, not read.

import { TollError, sizeOf } from '../base/index.js'
import { elementBytes, type ElementType, type NumberArray, type NumberData } from './array.js'
import { ByteReader, fromColumnMajor } from './bytes.js'
import { largestInflated, unzlib } from './inflate.js'

const kind = 'MATLAB file'

/** Storage types (mi*) of numbers; 14 is a matrix and 15 a compressed element. */
const storageTypes: Readonly<Record<number, ElementType>> = {
  1: 'int8',
  2: 'uint8',
  3: 'int16',
  4: 'uint16',
  5: 'int32',
  6: 'uint32',
  7: 'float32',
  9: 'float64',
  12: 'int64',
  13: 'uint64',
}
const matrixTag = 14
const compressedTag = 15

/** Array classes (mx*). A `double` array may be stored in a smaller type when its values allow. */
const classTypes: Readonly<Record<number, ElementType>> = {
  6: 'float64',
  7: 'float32',
  8: 'int8',
  9: 'uint8',
  10: 'int16',
  11: 'uint16',
  12: 'int32',
  13: 'uint32',
  14: 'int64',
  15: 'uint64',
}
const otherClasses: Readonly<Record<number, string>> = {
  1: 'cell array',
  2: 'structure',
  3: 'object',
  4: 'text',
  5: 'sparse matrix',
  16: 'function',
  17: 'opaque object',
}

export interface MatVariable {
  readonly name: string
  readonly shape: readonly number[]
  /** The element type of a real numeric or logical array; for anything else, `problem` says what it is. */
  readonly type?: ElementType
  readonly problem?: string
}

interface Found extends MatVariable {
  readonly reader: ByteReader
}

/** The variables of a .mat file, in file order. Error: `format`, with the byte offset. */
export function listMat(bytes: Uint8Array): MatVariable[] {
  return findVariables(bytes).map(({ reader: _, ...variable }) => variable)
}

/** One variable, or the only numeric one, row-major. Errors: `format`; `not-found` with the names that are there. */
export function readMat(bytes: Uint8Array, name?: string): NumberArray {
  const variables = findVariables(bytes)
  const names = variables
    .map((variable) => `${variable.name} (${variable.problem ?? variable.shape.join(' x ')})`)
    .join(', ')
  const candidates = variables.filter((variable) => (name === undefined ? variable.type : variable.name === name))
  if (name !== undefined && candidates.length === 0)
    throw new TollError('unknown-variable', `the ${kind} has no variable '${name}'; it holds ${names || 'none'}`, {
      option: 'variable',
      value: name,
      expected: variables.map((variable) => variable.name),
    })
  if (candidates.length !== 1)
    throw new TollError('ambiguous-variable', `name the variable to read; the ${kind} holds ${names || 'none'}`, {
      option: 'variable',
      expected: candidates.map((variable) => variable.name),
    })
  const { reader, shape, type, problem } = candidates[0]
  if (type === undefined)
    return reader.fail(`variable '${candidates[0].name}' is not read: ${problem}`, reader.offset, 'unsupported-content')
  const count = sizeOf(shape)
  const values = readNumbers(reader, `variable '${candidates[0].name}'`, count)
  return { shape, type, data: fromColumnMajor(convert(values, type), shape) }
}

export function isMat(bytes: Uint8Array): boolean {
  const mark = String.fromCharCode(bytes[126], bytes[127])
  return bytes.length >= 128 && (mark === 'IM' || mark === 'MI') && (bytes[124] === 1 || bytes[125] === 1)
}

function findVariables(bytes: Uint8Array): Found[] {
  const whole = new ByteReader(bytes, kind)
  if (new TextDecoder('latin1').decode(bytes.subarray(0, 20)).startsWith('MATLAB 7.3')) {
    whole.fail(
      "version 7.3 (HDF5) is not read; save it again in MATLAB with save(..., '-v7')",
      0,
      'unsupported-content',
    )
  }
  if (!isMat(bytes))
    whole.fail('has no MATLAB version 5 header; it is of another kind or cut off', 0, 'wrong-file-kind')
  const littleEndian = bytes[126] === 'I'.charCodeAt(0)
  const reader = new ByteReader(bytes, kind, littleEndian)
  reader.offset = 128
  const found: Found[] = []
  let budget = largestInflated
  while (reader.left > 0) {
    const at = reader.offset
    const type = reader.uint32('an element')
    const size = reader.uint32('an element')
    const content = reader.take(size, 'an element')
    if (type === matrixTag) found.push(readMatrixHeader(new ByteReader(content, kind, littleEndian, at + 8)))
    else if (type === compressedTag) {
      const unpacked = unpack(content, littleEndian, at, budget)
      budget -= unpacked.bytes.length
      found.push(readMatrixHeader(unpacked))
    } else reader.fail(`element type ${type} is not a variable; the file is damaged`, at)
  }
  return found
}

/**
 * The one matrix inside a compressed element; its own tag promises the size. Offsets inside are those of the packed
 * element.
 */
function unpack(content: Uint8Array, littleEndian: boolean, at: number, limit: number): ByteReader {
  const outer = new ByteReader(content, kind, littleEndian, at)
  const sizeIn = (head: Uint8Array) => {
    if (head.length < 8) return undefined
    const tag = new ByteReader(head, kind, littleEndian, at)
    if (tag.uint32('a packed element') !== matrixTag) tag.fail('a packed element must be a matrix', 0)
    return 8 + tag.uint32('a packed element')
  }
  const plain = unzlib(content, outer, limit, sizeIn)
  const size = sizeIn(plain)
  if (size === undefined || plain.length < size) outer.fail('a packed element is cut off', 0)
  return new ByteReader(plain.subarray(8), `${kind}, packed element`, littleEndian, at)
}

/** Array flags, dimensions, name; leaves the reader at the real part. */
function readMatrixHeader(reader: ByteReader): Found {
  const [, flagsSize] = [reader.uint32('array flags'), reader.uint32('array flags')]
  if (flagsSize !== 8) reader.fail(`array flags must be 8 bytes, got ${flagsSize}`)
  const flags = reader.uint32('array flags')
  reader.uint32('array flags')
  const shape = [...readPart(reader, 'dimensions', ['int32'])]
  if (shape.length > 32 || shape.some((dim) => dim < 0) || !Number.isSafeInteger(sizeOf(shape) * 8)) {
    reader.fail(`the dimensions (${shape.join(', ')}) cannot be`)
  }
  const name = String.fromCharCode(...readPart(reader, 'a name', ['int8', 'uint8']).subarray(0, 4096))
  const complex = (flags & 0x800) !== 0
  const logical = (flags & 0x200) !== 0
  const type = classTypes[flags & 255]
  if (type === undefined) return { name, shape, problem: otherClasses[flags & 255] ?? `class ${flags & 255}`, reader }
  if (complex) return { name, shape, problem: 'complex numbers', reader }
  return { name, shape, type: logical ? 'bool' : type, reader }
}

/** One data element of an expected storage type: 8-byte tag, or 4 bytes for at most 4 bytes of data; padded to 8. */
function readPart(reader: ByteReader, what: string, expected: readonly ElementType[], count?: number): NumberData {
  const at = reader.offset
  const tag = reader.uint32(what)
  const small = tag >>> 16
  const code = tag & 0xffff
  const size = small || reader.uint32(what)
  const type = storageTypes[code]
  if (type === undefined || !expected.includes(type) || small > 4)
    reader.fail(`${what} cannot have storage type ${code} and ${size} bytes`, at)
  const length = size / elementBytes[type]
  if (!Number.isInteger(length) || (count !== undefined && length !== count)) {
    reader.fail(`${what} needs ${count ?? 'whole'} numbers, got ${size} bytes of ${type}`, at)
  }
  const data = reader.numbers(type, length, what)
  const end = at + (small ? 8 : 8 + Math.ceil(size / 8) * 8)
  reader.offset = Math.min(end, reader.bytes.length)
  return data
}

function readNumbers(reader: ByteReader, what: string, count: number): NumberData {
  // An empty array may leave its data out altogether.
  if (count === 0 && reader.left === 0) return new Float64Array(0)
  return readPart(reader, what, Object.values(storageTypes), count)
}

function convert(values: NumberData, type: ElementType): NumberData {
  switch (type) {
    case 'bool':
    case 'uint8':
      return Uint8Array.from(values)
    case 'int8':
      return Int8Array.from(values)
    case 'int16':
      return Int16Array.from(values)
    case 'uint16':
      return Uint16Array.from(values)
    case 'int32':
      return Int32Array.from(values)
    case 'uint32':
      return Uint32Array.from(values)
    case 'float16':
    case 'float32':
      return Float32Array.from(values)
    case 'float64':
    case 'int64':
    case 'uint64':
      return Float64Array.from(values)
  }
}
