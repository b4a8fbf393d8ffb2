// Matrix products, with optional transposition of either operand and broadcast leading axes.

import { TollError, sizeOf } from '../../base/index.js'
import {
  apply,
  broadcastShapes,
  isFloat,
  showShape,
  type Op,
  type Shape,
  type Tensor,
  type TensorType,
} from '../tensor.js'
import { sumTo } from './reduce.js'
import { transpose } from './shape.js'

type MatMulAttributes = { readonly transposeA: boolean; readonly transposeB: boolean }

interface Plan {
  readonly batch: Shape
  readonly rows: number | string
  readonly inner: number | string
  readonly columns: number | string
}

function planOf([a, b]: readonly TensorType[], { transposeA, transposeB }: MatMulAttributes): Plan {
  if (a.shape.length < 2 || b.shape.length < 2 || !isFloat(a.dtype) || a.dtype !== b.dtype) {
    throw new TollError(
      'shape-mismatch',
      `matmul: expected two real matrices of one type, got ${a.dtype}${showShape(a.shape)} and ` +
        `${b.dtype}${showShape(b.shape)}`,
      { value: [a.shape, b.shape], expected: 'two real matrices of one type' },
    )
  }
  if ((transposeA || transposeB) && a.shape.length + b.shape.length > 4) {
    throw new TollError(
      'shape-mismatch',
      `matmul: only matrices enter transposed, got ${showShape(a.shape)} and ${showShape(b.shape)}`,
      { value: [a.shape, b.shape], expected: 'matrices' },
    )
  }
  const [ar, ac] = a.shape.slice(-2)
  const [br, bc] = b.shape.slice(-2)
  const [rows, inner] = transposeA ? [ac, ar] : [ar, ac]
  const [inner2, columns] = transposeB ? [bc, br] : [br, bc]
  if (inner !== inner2) {
    throw new TollError(
      'shape-mismatch',
      `matmul: inner sizes ${inner} and ${inner2} of ${showShape(a.shape)} and ${showShape(b.shape)} differ`,
      { value: inner2, expected: String(inner) },
    )
  }
  return { batch: broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), 'matmul'), rows, inner, columns }
}

export const matmulOp: Op<MatMulAttributes> = {
  name: 'matmul',
  type: (inputs, attrs) => {
    const { batch, rows, columns } = planOf(inputs, attrs)
    return { dtype: inputs[0].dtype, shape: [...batch, rows, columns] }
  },
  // With A' = op(A), B' = op(B) and G the gradient: dA' = G B'^T, dB' = A'^T G; a transposed operand takes the
  // transposed gradient.
  gradient: ({ inputs: [a, b], attrs: { transposeA, transposeB } }, g) => {
    const da = transposeA
      ? matmul(b, g, { transposeA: transposeB, transposeB: true })
      : matmul(g, b, { transposeB: !transposeB })
    const db = transposeB
      ? matmul(g, a, { transposeA: true, transposeB: transposeA })
      : matmul(a, g, { transposeA: !transposeA })
    return [sumTo(da, a.shape), sumTo(db, b.shape)]
  },
  lower: (to, { attrs: { transposeA, transposeB } }, inputs) =>
    transposeA || transposeB || inputs.length === 3
      ? to.emit('Gemm', inputs, { transA: Number(transposeA), transB: Number(transposeB) })
      : to.emit('MatMul', inputs),
  evaluate: ([a, b], attrs, { shape }) => {
    const { rows, inner, columns } = planOf([a, b], attrs) as { rows: number; inner: number; columns: number }
    const result = new Float64Array(sizeOf(shape))
    const batches = sizeOf(shape.slice(0, -2))
    const [aAt, bAt] = [a, b].map((x) => matrixOffset(x.shape, shape))
    const [aRow, aCol] = attrs.transposeA ? [1, rows] : [inner, 1]
    const [bRow, bCol] = attrs.transposeB ? [1, inner] : [columns, 1]
    for (let batch = 0; batch < batches; batch++) {
      const [a0, b0, c0] = [aAt(batch), bAt(batch), batch * rows * columns]
      for (let i = 0; i < rows; i++) {
        for (let k = 0; k < inner; k++) {
          const value = a.data[a0 + i * aRow + k * aCol]
          const from = b0 + k * bRow
          const to = c0 + i * columns
          for (let j = 0; j < columns; j++) result[to + j] += value * b.data[from + j * bCol]
        }
      }
    }
    return result
  },
  work: ([a], { transposeA }, { shape }) => ({
    products: 2 * sizeOf(shape) * a.shape[a.shape.length - (transposeA ? 2 : 1)],
    elementwise: 0,
  }),
  samples: [
    { inputs: [{ shape: [3, 4] }, { shape: [4, 2] }], attrs: { transposeA: false, transposeB: false } },
    { inputs: [{ shape: [4, 3] }, { shape: [4, 2] }], attrs: { transposeA: true, transposeB: false } },
    { inputs: [{ shape: [3, 4] }, { shape: [2, 4] }], attrs: { transposeA: false, transposeB: true } },
    { inputs: [{ shape: [4, 3] }, { shape: [2, 4] }], attrs: { transposeA: true, transposeB: true } },
    { inputs: [{ shape: [2, 1, 3, 4] }, { shape: [3, 4, 2] }], attrs: { transposeA: false, transposeB: false } },
    { inputs: [{ shape: [3, 4] }, { shape: [2, 4, 2] }], attrs: { transposeA: false, transposeB: false } },
  ],
}

/** The matrix product over the last two axes; leading axes broadcast. Either operand can enter transposed. */
export function matmul(a: Tensor, b: Tensor, options: { transposeA?: boolean; transposeB?: boolean } = {}): Tensor {
  const { transposeA = false, transposeB = false } = options
  if (a.shape.length === 2 && b.shape.length === 2) return apply(matmulOp, [a, b], { transposeA, transposeB })
  return apply(matmulOp, [transposeA ? swapLast(a) : a, transposeB ? swapLast(b) : b], {
    transposeA: false,
    transposeB: false,
  })
}

function swapLast(x: Tensor): Tensor {
  const rank = x.shape.length
  return transpose(
    x,
    x.shape.map((_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i)),
  )
}

/** Maps the number of a batch of the result to the start of an operand's matrix. */
function matrixOffset(from: readonly number[], to: readonly number[]): (batch: number) => number {
  const size = sizeOf(from.slice(-2))
  const shift = to.length - from.length
  return (batch) => {
    let rest = batch
    let offset = 0
    let step = 1
    for (let axis = to.length - 3; axis >= shift; axis--) {
      const position = rest % to[axis]
      rest = Math.floor(rest / to[axis])
      if (from[axis - shift] !== 1) offset += position * step
      step *= from[axis - shift]
    }
    return offset * size
  }
}
