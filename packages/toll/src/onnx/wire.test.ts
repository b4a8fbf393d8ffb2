// The walk over the layouts: what protobuf allows writers to do, and damage of every kind with its place in the
// message.

import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Random, TollError } from '../base/index.js'
import {
  decodeModel,
  decodeTensor,
  encodeModel,
  makeNode,
  makeTensor,
  makeValue,
  type OnnxModel,
  type OnnxTensor,
} from './index.js'
import { type Message } from './schema.js'
import { decodeMessage, encodeMessage } from './wire.js'

/** A field by hand: number, wire type and what follows. */
function field(number: number, wire: number, ...content: readonly number[]): number[] {
  return [(number << 3) | wire, ...content]
}

/** A field with its length in front; lengths below 16384 only. */
function block(number: number, content: readonly number[]): number[] {
  const size = content.length
  return field(number, 2, ...(size < 128 ? [size] : [(size & 127) | 128, size >> 7]), ...content)
}

const text = (value: string): number[] => [...new TextEncoder().encode(value)]

function tensorOf(...parts: readonly (readonly number[])[]): OnnxTensor {
  return decodeTensor(Uint8Array.from(parts.flat()))
}

function refusal(bytes: Uint8Array, read: (bytes: Uint8Array) => unknown = decodeModel): string {
  try {
    read(bytes)
  } catch (error) {
    if (error instanceof TollError && error.code === 'format') return error.message
    throw error
  }
  throw new Error('the bytes were accepted')
}

describe('what writers may do', () => {
  const int32 = field(2, 0, 6)

  it('packs lists of numbers, or not, or both', () => {
    const expected = { name: '', dtype: 'int32', dims: [3], data: Int32Array.of(1, 2, -1) }
    const minusOne = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]
    expect(tensorOf(field(1, 0, 3), int32, block(5, [1, 2, ...minusOne]))).toStrictEqual(expected)
    expect(tensorOf(field(5, 0, 1), block(1, [3]), block(5, [2]), int32, field(5, 0, ...minusOne))).toStrictEqual(
      expected,
    )
  })

  it('skips unknown fields of every wire type, groups included', () => {
    const unknown = [
      field(12, 2, 1, 0x61),
      field(15, 0, 1),
      field(15, 5, 1, 2, 3, 4),
      field(15, 1, 1, 2, 3, 4, 5, 6, 7, 8),
      field(15, 3, ...field(2, 0, 1), ...field(15, 4)),
    ]
    expect(tensorOf(...unknown, int32, block(5, [7]))).toStrictEqual({
      name: '',
      dtype: 'int32',
      dims: [],
      data: Int32Array.of(7),
    })
  })

  it.each<[string, Message<'Tensor'>, OnnxTensor['data']]>([
    ['float32', { data_type: 1, float_data: Float32Array.of(1, NaN) }, Float32Array.of(1, NaN)],
    ['float64', { data_type: 11, double_data: Float64Array.of(0.1, -0) }, Float64Array.of(0.1, -0)],
    ['int64', { data_type: 7, int64_data: BigInt64Array.of(-1n, 2n ** 62n) }, BigInt64Array.of(-1n, 2n ** 62n)],
    [
      'uint64',
      { data_type: 13, uint64_data: BigUint64Array.of(2n ** 64n - 1n, 0n) },
      BigUint64Array.of(2n ** 64n - 1n, 0n),
    ],
    ['uint32', { data_type: 12, uint64_data: BigUint64Array.of(2n ** 32n - 1n, 0n) }, Uint32Array.of(2 ** 32 - 1, 0)],
    ['int8', { data_type: 3, int32_data: Int32Array.of(-128, 127) }, Int8Array.of(-128, 127)],
    ['bool', { data_type: 9, int32_data: Int32Array.of(1, 0) }, Uint8Array.of(1, 0)],
    ['float16', { data_type: 10, int32_data: Int32Array.of(0xfc00, 0) }, Uint16Array.of(0xfc00, 0)],
  ])('puts %s values into its typed field', (dtype, message, data) => {
    expect(decodeTensor(encodeMessage({ ...message, dims: [2] }, 'Tensor'))).toStrictEqual({
      name: '',
      dtype,
      dims: [2],
      data,
    })
  })

  it('scatters a list over a message without quadratic cost', () => {
    const count = 200_000
    const bytes = new Uint8Array(4 * count)
    for (let i = 0; i < count; i++) bytes.set([...field(5, 0, i & 127), ...field(2, 0, 6)], 4 * i)
    expect(decodeMessage(bytes, 'Tensor').int32_data).toEqual(Int32Array.from({ length: count }, (_, i) => i & 127))
  })
})

