// Counts against sums done by hand, one family of ops at a time, and the peak of live tensors on graphs small enough to
// follow.

import { describe, expect, it } from 'vitest'
import {
  add,
  concat,
  constant,
  conv,
  convTranspose,
  costOf,
  exp,
  gate,
  gather,
  gradients,
  input,
  matmul,
  maxOver,
  maxPoolIndex,
  mul,
  reshape,
  scatterAdd,
  slice,
  sum,
  transpose,
  type NodeCost,
  type Tensor,
} from './index.js'

/** The counts of the one node that `y` is made of; those that are 0 left out. */
function only(y: Tensor): Partial<NodeCost> {
  const { nodes } = costOf({ y })
  expect(nodes).toHaveLength(1)
  return Object.fromEntries(Object.entries(nodes[0]).filter(([, count]) => count !== 0))
}

describe('what a node takes', () => {
  it('elementwise: an operation per element of the result', () => {
    expect(only(add(input('a', [2, 3]), input('b', [3])))).toEqual({
      op: 'add',
      elementwise: 6,
      bytes: 4 * (6 + 3 + 6),
    })
    expect(only(exp(input('a', [2, 3], 'float64')))).toEqual({ op: 'exp', elementwise: 6, bytes: 8 * 12 })
    expect(only(gate(input('g', [5]), input('x', [5]), 0.1))).toEqual({
      op: 'gate',
      elementwise: 15,
      bytes: 4 * 35,
      scratch: 20,
    })
  })

  it('products: twice rows, inner size and columns, however the operands lie', () => {
    const expected = { op: 'matmul', products: 2 * 3 * 4 * 5, bytes: 4 * (12 + 20 + 15) }
    expect(only(matmul(input('a', [3, 4]), input('b', [4, 5])))).toEqual(expected)
    expect(only(matmul(input('a', [4, 3]), input('b', [5, 4]), { transposeA: true, transposeB: true }))).toEqual(
      expected,
    )
    expect(only(matmul(input('a', [2, 3, 4]), input('b', [4, 5])))).toEqual({
      op: 'matmul',
      products: 2 * 2 * 3 * 4 * 5,
      bytes: 4 * (24 + 20 + 30),
    })
  })

  it('a vector added to a product rides along', () => {
    const { nodes, dispatches } = costOf({ y: add(matmul(input('a', [3, 4]), input('b', [4, 5])), input('c', [5])) })
    expect(nodes.map(({ op, bytes, elementwise }) => [op, bytes, elementwise])).toEqual([
      ['matmul', 188, 0],
      ['add', 0, 15],
    ])
    expect(dispatches).toBe(1)
  })

  // x (2, 3, 5, 6), w (4, 3, 3, 2), g (2, 4, 3, 5): every one of 72 weights meets 2 * 3 * 5 positions.
  const products = 2 * 72 * 30
  const [xBytes, wBytes, gBytes] = [4 * 180, 4 * 72, 4 * 120]

  it('convolutions: every weight at every position', () => {
    const [x, w] = [input('x', [2, 3, 5, 6]), input('w', [4, 3, 3, 2])]
    // Rows of 5 are copied for each image, channel, weight of the kernel and row of the result.
    const pieces = 2 * 3 * (3 * 2) * 3
    expect(only(conv(x, w))).toEqual({ op: 'conv', products, pieces, bytes: xBytes + wBytes + gBytes })
    expect(only(convTranspose(input('g', [2, 4, 3, 5]), w))).toEqual({
      op: 'convTranspose',
      products,
      pieces,
      bytes: xBytes + wBytes + gBytes,
    })
    expect(only(conv(x, constant(new Float32Array(72).fill(1), [4, 3, 3, 2])))).toEqual({
      op: 'conv',
      products,
      bytes: xBytes + wBytes + gBytes,
    })
  })

  it('weight gradients: the same products, rows of the kernel, and three transpositions', () => {
    // Of one channel: more are joined, by transpositions of their own.
    const [x, w, g] = [input('x', [2, 1, 5, 6]), input('w', [4, 1, 3, 2]), input('g', [2, 4, 3, 5])]
    const moved = 4 * (2 * 5 * 6 + 4 * 3 * 2 + 2 * 4 * 3 * 5)
    expect(only(gradients(sum(mul(conv(x, w), g)), [w])[0])).toEqual({
      op: 'convWeight',
      products: 2 * 2 * (4 * 3 * 2) * (3 * 5),
      pieces: 2 * (3 * 5) * 3,
      bytes: 3 * moved,
      scratch: moved,
    })
  })

  it('reductions: an operation per element of the operand, or the product that stands for them', () => {
    expect(only(sum(input('x', [3, 5]), [1]))).toEqual({ op: 'sum', elementwise: 15, bytes: 4 * 18 })
    expect(only(maxOver(input('x', [3, 5]), [0]))).toEqual({ op: 'maxOver', elementwise: 15, bytes: 4 * 20 })
    const { products, elementwise } = costOf({ y: sum(input('x', [3, 5]), [0]) })
    expect({ products, elementwise }).toEqual({ products: 2 * 3 * 5, elementwise: 0 })
  })

  it('lookups: what is taken, not what it is taken from', () => {
    const rows = input('rows', [5], 'int64')
    expect(only(gather(input('x', [100, 3]), rows))).toEqual({ op: 'gather', bytes: 8 * 5 + 2 * 4 * 15 })
    expect(only(scatterAdd(input('u', [5, 3]), rows, 7))).toEqual({
      op: 'scatterAdd',
      elementwise: 15,
      bytes: 4 * 3 * 15 + 8 * 5 + 4 * 3 * 21,
      scratch: 84,
    })
    expect(only(maxPoolIndex(input('x', [1, 2, 4, 4]), 2, { strides: 2 }))).toEqual({
      op: 'maxPoolIndex',
      elementwise: 8 * 4,
      bytes: 4 * 32 + 8 * 8,
    })
  })

  it('movements: a read and a write per element of the result; another shape is free', () => {
    const x = input('x', [4, 6])
    expect(only(transpose(x))).toEqual({ op: 'transpose', bytes: 2 * 96 })
    expect(only(slice(x, 0, 1, 2))).toEqual({ op: 'slice', bytes: 2 * 24 })
    expect(only(concat([x, input('z', [1, 6])], 0))).toEqual({ op: 'concat', bytes: 2 * 120 })
    // The gradient of every second column: 4 x 3 values spread to 4 x 6, of which 4 x 5 are padded to 4 x 6.
    const [g] = gradients(sum(mul(slice(x, 1, 0, 6, 2), input('z', [4, 3]))), [x])
    expect(only(g)).toEqual({ op: 'embed', bytes: 48 + 2 * 96 + 96, scratch: 96 })
    expect(costOf({ y: reshape(x, [24]) })).toMatchObject({ bytes: 0, elementwise: 0, nodes: [] })
  })
})

