// Elementwise arithmetic with broadcasting. Gradients of broadcast operands are summed back to the operand's shape.

import { TollError, sizeOf } from '../../base/index.js'
import type { Lowering } from '../lowering.js'
import {
  apply,
  broadcastShapes,
  bytesOf,
  isFloat,
  sameShape,
  stridesOf,
  type Attributes,
  type DType,
  type Op,
  type Sample,
  type SampleInput,
  type Tensor,
  type TensorType,
  type Value,
} from '../tensor.js'
import { lift, onnxType } from './leaf.js'
import { sumTo } from './reduce.js'

type NoAttributes = Readonly<Record<string, never>>
const none: NoAttributes = {}

// ---- one operand

interface UnarySpec<A extends Attributes> {
  readonly name: string
  /** The ONNX operator, where one node says it all. */
  readonly onnx?: string
  readonly lower?: (to: Lowering, x: string, dtype: DType, attrs: A) => string
  readonly evaluate: (x: number, attrs: A) => number
  /** g times the derivative; y is the node itself. Absent: piecewise constant. */
  readonly gradient?: (g: Tensor, x: Tensor, y: Tensor, attrs: A) => Tensor
  readonly range?: readonly [number, number]
  readonly sampleAttributes?: readonly A[]
  /** Result type when it is not the operand's, and which operands are fine. */
  readonly result?: DType
  readonly operands?: readonly DType[]
}

function unary<A extends Attributes = NoAttributes>(spec: UnarySpec<A>): Op<A> {
  const operands = spec.operands ?? ['float32', 'float64']
  const inputs: SampleInput[] = [{ shape: [3, 4], range: spec.range, dtype: operands[0] }]
  return {
    name: spec.name,
    type: ([x]) => {
      requireDType(spec.name, x, operands)
      return { dtype: spec.result ?? x.dtype, shape: x.shape }
    },
    gradient: spec.gradient && ((node, g) => [spec.gradient!(g, node.inputs[0], node, node.attrs)]),
    lower: (to, node, [x]) => spec.lower?.(to, x, node.dtype, node.attrs) ?? to.emit(spec.onnx!, [x]),
    evaluate: ([x], attrs) => x.data.map((value) => spec.evaluate(value, attrs)),
    samples: (spec.sampleAttributes ?? [none as unknown as A]).map((attrs) => ({ inputs, attrs })),
  }
}

export const negOp = unary({
  name: 'neg',
  onnx: 'Neg',
  evaluate: (x) => -x,
  gradient: (g) => neg(g),
  operands: ['float32', 'float64', 'int64'],
})
export const absOp = unary({ name: 'abs', onnx: 'Abs', evaluate: Math.abs, gradient: (g, x) => mul(g, sign(x)) })
export const signOp = unary({ name: 'sign', onnx: 'Sign', evaluate: Math.sign })
export const expOp = unary({ name: 'exp', onnx: 'Exp', evaluate: Math.exp, gradient: (g, _, y) => mul(g, y) })
export const logOp = unary({
  name: 'log',
  onnx: 'Log',
  evaluate: Math.log,
  gradient: (g, x) => div(g, x),
  range: [0.2, 3],
})