describe('files that are no model', () => {
  it.each([
    ['empty', [], 'expected an ONNX model, got an empty file'],
    ['PNG', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d], 'do not parse'],
    ['text', text('time,value\n1,2\n'), 'do not parse'],
    ['JSON', text('{"a": 1}'), 'do not parse'],
    ['gzip', [0x1f, 0x8b, 8, 0, 0, 0, 0, 0], 'do not parse'],
    ['zeros', [0, 0, 0, 0], 'illegal tag'],
    ['without graph', field(1, 0, 10), 'without a graph'],
    ['without format version', block(7, []), 'without a format version'],
    ['without operator sets', [...field(1, 0, 10), ...block(7, [])], 'with operator set versions, got none'],
  ])('%s', (_, bytes, message) => {
    expect(refusal(Uint8Array.from(bytes))).toContain(message)
  })
})

describe('damage names its place', () => {
  const refuse = (...parts: readonly (readonly number[])[]): string => refusal(Uint8Array.from(parts.flat()))
  const node = (...parts: readonly (readonly number[])[]): number[] => block(7, block(1, parts.flat()))

  it('a length beyond the end', () => {
    expect(refuse(field(7, 2, 4), [1, 2, 3])).toContain(
      'a length of 4 bytes where 3 are left (byte 2 of 5, field graph)',
    )
    expect(refuse(field(7, 2, 0xff, 0xff, 0xff, 0xff, 0x0f))).toContain('a length of 4294967295 bytes where 0 are left')
    expect(refuse(field(1, 0, 10), node(block(5, [0x0a, 100])))).toContain('field graph.node[0].attribute[0].name')
    expect(refuse(node(field(5, 2, 1)), [0x10, 0])).toContain(
      'a length of 1 bytes where 0 are left (byte 6 of 8, field graph.node[0].attribute[0])',
    )
  })

  it('a wire type that does not fit', () => {
    expect(refuse(block(1, [1]))).toBe(
      'expected an ONNX model message, got bytes that do not parse: wire type 2 where 0 was expected' +
        ' (byte 1 of 3, field ir_version); the file is damaged, incomplete or of another kind',
    )
  })

  it('text that is not UTF-8', () => {
    expect(refuse(node(block(4, [0xff, 0xfe])))).toContain('field graph.node[0].op_type')
  })

  it('a graph that comes twice', () => {
    expect(refuse(block(7, []), block(7, []))).toContain('the message comes twice')
  })

  it('an integer beyond 2^53', () => {
    expect(refuse(field(5, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f))).toContain(
      'the integer 9223372036854775807 is beyond 2^53',
    )
  })

  it('functions and other parts that would be lost', () => {
    expect(refuse([0xca, 0x01, 0])).toContain('this part of ONNX is not supported (byte 2 of 3, field functions)')
  })

  it('messages nested without end', () => {
    let type: number[] = []
    for (let i = 0; i < 2000; i++) type = block(i % 2 ? 4 : 1, type)
    expect(refuse(block(7, block(11, block(2, type))))).toContain('messages nested deeper than 100 levels')
  })

  it('a value whose type says nothing', () => {
    expect(refuse(field(1, 0, 10), block(8, field(2, 0, 21)), block(7, block(11, block(2, []))))).toBe(
      "value '' must be a tensor, a sequence, an optional or a map, got an empty type",
    )
  })

  it('more messages than any model has', () => {
    const count = 2 ** 20 + 1
    const bytes = new Uint8Array(2 * count)
    for (let i = 0; i < count; i++) bytes[2 * i] = 0x0a
    expect(refusal(bytes, (read) => decodeMessage(read, 'Graph'))).toContain('more than 1048576 messages')
  })
})

