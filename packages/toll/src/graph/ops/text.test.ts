// Graphs with inputs of texts through every pass: what refuses them, what shares them, what a lookup costs and how it
// prints.

import { describe, expect, it } from 'vitest'
import {
  encodeModel,
  decodeModel,
  makeNode,
  makeTensor,
  makeValue,
  printModel,
  type OnnxAttribute,
  type OnnxNode,
} from '../../onnx/index.js'
import {
  abs,
  add,
  broadcastTo,
  cast,
  compile,
  concat,
  constant,
  costOf,
  dimSize,
  equal,
  gather,
  gradients,
  input,
  interpret,
  lookup,
  lookupsOnHost,
  lower,
  matmul,
  maxOver,
  mul,
  not,
  printGraph,
  readModel,
  reshape,
  simplify,
  slice,
  stopGradient,
  substitute,
  sum,
  topological,
  transpose,
  verify,
  where,
  type Tensor,
} from '../index.js'

const thrown = (call: () => unknown): { code: string; message: string } => {
  try {
    call()
  } catch (error) {
    return error as { code: string; message: string }
  }
  return expect.fail('nothing was thrown')
}

const city = () => input('city', ['batch', 1], 'string')

describe('strings', () => {
  const builds: Record<string, (x: Tensor) => Tensor> = {
    abs,
    not,
    stopGradient,
    add: (x) => add(x, x),
    mul: (x) => mul(x, 2),
    equal: (x) => equal(x, x),
    cast: (x) => cast(x, 'float32'),
    sum: (x) => sum(x),
    maxOver: (x) => maxOver(x),
    reshape: (x) => reshape(x, ['batch']),
    transpose: (x) => transpose(x),
    slice: () => slice(input('x', [4], 'string'), 0, 1, 3),
    concat: (x) => concat([x, x], 1),
    broadcastTo: (x) => broadcastTo(x, ['batch', 2]),
    matmul: (x) => matmul(x, x),
    gather: (x) => gather(x, constant([0], [1], 'int64'), 1),
    where: (x) => where(constant(1, [], 'bool'), x, x),
  }
  it.each(Object.keys(builds))('are refused by %s', (name) => {
    expect(thrown(() => builds[name](city()))).toMatchObject({
      code: 'shape',
      message: expect.stringMatching(/string|int64 or bool|expected/) as unknown,
    })
  })

  it('are neither constants nor results of an op', () => {
    for (const build of [
      () => constant([1], [1], 'string'),
      () => dimSize('batch', 'string'),
      () => cast(input('x', [1]), 'string'),
      () => gradients(sum(input('x', [1])), [input('s', [1], 'string')]),
    ]) {
      expect(thrown(build)).toMatchObject({
        code: 'shape',
        message: expect.stringContaining('only an input can be of strings') as unknown,
      })
    }
  })

  it('are no outputs', () => {
    for (const use of [
      lower,
      compile,
      (outputs: { same: Tensor }) => costOf(outputs, { sizes: { batch: 1 } }),
      (outputs: { same: Tensor }) => interpret(outputs, { city: { shape: [1, 1], data: ['a'] } }),
    ]) {
      expect(thrown(() => use({ same: city() }))).toMatchObject({
        code: 'shape',
        message: expect.stringContaining("output 'same' must be numbers, got string(batch, 1)") as unknown,
      })
    }
    const file = {
      irVersion: 8,
      opsets: { '': 18 },
      metadata: {},
      graph: {
        name: 'g',
        nodes: [makeNode('Identity', ['x'], ['y'])],
        inputs: [makeValue('x', 'string', [1])],
        outputs: [makeValue('y', 'string', [1])],
        initializers: [],
      },
    }
    expect(thrown(() => readModel(encodeModel(file))).code).toBe('format')
  })

  it('are fed as texts, and texts to nothing else', () => {
    const outputs = { y: lookup(city(), ['a']), z: input('z', ['batch', 1]) }
    const feeds = { city: { shape: [2, 1], data: ['a', 'b'] }, z: { shape: [2, 1], data: [1, 2] } }
    expect([...interpret(outputs, feeds).y.data]).toEqual([0, 1])
    expect(thrown(() => interpret(outputs, { ...feeds, city: feeds.z }))).toMatchObject({
      code: 'argument',
      message: "input 'city' must be of string, got numbers (value 0)",
    })
    expect(thrown(() => interpret(outputs, { ...feeds, z: { shape: [2, 1], data: ['1', '2'] } }))).toMatchObject({
      code: 'argument',
      message: "input 'z' must be of float32, got texts (value 0)",
    })
  })
})