// d sqrt(x)/dx = 1 / (2 sqrt(x)), taken as 0 at x = 0: that makes the gradient of a row norm 0 at the origin, as the
// loss needs it, and keeps 0 * infinity out of every order of derivative.
export const sqrtOp = unary({
  name: 'sqrt',
  onnx: 'Sqrt',
  evaluate: Math.sqrt,
  range: [0.2, 3],
  gradient: (g, _, y) => mul(mul(g, 0.5), reciprocalOrZero(y)),
})
export const reciprocalOp = unary({
  name: 'reciprocal',
  onnx: 'Reciprocal',
  evaluate: (x) => 1 / x,
  range: [0.5, 3],
  gradient: (g, _, y) => neg(mul(g, mul(y, y))),
})
export const reciprocalOrZeroOp = unary({
  name: 'reciprocalOrZero',
  evaluate: (x) => (x === 0 ? 0 : 1 / x),
  range: [0.5, 3],
  gradient: (g, _, y) => neg(mul(g, mul(y, y))),
  lower: (to, x, dtype) => {
    const zero = to.constant(dtype, [], [0])
    const one = to.constant(dtype, [], [1])
    const isZero = to.emit('Equal', [x, zero])
    return to.emit('Where', [isZero, zero, to.emit('Div', [one, to.emit('Where', [isZero, one, x])])])
  },
})
export const reluOp = unary({
  name: 'relu',
  onnx: 'Relu',
  evaluate: (x) => (x < 0 ? 0 : x),
  gradient: (g, _, y) => gate(g, y, 0),
})
export const leakyReluOp = unary<{ readonly slope: number }>({
  name: 'leakyRelu',
  // An attribute is single precision even for double operands: there the slope enters as a constant.
  lower: (to, x, dtype, { slope }) =>
    dtype === 'float32'
      ? to.emit('LeakyRelu', [x], { alpha: { float: slope } })
      : to.emit(slope <= 1 ? 'Max' : 'Min', [x, to.emit('Mul', [x, to.constant(dtype, [], [slope])])]),
  evaluate: (x, { slope }) => (x < 0 ? slope * x : x),
  // The result has the sign of x unless the slope takes it away; then x itself need not be kept for the gradient.
  gradient: (g, x, y, { slope }) => gate(g, slope > 0 ? y : x, slope),
  sampleAttributes: [{ slope: 0.2 }],
})
export const sigmoidOp = unary({
  name: 'sigmoid',
  onnx: 'Sigmoid',
  gradient: (g, _, y) => mul(g, mul(y, sub(1, y))),
  evaluate: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
})
export const tanhOp = unary({
  name: 'tanh',
  onnx: 'Tanh',
  evaluate: Math.tanh,
  gradient: (g, _, y) => mul(g, sub(1, mul(y, y))),
})

// softplus(x) = max(x, 0) + log(1 + exp(-|x|)); its derivative is the sigmoid. ONNX Runtime has the operator in float32
// only.
export const softplusOp = unary({
  name: 'softplus',
  gradient: (g, x) => mul(g, sigmoid(x)),
  evaluate: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  lower: (to, x, dtype) => {
    if (dtype === 'float32') return to.emit('Softplus', [x])
    const tail = to.emit('Exp', [to.emit('Neg', [to.emit('Abs', [x])])])
    return to.emit('Add', [to.emit('Relu', [x]), to.emit('Log', [to.emit('Add', [tail, to.constant(dtype, [], [1])])])])
  },
})
export const erfOp = unary({
  name: 'erf',
  onnx: 'Erf',
  evaluate: erfOf,
  operands: ['float32', 'float64'],
  gradient: (g, x) => mul(g, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI))),
})
export const sinOp = unary({
  name: 'sin',
  onnx: 'Sin',
  evaluate: Math.sin,
  range: [-7, 7],
  gradient: (g, x) => mul(g, sin(add(x, Math.PI / 2))),
})
export const floorOp = unary({ name: 'floor', onnx: 'Floor', evaluate: Math.floor })
export const notOp = unary({
  name: 'not',
  onnx: 'Not',
  operands: ['bool'],
  result: 'bool',
  evaluate: (x) => (x === 0 ? 1 : 0),
})
export const isNaNOp = unary({
  name: 'isNaN',
  onnx: 'IsNaN',
  result: 'bool',
  evaluate: (x) => (Number.isNaN(x) ? 1 : 0),
})
export const isInfiniteOp = unary({
  name: 'isInfinite',
  onnx: 'IsInf',
  result: 'bool',
  evaluate: (x) => (Math.abs(x) === Infinity ? 1 : 0),
})