describe('memory', () => {
  it('holds a tensor until its last reader has run', () => {
    const x = input('x', [1, 250])
    const a = exp(x)
    const b = exp(a)
    const c = add(a, b)
    // Between input (1000 bytes) and result (4): a; a and b; a, b and c; c.
    expect(costOf({ y: sum(c, [1]) })).toMatchObject({
      inputBytes: 1000,
      outputBytes: 4,
      constantBytes: 0,
      peakBytes: 1004 + 3000,
    })
    // A chain holds two at a time.
    expect(costOf({ y: sum(exp(exp(exp(exp(x)))), [1]) }).peakBytes).toBe(1004 + 2000)
  })

  it('counts a tensor under two shapes once, until the last reader of either', () => {
    const x = input('x', [1, 250])
    const a = exp(x)
    const flat = reshape(a, [250])
    const b = sum(exp(exp(a)), [1])
    // While the second exponential is made: a (for the product at the end), the first and the second one.
    expect(costOf({ y: mul(flat, b) })).toMatchObject({ outputBytes: 1000, peakBytes: 1000 + 1000 + 3000 })
  })

  it('holds results and constants throughout, inputs even if nothing reads them', () => {
    const [x, idle] = [input('x', [250]), input('idle', [10])]
    const weights = constant(
      Float32Array.from({ length: 250 }, (_, i) => i),
      [250],
    )
    const a = mul(x, weights)
    const cost = costOf({ a, b: exp(a) }, { inputs: [idle] })
    expect(cost).toMatchObject({ inputBytes: 1040, constantBytes: 1000, outputBytes: 2000, peakBytes: 4040 })
  })

  it('adds what an op needs while it runs', () => {
    const y = gate(input('g', [250]), input('x', [250]), 0)
    expect(costOf({ y }).peakBytes).toBe(3000 + 1000)
  })
})

describe('named sizes', () => {
  const y = exp(input('x', ['n', 3]))

  it('take the values that are given', () => {
    expect(costOf({ y }, { sizes: { n: 7 } })).toMatchObject({ elementwise: 21, inputBytes: 84 })
    expect(costOf({ y }, { sizes: { n: 0 } })).toMatchObject({ elementwise: 0, inputBytes: 0 })
  })

  it('are refused without a value or with a wrong one', () => {
    expect(() => costOf({ y })).toThrow(
      expect.objectContaining({ code: 'shape', message: expect.stringContaining("'n'") }),
    )
    for (const n of [-1, 1.5, NaN])
      expect(() => costOf({ y }, { sizes: { n } })).toThrow(expect.objectContaining({ code: 'argument' }))
  })
})
