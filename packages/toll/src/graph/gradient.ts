// Reverse-mode differentiation on the graph (Linnainmaa 1970): gradients are ordinary nodes, so differentiating them
// again needs nothing new.

import { TollError } from '../base/index.js'
import { add } from './ops/elementwise.js'
import { constant, zeros } from './ops/leaf.js'
import { isFloat, knownSize, sameShape, showShape, topological, type Tensor } from './tensor.js'

/**
 * Gradients of `y` with respect to each of `wrt`, in their shapes. `y` is a scalar, or any tensor when `seed` gives the
 * weights of its elements. A tensor that `y` does not depend on gets zeros (its sizes must be known then).
 */
export function gradients(y: Tensor, wrt: readonly Tensor[], seed?: Tensor): Tensor[] {
  if (!isFloat(y.dtype))
    throw new TollError('dtype-mismatch', `a gradient needs a real result, got ${y.dtype}`, {
      value: y.dtype,
      expected: ['float32', 'float64'],
    })
  if (!seed && y.shape.length > 0)
    throw new TollError(
      'shape-mismatch',
      `a gradient needs a scalar, got ${showShape(y.shape)}; sum it or give a seed`,
      { option: 'seed', value: y.shape, expected: '()' },
    )
  if (seed && !sameShape(seed.shape, y.shape))
    throw new TollError(
      'shape-mismatch',
      `the seed ${showShape(seed.shape)} must have the shape ${showShape(y.shape)}`,
      { option: 'seed', value: seed.shape, expected: showShape(y.shape) },
    )

  const order = topological([y])
  const wanted = dependents(order, wrt)
  const flows = new Map<Tensor, Tensor>([[y, seed ?? constant(1, [], y.dtype)]])
  for (const node of order.reverse()) {
    const g = flows.get(node)
    if (!g || !wanted.has(node) || !node.op.gradient) continue
    const parts = node.op.gradient(node, g)
    node.inputs.forEach((input, i) => {
      const part = parts[i]
      if (!part || !wanted.has(input)) return
      const sofar = flows.get(input)
      flows.set(input, sofar ? add(sofar, part) : part)
    })
  }
  return wrt.map(
    (x) =>
      flows.get(x) ??
      zeros(
        x.shape.map((dim) => knownSize(dim, 'gradient')),
        x.dtype,
      ),
  )
}

/** The nodes on a path from one of `wrt`: all others need no gradient. */
function dependents(order: readonly Tensor[], wrt: readonly Tensor[]): Set<Tensor> {
  const found = new Set<Tensor>(wrt)
  for (const node of order) {
    if (node.inputs.some((input) => found.has(input))) found.add(node)
  }
  return found
}