export function neg(x: Tensor): Tensor {
  return apply(negOp, [x], none)
}
export function abs(x: Tensor): Tensor {
  return apply(absOp, [x], none)
}
/** -1, 0 or 1; its gradient is 0. */
export function sign(x: Tensor): Tensor {
  return apply(signOp, [x], none)
}
export function exp(x: Tensor): Tensor {
  return apply(expOp, [x], none)
}
export function log(x: Tensor): Tensor {
  return apply(logOp, [x], none)
}
/** Square root; its gradient at 0 is 0. */
export function sqrt(x: Tensor): Tensor {
  return apply(sqrtOp, [x], none)
}
export function reciprocal(x: Tensor): Tensor {
  return apply(reciprocalOp, [x], none)
}
/** 1 / x, and 0 where x is 0. */
export function reciprocalOrZero(x: Tensor): Tensor {
  return apply(reciprocalOrZeroOp, [x], none)
}
export function relu(x: Tensor): Tensor {
  return apply(reluOp, [x], none)
}
/** x where positive, slope * x elsewhere. */
export function leakyRelu(x: Tensor, slope: number): Tensor {
  return apply(leakyReluOp, [x], { slope })
}
export function sigmoid(x: Tensor): Tensor {
  return apply(sigmoidOp, [x], none)
}
export function tanh(x: Tensor): Tensor {
  return apply(tanhOp, [x], none)
}
/** log(1 + exp(x)) without overflow. */
export function softplus(x: Tensor): Tensor {
  return apply(softplusOp, [x], none)
}
/** The error function; ONNX Runtime computes it in float32 only. */
export function erf(x: Tensor): Tensor {
  return apply(erfOp, [x], none)
}
/** The sine of radians. */
export function sin(x: Tensor): Tensor {
  return apply(sinOp, [x], none)
}
/** The largest whole number that is not above x; its gradient is 0. */
export function floor(x: Tensor): Tensor {
  return apply(floorOp, [x], none)
}
export function not(x: Tensor): Tensor {
  return apply(notOp, [x], none)
}
export function isNaN(x: Tensor): Tensor {
  return apply(isNaNOp, [x], none)
}
export function isInfinite(x: Tensor): Tensor {
  return apply(isInfiniteOp, [x], none)
}

type CastAttributes = { readonly to: DType }

export const castOp: Op<CastAttributes> = {
  name: 'cast',
  type: ([x], { to }) => ({ dtype: to, shape: x.shape }),
  gradient: ({ inputs: [x], attrs }, g) => [isFloat(x.dtype) && isFloat(attrs.to) ? cast(g, x.dtype) : undefined],
  lower: (to, { attrs }, [x]) => to.emit('Cast', [x], { to: onnxType[attrs.to] }),
  // Float64 to float32 is not rounded here: the interpreter is the truth that single precision is measured against.
  evaluate: ([x], { to }) =>
    to === 'int64' ? x.data.map(Math.trunc) : to === 'bool' ? x.data.map((v) => (v === 0 ? 0 : 1)) : x.data,
  samples: [
    { inputs: [{ shape: [3], dtype: 'float64' }], attrs: { to: 'float32' } },
    { inputs: [{ shape: [3], dtype: 'float32' }], attrs: { to: 'float64' } },
    { inputs: [{ shape: [3], dtype: 'bool', values: [0, 1, 1] }], attrs: { to: 'float32' } },
    { inputs: [{ shape: [3], dtype: 'float32', values: [-1.5, 0, 2.7] }], attrs: { to: 'int64' } },
  ],
}

/** Changes the element type; toward integers it truncates, toward booleans it asks for non-zero. */
export function cast(x: Tensor, to: DType): Tensor {
  return x.dtype === to ? x : apply(castOp, [x], { to })
}

export const stopGradientOp: Op<NoAttributes> = {
  name: 'stopGradient',
  type: ([x]) => ({ dtype: x.dtype, shape: x.shape }),
  lower: (_to, _node, [x]) => x,
  evaluate: ([x]) => x.data,
  view: true,
  samples: [{ inputs: [{ shape: [2, 2] }] }],
}

/** The same numbers, through which no gradient flows. */
export function stopGradient(x: Tensor): Tensor {
  return apply(stopGradientOp, [x], none)
}

// ---- two operands

interface BinarySpec {
  readonly name: string
  readonly onnx: string
  readonly evaluate: (x: number, y: number) => number
  /** g times the derivative for each operand, in the shape of the result. Absent: piecewise constant. */
  readonly gradient?: (g: Tensor, x: Tensor, y: Tensor, node: Tensor) => readonly (Tensor | undefined)[]
  readonly result?: DType
  readonly operands?: readonly DType[]
  readonly ranges?: readonly [readonly [number, number], readonly [number, number]]
}

