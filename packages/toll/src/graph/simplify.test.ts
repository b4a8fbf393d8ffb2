// Simplification: every rule by the graph that it leaves, and the same numbers on random graphs with values that are
// not finite.

import { describe, expect, it } from 'vitest'
import { Random, TollError } from '../base/index.js'
import {
  abs,
  add,
  broadcastTo,
  cast,
  concat,
  constant,
  div,
  exp,
  greater,
  gradients,
  input,
  interpret,
  less,
  matmul,
  max,
  min,
  mul,
  neg,
  not,
  pow,
  printGraph,
  relu,
  reshape,
  simplify,
  slice,
  split,
  sqrt,
  stopGradient,
  sub,
  sum,
  topological,
  transpose,
  verify,
  where,
  type Tensor,
} from './index.js'

const x = input('x', [2, 3])
const y = input('y', [2, 3])
const row = input('row', [3])
const flag = input('flag', [2, 3], 'bool')
const simple = (tensor: Tensor) => simplify({ tensor }).tensor

/** What is left, as an expression. */
function show(node: Tensor): string {
  const { name, data, shape } = node.attrs as { name?: string; data?: Float32Array; shape?: number[] }
  if (node.op.name === 'input') return name!
  if (node.op.name === 'constant') return node.shape.length === 0 ? String(data![0]) : `[${[...data!].join(' ')}]`
  const operands = node.inputs.map(show)
  const attrs =
    node.op.name === 'broadcastTo' || node.op.name === 'reshape'
      ? [`(${shape!.join(' ')})`]
      : Object.values(node.attrs)
          .filter((value) => value !== false)
          .map((value) => (Array.isArray(value) ? `[${value.join(' ')}]` : String(value)))
  return `${node.op.name}(${[...operands, ...attrs].join(' ')})`
}

