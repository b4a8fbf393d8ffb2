// The rules of simplification: one op's node with reduced inputs, and an equal, smaller graph. A rule that changes
// numbers at all says so; none assumes that values are finite (x * 0 stays, it is NaN for an infinite x) or that zeros
// have no sign (0 - x stays).

import { abs, add, cast, mul, neg, pow, sub, where } from './ops/elementwise.js'
import { constant } from './ops/leaf.js'
import { matmul } from './ops/matmul.js'
import { broadcastTo } from './ops/reduce.js'
import { reshape, slice, transpose } from './ops/shape.js'
import { apply, broadcastShapes, sameShape, type Tensor } from './tensor.js'

/** An equal tensor, or undefined where the rule does not fit. */
export type Rule = (node: Tensor) => Tensor | undefined

/** The node after the first rule that fits, or the node itself. */
export function rewrite(node: Tensor): Tensor {
  for (const rule of Object.hasOwn(rules, node.op.name) ? rules[node.op.name] : []) {
    const next = rule(node)
    if (next) return next
  }
  return node
}

/** The single value of a constant whose elements are all equal. */
function uniformValue(node: Tensor): number | undefined {
  if (node.op.name !== 'constant') return undefined
  const data = node.attrs.data as Float64Array
  return data.length > 0 && data.every((value) => Object.is(value, data[0])) ? data[0] : undefined
}

function scalarValue(node: Tensor): number | undefined {
  return node.shape.length === 0 ? uniformValue(node) : undefined
}

/** The operand itself where the other one is `value` everywhere and does not widen the result. */
function unchangedBy(value: number, sides: readonly (0 | 1)[]): Rule {
  return (node) => {
    const side = sides.find(
      (i) => uniformValue(node.inputs[i]) === value && sameShape(node.inputs[1 - i].shape, node.shape),
    )
    return side === undefined ? undefined : node.inputs[1 - side]
  }
}

/** Constants stand at the right, so that the other rules need to look there only. */
const constantRight: Rule = ({ op, inputs: [x, y], attrs }) =>
  x.op.name === 'constant' && y.op.name !== 'constant' ? apply(op, [y, x], attrs) : undefined

// An elementwise op broadcasts by itself: stretching an operand first, or a constant of equal elements, is work for
// nothing.
const stretchLess: Rule = (node) => {
  for (const [i, operand] of node.inputs.entries()) {
    const value = operand.shape.length > 0 ? uniformValue(operand) : undefined
    const smaller =
      operand.op.name === 'broadcastTo'
        ? operand.inputs[0]
        : value === undefined
          ? undefined
          : constant(value, [], operand.dtype)
    if (!smaller) continue
    const inputs = node.inputs.with(i, smaller)
    if (
      sameShape(
        inputs.map((x) => x.shape).reduce((a, b) => broadcastShapes(a, b, 'simplify')),
        node.shape,
      )
    )
      return apply(node.op, inputs, node.attrs)
  }
  return undefined
}

/** f(stretched x) = stretched f(x), on fewer elements. */
const stretchLater: Rule = ({ op, inputs: [x], attrs, shape }) =>
  x.op.name === 'broadcastTo' ? broadcastTo(apply(op, x.inputs, attrs), shape) : undefined

/** f(stretched x, scalar) = stretched f(x, scalar) */
const stretchLaterThanScalars: Rule = ({ op, inputs, attrs, shape }) => {
  const [i, other] = inputs[1].shape.length === 0 ? [0, inputs[1]] : [1, inputs[0]]
  if (other.shape.length > 0 || inputs[i].op.name !== 'broadcastTo') return undefined
  return broadcastTo(apply(op, inputs.with(i, inputs[i].inputs[0]), attrs), shape)
}

/** f(f(x)) = x */
const involution: Rule = ({ op, inputs: [x] }) => (x.op === op ? x.inputs[0] : undefined)

/** f(f(x)) = f(x) */
const idempotent: Rule = ({ op, inputs: [x] }) => (x.op === op ? x : undefined)

/** Whether a product of two factors can stand for them: neither overflow nor underflow in the element type. */
function fitsType(value: number, { dtype }: Tensor): boolean {
  if (dtype === 'int64') return Number.isSafeInteger(value)
  const [least, most] = dtype === 'float32' ? [2 ** -126, 3.4e38] : [2 ** -1022, Number.MAX_VALUE]
  return Math.abs(value) >= least && Math.abs(value) <= most
}

