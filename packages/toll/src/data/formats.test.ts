// Every parser on files made here byte by byte: exact values, every truncation, a thousand seeded mutations.

import { gzipSync, zipSync, zlibSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import { Random, TollError } from '../base/index.js'
import {
  cifar100Layout,
  cifar10Layout,
  listMat,
  listNpz,
  readCifar,
  readIdx,
  readIdxImages,
  readMat,
  readNpy,
  readNpz,
  sniffKind,
  toFloat64,
  toIndices,
} from './index.js'

const latin = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0))
const join = (...parts: ArrayLike<number>[]) => Uint8Array.from(parts.flatMap((part) => Array.from(part)))

function bytesOf(count: number, size: number, write: (view: DataView, offset: number, i: number) => void): Uint8Array {
  const view = new DataView(new ArrayBuffer(count * size))
  for (let i = 0; i < count; i++) write(view, i * size, i)
  return new Uint8Array(view.buffer)
}
const doubles = (values: number[], little = true) =>
  bytesOf(values.length, 8, (view, at, i) => view.setFloat64(at, values[i], little))
const words = (values: number[], little = true) =>
  bytesOf(values.length, 4, (view, at, i) => view.setUint32(at, values[i], little))

function npy(descr: string, shape: string, data: Uint8Array, { fortran = false, version = 1 } = {}): Uint8Array {
  const header = latin(`{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${shape}, }\n`)
  const length = version === 1 ? [header.length & 255, header.length >> 8] : words([header.length])
  return join(latin('\x93NUMPY'), [version, 0], length, header, data)
}

const matHeader = (little = true) =>
  join(latin('MATLAB 5.0 MAT-file'.padEnd(124)), little ? [0, 1] : [1, 0], latin(little ? 'IM' : 'MI'))
const pad8 = (bytes: Uint8Array) => join(bytes, new Uint8Array((8 - (bytes.length % 8)) % 8))
const element = (type: number, data: Uint8Array, little = true) => join(words([type, data.length], little), pad8(data))

/** A matrix element; a name of at most four letters is stored as a small element, as MATLAB does. */
function matrix(
  name: string,
  dims: number[],
  data: Uint8Array,
  { cls = 6, flags = 0, little = true } = {},
): Uint8Array {
  const small = join(words([(name.length << 16) | 1], little), latin(name.padEnd(4, '\0')))
  const label = name.length <= 4 ? small : element(1, latin(name), little)
  return element(
    14,
    join(element(6, words([flags | cls, 0], little), little), element(5, words(dims, little), little), label, data),
    little,
  )
}
const packed = (content: Uint8Array) => {
  const data = zlibSync(content)
  return join(words([15, data.length]), data)
}

const idx = (type: number, dims: number[], data: ArrayLike<number>) =>
  join([0, 0, type, dims.length], words(dims, false), data)
const record = (labels: number[], fill: number) => join(labels, new Uint8Array(3072).fill(fill))

