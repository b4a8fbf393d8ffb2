// NumPy's .npy files, versions 1 to 3 (numpy.lib.format): magic, version, a Python dictionary as text, the bare
// numbers. Read: bool, integers of 8 to 64 bits, floats of 16 to 64 bits, both byte orders, C and Fortran order.
// Objects are never unpickled.

import { sizeOf } from '../base/index.js'
import { elementBytes, type ElementType, type NumberArray } from './array.js'
import { ByteReader, fromColumnMajor } from './bytes.js'

const magic = '\x93NUMPY'

const elementTypes: Readonly<Record<string, ElementType>> = {
  b1: 'bool',
  i1: 'int8',
  u1: 'uint8',
  i2: 'int16',
  u2: 'uint16',
  i4: 'int32',
  u4: 'uint32',
  i8: 'int64',
  u8: 'uint64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
}

export interface NpyHeader {
  readonly type: ElementType
  readonly littleEndian: boolean
  readonly fortranOrder: boolean
  readonly shape: readonly number[]
  /** Offset of the first number. */
  readonly dataOffset: number
}

/** The array of a .npy file. Error: `format`, with the byte offset. */
export function readNpy(bytes: Uint8Array): NumberArray {
  const header = readNpyHeader(bytes)
  const reader = new ByteReader(bytes, 'npy file', header.littleEndian)
  reader.offset = header.dataOffset
  const count = sizeOf(header.shape)
  const data = reader.numbers(header.type, count, `an array of shape (${header.shape.join(', ')})`)
  if (reader.left > 0) reader.fail(`${reader.left} bytes follow the last number`)
  return {
    shape: header.shape,
    type: header.type,
    data: header.fortranOrder ? fromColumnMajor(data, header.shape) : data,
  }
}

export function isNpy(bytes: Uint8Array): boolean {
  return [...magic].every((char, i) => bytes[i] === char.charCodeAt(0))
}

function readNpyHeader(bytes: Uint8Array): NpyHeader {
  const reader = new ByteReader(bytes, 'npy file')
  if (!isNpy(bytes))
    reader.fail("does not begin with '\\x93NUMPY'; it is not a .npy file or is cut off", 0, 'wrong-file-kind')
  reader.offset = magic.length
  const major = reader.uint8('the version')
  reader.uint8('the version')
  if (major < 1 || major > 3)
    reader.fail(
      `version ${major} is not known (1 to 3 are); save the array again with numpy.save`,
      magic.length,
      'unsupported-content',
    )
  const length = major === 1 ? reader.uint16('the header length') : reader.uint32('the header length')
  const start = reader.offset
  const text = new TextDecoder('latin1').decode(reader.take(length, 'the header'))
  const fail = (problem: string) => reader.fail(problem, start)
  const refuse = (problem: string) => reader.fail(problem, start, 'unsupported-content')
  return { ...parseHeader(text, fail, refuse), dataOffset: reader.offset }
}

/** The header is a Python literal such as `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`. */
function parseHeader(
  text: string,
  fail: (problem: string) => never,
  refuse: (problem: string) => never,
): Omit<NpyHeader, 'dataOffset'> {
  const descr = /'descr'\s*:\s*'([<>|=])([a-zA-Z]\d*)'/.exec(text)
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)
  const dims = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text)
  if (!descr && /'descr'\s*:\s*\[/.test(text)) refuse('structured arrays are not read; save one plain array per field')
  if (!descr || !order || !dims) fail("the header lacks 'descr', 'fortran_order' or 'shape'")
  const type = elementTypes[descr[2]]
  if (type === undefined)
    refuse(
      `element type '${descr[2]}' is not read (${Object.keys(elementTypes).join(', ')} are); convert it ` +
        "with astype('float64')",
    )
  const shape = dims[1]
    .split(',')
    .map((dim) => dim.trim().replace(/L$/, ''))
    .filter((dim) => dim !== '')
    .map(Number)
  const size = sizeOf(shape) * elementBytes[type]
  if (shape.length > 32 || !shape.every(Number.isSafeInteger) || !Number.isSafeInteger(size))
    refuse(`the shape (${dims[1]}) is too large`)
  return { type, littleEndian: descr[1] !== '>', fortranOrder: order[1] === 'True', shape }
}