const rules: readonly (readonly [Tensor, string])[] = [
  [add(x, 0), 'x'],
  [add(0, x), 'x'],
  [add(x, constant([0, 0, 0], [3])), 'x'],
  [add(row, constant(new Float32Array(6), [2, 3])), 'add(row [0 0 0 0 0 0])'],
  [add(2, x), 'add(x 2)'],
  [add(x, neg(y)), 'sub(x y)'],
  [add(neg(x), y), 'sub(y x)'],
  [sub(x, 0), 'x'],
  [sub(0, x), 'sub(0 x)'],
  [sub(x, neg(y)), 'add(x y)'],
  [mul(x, 1), 'x'],
  [mul(1, x), 'x'],
  [mul(x, 0), 'mul(x 0)'],
  [mul(mul(x, 2), 3), 'mul(x 6)'],
  [mul(3, mul(2, x)), 'mul(x 6)'],
  [mul(neg(x), neg(y)), 'mul(x y)'],
  [mul(neg(x), 2), 'mul(x -2)'],
  [mul(x, -1), 'neg(x)'],
  [mul(mul(x, 1e30), 1e30), `mul(mul(x ${Math.fround(1e30)}) ${Math.fround(1e30)})`],
  [mul(mul(x, 1e-30), 1e-30), `mul(mul(x ${Math.fround(1e-30)}) ${Math.fround(1e-30)})`],
  [div(x, 1), 'x'],
  [div(x, 4), 'mul(x 0.25)'],
  [div(x, 3), 'div(x 3)'],
  [div(x, 0), 'div(x 0)'],
  [div(mul(x, 3), 2), 'mul(x 1.5)'],
  [pow(x, 1), 'x'],
  [pow(x, 2), 'mul(x x)'],
  [pow(x, constant([3, 3, 3], [3])), 'pow(x 3)'],
  [neg(neg(x)), 'x'],
  [neg(mul(x, 3)), 'mul(x -3)'],
  [neg(sub(x, y)), 'neg(sub(x y))'],
  [abs(abs(x)), 'abs(x)'],
  [abs(neg(x)), 'abs(x)'],
  [relu(relu(x)), 'relu(x)'],
  [not(not(flag)), 'flag'],
  [stopGradient(x), 'x'],
  [cast(cast(x, 'float64'), 'float32'), 'x'],
  [cast(cast(x, 'int64'), 'float32'), 'cast(cast(x int64) float32)'],
  [where(not(flag), x, y), 'where(flag y x)'],
  [where(flag, x, x), 'x'],
  [where(constant([1], [], 'bool'), x, y), 'x'],
  [where(constant([0], [], 'bool'), x, y), 'y'],
  [where(constant([1], [], 'bool'), row, x), 'where(true row x)'.replace('true', '1')],
  [mul(x, broadcastTo(row, [2, 3])), 'mul(x row)'],
  [add(broadcastTo(row, [2, 3]), x), 'add(row x)'],
  [mul(broadcastTo(row, [2, 3]), 2), 'broadcastTo(mul(row 2) (2 3))'],
  [mul(x, constant([5, 5, 5], [3])), 'mul(x 5)'],
  [mul(mul(x, constant([5, 5, 5], [3])), 2), 'mul(x 10)'],
  [max(x, broadcastTo(constant(0), [2, 3])), 'max(x 0)'],
  [exp(broadcastTo(row, [2, 3])), 'broadcastTo(exp(row) (2 3))'],
  [less(broadcastTo(row, [2, 3]), x), 'less(row x)'],
  [where(flag, broadcastTo(row, [2, 3]), x), 'where(flag row x)'],
  [cast(broadcastTo(row, [2, 3]), 'float64'), 'broadcastTo(cast(row float64) (2 3))'],
  [broadcastTo(broadcastTo(row, [2, 3]), [4, 2, 3]), 'broadcastTo(row (4 2 3))'],
  [reshape(reshape(x, [6]), [3, 2]), 'reshape(x (3 2))'],
  [reshape(reshape(x, [6]), [2, 3]), 'x'],
  [transpose(transpose(x)), 'x'],
  [transpose(transpose(reshape(x, [1, 2, 3]), [2, 0, 1]), [2, 0, 1]), 'transpose(reshape(x (1 2 3)) [1 2 0])'],
  [matmul(x, transpose(y)), 'matmul(x y true)'],
  [matmul(transpose(x), y), 'matmul(x y true)'],
  [matmul(x, transpose(y), { transposeA: true, transposeB: true }), 'matmul(x y true)'],
  [slice(slice(input('v', [9]), 0, 1, 9, 2), 0, 1, 4, 2), 'slice(v 0 3 8 4)'],
  [slice(concat([x, y], 0), 0, 2, 4), 'y'],
  [slice(concat([x, y], 0), 0, 3, 4), 'slice(y 0 1 2 1)'],
  [slice(concat([x, y], 0), 0, 1, 3), 'slice(concat(x y 0) 0 1 3 1)'],
  [concat(split(x, [1, 2], 1), 1), 'x'],
  [concat(split(x, [1, 1, 1], 1).slice(1), 1), 'slice(x 1 1 3 1)'],
  [concat(split(x, [1, 2], 1).reverse(), 1), 'concat(slice(x 1 1 3 1) slice(x 1 0 1 1) 1)'],
  [add(constant([1, 2, 3]), constant([10, 20, 30])), '[11 22 33]'],
  [mul(x, add(constant(2), 3)), 'mul(x 5)'],
  [neg(broadcastTo(constant(1), [5000])), 'broadcastTo(-1 (5000))'],
]

describe('rules', () => {
  it.each(rules.map(([graph, text]) => [show(graph), text, graph] as const))('%s becomes %s', (_, text, graph) => {
    expect(show(simple(graph))).toBe(text)
  })

  it('let one node stand for all that compute the same, and tell zeros apart by their sign', () => {
    const twins = simplify({ a: add(exp(x), exp(x)), b: exp(input('x', [2, 3])) })
    expect(topological(Object.values(twins)).map((node) => node.op.name)).toEqual(['input', 'exp', 'add'])
    const zeros = simplify({ a: div(x, 0), b: div(x, -0) })
    expect(interpret(zeros, { x: { shape: [2, 3], data: [1, 1, 1, 1, 1, 1] } }).b.data[0]).toBe(-Infinity)
    expect(interpret(zeros, { x: { shape: [2, 3], data: [1, 1, 1, 1, 1, 1] } }).a.data[0]).toBe(Infinity)
  })

  it('leave a gradient without stretched operands', () => {
    const weight = input('w', [3, 1])
    const [g] = gradients(sum(mul(relu(matmul(x, weight)), 0.5)), [weight])
    expect(show(simple(g))).toBe(
      'matmul(x gate(broadcastTo(0.5 (2 1)) relu(matmul(x w)) 0) true)'.replace('broadcastTo(0.5 (2 1))', '[0.5 0.5]'),
    )
  })
})

