// ONNX operators that work element by element.

import { TollError } from '../../base/index.js'
import { gelu } from '../compose.js'
import {
  abs,
  add,
  and,
  cast,
  div,
  equal,
  erf,
  exp,
  floor,
  greater,
  isInfinite,
  isNaN,
  leakyRelu,
  less,
  log,
  max,
  min,
  mul,
  neg,
  not,
  or,
  pow,
  reciprocal,
  relu,
  sigmoid,
  sign,
  sin,
  softplus,
  sqrt,
  sub,
  tanh,
  where,
} from '../ops/elementwise.js'
import { constant, dimSize } from '../ops/leaf.js'
import { reshape } from '../ops/shape.js'
import { isFloat, type DType, type Tensor } from '../tensor.js'
import type { Reader, Readers, Site } from './site.js'
import { readDTypeCode } from './values.js'

const unary =
  (build: (x: Tensor) => Tensor): Reader =>
  (site) =>
    build(site.input(0))

const binary =
  (build: (x: Tensor, y: Tensor) => Tensor): Reader =>
  (site) => {
    site.require(!site.has('broadcast') && !site.has('axis'), 'broadcasting by attribute ended with operator set 7')
    return build(site.input(0), site.input(1))
  }

/** Any number of operands, joined from the left. */
const variadic =
  (build: (x: Tensor, y: Tensor) => Tensor): Reader =>
  (site) =>
    site.inputs().reduce(build)

/** Formulas with real parameters, for real tensors only. */
const formula =
  (build: (x: Tensor, site: Site) => Tensor): Reader =>
  (site) => {
    const x = site.input(0)
    site.require(isFloat(x.dtype), `needs real numbers, got ${x.dtype}`)
    return build(x, site)
  }