function binary(spec: BinarySpec): Op<NoAttributes> {
  const operands = spec.operands ?? ['float32', 'float64', 'int64']
  const [left, right] = spec.ranges ?? [
    [-2, 2],
    [-2, 2],
  ]
  const dtype = operands[0]
  const pair = (a: readonly number[], b: readonly number[]): Sample<NoAttributes> => ({
    inputs: [
      { shape: a, range: left, dtype },
      { shape: b, range: right, dtype },
    ],
  })
  return {
    name: spec.name,
    type: ([x, y]) => {
      requireDType(spec.name, x, operands)
      if (x.dtype !== y.dtype)
        throw new TollError(
          'dtype-mismatch',
          `${spec.name}: operands are ${x.dtype} and ${y.dtype}; cast one of them`,
          { value: y.dtype, expected: x.dtype },
        )
      return { dtype: spec.result ?? x.dtype, shape: broadcastShapes(x.shape, y.shape, spec.name) }
    },
    gradient:
      spec.gradient &&
      ((node, g) => {
        const [x, y] = node.inputs
        const flows = spec.gradient!(g, x, y, node)
        return flows.map((flow, i) => flow && sumTo(flow, node.inputs[i].shape))
      }),
    lower: (to, _, inputs) => to.emit(spec.onnx, inputs),
    evaluate: ([x, y], _, type) => broadcastBinary(x, y, type.shape, spec.evaluate),
    samples: [pair([3, 4], [3, 4]), pair([3, 4], [4]), pair([2, 1, 3], [4, 1]), pair([], [2, 2])],
  }
}

export const addOp = binary({ name: 'add', onnx: 'Add', evaluate: (x, y) => x + y, gradient: (g) => [g, g] })
export const subOp = binary({ name: 'sub', onnx: 'Sub', evaluate: (x, y) => x - y, gradient: (g) => [g, neg(g)] })
export const mulOp = binary({
  name: 'mul',
  onnx: 'Mul',
  evaluate: (x, y) => x * y,
  gradient: (g, x, y) => [mul(g, y), mul(g, x)],
})
export const divOp = binary({
  name: 'div',
  onnx: 'Div',
  evaluate: (x, y) => x / y,
  operands: ['float32', 'float64'],
  ranges: [
    [-2, 2],
    [0.5, 2],
  ],
  gradient: (g, _, y, node) => [div(g, y), neg(mul(g, div(node, y)))],
})
export const powOp = binary({
  name: 'pow',
  onnx: 'Pow',
  evaluate: Math.pow,
  operands: ['float32', 'float64'],
  ranges: [
    [0.3, 2],
    [-2, 2],
  ],
  gradient: (g, x, y, node) => [mul(g, mul(y, pow(x, sub(y, 1)))), mul(g, mul(node, log(x)))],
})
// At a tie the first operand takes the whole gradient.
export const maxOp = binary({
  name: 'max',
  onnx: 'Max',
  evaluate: (x, y) => (Number.isNaN(x) || x >= y ? x : y),
  operands: ['float32', 'float64', 'int64'],
  gradient: (g, x, y) => [where(less(x, y), 0, g), where(less(x, y), g, 0)],
})
export const minOp = binary({
  name: 'min',
  onnx: 'Min',
  evaluate: (x, y) => (Number.isNaN(x) || x <= y ? x : y),
  operands: ['float32', 'float64', 'int64'],
  gradient: (g, x, y) => [where(greater(x, y), 0, g), where(greater(x, y), g, 0)],
})
export const equalOp = binary({
  name: 'equal',
  onnx: 'Equal',
  evaluate: (x, y) => (x === y ? 1 : 0),
  result: 'bool',
  operands: ['float32', 'float64', 'int64', 'bool'],
})
export const lessOp = binary({ name: 'less', onnx: 'Less', evaluate: (x, y) => (x < y ? 1 : 0), result: 'bool' })
export const greaterOp = binary({
  name: 'greater',
  onnx: 'Greater',
  evaluate: (x, y) => (x > y ? 1 : 0),
  result: 'bool',
})
export const andOp = binary({ name: 'and', onnx: 'And', evaluate: (x, y) => x * y, result: 'bool', operands: ['bool'] })
export const orOp = binary({
  name: 'or',
  onnx: 'Or',
  evaluate: (x, y) => Math.max(x, y),
  result: 'bool',
  operands: ['bool'],
})

type Operand = Tensor | number

function combine(op: Op<NoAttributes>, x: Operand, y: Operand): Tensor {
  return apply(op, [lift(x, y), lift(y, x)], none)
}