describe('npy', () => {
  test('element types, byte orders and versions', () => {
    expect(readNpy(npy('<f8', '(2, 2)', doubles([1, -2.5, NaN, 1e300])))).toEqual({
      shape: [2, 2],
      type: 'float64',
      data: Float64Array.of(1, -2.5, NaN, 1e300),
    })
    expect(readNpy(npy('>f8', '(2,)', doubles([0.1, 3], false), { version: 2 })).data).toEqual(Float64Array.of(0.1, 3))
    expect(
      readNpy(
        npy(
          '<f4',
          '(1,)',
          bytesOf(1, 4, (v, at) => v.setFloat32(at, 1.5, true)),
          { version: 3 },
        ),
      ).data,
    ).toEqual(Float32Array.of(1.5))
    expect(readNpy(npy('<f2', '(4,)', Uint8Array.of(0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0x00, 0x7c))).data).toEqual(
      Float32Array.of(1, -2, 2 ** -24, Infinity),
    )
    expect(readNpy(npy('|i1', '(2,)', Uint8Array.of(255, 127))).data).toEqual(Int8Array.of(-1, 127))
    expect(readNpy(npy('|u1', '(2,)', Uint8Array.of(255, 127))).data).toEqual(Uint8Array.of(255, 127))
    expect(readNpy(npy('|b1', '(2,)', Uint8Array.of(1, 0)))).toEqual({
      shape: [2],
      type: 'bool',
      data: Uint8Array.of(1, 0),
    })
    expect(readNpy(npy('>i2', '(2,)', Uint8Array.of(255, 254, 1, 0))).data).toEqual(Int16Array.of(-2, 256))
    expect(readNpy(npy('<u2', '(1,)', Uint8Array.of(254, 255))).data).toEqual(Uint16Array.of(65534))
    expect(readNpy(npy('<i4', '(1,)', words([0xffffffff]))).data).toEqual(Int32Array.of(-1))
    expect(readNpy(npy('>u4', '(1,)', words([0xfffffffe], false))).data).toEqual(Uint32Array.of(0xfffffffe))
    expect(readNpy(npy('<i8', '(2,)', words([5, 0, 0xffffffff, 0xffffffff]))).data).toEqual(Float64Array.of(5, -1))
    expect(readNpy(npy('<u8', '()', words([7, 1])))).toEqual({
      shape: [],
      type: 'uint64',
      data: Float64Array.of(2 ** 32 + 7),
    })
    expect(readNpy(npy('<f8', '(0, 3)', new Uint8Array(0)))).toEqual({
      shape: [0, 3],
      type: 'float64',
      data: new Float64Array(0),
    })
  })

  test('Fortran order becomes row-major', () => {
    expect(readNpy(npy('<f8', '(2, 3)', doubles([1, 4, 2, 5, 3, 6]), { fortran: true })).data).toEqual(
      Float64Array.of(1, 2, 3, 4, 5, 6),
    )
    const cube = readNpy(npy('|u1', '(2, 2, 2)', Uint8Array.of(0, 4, 2, 6, 1, 5, 3, 7), { fortran: true }))
    expect(cube.data).toEqual(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7))
  })

  test('refuses what it cannot read, with the place', () => {
    expect(() => readNpy(npy('<i8', '(1,)', words([1, 0x200000])))).toThrow(
      /npy file, byte \d+: the 64-bit integer 9007199254740993 is beyond 2\^53/,
    )
    expect(() => readNpy(npy('|O', '(1,)', new Uint8Array(8)))).toThrow(/element type 'O' is not read/)
    expect(() => readNpy(npy('<f8', '(3,)', doubles([1, 2])))).toThrow(
      /an array of shape \(3\) needs 24 bytes, 16 are left/,
    )
    expect(() => readNpy(npy('<f8', '(999999999, 999999999)', doubles([1])))).toThrow(/too large/)
    expect(() => readNpy(npy('<f8', '(1,)', doubles([1, 2])))).toThrow(/8 bytes follow/)
    expect(() => readNpy(npy('<f8', '(1,)', doubles([1]), { version: 9 }))).toThrow(/npy file, byte 6: version 9/)
  })
})

describe('npz', () => {
  const a = npy('<f8', '(2,)', doubles([1, 2]))
  const b = npy('|u1', '(3,)', Uint8Array.of(7, 8, 9))
  const both = zipSync({ 'a.npy': a, 'b.npy': [b, { level: 0 }] })

  test('reads stored and deflated arrays by name', () => {
    expect(listNpz(both)).toEqual(['a', 'b'])
    expect(readNpz(both, 'a').data).toEqual(Float64Array.of(1, 2))
    expect(readNpz(both, 'b').data).toEqual(Uint8Array.of(7, 8, 9))
    expect(readNpz(zipSync({ 'x.npy': a })).data).toEqual(Float64Array.of(1, 2))
  })

  test('says which arrays there are', () => {
    expect(() => readNpz(both)).toThrow('the npz file holds 2 arrays (a, b); name the one to read')
    expect(() => readNpz(both, 'c')).toThrow("has no array 'c'; it holds a, b")
  })

  test('a member that grows beyond its stated size is stopped', () => {
    const bomb = zipSync({ 'a.npy': new Uint8Array(5_000_000) })
    const central = bomb.length - 22 - 46 - 5
    new DataView(bomb.buffer).setUint32(central + 24, 1000, true)
    expect(() => readNpz(bomb)).toThrow(/more than the 1000 bytes/)
    new DataView(bomb.buffer).setUint32(central + 24, 0xf0000000, true)
    expect(() => readNpz(bomb)).toThrow(/claims 4026531840 bytes/)
  })
})