/** A random graph over three inputs; draws that no shape rule accepts are drawn again. */
function grow(random: Random): Tensor[] {
  const nodes: Tensor[] = [input('a', [2, 3], 'float64'), input('b', [3], 'float64'), input('c', [2, 1], 'float64')]
  const pick = () => nodes[random.integer(nodes.length)]
  const scalar = () => constant([0, 1, -1, 2, 0.5, 3, -0][random.integer(7)], [], 'float64')
  const operand = () => (random.uniform() < 0.3 ? scalar() : pick())
  const makers: readonly (() => Tensor)[] = [
    () => add(pick(), operand()),
    () => add(operand(), pick()),
    () => sub(pick(), operand()),
    () => mul(pick(), operand()),
    () => mul(operand(), pick()),
    () => div(pick(), operand()),
    () => max(pick(), operand()),
    () => min(pick(), operand()),
    () => neg(pick()),
    () => neg(pick()),
    () => abs(pick()),
    () => relu(pick()),
    () => exp(pick()),
    () => sqrt(pick()),
    () => pow(pick(), scalar()),
    () => where(greater(pick(), operand()), pick(), operand()),
    () => where(not(less(pick(), pick())), pick(), pick()),
    () => broadcastTo(pick(), [2, 3]),
    () => broadcastTo(pick(), [2, 2, 3]),
    () => transpose(pick()),
    () => reshape(pick(), [6]),
    () => reshape(pick(), [2, 3]),
    () => reshape(pick(), [3, 2]),
    () => matmul(pick(), transpose(pick())),
    () => concat([pick(), pick()], 0),
    () => slice(pick(), 0, random.integer(2), 2 + random.integer(2)),
    () => slice(pick(), 0, 0, 3, 2),
    () => sum(pick(), [0]),
    () => sum(pick(), [0], true),
    () => concat(split(pick(), [1, 1], 0), 0),
    () => stopGradient(pick()),
  ]
  while (nodes.length < 30) {
    try {
      nodes.push(makers[random.integer(makers.length)]())
    } catch (error) {
      if (!(error instanceof TollError)) throw error
    }
  }
  return nodes
}

describe('random graphs', () => {
  it('mean the same after simplification, with infinities, NaN and zeros of both signs among the inputs', () => {
    let [before, after] = [0, 0]
    for (let seed = 0; seed < 300; seed++) {
      const random = Random.seeded(seed)
      const nodes = grow(random)
      const outputs = Object.fromEntries(nodes.slice(-4).map((node, i) => [`y${i}`, node]))
      const special = [0, -0, 1, Infinity, -Infinity, NaN]
      const draw = (n: number) =>
        Array.from({ length: n }, () =>
          seed % 2 === 0 && random.uniform() < 0.3 ? special[random.integer(6)] : 4 * random.uniform() - 2,
        )
      const feeds = {
        a: { shape: [2, 3], data: draw(6) },
        b: { shape: [3], data: draw(3) },
        c: { shape: [2, 1], data: draw(2) },
      }
      const small = simplify(outputs)
      verify(small)
      const [expected, actual] = [interpret(outputs, feeds), interpret(small, feeds)]
      for (const name of Object.keys(outputs)) {
        expected[name].data.forEach((value, i) => {
          const other = actual[name].data[i]
          const same =
            Object.is(value, other) ||
            Math.abs(value - other) <= 1e-12 * Math.abs(value) ||
            (value === 0 && other === 0)
          if (!same)
            expect.fail(
              `seed ${seed}, ${name}[${i}]: ${value} became ` +
                `${other}\n${printGraph({ y: outputs[name] })}\n${printGraph({ y: small[name] })}`,
            )
        })
      }
      expect(printGraph(simplify(small)), `seed ${seed}`).toBe(printGraph(small))
      before += topological(Object.values(outputs)).length
      after += topological(Object.values(small)).length
    }
    expect(after).toBeLessThan(0.9 * before)
  })
})