describe('lookup', () => {
  it('refuses numbers, texts that are equal, and texts that an engine would take for others', () => {
    expect(thrown(() => lookup(input('x', [1]), ['a']))).toMatchObject({
      code: 'shape',
      message: 'lookup: expected string, got float32(1)',
    })
    expect(thrown(() => lookup(city(), ['a', 'b', 'a']))).toMatchObject({
      code: 'argument',
      message: 'lookup: the texts must be distinct, "a" stands at 0 and 2',
    })
    for (const text of ['a\0', '\ud83d', 'x\ude00y', 3 as never])
      expect(thrown(() => lookup(city(), ['a', text]))).toMatchObject({
        code: 'argument',
        message: expect.stringContaining('text 1 is') as unknown,
      })
  })

  it('keeps its own list', () => {
    const texts = ['a', 'b']
    const y = lookup(city(), texts)
    texts.reverse()
    expect([...interpret({ y }, { city: { shape: [1, 1], data: ['a'] } }).y.data]).toEqual([0])
  })

  it('is one node where input and list are the same, and two where the list differs', () => {
    const x = city()
    const lists = [['a', 'b'], ['a', 'b'], ['b', 'a'], ['a,b'], ['a', 'b', '']]
    const simple = simplify(Object.fromEntries(lists.map((texts, i) => [`y${i}`, lookup(x, texts)])))
    verify(simple)
    expect(new Set(Object.values(simple)).size).toBe(4)
    expect(simple.y0).toBe(simple.y1)
  })

  it('prints its texts, or how many there are', () => {
    expect(printGraph({ y: lookup(city(), ['a, b', '']) })).toBe(
      '%0 = input() {name=city} : string(batch, 1)\n%1 = lookup(%0) {texts=["a, b",""]} : i64(batch, 1)\ny -> %1\n',
    )
    expect(printGraph({ y: lookup(city(), ['a', 'b', 'c', 'd', 'e']) })).toContain('{texts=5 texts}')
  })

  it('costs a pass over its texts, read twice', () => {
    const { nodes, inputBytes, outputBytes, dispatches } = costOf(
      { y: lookup(city(), ['a']) },
      { sizes: { batch: 10 } },
    )
    expect(nodes).toEqual([{ op: 'lookup', products: 0, elementwise: 10, bytes: 2 * 320 + 80, pieces: 0, scratch: 0 }])
    expect([inputBytes, outputBytes, dispatches]).toEqual([320, 80, 1])
  })

  it('comes out of a file as it went in, and is replaced like any node', () => {
    const x = city()
    const [first, second] = [lookup(x, ['a', '', '\u{1f600}']), lookup(x, [])]
    const outputs = { y: add(cast(first, 'float64'), cast(second, 'float64')), rows: dimSize('batch', 'float64') }
    const back = readModel(compile(outputs))
    expect(printGraph(back.outputs)).toBe(printGraph(outputs))
    const codes = input('codes', ['batch', 1], 'int64')
    const lookups = topological(Object.values(back.outputs)).filter((node) => node.op.name === 'lookup')
    const replaced = substitute(back.outputs, new Map(lookups.map((node) => [node, codes])))
    expect([...interpret(replaced, { codes: { shape: [2, 1], data: [3, 4] } }).y.data]).toEqual([6, 8])
  })
})

const strings = (...value: string[]): OnnxAttribute => ({ type: 'strings', value })
const ints = (...value: number[]): OnnxAttribute => ({ type: 'ints', value })
const int = (value: number): OnnxAttribute => ({ type: 'int', value })

function encoder(attributes: Record<string, OnnxAttribute>, before: OnnxNode[] = [], from = 'x'): Uint8Array {
  const nodes = [...before, makeNode('LabelEncoder', [from], ['y'], attributes, 'ai.onnx.ml')]
  return encodeModel({
    irVersion: 8,
    opsets: { '': 18, 'ai.onnx.ml': 4 },
    metadata: {},
    graph: {
      name: 'g',
      nodes,
      inputs: [makeValue('x', 'string', ['n'])],
      outputs: [makeValue('y', 'int64', ['n'])],
      initializers: [makeTensor('flat', 'int64', [1], [-1])],
    },
  })
}

const x = { shape: [4], data: ['b', 'a', '', 'c'] }

