// Checks a graph between passes: every node's type is what its op's rule says, inputs have one name each, ops belong to
// the vocabulary.

import { TollError } from '../base/index.js'
import { sameShape, showShape, topological, typeOf, type Tensor } from './tensor.js'
import { vocabulary } from './vocabulary.js'

/** Throws an `internal` error naming the first node that is wrong. */
export function verify(outputs: Readonly<Record<string, Tensor>>): void {
  const inputs = new Map<string, Tensor>()
  for (const node of topological(Object.values(outputs))) {
    const { name } = node.op
    if (vocabulary.get(name) !== node.op) throw new TollError('internal', `op '${name}' is not in the vocabulary`)
    const derived = typeOf(node.op, node.inputs, node.attrs)
    if (derived.dtype !== node.dtype || !sameShape(derived.shape, node.shape)) {
      throw new TollError(
        'internal',
        `'${name}' is marked ${node.dtype}${showShape(node.shape)}, its rule says ` +
          `${derived.dtype}${showShape(derived.shape)}`,
      )
    }
    if (name === 'input') {
      const key = String(node.attrs.name)
      if (inputs.has(key)) throw new TollError('internal', `two inputs are called '${key}'`)
      inputs.set(key, node)
    }
  }
}
