// Fully connected layer: y = x W^T + b, W of shape (out, in) as in PyTorch.

import { add, matmul } from '../graph/index.js'
import { uniformFan, type Layer } from './layer.js'

export interface LinearOptions {
  readonly in: number
  readonly out: number
  /** Default true. */
  readonly bias?: boolean
}

/** (n, in) to (n, out). */
export function linear({ in: inputs, out, bias = true }: LinearOptions): Layer {
  const initialize = uniformFan(inputs)
  return {
    title: `linear ${inputs} -> ${out}`,
    parameters: [
      { name: 'weight', kind: 'weight', shape: [out, inputs], initialize },
      ...(bias ? [{ name: 'bias', kind: 'bias', shape: [out], initialize } as const] : []),
    ],
    buffers: [],
    apply: (x, scope) => {
      const product = matmul(x, scope.parameter('weight'), { transposeB: true })
      return bias ? add(product, scope.parameter('bias')) : product
    },
  }
}
