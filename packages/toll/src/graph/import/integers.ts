// Integers that are known while a file is read: the shapes and axes that ONNX passes as tensors. Exporters put shapes
// together with Shape, Gather, Concat and the like; what those leave is read off our own nodes, with named sizes where
// only a name is known.

import { sizeOf } from '../../base/index.js'
import { constant } from '../ops/leaf.js'
import type { Shape, Tensor, Value } from '../tensor.js'

/** Shapes and pads are short; longer lists are data. */
const longest = 128

/** The value of an integer or boolean node whose inputs are constants, as a constant; other nodes stay. */
function fold(node: Tensor): Tensor {
  const { shape } = node
  const foldable =
    node.inputs.length > 0 &&
    (node.dtype === 'int64' || node.dtype === 'bool') &&
    node.inputs.every(isShortConstant) &&
    shape.every((dim): dim is number => typeof dim === 'number') &&
    sizeOf(shape) <= longest
  if (!foldable) return node
  const inputs = node.inputs.map((input): Value => ({
    dtype: input.dtype,
    shape: input.shape as number[],
    data: Float64Array.from(input.attrs.data as Float64Array),
  }))
  return constant(node.op.evaluate(inputs, node.attrs, { dtype: node.dtype, shape }, new Map()), shape, node.dtype)
}

function isShortConstant(node: Tensor): boolean {
  return node.op.name === 'constant' && (node.attrs.data as Float64Array).length <= longest
}

/** Remembers what is known of each integer tensor, so that long chains cost one step per node. */
export class KnownIntegers {
  readonly #found = new Map<Tensor, Shape | undefined>()

  /** The elements of an int64 scalar or vector, or undefined when the graph has to run first. */
  of(tensor: Tensor): Shape | undefined {
    if (tensor.dtype !== 'int64' || tensor.shape.length > 1) return undefined
    if (!this.#found.has(tensor)) this.#found.set(tensor, this.#derive(tensor))
    return this.#found.get(tensor)
  }

  /** The tensor itself, or a constant where its integers are known. */
  settle(tensor: Tensor): Tensor {
    const folded = fold(tensor)
    const known = this.of(folded)
    const numbers = folded.op.name !== 'constant' && known?.every((dim) => typeof dim === 'number')
    return numbers ? constant(known, folded.shape as readonly number[], 'int64') : folded
  }

  #derive({ op, inputs, attrs }: Tensor): Shape | undefined {
    if (op.name === 'constant') {
      const data = attrs.data as Float64Array
      return data.length <= longest ? [...data] : undefined
    }
    if (op.name === 'dimSize') return [attrs.symbol as string]
    if (op.name === 'reshape') return this.of(inputs[0])
    if (op.name === 'concat') {
      const parts = inputs.map((input) => this.of(input))
      return parts.every((part) => part !== undefined) &&
        parts.reduce((total, part) => total + part.length, 0) <= longest
        ? parts.flat()
        : undefined
    }
    const from = inputs.length > 0 ? this.of(inputs[0]) : undefined
    if (op.name === 'slice') {
      const { start, end, step } = attrs as { start: number; end: number; step: number }
      return from?.slice(start, end).filter((_, i) => i % step === 0)
    }
    if (op.name === 'gather') {
      const indices = this.of(inputs[1])
      const picked = from && indices?.map((index) => (typeof index === 'number' ? from.at(index) : undefined))
      return picked?.every((dim) => dim !== undefined) ? picked : undefined
    }
    return undefined
  }
}