export const elementwise: Readers = {
  Identity: unary((x) => x),
  Neg: unary(neg),
  Abs: unary(abs),
  Sign: unary(sign),
  Exp: unary(exp),
  Log: unary(log),
  Sqrt: unary(sqrt),
  Reciprocal: unary(reciprocal),
  Relu: unary(relu),
  Sigmoid: unary(sigmoid),
  Tanh: unary(tanh),
  Softplus: unary(softplus),
  Erf: unary(erf),
  Not: unary(not),
  Sin: unary(sin),
  Floor: unary(floor),
  IsNaN: unary(isNaN),
  IsInf: (site) => {
    const x = site.input(0)
    const [negative, positive] = [site.int('detect_negative', 1) !== 0, site.int('detect_positive', 1) !== 0]
    if (negative && positive) return isInfinite(x)
    if (positive) return and(isInfinite(x), greater(x, 0))
    return negative ? and(isInfinite(x), less(x, 0)) : and(isInfinite(x), isNaN(x))
  },
  LeakyRelu: (site) => leakyRelu(site.input(0), site.float('alpha', 0.01)),
  PRelu: (site) => {
    const [x, slope] = [site.input(0), site.input(1)]
    return where(less(x, 0), mul(slope, x), x)
  },
  Elu: formula((x, site) => where(less(x, 0), mul(expMinusOne(x), site.float('alpha', 1)), x)),
  Selu: formula((x, site) => {
    const [alpha, gamma] = [
      site.float('alpha', 1.67326319217681884765625),
      site.float('gamma', 1.05070102214813232421875),
    ]
    return mul(where(less(x, 0), mul(expMinusOne(x), alpha), x), gamma)
  }),
  Celu: formula((x, site) => {
    const alpha = site.float('alpha', 1)
    return where(less(x, 0), mul(expMinusOne(div(x, alpha)), alpha), x)
  }),
  ThresholdedRelu: formula((x, site) => where(greater(x, site.float('alpha', 1)), x, 0)),
  HardSigmoid: formula((x, site) => hardSigmoid(x, site.float('alpha', 0.2), site.float('beta', 0.5))),
  HardSwish: formula((x) => mul(x, hardSigmoid(x, 1 / 6, 0.5))),
  Swish: formula((x, site) => mul(x, sigmoid(mul(x, site.float('alpha', 1))))),
  Mish: formula((x) => mul(x, tanh(softplus(x)))),
  Softsign: formula((x) => div(x, add(abs(x), 1))),
  Gelu: formula((x, site) => {
    const approximate = site.text('approximate', 'none')
    if (approximate === 'none') return gelu(x)
    site.require(approximate === 'tanh', `attribute 'approximate' must be none or tanh, got '${approximate}'`)
    const inner = mul(add(x, mul(mul(x, mul(x, x)), 0.044715)), Math.sqrt(2 / Math.PI))
    return mul(mul(x, 0.5), add(tanh(inner), 1))
  }),
  Clip: (site) => {
    const x = site.input(0)
    if (site.opset < 11)
      return min(max(x, site.float('min', -3.4028234663852886e38)), site.float('max', 3.4028234663852886e38))
    const [low, high] = [site.optional(1), site.optional(2)]
    const raised = low ? max(x, scalar(site, low)) : x
    return high ? min(raised, scalar(site, high)) : raised
  },
  Dropout: (site) => {
    const training = site.optional(2)
    site.require(!training || site.scalar(2) === 0, 'dropout in training mode draws its own mask; feed one instead')
    const x = site.input(0)
    return site.node.outputs.length > 1 ? [x, equal(x, x)] : x
  },
  Cast: (site) => castTo(site.input(0), readDTypeCode(site.int('to', 0), 'Cast')),
  CastLike: (site) => castTo(site.input(0), site.input(1).dtype),

  Add: binary(add),
  Sub: binary(sub),
  Mul: binary(mul),
  Div: binary(divide),
  Equal: binary(equal),
  Less: binary(less),
  Greater: binary(greater),
  And: binary(and),
  Or: binary(or),
  Xor: binary((x, y) => not(equal(x, y))),
  // Not the negated opposite: that would hold for NaN.
  LessOrEqual: binary((x, y) => or(less(x, y), equal(x, y))),
  GreaterOrEqual: binary((x, y) => or(greater(x, y), equal(x, y))),
  Pow: binary((x, y) => pow(x, isFloat(x.dtype) ? cast(y, x.dtype) : y)),
  Max: variadic(max),
  Min: variadic(min),
  Sum: variadic(add),
  Mean: (site) => {
    const terms = site.inputs()
    return div(terms.reduce(add), terms.length)
  },
  Where: (site) => where(site.input(0), site.input(1), site.input(2)),
}

/** Integers divide in shapes only, where both operands are known: toward zero. */
function divide(x: Tensor, y: Tensor): Tensor {
  const integers = x.dtype === 'int64' && y.dtype === 'int64' && x.op.name === 'constant' && y.op.name === 'constant'
  const [many, one] = integers ? [x, y].map((operand) => Array.from(operand.attrs.data as Float64Array)) : []
  if (!integers || one.length !== 1 || one[0] === 0 || x.shape.length < y.shape.length) return div(x, y)
  return constant(
    many.map((value) => Math.trunc(value / one[0])),
    x.shape as number[],
    'int64',
  )
}

function hardSigmoid(x: Tensor, alpha: number, beta: number): Tensor {
  return max(min(add(mul(x, alpha), beta), 1), 0)
}

/** exp(x) - 1 for x below 0, and 0 above, so that nothing overflows where the other branch is taken. */
function expMinusOne(x: Tensor): Tensor {
  return sub(exp(min(x, 0)), 1)
}

/** Bounds are scalars; files write vectors of one element too. */
function scalar(site: Site, bound: Tensor): Tensor {
  site.require(
    bound.shape.every((dim) => dim === 1),
    'bounds must be scalars',
  )
  return reshape(bound, [])
}

/** A size that is read for its value comes out in the wanted type at once. */
function castTo(x: Tensor, to: DType): Tensor {
  if (x.op.name !== 'dimSize') return cast(x, to)
  if (to === 'bool') throw new TollError('unsupported-node', 'a size is not a truth value')
  return dimSize(x.attrs.symbol as string, to)
}
