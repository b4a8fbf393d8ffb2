// The k largest or smallest of a row, by their places.

import { TollError, sizeOf } from '../../base/index.js'
import { apply, bytesOf, isFloat, knownSize, showShape, type Op, type Tensor } from '../tensor.js'

type TopAttributes = { readonly k: number; readonly largest: boolean }

export const topIndicesOp: Op<TopAttributes> = {
  name: 'topIndices',
  type: ([x], { k }) => {
    const size = x.shape.length > 0 ? knownSize(x.shape[x.shape.length - 1], 'topIndices') : 0
    if (!isFloat(x.dtype))
      throw new TollError('dtype-mismatch', `topIndices: expected real numbers, got ${x.dtype}`, {
        value: x.dtype,
        expected: ['float32', 'float64'],
      })
    if (!Number.isInteger(k) || k < 1 || k > size)
      throw new TollError('shape-mismatch', `topIndices: cannot take ${k} of the last axis of ${showShape(x.shape)}`, {
        option: 'k',
        value: k,
        limit: size,
      })
    return { dtype: 'int64', shape: [...x.shape.slice(0, -1), k] }
  },
  lower: (to, { attrs: { k, largest } }, [x]) =>
    to.emitMany('TopK', [x, to.constant('int64', [1], [k])], 2, { axis: -1, largest: Number(largest), sorted: 1 })[1],
  evaluate: ([x], { k, largest }, { shape }) => {
    const size = x.shape[x.shape.length - 1]
    const result = new Float64Array(sizeOf(shape))
    const sign = largest ? -1 : 1
    for (let row = 0; row * size < x.data.length; row++) {
      const values = x.data.subarray(row * size, (row + 1) * size)
      const order = Array.from(values, (_, i) => i).sort((a, b) => sign * (values[a] - values[b]) || a - b)
      result.set(order.slice(0, k), row * k)
    }
    return result
  },
  // A heap of k per row: most elements are only compared.
  work: ([x], { k }, type) => ({
    elementwise: sizeOf(x.shape) + 8 * sizeOf(type.shape) * Math.ceil(Math.log2(k + 1)),
    bytes: bytesOf(x) + 2 * bytesOf(type),
    scratch: bytesOf(type),
  }),
  samples: [
    { inputs: [{ shape: [3, 5] }], attrs: { k: 2, largest: true } },
    { inputs: [{ shape: [2, 6], values: [3, 1, 2, 1, 1, 5, 0, 0, -1, 4, 4, -1] }], attrs: { k: 4, largest: false } },
    { inputs: [{ shape: [2, 2, 3] }], attrs: { k: 3, largest: false } },
  ],
}

/**
 * Places (int64) of the `k` largest or smallest values along the last axis, best first; of equal values the first comes
 * first.
 */
export function topIndices(x: Tensor, k: number, { largest = true }: { readonly largest?: boolean } = {}): Tensor {
  return apply(topIndicesOp, [x], { k, largest })
}