describe('mat', () => {
  test.each([true, false])('plain matrices, little-endian %s', (little) => {
    const file = join(
      matHeader(little),
      matrix('X', [2, 3], element(9, doubles([1, 4, 2, 5, 3, 6], little), little), { little }),
    )
    expect(readMat(file)).toEqual({ shape: [2, 3], type: 'float64', data: Float64Array.of(1, 2, 3, 4, 5, 6) })
    expect(readMat(file, 'X').shape).toEqual([2, 3])
  })

  test('compressed, small elements, storage narrower than the class, logical', () => {
    const small = join(words([(2 << 16) | 2]), Uint8Array.of(9, 8, 0, 0))
    const file = join(
      matHeader(),
      packed(matrix('values', [1, 2], element(4, Uint8Array.of(1, 0, 2, 0)))),
      matrix('y', [2, 1], small),
      matrix('flag', [1, 1], join(words([(1 << 16) | 2]), Uint8Array.of(1, 0, 0, 0)), { cls: 9, flags: 0x200 }),
      matrix('text', [1, 1], small, { cls: 4 }),
    )
    expect(listMat(file)).toEqual([
      { name: 'values', shape: [1, 2], type: 'float64' },
      { name: 'y', shape: [2, 1], type: 'float64' },
      { name: 'flag', shape: [1, 1], type: 'bool' },
      { name: 'text', shape: [1, 1], problem: 'text' },
    ])
    expect(readMat(file, 'values').data).toEqual(Float64Array.of(1, 2))
    expect(readMat(file, 'y').data).toEqual(Float64Array.of(9, 8))
    expect(readMat(file, 'flag').data).toEqual(Uint8Array.of(1))
    expect(() => readMat(file, 'text')).toThrow(/variable 'text' is not read: text/)
    expect(() => readMat(file, 'z')).toThrow(
      "no variable 'z'; it holds values (1 x 2), y (2 x 1), flag (1 x 1), text (text)",
    )
    expect(() => readMat(file)).toThrow('name the variable')
  })

  test('integer classes keep their type', () => {
    const file = join(matHeader(), matrix('i', [1, 2], element(5, words([0xffffffff, 3])), { cls: 12 }))
    expect(readMat(file)).toEqual({ shape: [1, 2], type: 'int32', data: Int32Array.of(-1, 3) })
  })

  test('says what to do with version 7.3, and refuses false sizes', () => {
    expect(() => readMat(latin('MATLAB 7.3 MAT-file'.padEnd(600)))).toThrow(
      /save it again in MATLAB with save\(\.\.\., '-v7'\)/,
    )
    expect(() => readMat(join(matHeader(), matrix('X', [1000, 1000], element(9, doubles([1])))))).toThrow(
      /needs 1000000 numbers, got 8 bytes/,
    )
    const bomb = join(words([14, 64]), new Uint8Array(4_000_000))
    expect(() => readMat(join(matHeader(), packed(bomb)))).toThrow(/more than the 72 bytes/)
  })
})