// (x * a) * b = x * (a b) for scalar constants; the one rounding that is saved can change the last digit.
const joinFactors: Rule = ({ inputs: [x, y] }) => {
  const a = x.op.name === 'mul' ? scalarValue(x.inputs[1]) : undefined
  const b = scalarValue(y)
  return a !== undefined && b !== undefined && fitsType(a * b, x) ? mul(x.inputs[0], a * b) : undefined
}

const rules: Readonly<Record<string, readonly Rule[]>> = {
  add: [
    constantRight,
    unchangedBy(0, [0, 1]),
    ({ inputs: [x, y] }) => (y.op.name === 'neg' ? sub(x, y.inputs[0]) : undefined),
    ({ inputs: [x, y] }) => (x.op.name === 'neg' ? sub(y, x.inputs[0]) : undefined),
    stretchLess,
    stretchLaterThanScalars,
  ],
  sub: [
    unchangedBy(0, [1]),
    ({ inputs: [x, y] }) => (y.op.name === 'neg' ? add(x, y.inputs[0]) : undefined),
    stretchLess,
    stretchLaterThanScalars,
  ],
  mul: [
    constantRight,
    unchangedBy(1, [0, 1]),
    joinFactors,
    ({ inputs: [x, y] }) => (x.op.name === 'neg' && y.op.name === 'neg' ? mul(x.inputs[0], y.inputs[0]) : undefined),
    ({ inputs: [x, y] }) => {
      const factor = scalarValue(y)
      return x.op.name === 'neg' && factor !== undefined ? mul(x.inputs[0], -factor) : undefined
    },
    (node) =>
      uniformValue(node.inputs[1]) === -1 && sameShape(node.inputs[0].shape, node.shape)
        ? neg(node.inputs[0])
        : undefined,
    stretchLess,
    stretchLaterThanScalars,
  ],
  div: [
    unchangedBy(1, [1]),
    // By a power of two, the product with the reciprocal is exact.
    ({ inputs: [x, y] }) => {
      const divisor = scalarValue(y)
      const exact =
        divisor !== undefined &&
        divisor !== 0 &&
        Number.isInteger(Math.log2(Math.abs(divisor))) &&
        Math.abs(Math.log2(Math.abs(divisor))) < 100
      return exact ? mul(x, 1 / divisor) : undefined
    },
    stretchLess,
    stretchLaterThanScalars,
  ],
  pow: [
    unchangedBy(1, [1]),
    (node) =>
      uniformValue(node.inputs[1]) === 2 && sameShape(node.inputs[0].shape, node.shape)
        ? mul(node.inputs[0], node.inputs[0])
        : undefined,
    ({ inputs: [x, y], shape }) =>
      y.shape.length > 0 && uniformValue(y) !== undefined && sameShape(x.shape, shape)
        ? pow(x, uniformValue(y)!)
        : undefined,
  ],
  max: [stretchLess, stretchLaterThanScalars],
  min: [stretchLess, stretchLaterThanScalars],
  equal: [stretchLess, stretchLaterThanScalars],
  less: [stretchLess, stretchLaterThanScalars],
  greater: [stretchLess, stretchLaterThanScalars],
  neg: [
    involution,
    ({ inputs: [x] }) => {
      const factor = x.op.name === 'mul' ? scalarValue(x.inputs[1]) : undefined
      return factor === undefined ? undefined : mul(x.inputs[0], -factor)
    },
    stretchLater,
  ],
  abs: [idempotent, ({ inputs: [x] }) => (x.op.name === 'neg' ? abs(x.inputs[0]) : undefined), stretchLater],
  relu: [idempotent, stretchLater],
  exp: [stretchLater],
  log: [stretchLater],
  sqrt: [stretchLater],
  reciprocal: [stretchLater],
  reciprocalOrZero: [stretchLater],
  sigmoid: [stretchLater],
  tanh: [stretchLater],
  softplus: [stretchLater],
  sin: [stretchLater],
  floor: [idempotent, stretchLater],
  not: [involution],
  stopGradient: [({ inputs: [x] }) => x],
  // Single to double precision and back loses nothing.
  cast: [
    ({ inputs: [x], dtype }) =>
      x.op.name === 'cast' && dtype === 'float32' && x.dtype === 'float64' && x.inputs[0].dtype === 'float32'
        ? x.inputs[0]
        : undefined,
    ({ inputs: [x], dtype, shape }) =>
      x.op.name === 'broadcastTo' ? broadcastTo(cast(x.inputs[0], dtype), shape) : undefined,
  ],
  where: [
    ({ inputs: [condition, x, y] }) => (condition.op.name === 'not' ? where(condition.inputs[0], y, x) : undefined),
    (node) => {
      const [condition, x, y] = node.inputs
      const chosen =
        x === y ? x : uniformValue(condition) === undefined ? undefined : uniformValue(condition) === 0 ? y : x
      return chosen && sameShape(chosen.shape, node.shape) ? chosen : undefined
    },
    stretchLess,
  ],
  matmul: [
    // The product reads a matrix by rows or columns at the same price.
    ({ inputs: [a, b], attrs: { transposeA, transposeB } }) => {
      const turned = [a, b].map((x) => x.op.name === 'transpose' && x.shape.length === 2)
      if (a.shape.length !== 2 || b.shape.length !== 2 || !turned.includes(true)) return undefined
      return matmul(turned[0] ? a.inputs[0] : a, turned[1] ? b.inputs[0] : b, {
        transposeA: turned[0] !== transposeA,
        transposeB: turned[1] !== transposeB,
      })
    },
  ],
  reshape: [
    ({ inputs: [x], shape }) => (sameShape(x.shape, shape) ? x : undefined),
    ({ inputs: [x], shape }) => (x.op.name === 'reshape' ? reshape(x.inputs[0], shape) : undefined),
  ],
  transpose: [
    ({ inputs: [x], attrs }) => {
      if (x.op.name !== 'transpose') return undefined
      const first = x.attrs.perm as readonly number[]
      return transpose(
        x.inputs[0],
        (attrs.perm as readonly number[]).map((axis) => first[axis]),
      )
    },
  ],
  broadcastTo: [
    ({ inputs: [x], shape }) => (sameShape(x.shape, shape) ? x : undefined),
    ({ inputs: [x], shape }) => (x.op.name === 'broadcastTo' ? broadcastTo(x.inputs[0], shape) : undefined),
  ],
  slice: [sliceOfSlice, sliceOfConcat],
  concat: [joinedAgain],
}