describe('a label encoder in a file', () => {
  it('may give any integers to its texts', () => {
    const read = (attributes: Record<string, OnnxAttribute>) => {
      const { outputs } = readModel(encoder(attributes))
      verify(outputs)
      return [outputs.y.op.name, ...interpret(outputs, { x }).y.data]
    }
    expect(read({ keys_strings: strings('a', 'b'), values_int64s: ints(0, 1), default_int64: int(2) })).toEqual([
      'lookup',
      1,
      0,
      2,
      2,
    ])
    expect(read({ keys_strings: strings('a', 'b'), values_int64s: ints(5, -7), default_int64: int(2) })).toEqual([
      'gather',
      -7,
      5,
      2,
      2,
    ])
    expect(read({ keys_strings: strings('a', 'b'), values_int64s: ints(0, 1) })).toEqual(['gather', 1, 0, -1, -1])
    const tensor = (value: ReturnType<typeof makeTensor>): OnnxAttribute => ({ type: 'tensor', value })
    expect(
      read({
        keys_tensor: tensor(makeTensor('', 'string', [2], ['c', ''])),
        values_tensor: tensor(makeTensor('', 'int64', [2], [0, 1])),
        default_tensor: tensor(makeTensor('', 'int64', [1], [2])),
      }),
    ).toEqual(['lookup', 2, 2, 1, 0])
  })

  it('is refused in other forms', () => {
    const refused: [Record<string, OnnxAttribute>, string][] = [
      [{ keys_strings: strings('a'), values_strings: strings('b') }, 'only a table from strings'],
      [{ keys_int64s: ints(1), values_int64s: ints(1) }, 'only a table from strings'],
      [{ keys_strings: strings('a', 'b'), values_int64s: ints(1) }, '2 keys and 1 values'],
      [{ keys_strings: strings('a', 'a'), values_int64s: ints(0, 1) }, 'must be distinct'],
    ]
    for (const [attributes, message] of refused)
      expect(thrown(() => readModel(encoder(attributes)))).toMatchObject({
        code: 'format',
        message: expect.stringContaining(message) as unknown,
      })
  })
})

describe('lookups on the host', () => {
  it('leave a file that takes their results', () => {
    const text = city()
    const byCity = lookup(text, ['a', 'b'])
    const { model, lookups } = lookupsOnHost(
      compile({ byCity, other: add(cast(lookup(text, ['c']), 'float64'), dimSize('batch', 'float64')) }),
    )!
    expect(lookups.map(({ texts, placeOf, otherwise }) => [texts, [...placeOf], otherwise])).toEqual([
      [
        'city',
        [
          ['a', 0n],
          ['b', 1n],
        ],
        2n,
      ],
      ['city', [['c', 0n]], 1n],
    ])
    const { graph } = decodeModel(model)
    expect(graph.inputs.map(({ name, type }) => [name, type])).toEqual(
      lookups.map(({ places }) => [places, { kind: 'tensor', dtype: 'int64', shape: ['batch', 1] }]),
    )
    const back = readModel(model)
    const feeds = Object.fromEntries(
      lookups.map(({ places }, i) => [
        places,
        {
          shape: [2, 1],
          data: [
            [2, 0],
            [1, 1],
          ][i],
        },
      ]),
    )
    const results = interpret(back.outputs, feeds)
    expect([[...results.byCity.data], [...results.other.data]]).toEqual([
      [2, 0],
      [3, 3],
    ])
    expect(printModel(decodeModel(model))).not.toContain('LabelEncoder')
  })

  it('stay in a file where texts are read otherwise, or a table is no plain one', () => {
    const table = { keys_strings: strings('a'), values_int64s: ints(0) }
    expect(lookupsOnHost(encoder(table))!.lookups[0].otherwise).toBe(-1n)
    const { graph, ...head } = decodeModel(encoder(table))
    const old = encodeModel({
      ...head,
      graph: { ...graph, inputs: [makeValue('flat', 'int64', [1]), ...graph.inputs] },
    })
    expect(lookupsOnHost(old)!.inputs).toEqual([{ name: 'x', texts: ['n'] }])
    expect(lookupsOnHost(old.subarray(0, -1))).toBeUndefined()
    expect(lookupsOnHost(compile({ y: abs(input('LabelEncoder', [1])) }))).toBeUndefined()
    expect(lookupsOnHost(encoder(table, [makeNode('Reshape', ['x', 'flat'], ['h'])], 'h'))).toBeUndefined()
    expect(lookupsOnHost(encoder({ keys_strings: strings('a', 'a'), values_int64s: ints(0, 1) }))).toBeUndefined()
    expect(
      lookupsOnHost(encoder({ keys_strings: strings('a'), values_floats: { type: 'floats', value: [1] } })),
    ).toBeUndefined()
  })
})