describe('tensors that contradict themselves', () => {
  const refuse = (message: Message<'Tensor'>): string => refusal(encodeMessage(message, 'Tensor'), decodeTensor)

  it('in size, type or place', () => {
    expect(refuse({ name: 'w', data_type: 1, dims: [3], raw_data: new Uint8Array(8) })).toBe(
      "tensor 'w' of type float32 and shape [3] needs 3 stored values, got 2; the file is damaged",
    )
    expect(refuse({ data_type: 1, dims: [2 ** 50] })).toContain('needs 1125899906842624 stored values, got 0')
    expect(refuse({ data_type: 1, dims: Array.from({ length: 30 }, () => 2 ** 52) })).toContain('got 0')
    expect(refuse({ data_type: 1, dims: [-1, -1], raw_data: new Uint8Array(4) })).toContain(
      'must have sizes of 0 or more, got [-1, -1]',
    )
    expect(refuse({ data_type: 1, dims: [1], raw_data: new Uint8Array(5) })).toContain(
      'needs a multiple of 4 bytes, got 5',
    )
    expect(refuse({ data_type: 99, dims: [] })).toContain('must have an ONNX element type from 1 to 26, got 99')
    expect(refuse({ name: 'w' })).toContain("tensor 'w' must have an ONNX element type from 1 to 26, got none")
    expect(refuse({ data_type: 2, dims: [1], int32_data: Int32Array.of(300) })).toContain(
      'of type uint8 cannot hold 300, value 0 of int32_data',
    )
    expect(refuse({ name: 'w', data_type: 1, dims: [1], data_location: 1 })).toBe(
      "tensor 'w' keeps its values in another file, which is not read; save the model as one file",
    )
  })
})

describe('random damage', () => {
  const model: OnnxModel = {
    irVersion: 10,
    opsets: { '': 21, 'ai.onnx.ml': 3 },
    metadata: { manifest: '{"format":1}' },
    producerName: 'toll',
    graph: {
      name: 'net',
      inputs: [makeValue('x', 'float32', ['batch', 2])],
      outputs: [
        makeValue('y', 'float32', ['batch', 1]),
        { name: 'l', type: { kind: 'sequence', element: { kind: 'tensor', dtype: 'string' } } },
      ],
      initializers: [
        makeTensor('w', 'float32', [2, 1], [1, 2]),
        makeTensor('axes', 'int64', [1], [-1]),
        makeTensor('s', 'string', [2], ['a', 'ü']),
      ],
      nodes: [
        makeNode('Gemm', ['x', 'w'], ['h'], {
          alpha: { type: 'float', value: 0.5 },
          transB: { type: 'int', value: 0 },
        }),
        makeNode(
          'If',
          ['c'],
          ['y'],
          {
            then_branch: {
              type: 'graph',
              value: {
                name: 't',
                nodes: [makeNode('Neg', ['h'], ['n'])],
                inputs: [],
                outputs: [{ name: 'n' }],
                initializers: [],
              },
            },
            pads: { type: 'ints', value: [0, 1, -1] },
            keys: { type: 'strings', value: ['p', 'q'] },
            floats: { type: 'floats', value: [1.5] },
          },
          'ai.onnx.ml',
        ),
      ],
    },
  }
  const bytes = encodeModel(model)

  /** Either a `format` error, or a model that survives writing and reading. */
  function survives(damaged: Uint8Array): boolean {
    let read: OnnxModel
    try {
      read = decodeModel(damaged)
    } catch (error) {
      if (error instanceof TollError && error.code === 'format') return false
      throw error
    }
    if (!isDeepStrictEqual(decodeModel(encodeModel(read)), read))
      throw new Error(`bytes ${[...damaged].join(' ')} change when written again`)
    return true
  }

  it('truncation at every byte is refused until the operator sets, which every model needs, are there', () => {
    expect(decodeModel(bytes)).toStrictEqual(model)
    const accepted = Array.from({ length: bytes.length }, (_, size) => size).filter((size) =>
      survives(bytes.subarray(0, size)),
    )
    // What may be cut off at the end: the second operator set (16 bytes), then the metadata (26 bytes).
    expect(accepted).toEqual([bytes.length - 42, bytes.length - 26])
  })

  it('4000 mutations are refused or read consistently', () => {
    const random = Random.seeded(20)
    let accepted = 0
    for (let round = 0; round < 4000; round++) {
      const damaged = [...bytes]
      for (let edits = 1 + random.integer(3); edits > 0; edits--) {
        const at = random.integer(damaged.length)
        const kind = random.integer(5)
        if (kind === 0) damaged[at] ^= 1 << random.integer(8)
        else if (kind === 1) damaged[at] = random.integer(256)
        else if (kind === 2) damaged.splice(at, 1 + random.integer(4))
        else if (kind === 3) damaged.splice(at, 0, random.integer(256), random.integer(256))
        else damaged.splice(at, 0, ...damaged.slice(random.integer(damaged.length)).slice(0, 20))
      }
      if (survives(Uint8Array.from(damaged))) accepted++
    }
    expect(accepted).toBeGreaterThan(100)
    expect(accepted).toBeLessThan(3900)
  })
})
