// Rewrites a graph to a smaller one with the same meaning: equal nodes become one, constants are folded, the rules of
// `rewrite.ts` are applied until none fits, and what no output needs is gone because nothing points at it.

import { invariant, sizeOf } from '../base/index.js'
import { constant } from './ops/leaf.js'
import { rewrite } from './rewrite.js'
import { apply, sameShape, showShape, topological, type Tensor, type Value } from './tensor.js'

/** Constants larger than this are not made by folding: files would grow. */
const largestFolded = 4096

/** Constants up to this size are compared by value, larger ones by identity. */
const largestCompared = 64

/**
 * The same results from fewer nodes, in the same element types and shapes. Differentiate first: marks that stop
 * gradients do not survive. Numbers are the same to the bit, except where two scalar factors become one and where
 * constants are computed in float64 ahead of time.
 */
export function simplify<K extends string>(outputs: Readonly<Record<K, Tensor>>): Record<K, Tensor> {
  return rewriteWith(outputs, rewrite)
}

/**
 * The graph after `step` has been applied to every node, inputs first, until it changes nothing; constants are folded,
 * equal nodes become one.
 */
export function rewriteWith<K extends string>(
  outputs: Readonly<Record<K, Tensor>>,
  step: (node: Tensor) => Tensor,
): Record<K, Tensor> {
  const pool = new Pool(step)
  const done = new Map<Tensor, Tensor>()
  for (const node of topological(Object.values(outputs))) {
    done.set(
      node,
      pool.reduce(
        withInputs(
          node,
          node.inputs.map((input) => done.get(input)!),
        ),
      ),
    )
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, node]) => [name, done.get(node as Tensor)!])) as Record<
    K,
    Tensor
  >
}

/** Reduced nodes; one for all that compute the same thing. */
class Pool {
  readonly #step: (node: Tensor) => Tensor
  readonly #byKey = new Map<string, Tensor>()
  readonly #ids = new Map<Tensor, number>()

  constructor(step: (node: Tensor) => Tensor) {
    this.#step = step
  }

  /** The smallest form of a node whose inputs are reduced, or were just made by a rule. */
  reduce(node: Tensor): Tensor {
    let current = node
    for (;;) {
      const known = current
      if (this.#ids.has(known)) return known
      const ready = withInputs(
        known,
        known.inputs.map((input) => this.reduce(input)),
      )
      const next = this.#step(fold(ready))
      if (next === ready) return this.#share(ready)
      invariant(
        next.dtype === node.dtype && sameShape(next.shape, node.shape),
        `a rule for '${ready.op.name}' turned ${node.dtype}${showShape(node.shape)} into ` +
          `${next.dtype}${showShape(next.shape)}`,
      )
      current = next
    }
  }

  #share(node: Tensor): Tensor {
    const key = this.#keyOf(node)
    const twin = key === undefined ? undefined : this.#byKey.get(key)
    if (twin) return twin
    if (key !== undefined) this.#byKey.set(key, node)
    this.#ids.set(node, this.#ids.size)
    return node
  }

  #keyOf(node: Tensor): string | undefined {
    const { data, ...attrs } = node.attrs
    const values = data as Float32Array | Float64Array | undefined
    if (values && values.length > largestCompared) return undefined
    const inputs = node.inputs.map((input) => this.#ids.get(input))
    const shown = values ? Array.from(values, show).join() : ''
    return `${node.op.name}:${node.dtype}:${inputs.join()}:${JSON.stringify(attrs)}:${shown}`
  }
}

/** Tells -0 from 0: their reciprocals differ. */
function show(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function withInputs(node: Tensor, inputs: readonly Tensor[]): Tensor {
  return inputs.every((input, i) => input === node.inputs[i]) ? node : apply(node.op, inputs, node.attrs)
}

function fold(node: Tensor): Tensor {
  const foldable =
    node.inputs.length > 0 &&
    node.inputs.every((input) => input.op.name === 'constant') &&
    node.shape.every((dim) => typeof dim === 'number') &&
    sizeOf(node.shape) <= largestFolded
  if (!foldable) return node
  const shape = node.shape
  const inputs = node.inputs.map((input): Value => ({
    dtype: input.dtype,
    shape: input.shape as number[],
    data: Float64Array.from(input.attrs.data as Float32Array),
  }))
  return constant(node.op.evaluate(inputs, node.attrs, { dtype: node.dtype, shape }, new Map()), shape, node.dtype)
}
