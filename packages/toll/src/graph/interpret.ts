// The reference interpreter: slow float64 loops that say what a graph means. The oracle for every other engine.

import { TollError, sizeOf } from '../base/index.js'
import { bindShape, checkResults, showShape, topological, type Tensor, type Value } from './tensor.js'

/** What is fed: numbers, or texts where the input is of strings, with a shape; the element type is the graph's. */
export interface Fed {
  readonly shape: readonly number[]
  readonly data: ArrayLike<number> | ArrayLike<bigint> | readonly string[]
}

/** Computes the named outputs from the fed inputs. Named sizes take their values from the inputs' shapes. */
export function interpret(
  outputs: Readonly<Record<string, Tensor>>,
  feeds: Readonly<Record<string, Fed>>,
): Record<string, Value> {
  checkResults(outputs)
  const order = topological(Object.values(outputs))
  const bindings = new Map<string, number>()
  const values = new Map<Tensor, Value>()
  for (const node of order) {
    if (node.op.name !== 'input') continue
    const { name } = node.attrs as { name: string }
    values.set(node, feed(node, name, feeds, bindings))
  }

  const uses = new Map<Tensor, number>()
  for (const node of order) for (const input of node.inputs) uses.set(input, (uses.get(input) ?? 0) + 1)
  for (const output of Object.values(outputs)) uses.set(output, Infinity)

  for (const node of order) {
    if (!values.has(node)) {
      const type = { dtype: node.dtype, shape: bindShape(node.shape, bindings) }
      const inputs = node.inputs.map((input) => values.get(input)!)
      values.set(node, { ...type, data: node.op.evaluate(inputs, node.attrs, type, bindings) })
    }
    for (const input of node.inputs) {
      const left = uses.get(input)! - 1
      uses.set(input, left)
      if (left === 0) values.delete(input)
    }
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, node]) => [name, values.get(node)!]))
}

function feed(node: Tensor, name: string, feeds: Readonly<Record<string, Fed>>, bindings: Map<string, number>): Value {
  const fed = Object.hasOwn(feeds, name) ? feeds[name] : undefined
  if (!fed)
    throw new TollError(
      'missing-argument',
      `input '${name}' was not fed; fed: ${Object.keys(feeds).join(', ') || 'nothing'}`,
      { option: name, value: Object.keys(feeds) },
    )
  const fits =
    fed.shape.length === node.shape.length &&
    fed.data.length === sizeOf(fed.shape) &&
    node.shape.every((dim, i) => {
      if (typeof dim === 'number') return dim === fed.shape[i]
      if (!bindings.has(dim)) bindings.set(dim, fed.shape[i])
      return bindings.get(dim) === fed.shape[i]
    })
  if (!fits)
    throw new TollError(
      'shape-mismatch',
      `input '${name}' must have shape ${showShape(node.shape)}, got (${fed.shape.join(', ')})`,
      { option: name, value: fed.shape, expected: showShape(node.shape) },
    )
  const data: ArrayLike<unknown> = fed.data
  const other = node.dtype === 'string' ? 'numbers' : 'texts'
  for (let i = 0; i < data.length; i++) {
    if ((typeof data[i] === 'string') === (other === 'texts'))
      throw new TollError('wrong-type', `input '${name}' must be of ${node.dtype}, got ${other} (value ${i})`, {
        option: name,
        value: other,
        expected: node.dtype,
      })
  }
  const type = { dtype: node.dtype, shape: fed.shape }
  return other === 'numbers'
    ? { ...type, data: new Float64Array(0), texts: fed.data as readonly string[] }
    : { ...type, data: Float64Array.from(fed.data as ArrayLike<number | bigint>, Number) }
}
