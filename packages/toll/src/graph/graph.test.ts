// Gradients, verification, printing, lowering, and the typed errors of every shape rule.

import { describe, expect, it } from 'vitest'
import { TollError } from '../base/index.js'
import { printModel } from '../onnx/index.js'
import {
  add,
  and,
  averagePool,
  broadcastTo,
  cast,
  concat,
  constant,
  conv,
  convTranspose,
  dimSize,
  div,
  dropout,
  embed,
  exp,
  gather,
  gatherElements,
  gradients,
  greater,
  input,
  interpret,
  less,
  log,
  lower,
  matmul,
  maxOver,
  maxPool,
  mean,
  mul,
  neg,
  not,
  pad,
  printGraph,
  relu,
  reshape,
  scatterAdd,
  slice,
  softmax,
  split,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  transpose,
  upsampleNearest,
  verify,
  where,
  type DType,
  type Shape,
  type Tensor,
} from './index.js'

const x = (shape: Shape = [2, 3], dtype: DType = 'float32', name = 'x') => input(name, shape, dtype)
const values = (y: Tensor, feeds: Record<string, number[]>, shapes: Record<string, number[]> = {}) => [
  ...interpret(
    { y },
    Object.fromEntries(
      Object.entries(feeds).map(([name, data]) => [name, { shape: shapes[name] ?? [data.length], data }]),
    ),
  ).y.data,
]