export function add(x: Operand, y: Operand): Tensor {
  return combine(addOp, x, y)
}
export function sub(x: Operand, y: Operand): Tensor {
  return combine(subOp, x, y)
}
export function mul(x: Operand, y: Operand): Tensor {
  return combine(mulOp, x, y)
}
export function div(x: Operand, y: Operand): Tensor {
  return combine(divOp, x, y)
}
/** x to the power y; its gradient is defined for positive x. */
export function pow(x: Operand, y: Operand): Tensor {
  return combine(powOp, x, y)
}
export function max(x: Operand, y: Operand): Tensor {
  return combine(maxOp, x, y)
}
export function min(x: Operand, y: Operand): Tensor {
  return combine(minOp, x, y)
}
export function equal(x: Operand, y: Operand): Tensor {
  return combine(equalOp, x, y)
}
export function less(x: Operand, y: Operand): Tensor {
  return combine(lessOp, x, y)
}
export function greater(x: Operand, y: Operand): Tensor {
  return combine(greaterOp, x, y)
}
export function and(x: Tensor, y: Tensor): Tensor {
  return combine(andOp, x, y)
}
export function or(x: Tensor, y: Tensor): Tensor {
  return combine(orOp, x, y)
}
export function square(x: Tensor): Tensor {
  return mul(x, x)
}

// ---- selections

export const whereOp: Op<NoAttributes> = {
  name: 'where',
  type: ([condition, x, y]) => {
    requireDType('where', condition, ['bool'])
    if (x.dtype !== y.dtype)
      throw new TollError('dtype-mismatch', `where: branches are ${x.dtype} and ${y.dtype}; cast one of them`, {
        value: y.dtype,
        expected: x.dtype,
      })
    return {
      dtype: x.dtype,
      shape: broadcastShapes(condition.shape, broadcastShapes(x.shape, y.shape, 'where'), 'where'),
    }
  },
  gradient: ({ inputs: [condition, x, y] }, g) =>
    isFloat(x.dtype) ? [undefined, sumTo(where(condition, g, 0), x.shape), sumTo(where(condition, 0, g), y.shape)] : [],
  lower: (to, _, inputs) => to.emit('Where', inputs),
  evaluate: ([condition, x, y], _, { shape }) => {
    const [c, a, b] = [condition, x, y].map((value) => broadcastOffsets(value.shape, shape))
    return Float64Array.from({ length: sizeOf(shape) }, (_, i) =>
      condition.data[c(i)] !== 0 ? x.data[a(i)] : y.data[b(i)],
    )
  },
  samples: [
    { inputs: [{ shape: [2, 3], dtype: 'bool', values: [1, 0, 1, 0, 0, 1] }, { shape: [2, 3] }, { shape: [3] }] },
    { inputs: [{ shape: [2, 1], dtype: 'bool', values: [1, 0] }, { shape: [] }, { shape: [2, 2] }] },
  ],
}

/** x where the condition holds, y elsewhere. */
export function where(condition: Tensor, x: Operand, y: Operand): Tensor {
  return apply(whereOp, [condition, lift(x, y), lift(y, x)], none)
}

/** A power of two, so that it comes out of a product again without rounding. */
export const gateUnit = 2 ** -40

type GateAttributes = {
  readonly slope: number
  /** Size of x from which the gate is open; the result is multiplied by it. `gateUnit`, or absent: any size, and 1. */
  readonly unit?: number
}