type Range = { readonly axis: number; readonly start: number; readonly end: number; readonly step: number }

function sliceOfSlice({ inputs: [x], attrs }: Tensor): Tensor | undefined {
  if (x.op.name !== 'slice' || x.attrs.axis !== attrs.axis) return undefined
  const [inner, outer] = [x.attrs as Range, attrs as Range]
  const at = (position: number) => inner.start + position * inner.step
  return slice(x.inputs[0], inner.axis, at(outer.start), at(outer.end - 1) + 1, inner.step * outer.step)
}

/** A slice that stays within one of the joined pieces is a slice of that piece. */
function sliceOfConcat({ inputs: [x], attrs }: Tensor): Tensor | undefined {
  const { axis, start, end, step } = attrs as Range
  if (x.op.name !== 'concat' || x.attrs.axis !== axis) return undefined
  let from = 0
  for (const piece of x.inputs) {
    const to = from + (piece.shape[axis] as number)
    if (start >= from && end <= to) return slice(piece, axis, start - from, end - from, step)
    from = to
  }
  return undefined
}

/** Consecutive slices of one tensor, joined again. */
function joinedAgain({ inputs, attrs }: Tensor): Tensor | undefined {
  const axis = attrs.axis as number
  const ranges = inputs.map((piece) => piece.attrs as Range)
  const [whole] = inputs[0].inputs
  const consecutive = inputs.every(
    (piece, i) =>
      piece.op.name === 'slice' &&
      piece.inputs[0] === whole &&
      ranges[i].axis === axis &&
      ranges[i].step === 1 &&
      (i === 0 || ranges[i].start === ranges[i - 1].end),
  )
  return consecutive ? slice(whole, axis, ranges[0].start, ranges.at(-1)!.end) : undefined
}
