// A graph with some of its nodes replaced: how a part is cut out of a whole, by putting an input where the cut is.

import { TollError } from '../base/index.js'
import { apply, sameShape, showShape, topological, type Tensor } from './tensor.js'

/**
 * The same outputs computed from the replacements. What lies before a replaced node is gone unless something else needs
 * it.
 *
 * @throws `shape` when a replacement has another element type or shape than what it stands for.
 */
export function substitute<K extends string>(
  outputs: Readonly<Record<K, Tensor>>,
  replacements: ReadonlyMap<Tensor, Tensor>,
): Record<K, Tensor> {
  for (const [old, fresh] of replacements) {
    if (old.dtype !== fresh.dtype || !sameShape(old.shape, fresh.shape)) {
      throw new TollError(
        'shape-mismatch',
        `a ${old.dtype} of shape ${showShape(old.shape)} cannot be replaced by a ${fresh.dtype} of shape ` +
          `${showShape(fresh.shape)}`,
        { value: fresh.shape, expected: showShape(old.shape) },
      )
    }
  }
  const made = new Map(replacements)
  for (const node of topological(Object.values(outputs))) {
    if (made.has(node)) continue
    const inputs = node.inputs.map((input) => made.get(input)!)
    made.set(node, inputs.every((input, i) => input === node.inputs[i]) ? node : apply(node.op, inputs, node.attrs))
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, node]) => [name, made.get(node as Tensor)!])) as Record<
    K,
    Tensor
  >
}
