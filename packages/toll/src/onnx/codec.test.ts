// Models written and read again, and run: what ONNX Runtime computes from our bytes is the judge of the encoder.

import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { TollError } from '../base/index.js'
import {
  decodeModel,
  decodeTensor,
  encodeModel,
  encodeTensor,
  makeNode,
  makeTensor,
  makeValue,
  printModel,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from './index.js'

function modelOf(graph: Partial<OnnxGraph>, more: Partial<OnnxModel> = {}): OnnxModel {
  const empty: OnnxGraph = { name: 'g', nodes: [], inputs: [], outputs: [], initializers: [] }
  return { irVersion: 10, opsets: { '': 21 }, metadata: {}, graph: { ...empty, ...graph }, ...more }
}

const affine = modelOf(
  {
    nodes: [makeNode('MatMul', ['x', 'w'], ['xw']), makeNode('Add', ['xw', 'b'], ['y'])],
    inputs: [makeValue('x', 'float32', ['batch', 3])],
    outputs: [makeValue('y', 'float32', ['batch', 2])],
    initializers: [
      makeTensor('w', 'float32', [3, 2], [1, 2, 3, 4, 5, 6]),
      makeTensor('b', 'float32', [2], [0.5, -0.5]),
    ],
  },
  { metadata: { schema: '{"columns":["größe"]}', kind: 'affine' }, producerName: 'toll', producerVersion: '0.1.0' },
)

function thrown(action: () => unknown): TollError {
  try {
    action()
  } catch (error) {
    if (error instanceof TollError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('models in ONNX Runtime', () => {
  it('computes an affine map', async () => {
    const session = await InferenceSession.create(encodeModel(affine))
    const { y } = await session.run({ x: new Tensor('float32', [1, 0, 0, 1, 1, 1], [2, 3]) })
    expect(y.dims).toEqual([2, 2])
    expect([...(y.data as Float32Array)]).toEqual([1.5, 1.5, 9.5, 11.5])
  })

  it(
    'reads every kind of attribute that operators use: ints, int, float, string, tensor, graph, strings, ' + 'floats',
    async () => {
      const branch = (name: string, value: number): OnnxGraph => ({
        name,
        inputs: [],
        initializers: [],
        outputs: [makeValue(`${name}_out`, 'float32', [1])],
        nodes: [
          makeNode('Constant', [], [`${name}_out`], {
            value: { type: 'tensor', value: makeTensor('', 'float32', [1], [value]) },
          }),
        ],
      })
      const model = modelOf(
        {
          inputs: [makeValue('x', 'float32', [1, 1, 3, 3]), makeValue('word', 'string', [3])],
          outputs: [
            makeValue('y', 'float32', [4]),
            makeValue('code', 'float32', [3]),
            makeValue('chosen', 'float32', [1]),
          ],
          initializers: [
            makeTensor('kernel', 'float32', [1, 1, 2, 2], [1, 0, 0, -1]),
            makeTensor('shape', 'int64', [1], [-1]),
            makeTensor('yes', 'bool', [], [1]),
          ],
          nodes: [
            makeNode('Conv', ['x', 'kernel'], ['conv'], {
              strides: { type: 'ints', value: [2, 2] },
              auto_pad: { type: 'string', value: 'SAME_UPPER' },
              group: { type: 'int', value: 1 },
            }),
            makeNode('LeakyRelu', ['conv'], ['leaky'], { alpha: { type: 'float', value: 0.5 } }),
            makeNode('Reshape', ['leaky', 'shape'], ['y']),
            makeNode(
              'LabelEncoder',
              ['word'],
              ['code'],
              {
                keys_strings: { type: 'strings', value: ['red', 'grün'] },
                values_floats: { type: 'floats', value: [1, 2] },
                default_float: { type: 'float', value: -1 },
              },
              'ai.onnx.ml',
            ),
            makeNode('If', ['yes'], ['chosen'], {
              then_branch: { type: 'graph', value: branch('then', 7) },
              else_branch: { type: 'graph', value: branch('else', 8) },
            }),
          ],
        },
        { opsets: { '': 21, 'ai.onnx.ml': 3 } },
      )
      const bytes = encodeModel(model)
      const session = await InferenceSession.create(bytes)
      const { y, code, chosen } = await session.run({
        x: new Tensor('float32', [1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 3, 3]),
        word: new Tensor('string', ['grün', 'blue', 'red'], [3]),
      })
      expect([...(y.data as Float32Array)]).toEqual([-2, 3, 7, 9])
      expect([...(code.data as Float32Array)]).toEqual([2, -1, 1])
      expect([...(chosen.data as Float32Array)]).toEqual([7])
      expect(decodeModel(bytes)).toEqual(model)
    },
  )

  it('keeps the last bits of float64 and int64 initialisers', async () => {
    const session = await InferenceSession.create(
      encodeModel(
        modelOf({
          nodes: [makeNode('Identity', ['a'], ['p']), makeNode('Identity', ['b'], ['q'])],
          outputs: [makeValue('p', 'float64', [1]), makeValue('q', 'int64', [2])],
          initializers: [
            makeTensor('a', 'float64', [1], [0.1]),
            makeTensor('b', 'int64', [2], [2n ** 63n - 1n, -(2n ** 63n)]),
          ],
        }),
      ),
    )
    const { p, q } = await session.run({})
    expect([...(p.data as Float64Array)]).toEqual([0.1])
    expect([...(q.data as BigInt64Array)]).toEqual([9223372036854775807n, -9223372036854775808n])
  })
})

describe('encodeModel and decodeModel', () => {
  it('are inverse', () => {
    expect(decodeModel(encodeModel(affine))).toEqual(affine)
  })

  it('keep every type of value and every optional field', () => {
    const model = modelOf(
      {
        inputs: [
          { name: 'unranked', type: { kind: 'tensor', dtype: 'float16' } },
          { name: 'scalar', type: { kind: 'tensor', dtype: 'int8', shape: [] } },
          { name: 'mixed', type: { kind: 'tensor', dtype: 'bool', shape: [0, 'n', null] } },
          {
            name: 'list',
            type: { kind: 'sequence', element: { kind: 'optional', element: { kind: 'tensor', dtype: 'string' } } },
            doc: 'words',
          },
          {
            name: 'map',
            type: { kind: 'map', key: 'int64', value: { kind: 'sparse-tensor', dtype: 'float64', shape: [3] } },
          },
          { name: 'untyped' },
        ],
        values: [makeValue('between', 'uint8', [1])],
        doc: 'a graph',
        nodes: [
          {
            op: 'Thing',
            domain: 'org.example',
            name: 'n0',
            inputs: ['a', '', 'b'],
            outputs: ['c'],
            doc: 'a node',
            attributes: {
              type: { type: 'type', value: { kind: 'tensor', dtype: 'uint2', shape: [1] } },
              types: { type: 'types', value: [{ kind: 'tensor', dtype: 'int4' }] },
              tensors: { type: 'tensors', value: [makeTensor('t', 'int32', [1], [-5])] },
              graphs: { type: 'graphs', value: [affine.graph] },
              sparse: {
                type: 'sparse-tensor',
                value: {
                  values: makeTensor('', 'float32', [1], [2]),
                  indices: makeTensor('', 'int64', [1], [3]),
                  dims: [9],
                },
              },
              zero: { type: 'int', value: 0 },
              none: { type: 'ints', value: [] },
              negative: { type: 'ints', value: [-1, 2 ** 53 - 1] },
              float: { type: 'float', value: -0 },
              infinite: { type: 'floats', value: [Infinity, -Infinity, NaN] },
              empty: { type: 'string', value: '' },
            },
          },
        ],
      },
      { domain: 'org.example', modelVersion: 3, doc: 'a model' },
    )
    expect(decodeModel(encodeModel(model))).toStrictEqual(model)
  })

  it('write equal models as equal bytes, whatever the order of their keys', () => {
    const other = { ...affine, metadata: { kind: 'affine', schema: affine.metadata.schema } }
    expect(Object.keys(other.metadata)).not.toEqual(Object.keys(affine.metadata))
    expect(encodeModel(other)).toEqual(encodeModel(affine))
  })

  it('keep keys that are names of object members', () => {
    const metadata = Object.fromEntries([
      ['__proto__', 'p'],
      ['constructor', 'c'],
    ])
    const read = decodeModel(encodeModel({ ...affine, metadata })).metadata
    expect(Object.entries(read)).toEqual([
      ['__proto__', 'p'],
      ['constructor', 'c'],
    ])
  })

  it('leave the bytes of the file alone: the arrays of a decoded model are its own', () => {
    const bytes = Buffer.from(encodeModel(affine))
    const model = decodeModel(bytes)
    bytes.fill(0)
    expect(model).toEqual(affine)
  })

  it('refuse what a file cannot hold', () => {
    const withNode = (attributes: OnnxNode['attributes']): OnnxModel =>
      modelOf({ nodes: [makeNode('Op', [], [], attributes)] })
    expect(thrown(() => encodeModel(withNode({ k: { type: 'int', value: 1.5 } })))).toMatchObject({ code: 'argument' })
    expect(thrown(() => encodeModel(withNode({ k: { type: 'ints', value: [2 ** 53] } })))).toMatchObject({
      code: 'argument',
    })
    expect(thrown(() => encodeModel(withNode({ k: { type: 'float', value: 1e39 } })))).toMatchObject({
      code: 'argument',
      message: "attribute 'k' of Op must fit single precision, got 1e+39",
    })
    expect(thrown(() => encodeModel(modelOf({ inputs: [makeValue('x', 'float32', [-1])] })))).toMatchObject({
      code: 'argument',
    })
    expect(thrown(() => encodeModel({ ...affine, irVersion: 0 }))).toMatchObject({ code: 'argument' })
    const wrong: OnnxTensor = { name: 'w', dtype: 'float32', dims: [3, 2], data: new Float32Array(5) }
    expect(thrown(() => encodeModel(modelOf({ initializers: [wrong] })))).toMatchObject({
      code: 'shape',
      message: "tensor 'w' of type float32 and shape [3, 2] needs 6 stored values, got 5",
    })
  })

  it('nest 33 graphs in the graph and no more, in both directions', () => {
    const nest = (depth: number): OnnxModel => {
      let graph: OnnxGraph = { name: 'inner', nodes: [], inputs: [], outputs: [], initializers: [] }
      for (let i = 0; i < depth; i++) {
        graph = {
          ...graph,
          name: 'outer',
          nodes: [makeNode('If', ['c'], [], { then_branch: { type: 'graph', value: graph } })],
        }
      }
      return modelOf(graph)
    }
    expect(decodeModel(encodeModel(nest(33)))).toStrictEqual(nest(33))
    expect(thrown(() => encodeModel(nest(34)))).toMatchObject({
      code: 'argument',
      message: 'the ONNX model nests messages deeper than 100 levels',
    })
  })
})

describe('encodeTensor and decodeTensor', () => {
  it.each<OnnxTensor>([
    { name: 'f', dtype: 'float32', dims: [2, 2], data: Float32Array.of(1, -0, Infinity, 1e-45) },
    { name: 'd', dtype: 'float64', dims: [1], data: Float64Array.of(5e-324) },
    { name: 'scalar', dtype: 'int64', dims: [], data: BigInt64Array.of(-1n) },
    { name: 'none', dtype: 'uint16', dims: [3, 0, 2], data: new Uint16Array(0) },
    { name: 'text', dtype: 'string', dims: [3], data: ['', 'ü', '\ufeff0'] },
    { name: 'odd', dtype: 'int4', dims: [3], data: Uint8Array.of(0x21, 0x03) },
    { name: 'pairs', dtype: 'complex64', dims: [1], data: Float32Array.of(1, 2) },
    { name: '', dtype: 'uint64', dims: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
  ])('are inverse for $dtype $dims', (tensor) => {
    expect(decodeTensor(encodeTensor(tensor))).toStrictEqual(tensor)
  })

  it('write the bytes of the protobuf encoding guide', () => {
    expect([...encodeTensor(makeTensor('t', 'int16', [2], [1, -2]))]).toEqual([
      0x0a, 1, 2, 0x10, 5, 0x42, 1, 0x74, 0x4a, 4, 1, 0, 0xfe, 0xff,
    ])
  })

  it('carry 24 MB', () => {
    const data = Float32Array.from({ length: 6_000_000 }, (_, i) => i)
    const bytes = encodeModel(modelOf({ initializers: [makeTensor('w', 'float32', [6_000_000], data)] }))
    const read = decodeModel(bytes).graph.initializers[0].data as Float32Array
    expect(bytes.length - data.byteLength).toBeLessThan(100)
    expect(Buffer.compare(Buffer.from(read.buffer), Buffer.from(data.buffer))).toBe(0)
  })
})

describe('makeTensor', () => {
  it('keeps a typed array and converts other lists', () => {
    const data = Float64Array.of(1, 2)
    expect(makeTensor('a', 'float64', [2], data).data).toBe(data)
    expect(makeTensor('a', 'float32', [1], [0.1]).data).toEqual(Float32Array.of(Math.fround(0.1)))
    expect(makeTensor('a', 'int64', [2], [1, 2n]).data).toEqual(BigInt64Array.of(1n, 2n))
  })

  it('refuses what the type or shape cannot hold', () => {
    expect(thrown(() => makeTensor('a', 'uint8', [2], [1, 256]))).toMatchObject({
      code: 'argument',
      message: "tensor 'a' of type uint8 cannot hold 256, value 1",
    })
    expect(thrown(() => makeTensor('a', 'int32', [1], [0.5]))).toMatchObject({ code: 'argument' })
    expect(thrown(() => makeTensor('a', 'uint64', [1], [-1]))).toMatchObject({ code: 'argument' })
    expect(thrown(() => makeTensor('a', 'float32', [1], [1e39]))).toMatchObject({ code: 'argument' })
    expect(thrown(() => makeTensor('a', 'float32', [1], ['1']))).toMatchObject({ code: 'argument' })
    expect(thrown(() => makeTensor('a', 'string', [1], [1]))).toMatchObject({ code: 'argument' })
    expect(thrown(() => makeTensor('a', 'float32', [2], [1]))).toMatchObject({ code: 'shape' })
    expect(thrown(() => makeTensor('a', 'float32', [-1, -1], [1]))).toMatchObject({ code: 'shape' })
  })
})

describe('printModel', () => {
  it('prints one line per node, few values in full and many as a digest', () => {
    const nodes = [makeNode('Identity', ['y'], ['z'])]
    const branch: OnnxGraph = { name: 'then branch', nodes, inputs: [], outputs: [{ name: 'z' }], initializers: [] }
    const model = modelOf(
      {
        name: 'net',
        inputs: [makeValue('x', 'float32', ['batch', null, 3])],
        outputs: [makeValue('y', 'float32')],
        initializers: [
          makeTensor('w', 'float32', [2], [0.1, -1e-7]),
          makeTensor('big', 'int64', [9], [0, 1, 2, 3, 4, 5, 6, 7, 8]),
          makeTensor('s', 'string', [], ['a"b']),
        ],
        nodes: [
          makeNode(
            'Conv',
            ['x', 'w', '', 'größe 1'],
            ['y', 'y2'],
            {
              strides: { type: 'ints', value: [2, 2] },
              alpha: { type: 'float', value: Math.fround(0.1) },
            },
            'ai.onnx.ml',
          ),
          makeNode('If', ['c'], ['d'], { then_branch: { type: 'graph', value: branch } }),
        ],
      },
      {
        opsets: { 'ai.onnx.ml': 3, '': 21 },
        metadata: { b: 'x'.repeat(61), a: '1' },
        producerName: 'toll',
        producerVersion: '0.1.0',
      },
    )
    expect(printModel(model)).toBe(
      [
        'model ir=10 opsets=[ai.onnx 21, ai.onnx.ml 3] producer="toll 0.1.0"',
        'metadata "a" = "1"',
        'metadata "b" = <61 characters #0599cdd1>',
        'graph %net',
        '  input %x: float32[batch, ?, 3]',
        '  tensor %w: float32[2] = [0.1, -1e-7]',
        '  tensor %big: int64[9] = #4589f66d',
        '  tensor %s: string[] = ["a\\"b"]',
        '  %y, %y2 = ai.onnx.ml.Conv(%x, %w, _, %"größe 1") {alpha=0.1, strides=[2, 2]}',
        '  %d = If(%c) {then_branch=%"then branch"}',
        '    graph %"then branch"',
        '      %z = Identity(%y)',
        '      output %z',
        '  output %y: float32',
        '',
      ].join('\n'),
    )
  })

  it('tells models apart that differ in one bit of one large tensor', () => {
    const data = new Float32Array(100)
    const text = (): string => printModel(modelOf({ initializers: [makeTensor('w', 'float32', [100], data)] }))
    const before = text()
    data[99] = 1e-45
    expect(text()).not.toBe(before)
  })
})