// The derivative of a (leaky) ReLU as an op of its own, linear in g: it is applied once per activation and step, so its
// lowering counts. clip(x * 1e38, slope, 1) is 1 for x > 0 and slope for x <= 0 (up to subnormal x): two vectorised
// passes, where a comparison and a selection take four slow ones. Where a unit u is given, clip(x, slope u, u) takes
// one. A NaN in x stays one.
export const gateOp: Op<GateAttributes> = {
  name: 'gate',
  type: ([g, x]) => {
    requireDType('gate', g, ['float32', 'float64'])
    if (!sameShape(g.shape, x.shape) || g.dtype !== x.dtype)
      throw new TollError('shape-mismatch', 'gate: both operands need one shape and type', {
        value: x.shape,
        expected: `(${g.shape.join(', ')})`,
      })
    return { dtype: g.dtype, shape: g.shape }
  },
  gradient: ({ inputs: [, x], attrs }, h) => [apply(gateOp, [h, x], attrs), undefined],
  lower: (to, { attrs, dtype }, [g, x]) => {
    const { slope, unit } = attrs
    const open = unit ?? 1
    const steep = unit === undefined ? to.emit('Mul', [x, to.constant(dtype, [], [1e38])]) : x
    return to.emit('Mul', [
      g,
      to.emit('Clip', [steep, to.constant(dtype, [], [slope * open]), to.constant(dtype, [], [open])]),
    ])
  },
  evaluate: ([g, x], { slope, unit }) =>
    g.data.map(
      (value, i) =>
        value *
        (unit === undefined
          ? x.data[i] > 0
            ? 1
            : x.data[i] <= 0
              ? slope
              : NaN
          : Math.min(Math.max(x.data[i], slope * unit), unit)),
    ),
  // One or two passes make the factor, in memory of its own.
  work: (_, { unit }, type) => {
    const passes = unit === undefined ? 2 : 1
    return {
      elementwise: (passes + 1) * sizeOf(type.shape),
      bytes: (2 * passes + 3) * bytesOf(type),
      scratch: bytesOf(type),
    }
  },
  samples: [
    { inputs: [{ shape: [3, 4] }, { shape: [3, 4] }], attrs: { slope: 0.1 } },
    { inputs: [{ shape: [4] }, { shape: [4], values: [-1, 0, 1e-30, 2] }], attrs: { slope: 0 } },
    { inputs: [{ shape: [4] }, { shape: [4], values: [-1, 0, 1e-3, 2] }], attrs: { slope: 0.25, unit: gateUnit } },
  ],
}

/** g where x is positive, slope * g elsewhere. */
export function gate(g: Tensor, x: Tensor, slope: number): Tensor {
  return apply(gateOp, [g, x], { slope })
}

// ---- reference loops

/** Maps a position of the broadcast result to the position in an operand. */
function broadcastOffsets(from: readonly number[], to: readonly number[]): (index: number) => number {
  if (from.length === to.length && from.every((dim, i) => dim === to[i])) return (index) => index
  if (sizeOf(from) === 1) return () => 0
  const outer = stridesOf(to)
  const inner = stridesOf(from)
  const shift = to.length - from.length
  return (index) => {
    let offset = 0
    for (let axis = 0; axis < to.length; axis++) {
      const position = Math.floor(index / outer[axis]) % to[axis]
      if (axis >= shift && from[axis - shift] !== 1) offset += position * inner[axis - shift]
    }
    return offset
  }
}

function broadcastBinary(
  x: Value,
  y: Value,
  shape: readonly number[],
  combineValues: (x: number, y: number) => number,
): Float64Array {
  const a = broadcastOffsets(x.shape, shape)
  const b = broadcastOffsets(y.shape, shape)
  const result = new Float64Array(sizeOf(shape))
  for (let i = 0; i < result.length; i++) result[i] = combineValues(x.data[a(i)], y.data[b(i)])
  return result
}

function requireDType(name: string, x: TensorType, allowed: readonly DType[]): void {
  if (!allowed.includes(x.dtype)) {
    throw new TollError('dtype-mismatch', `${name}: expected ${allowed.join(' or ')}, got ${x.dtype}`, {
      value: x.dtype,
      expected: allowed,
    })
  }
}

/**
 * erf by its Maclaurin series below 3 and the continued fraction of erfc above (Abramowitz and Stegun 7.1.6, 7.1.14),
 * to about 1e-15.
 */
function erfOf(x: number): number {
  const a = Math.abs(x)
  if (Number.isNaN(x)) return NaN
  if (a > 6) return Math.sign(x)
  if (a < 3) {
    let term = a
    let sum = a
    for (let n = 1; Math.abs(term) > 1e-17 * sum; n++) {
      term *= (2 * a * a) / (2 * n + 1)
      sum += term
    }
    return (Math.sign(x) * 2 * Math.exp(-a * a) * sum) / Math.sqrt(Math.PI)
  }
  let fraction = a
  for (let n = 60; n >= 1; n--) fraction = a + n / 2 / fraction
  return Math.sign(x) * (1 - Math.exp(-a * a) / (fraction * Math.sqrt(Math.PI)))
}