describe('idx', () => {
  test('reads every element type, plain and gzip', () => {
    const bytes = idx(0x08, [2, 1, 2], [0, 1, 254, 255])
    expect(readIdx(bytes)).toEqual({ shape: [2, 1, 2], type: 'uint8', data: Uint8Array.of(0, 1, 254, 255) })
    expect(readIdx(gzipSync(bytes)).data).toEqual(Uint8Array.of(0, 1, 254, 255))
    expect(readIdx(idx(0x09, [1], [255])).data).toEqual(Int8Array.of(-1))
    expect(readIdx(idx(0x0b, [1], [255, 254])).data).toEqual(Int16Array.of(-2))
    expect(readIdx(idx(0x0c, [1], [0, 0, 1, 0])).data).toEqual(Int32Array.of(256))
    expect(readIdx(idx(0x0d, [1], [0x3f, 0xc0, 0, 0])).data).toEqual(Float32Array.of(1.5))
    expect(readIdx(idx(0x0e, [1], doubles([0.1], false))).data).toEqual(Float64Array.of(0.1))
  })

  test('pairs images with labels', () => {
    const images = idx(0x08, [2, 1, 2], [0, 1, 254, 255])
    const set = readIdxImages(images, idx(0x08, [2], [1, 0]), ['a', 'b'])
    expect(set).toEqual({
      shape: [2, 1, 1, 2],
      pixels: Uint8Array.of(0, 1, 254, 255),
      labels: Uint8Array.of(1, 0),
      classes: ['a', 'b'],
    })
    expect(() => readIdxImages(images, idx(0x08, [3], [1, 0, 0]), ['a', 'b'])).toThrow('2 images beside 3 labels')
    expect(() => readIdxImages(images, idx(0x08, [2], [1, 2]), ['a', 'b'])).toThrow(
      'label 2 of image 1 is not one of 2 classes',
    )
  })

  test('a packed file may hold only what its header promises', () => {
    expect(() => readIdx(gzipSync(idx(0x08, [2], new Uint8Array(3_000_000))))).toThrow(/more than the 10 bytes/)
    expect(() => readIdx(idx(0x08, [0xffffffff, 2], [1]))).toThrow(/needs 8589934590 bytes, 1 are left/)
    const damaged = gzipSync(idx(0x08, [4], [1, 2, 3, 4]))
    damaged[damaged.length - 8] ^= 1
    expect(() => readIdx(damaged)).toThrow(/checksum does not match/)
  })
})

describe('cifar', () => {
  test('reads records of both layouts', () => {
    const ten = readCifar(join(record([1], 9), record([0], 200)), cifar10Layout, ['a', 'b'])
    expect(ten.shape).toEqual([2, 3, 32, 32])
    expect(ten.labels).toEqual(Uint8Array.of(1, 0))
    expect([ten.pixels[0], ten.pixels[3071], ten.pixels[3072]]).toEqual([9, 9, 200])
    expect(readCifar(gzipSync(record([7, 1], 5)), cifar100Layout, ['a', 'b']).labels).toEqual(Uint8Array.of(1))
  })

  test('names a wrong length and a wrong label', () => {
    expect(() => readCifar(record([1], 9).subarray(1), cifar10Layout, ['a'])).toThrow(
      'CIFAR-10 file, byte 3072: a batch is 1 to 50000 records of 3073 bytes',
    )
    expect(() => readCifar(join(record([0], 9), record([4], 9)), cifar10Layout, ['a'])).toThrow(
      'byte 3073: label 4 of record 1',
    )
  })
})

test('kinds are told by content', () => {
  expect(sniffKind(new Uint8Array(0))).toBe('empty')
  expect(sniffKind(npy('<f8', '(1,)', doubles([1])))).toBe('npy')
  expect(sniffKind(zipSync({ a: Uint8Array.of(1) }))).toBe('zip')
  expect(sniffKind(matHeader())).toBe('mat')
  expect(sniffKind(latin('MATLAB 7.3 MAT-file'))).toBe('hdf5')
  expect(sniffKind(idx(8, [1], [1]))).toBe('idx')
  expect(sniffKind(gzipSync(latin('a')))).toBe('gzip')
  expect(sniffKind(latin('PAR1....'))).toBe('parquet')
  expect(sniffKind(latin('a,b\n1,2\n'))).toBe('text')
  expect(sniffKind(Uint8Array.of(0xff, 0xfe, 97, 0))).toBe('utf-16 text')
  expect(sniffKind(Uint8Array.of(1, 2, 0, 4))).toBe('binary')
})