function thrown(action: () => unknown): TollError {
  try {
    action()
  } catch (error) {
    if (error instanceof TollError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('gradients', () => {
  it('of x^3 are 3 x^2, 6 x, 6 and 0', () => {
    const t = x([], 'float64')
    const cube = mul(t, mul(t, t))
    const [first] = gradients(cube, [t])
    const [second] = gradients(first, [t])
    const [third] = gradients(second, [t])
    const [fourth] = gradients(third, [t])
    const at = interpret({ first, second, third, fourth }, { x: { shape: [], data: [5] } })
    expect(['first', 'second', 'third', 'fourth'].map((name) => at[name].data[0])).toEqual([75, 30, 6, 0])
  })

  it('add up over all uses', () => {
    const t = x([2], 'float64')
    const [g] = gradients(sum(add(mul(t, 3), mul(t, t))), [t])
    expect(values(g, { x: [1, -4] })).toEqual([5, -5])
  })

  it('are zeros for what the result does not depend on', () => {
    const [g, h] = gradients(sum(x([2])), [input('other', [2, 2]), x([2], 'float64', 'third')])
    expect([g.shape, h.dtype]).toEqual([[2, 2], 'float64'])
    expect(values(g, {})).toEqual([0, 0, 0, 0])
  })

  it('start from the seed', () => {
    const t = x([3], 'float64')
    const [g] = gradients(square(t), [t], constant([1, 10, 0], [3], 'float64'))
    expect(values(g, { x: [1, 2, 3] })).toEqual([2, 40, 0])
  })

  it('reach intermediate results', () => {
    const t = x([2], 'float64')
    const inner = mul(t, 2)
    const [g, h] = gradients(sum(square(inner)), [inner, t])
    expect(values(g, { x: [1, 2] })).toEqual([4, 8])
    expect(values(h, { x: [1, 2] })).toEqual([8, 16])
  })

  it('do not pass a stop, booleans and integers', () => {
    const t = x([2], 'float64')
    expect(values(gradients(sum(mul(stopGradient(t), t)), [t])[0], { x: [3, 4] })).toEqual([3, 4])
    expect(values(gradients(sum(stopGradient(t)), [t])[0], { x: [3, 4] })).toEqual([0, 0])
    expect(values(gradients(sum(cast(cast(t, 'int64'), 'float64')), [t])[0], { x: [3, 4] })).toEqual([0, 0])
    expect(values(gradients(sum(where(greater(t, 0), t, neg(t))), [t])[0], { x: [3, -4] })).toEqual([1, -1])
  })

  it('of broadcast operands are summed, over named sizes too', () => {
    const [a, b] = [input('a', ['n', 3], 'float64'), input('b', [3], 'float64')]
    const [g] = gradients(sum(mul(a, b)), [b])
    expect(g.shape).toEqual([3])
    expect(values(g, { a: [1, 2, 3, 4, 5, 6], b: [0, 0, 0] }, { a: [2, 3] })).toEqual([5, 7, 9])
    const [h] = gradients(mean(square(a)), [a])
    expect(values(h, { a: [1, 2, 3, 4, 5, 6] }, { a: [2, 3] }).map((value) => Math.round(value * 3))).toEqual([
      1, 2, 3, 4, 5, 6,
    ])
  })

  it('need a real scalar, a seed of its shape, and known sizes for zeros', () => {
    expect(thrown(() => gradients(x(), [x()]))).toMatchObject({
      code: 'shape',
      message: expect.stringContaining('(2, 3)'),
    })
    expect(thrown(() => gradients(x([], 'int64'), [])).code).toBe('shape')
    expect(thrown(() => gradients(x(), [], constant([1], [1]))).code).toBe('shape')
    expect(thrown(() => gradients(sum(x()), [input('n', ['n'])]))).toMatchObject({
      code: 'shape',
      message: expect.stringContaining("'n'"),
    })
  })
})

describe('interpret', () => {
  it('binds named sizes from the inputs and refuses sizes that disagree', () => {
    const [a, b] = [input('a', ['n', 2]), input('b', ['n'])]
    const y = add(sum(a, [1]), b)
    expect(values(y, { a: [1, 2, 3, 4], b: [10, 20] }, { a: [2, 2] })).toEqual([13, 27])
    expect(thrown(() => values(y, { a: [1, 2, 3, 4], b: [1, 2, 3] }, { a: [2, 2] }))).toMatchObject({
      code: 'shape',
      message: expect.stringContaining("'b'"),
    })
    expect(thrown(() => interpret({ y }, {}))).toMatchObject({
      code: 'argument',
      message: expect.stringContaining("'a'"),
    })
    expect(thrown(() => values(dimSize('m'), {})).code).toBe('shape')
  })

  it('refuses indices outside their axis and pooling windows of nothing but padding', () => {
    const rows = gather(x([2], 'float64'), input('i', [1], 'int64'))
    expect(values(rows, { x: [5, 6], i: [-1] })).toEqual([6])
    expect(thrown(() => values(rows, { x: [5, 6], i: [2] }))).toMatchObject({
      code: 'data',
      message: expect.stringContaining('index 2'),
    })
    const pool = maxPool(input('p', [1, 1, 2, 2]), 2, { dilations: 3, pads: 1, strides: 1 })
    expect(thrown(() => values(pool, { p: [1, 2, 3, 4] }, { p: [1, 1, 2, 2] })).code).toBe('shape')
  })
})

describe('verify', () => {
  const good = add(matmul(x(), constant([1, 2, 3], [3, 1])), 1)

  it('accepts what the rules derived', () => {
    expect(() => verify({ good })).not.toThrow()
  })

  it('finds a node whose type is not what its rule says', () => {
    expect(thrown(() => verify({ y: neg({ ...good, shape: [3, 1] }) }))).toMatchObject({
      code: 'internal',
      message: expect.stringContaining("'add'"),
    })
    expect(thrown(() => verify({ y: { ...good, dtype: 'float64' } })).code).toBe('internal')
  })

  it('finds ops outside the vocabulary and inputs that share a name', () => {
    expect(thrown(() => verify({ y: { ...good, op: { ...good.op } } })).message).toContain('not in the vocabulary')
    expect(thrown(() => verify({ y: add(x([2]), x([1])) })).message).toContain("two inputs are called 'x'")
  })
})

describe('printGraph', () => {
  it('prints one line per node and names the results', () => {
    const h = relu(matmul(x(['n', 3]), constant([1, 2, 3, 4, 5, 6], [2, 3]), { transposeB: true }))
    expect(printGraph({ h, total: sum(h, [0, 1]), flat: reshape(slice(h, 1, 0, 1), ['n']) })).toBe(
      [
        '%0 = input() {name=x} : f32(n, 3)',
        '%1 = constant() {data=6 values} : f32(2, 3)',
        '%2 = matmul(%0, %1) {transposeA=false transposeB=true} : f32(n, 2)',
        '%3 = relu(%2) : f32(n, 2)',
        '%4 = sum(%3) {axes=[0, 1] keepDims=false} : f32()',
        '%5 = slice(%3) {axis=1 start=0 end=1 step=1} : f32(n, 1)',
        '%6 = reshape(%5) {shape=[n]} : f32(n)',
        'h -> %3',
        'total -> %4',
        'flat -> %6',
        '',
      ].join('\n'),
    )
  })
})

describe('lower', () => {
  const text = (outputs: Record<string, Tensor>, options = {}) =>
    printModel(lower(outputs, options))
      .split('\n')
      .map((line) => line.trim())
  const nodes = (outputs: Record<string, Tensor>) => lower(outputs).graph.nodes.map((node) => node.op)

  it('writes one node per op and no copies', () => {
    const t = x()
    expect(text({ y: relu(add(stopGradient(exp(t)), 1)) })).toEqual([
      'model ir=8 opsets=[ai.onnx 18] producer="toll"',
      'graph %toll',
      'input %x: float32[2, 3]',
      'tensor %t1: float32[] = [1]',
      '%t0 = Exp(%x)',
      '%t2 = Add(%t0, %t1)',
      '%y = Relu(%t2)',
      'output %y: float32[2, 3]',
      '',
    ])
  })

  it('copies only what already has a name', () => {
    const t = x()
    const y = exp(t)
    const { graph } = lower({ y, again: y, same: t, three: constant(3) })
    expect(graph.nodes.map(({ op, inputs, outputs }) => `${outputs.join()} = ${op}(${inputs.join()})`)).toEqual([
      'y = Exp(x)',
      'again = Identity(y)',
      'same = Identity(x)',
      'three = Identity(t1)',
    ])
  })

  it('cuts a tensor into its pieces with one Split', () => {
    const [a, b, c] = split(x([6]), [1, 2, 3])
    expect(nodes({ y: concat([c, a, b], 0) })).toEqual(['Split', 'Concat'])
    expect(nodes({ y: concat([c, a], 0) })).toEqual(['Slice', 'Slice', 'Concat'])
    const { graph } = lower({ y: add(sum(a), add(sum(b), sum(c))) })
    expect(graph.nodes[0]).toMatchObject({
      op: 'Split',
      inputs: ['x', 't0'],
      attributes: { axis: { type: 'int', value: 0 } },
    })
    expect([...graph.initializers[0].data]).toEqual([1n, 2n, 3n])
  })

  it('reads named sizes off the inputs, once each', () => {
    const t = input('t', [4, 'n', 'm'])
    const y = add(broadcastTo(constant(2), ['n', 'm']), mul(dimSize('n'), broadcastTo(sum(t), ['n', 'm'])))
    expect(text({ y })).toEqual([
      'model ir=8 opsets=[ai.onnx 18] producer="toll"',
      'graph %toll',
      'input %t: float32[4, n, m]',
      'tensor %t0: float32[] = [2]',
      'tensor %t7: int64[3] = [0, 1, 2]',
      '%t1 = Shape(%t) {end=2, start=1}',
      '%t2 = Shape(%t) {end=3, start=2}',
      '%t3 = Concat(%t1, %t2) {axis=0}',
      '%t4 = Expand(%t0, %t3)',
      '%t5 = Squeeze(%t1)',
      '%t6 = Cast(%t5) {to=1}',
      '%t8 = ReduceSum(%t, %t7) {keepdims=0}',
      '%t9 = Expand(%t8, %t3)',
      '%t10 = Mul(%t6, %t9)',
      '%y = Add(%t4, %t10)',
      'output %y: float32[n, m]',
      '',
    ])
    expect(nodes({ y: reshape(input('t', ['n', 2, 3]), ['n', 6]) })).toEqual(['Reshape'])
    expect(thrown(() => lower({ y: dimSize('k') }))).toMatchObject({
      code: 'shape',
      message: expect.stringContaining("'k'"),
    })
  })

  it('shares equal constants, keeps the sign of zero, and rounds before it compares', () => {
    const t = x()
    const count = (y: Tensor) => lower({ y }).graph.initializers.length
    expect(count(add(mul(t, 0.1), 0.1))).toBe(1)
    expect(count(add(mul(t, 0.1), constant([Math.fround(0.1)], [])))).toBe(1)
    expect(count(add(mul(t, 0), -0))).toBe(2)
    expect(count(add(add(t, constant([1, 1, 1], [3])), constant([1, 1, 1], [1, 3])))).toBe(2)
    const large = () => constant(new Float32Array(65))
    expect(count(add(add(x([65]), large()), large()))).toBe(2)
  })

  it('is the same every time, declares given inputs first, and keeps metadata', () => {
    const build = () =>
      text(
        { y: softmax(matmul(x(['n', 3]), constant([1, 2, 3], [3, 1])), 0) },
        { inputs: [input('unused', [1])], metadata: { a: 'b' } },
      )
    expect(build()).toEqual(build())
    expect(build()).toEqual(expect.arrayContaining(['metadata "a" = "b"', 'input %unused: float32[1]']))
  })

  it('keeps generated names apart from given ones and refuses a name that comes twice', () => {
    const t = input('t0', [2])
    expect(lower({ t1: exp(exp(t)) }).graph.nodes.map(({ outputs }) => outputs[0])).toEqual(['t2', 't1'])
    expect(thrown(() => lower({ t0: exp(t) }))).toMatchObject({
      code: 'argument',
      message: expect.stringContaining("'t0'"),
    })
    expect(thrown(() => lower({ y: add(t, input('t0', [2])) })).code).toBe('argument')
  })
})

describe('shape rules', () => {
  const image = (shape: Shape = [1, 2, 4, 4]) => input('image', shape)
  const kernel = (shape: Shape = [3, 2, 3, 3]) => input('kernel', shape)
  const index = (shape: Shape) => input('index', shape, 'int64')
  const cases: readonly (readonly [what: string, build: () => unknown, code?: string])[] = [
    ['inputs without a name', () => input('', [1]), 'argument'],
    ['sizes below 0', () => input('x', [-1])],
    ['fractional sizes', () => input('x', [1.5])],
    ['sizes with an empty name', () => input('x', [''])],
    ['constants with too few values', () => constant([1, 2], [3])],
    ['two numbers', () => add(1, 2), 'argument'],
    ['mixed element types', () => add(x(), x([2, 3], 'float64'))],
    ['booleans in arithmetic', () => add(x([2], 'bool'), x([2], 'bool'))],
    ['integers in functions', () => exp(x([2], 'int64'))],
    ['integers in a division', () => div(x([2], 'int64'), 2)],
    ['real numbers in logic', () => and(x(), x())],
    ['real numbers in a negation', () => not(x())],
    ['shapes that do not broadcast', () => add(x([2, 3]), x([2]))],
    ['a named size against a number', () => less(x(['n']), x([2]))],
    ['a condition that is no boolean', () => where(x(), 1, x())],
    ['branches of two types', () => where(x([2], 'bool'), x([2]), x([2], 'int64'))],
    ['vectors in a matrix product', () => matmul(x([3]), x([3, 2]))],
    ['inner sizes that differ', () => matmul(x([2, 3]), x([2, 3]))],
    ['integers in a matrix product', () => matmul(x([2, 3], 'int64'), x([3, 2], 'int64'))],
    ['images of three axes', () => conv(image([1, 2, 4]), kernel())],
    ['channels that differ', () => conv(image([1, 3, 4, 4]), kernel())],
    ['a kernel larger than the image', () => conv(image([1, 2, 2, 4]), kernel())],
    ['a kernel of another type', () => conv(image(), input('kernel', [3, 2, 3, 3], 'float64'))],
    ['a stride of 0', () => conv(image(), kernel(), { strides: 0 }), 'argument'],
    ['negative pads', () => conv(image(), kernel(), { pads: -1 }), 'argument'],
    [
      'an output padding of a stride',
      () => convTranspose(image(), kernel([2, 3, 3, 3]), { strides: 2, outputPadding: 2 }),
      'argument',
    ],
    ['channels of a transposed convolution', () => convTranspose(image(), kernel())],
    ['axes beyond the rank', () => sum(x(), [2])],
    ['an axis twice', () => maxOver(x(), [0, -2])],
    ['booleans in a sum', () => sum(x([2], 'bool'))],
    ['integers in a mean', () => mean(x([2], 'int64'))],
    ['stretching what is not 1', () => broadcastTo(x([2]), [4])],
    ['stretching to a negative size', () => broadcastTo(x([1]), [-1])],
    ['shrinking by stretching', () => broadcastTo(x([2, 3]), [3])],
    ['reshaping to another size', () => reshape(x(), [4])],
    ['reshaping to negative sizes', () => reshape(x([6]), [-2, -3])],
    ['two left-over sizes', () => reshape(x([6]), [-1, -1])],
    ['a left-over size that is no integer', () => reshape(x([6]), [4, -1])],
    ['reshaping a named size away', () => reshape(x(['n', 2]), [6])],
    ['a permutation that is none', () => transpose(x(), [0, 0])],
    ['a permutation of too many axes', () => transpose(x(), [0, 1, 2])],
    ['a slice of nothing', () => slice(x(), 0, 1, 1)],
    ['a slice of a named axis', () => slice(x(['n']), 0, 1)],
    ['a slice with step 0', () => slice(x(), 0, 0, 2, 0)],
    ['an embedding beyond its size', () => embed(x([2]), { axis: 0, start: 2, end: 4, step: 1, size: 3 })],
    ['an embedding of another length', () => embed(x([2]), { axis: 0, start: 0, end: 3, step: 1, size: 4 })],
    ['padding a named axis', () => pad(x(['n']), [1], [0])],
    ['pieces that do not fit', () => concat([x([2, 3]), x([2, 2])], 0)],
    ['pieces of two types', () => concat([x([2]), x([2], 'int64')], 0)],
    ['no pieces', () => concat([], 0), 'argument'],
    ['real indices', () => gather(x(), x([2]))],
    ['gathering along no axis', () => gather(x(), index([2]), 2)],
    ['updates that do not follow the indices', () => scatterAdd(x([2, 3]), index([3]), 4)],
    ['elements of another shape', () => gatherElements(x([2, 3]), index([3, 1]), 1)],
    ['pooling a matrix', () => maxPool(x(), 2)],
    ['pooling integers', () => maxPool(input('x', [1, 1, 4, 4], 'int64'), 2)],
    ['padding a pool by its window', () => maxPool(image(), 2, { pads: 2 })],
    ['averaging a window that does not fit', () => averagePool(image(), 5)],
    ['a scale of 0', () => upsampleNearest(image(), 0), 'argument'],
    ['dropping everything', () => dropout(x(), x(), 1), 'argument'],
  ]
  it.each(cases.map(([what, build, code = 'shape']) => ({ what, build, code })))('refuse $what', ({ build, code }) => {
    expect(thrown(build).code).toBe(code)
  })

  it('say what came', () => {
    expect(thrown(() => matmul(x([2, 3]), x([4, 5]))).message).toBe(
      'matmul: inner sizes 3 and 4 of (2, 3) and (4, 5) differ',
    )
    expect(thrown(() => sub(x([2, 3]), x([4]))).message).toBe('sub: shapes (2, 3) and (4) do not broadcast')
    expect(thrown(() => sqrt(x([1], 'int64'))).message).toBe('sqrt: expected float32 or float64, got int64')
    expect(thrown(() => log(x([1], 'bool'))).message).toBe('log: expected float32 or float64, got bool')
  })
})
