// Where numbers enter a graph: named inputs, constants, and the size of a named axis.

import { TollError, sizeOf } from '../../base/index.js'
import { apply, isFloat, type Dim, type DType, type Op, type Shape, type Tensor } from '../tensor.js'

const nothing = { elementwise: 0, bytes: 0 }

type InputAttributes = { readonly name: string; readonly dtype: DType; readonly shape: Shape }

export const inputOp: Op<InputAttributes> = {
  name: 'input',
  type: (_, { dtype, shape }) => {
    for (const dim of shape) checkDim(dim)
    return { dtype, shape }
  },
  lower: (_, node) => node.attrs.name,
  evaluate: (_, attrs) => {
    throw new TollError('internal', `input '${attrs.name}' was not fed`)
  },
  work: () => nothing,
  strings: 'result',
  samples: [],
}

/** A tensor that is fed when the graph runs: numbers, or texts where `dtype` is string. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
  if (name === '') throw new TollError('out-of-domain', 'an input needs a name', { option: 'name', value: name })
  return apply(inputOp, [], { name, dtype, shape })
}

type ConstantAttributes = {
  readonly data: Float32Array | Float64Array
  readonly dtype: DType
  readonly shape: readonly number[]
}

export const constantOp: Op<ConstantAttributes> = {
  name: 'constant',
  type: (_, { data, dtype, shape }) => {
    if (sizeOf(shape) !== data.length) {
      throw new TollError(
        'length-mismatch',
        `a constant of shape (${shape.join(', ')}) needs ${sizeOf(shape)} values, got ${data.length}`,
        { value: data.length, expected: `${sizeOf(shape)} values` },
      )
    }
    return { dtype, shape }
  },
  lower: (to, { attrs }) => to.constant(attrs.dtype, attrs.shape, attrs.data),
  evaluate: (_, { data }) => (data instanceof Float64Array ? data : Float64Array.from(data)),
  work: () => nothing,
  samples: [],
}

/** A tensor of fixed numbers; integers and booleans (0, 1) are given as numbers too. */
export function constant(
  values: number | ArrayLike<number>,
  shape?: readonly number[],
  dtype: DType = 'float32',
): Tensor {
  const list = typeof values === 'number' ? [values] : values
  const data =
    dtype === 'float32'
      ? list instanceof Float32Array
        ? list
        : Float32Array.from(list)
      : list instanceof Float64Array
        ? list
        : Float64Array.from(list)
  return apply(constantOp, [], { data, dtype, shape: shape ?? (typeof values === 'number' ? [] : [list.length]) })
}

export function zeros(shape: readonly number[], dtype: DType = 'float32'): Tensor {
  return constant(new Float64Array(sizeOf(shape)), shape, dtype)
}

type SlotAttributes = { readonly name: string; readonly dtype: DType; readonly shape: readonly number[] }

export const slotOp: Op<SlotAttributes> = {
  name: 'slot',
  type: (_, { dtype, shape }) => ({ dtype, shape }),
  lower: (to, { attrs }) => to.slot(attrs.name, attrs.dtype, attrs.shape),
  evaluate: (_, { name }) => {
    throw new TollError('internal', `slot '${name}' was not filled`)
  },
  work: () => nothing,
  samples: [],
}

/**
 * A constant whose numbers are written after lowering, by `fillSlots`: no rule can look at them, and it is shared with
 * no other constant. Until then they are NaN.
 */
export function slot(name: string, shape: readonly number[], dtype: 'float32' | 'float64'): Tensor {
  return apply(slotOp, [], { name, dtype, shape })
}

type DimSizeAttributes = { readonly symbol: string; readonly dtype: DType }

export const dimSizeOp: Op<DimSizeAttributes> = {
  name: 'dimSize',
  type: (_, { dtype }) => ({ dtype, shape: [] }),
  lower: (to, { attrs }) => {
    const scalar = to.emit('Squeeze', [to.sizeVector(attrs.symbol)])
    return attrs.dtype === 'int64' ? scalar : to.emit('Cast', [scalar], { to: onnxType[attrs.dtype] })
  },
  evaluate: (_, { symbol }, _type, bindings) => {
    const size = bindings.get(symbol)
    if (size === undefined)
      throw new TollError('shape-mismatch', `no input gives the size '${symbol}'`, { value: symbol })
    return Float64Array.of(size)
  },
  work: () => nothing,
  samples: [],
}

/** A size as a scalar tensor: a constant where it is known, read at run time where it has only a name. */
export function dimSize(dim: Dim, dtype: DType = 'float32'): Tensor {
  return typeof dim === 'number' ? constant(dim, [], dtype) : apply(dimSizeOp, [], { symbol: dim, dtype })
}

/** A scalar of `like`'s element type, for the literals of a formula. */
export function scalarLike(value: number, like: { readonly dtype: DType }): Tensor {
  return constant(value, [], like.dtype)
}

/** `x` itself, or a number as a scalar of `like`'s element type. */
export function lift(x: Tensor | number, like: Tensor | number): Tensor {
  if (typeof x !== 'number') return x
  if (typeof like === 'number') throw new TollError('wrong-type', 'at least one operand must be a tensor')
  return scalarLike(x, isFloat(like.dtype) || like.dtype === 'int64' ? like : { dtype: 'float32' })
}

/** Element types as ONNX numbers them (TensorProto.DataType). */
export const onnxType: Readonly<Record<DType, number>> = { float32: 1, int64: 7, string: 8, bool: 9, float64: 11 }

/** Refuses sizes that are neither a non-negative integer nor a name. */
export function checkDim(dim: Dim): void {
  const fine = typeof dim === 'string' ? dim !== '' : Number.isSafeInteger(dim) && dim >= 0
  if (!fine)
    throw new TollError(
      'shape-mismatch',
      `a size must be a non-negative integer or a name, got ${JSON.stringify(dim)}`,
      { value: dim, expected: 'a non-negative integer or a name' },
    )
}