test('index files become row numbers', () => {
  expect(toIndices(readNpy(npy('<i8', '(2,)', words([5, 0, 3, 0]))), 6)).toEqual(Int32Array.of(5, 3))
  expect(() => toIndices(readNpy(npy('<f8', '(2,)', doubles([1, 1.5]))), 6)).toThrow(
    'index 1 must be an integer from 0 to 5, got 1.5',
  )
  expect(toFloat64(readNpy(npy('|u1', '(2,)', Uint8Array.of(1, 2))))).toEqual({
    shape: [2],
    data: Float64Array.of(1, 2),
  })
})

const samples: Record<string, readonly [Uint8Array, (bytes: Uint8Array) => unknown]> = {
  npy: [npy('<f8', '(3, 2)', doubles([1, 2, 3, 4, 5, 6]), { fortran: true }), readNpy],
  npz: [zipSync({ 'a.npy': npy('<i4', '(40,)', words([...Array(40).keys()])) }), (bytes) => readNpz(bytes)],
  mat: [
    join(
      matHeader(),
      matrix('y', [1, 2], element(2, Uint8Array.of(1, 0))),
      matrix('X', [2, 3], element(9, doubles([1, 4, 2, 5, 3, 6]))),
    ),
    (bytes) => readMat(bytes, 'X'),
  ],
  'packed mat': [
    join(matHeader(), packed(matrix('X', [4, 4], element(9, doubles([...Array(16).keys()]))))),
    (bytes) => readMat(bytes, 'X'),
  ],
  'big-endian mat': [
    join(matHeader(false), matrix('X', [1, 2], element(9, doubles([1, 4], false), false), { little: false })),
    (bytes) => readMat(bytes),
  ],
  idx: [idx(0x0b, [2, 3], [...Array(12).keys()]), readIdx],
  'packed idx': [gzipSync(idx(0x08, [10, 10], [...Array(100).keys()])), readIdx],
  cifar: [join(record([1], 9), record([0], 200)), (bytes) => readCifar(bytes, cifar10Layout, ['a', 'b'])],
  'packed cifar': [gzipSync(record([1, 1], 9)), (bytes) => readCifar(bytes, cifar100Layout, ['a', 'b'])],
}

describe.each(Object.entries(samples))('%s from hostile bytes', (_, [bytes, read]) => {
  /** Reads, and accepts only typed errors. */
  function outcome(damaged: Uint8Array): 'read' | 'refused' {
    try {
      read(damaged)
      return 'read'
    } catch (error) {
      if (!(error instanceof TollError) || !['format', 'not-found'].includes(error.code)) throw error
      expect(error.message.length).toBeLessThan(2000)
      return 'refused'
    }
  }

  test('every truncation is refused', () => {
    const step = Math.max(1, Math.floor(bytes.length / 600))
    for (let length = 0; length < bytes.length; length += step) {
      const cut = bytes.subarray(0, length)
      // CIFAR has no header: half of two records is one whole record.
      const whole = length > 0 && length % 3073 === 0 && bytes.length === 2 * 3073
      expect([length, outcome(cut)]).toEqual([length, whole ? 'read' : 'refused'])
    }
  })

  test('1500 random mutations are read or refused, in bounded memory', () => {
    const random = Random.seeded(7)
    const before = process.memoryUsage().arrayBuffers
    let refused = 0
    for (let round = 0; round < 1500; round++) {
      const damaged = bytes.slice()
      for (let k = random.integer(4); k >= 0; k--) {
        const at = random.integer(round % 2 ? Math.min(400, bytes.length) : bytes.length)
        damaged[at] = [random.integer(256), 0, 255, damaged[at] ^ (1 << random.integer(8))][random.integer(4)]
      }
      if (outcome(damaged) === 'refused') refused++
    }
    expect(refused).toBeGreaterThan(0)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(300e6)
  })
})
