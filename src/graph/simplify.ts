// Rewrites a graph to a smaller one with the same meaning: equal nodes become one, constants are folded, arithmetic and movements that
// change nothing disappear, and what no output needs is gone because nothing points at it.

import { sizeOf } from '../base/index.js'
import { mul } from './ops/elementwise.js'
import { constant } from './ops/leaf.js'
import { reshape, transpose } from './ops/shape.js'
import { apply, sameShape, topological, type Tensor, type Value } from './tensor.js'

/** Constants larger than this are not made by folding: files would grow. */
const largestFolded = 4096

export function simplify<K extends string>(outputs: Readonly<Record<K, Tensor>>): Record<K, Tensor> {
  const done = new Map<Tensor, Tensor>()
  const known = new Map<string, Tensor>()
  const ids = new Map<Tensor, number>()
  for (const node of topological(Object.values(outputs))) {
    const inputs = node.inputs.map((input) => done.get(input)!)
    const same = inputs.every((input, i) => input === node.inputs[i])
    const rebuilt = same ? node : apply(node.op, inputs, node.attrs)
    const reduced = rewrite(fold(rebuilt))
    done.set(node, share(reduced, known, ids))
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, node]) => [name, done.get(node as Tensor)!])) as Record<K, Tensor>
}

/** One node for all that compute the same thing. */
function share(node: Tensor, known: Map<string, Tensor>, ids: Map<Tensor, number>): Tensor {
  const key = keyOf(node, ids)
  if (key === undefined) return node
  const twin = known.get(key)
  if (twin) return twin
  known.set(key, node)
  ids.set(node, ids.size)
  return node
}

function keyOf(node: Tensor, ids: Map<Tensor, number>): string | undefined {
  const { data, ...attrs } = node.attrs
  const values = data === undefined ? '' : (data as Float64Array).length <= 64 ? (data as Float64Array).join() : undefined
  if (values === undefined) {
    if (!ids.has(node)) ids.set(node, ids.size)
    return undefined
  }
  const inputs = node.inputs.map((input) => {
    if (!ids.has(input)) ids.set(input, ids.size)
    return ids.get(input)
  })
  return `${node.op.name}:${node.dtype}:${inputs.join()}:${JSON.stringify(attrs)}:${values}`
}

function fold(node: Tensor): Tensor {
  const foldable = node.inputs.length > 0 && node.inputs.every((input) => input.op.name === 'constant')
    && node.shape.every((dim) => typeof dim === 'number') && sizeOf(node.shape as number[]) <= largestFolded
  if (!foldable) return node
  const shape = node.shape as readonly number[]
  const inputs = node.inputs.map((input): Value => ({
    dtype: input.dtype, shape: input.shape as number[], data: Float64Array.from(input.attrs.data as Float32Array),
  }))
  return constant(node.op.evaluate(inputs, node.attrs, { dtype: node.dtype, shape }, new Map()), shape, node.dtype)
}

/** The single value of a constant whose elements are all equal. */
function uniformValue(node: Tensor): number | undefined {
  if (node.op.name !== 'constant') return undefined
  const data = node.attrs.data as Float64Array
  return data.length > 0 && data.every((value) => value === data[0]) ? data[0] : undefined
}

// x * 0 is not rewritten: it is NaN where x is not finite.
function rewrite(node: Tensor): Tensor {
  const [x, y] = node.inputs
  const keeps = (operand: Tensor) => sameShape(operand.shape, node.shape)
  switch (node.op.name) {
    case 'add':
      if (uniformValue(y) === 0 && keeps(x)) return x
      if (uniformValue(x) === 0 && keeps(y)) return y
      return node
    case 'sub':
      return uniformValue(y) === 0 && keeps(x) ? x : node
    case 'mul': {
      if (uniformValue(y) === 1 && keeps(x)) return x
      if (uniformValue(x) === 1 && keeps(y)) return y
      // (x * a) * b = x * (a b) for scalar constants
      const b = y.shape.length === 0 ? uniformValue(y) : undefined
      const a = x.op.name === 'mul' && x.inputs[1].shape.length === 0 ? uniformValue(x.inputs[1]) : undefined
      return a !== undefined && b !== undefined ? mul(x.inputs[0], a * b) : node
    }
    case 'div':
      return uniformValue(y) === 1 && keeps(x) ? x : node
    case 'neg':
      return x.op.name === 'neg' ? x.inputs[0] : node
    case 'stopGradient':
      return x
    case 'reshape':
      return x.op.name === 'reshape' ? reshape(x.inputs[0], node.shape) : keeps(x) ? x : node
    case 'transpose': {
      const perm = node.attrs.perm as readonly number[]
      const first = x.attrs.perm as readonly number[]
      return x.op.name === 'transpose' ? transpose(x.inputs[0], perm.map((axis) => first[axis])) : node
    }
    case 'broadcastTo':
      return keeps(x) ? x : node
    default:
      return node
  }
}
