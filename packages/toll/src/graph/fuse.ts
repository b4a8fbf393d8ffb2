// Rewrites a graph so that a CPU runs it faster: fewer passes over large tensors, convolutions that are matrix products
// by another name. Sums are associated in another order than the graph says, so results agree with the interpreter to
// rounding, not to the bit. Nothing here depends on the machine: the same graph always gives the same program.

import { sizeOf } from '../base/index.js'
import type { Window } from './ops/conv.js'
import { add, mul, neg, reciprocal, sub } from './ops/elementwise.js'
import {
  factorOut,
  gateInUnits,
  scalarOutside,
  scaleKernel,
  scaleTransposedKernel,
  scaleWeightGradient,
  sumBeforeMap,
} from './channels.js'
import { biasInside, joinConv, joinConvTranspose, joinConvWeight } from './interleave.js'
import { gatherInstead } from './flip.js'
import { constant, zeros } from './ops/leaf.js'
import { matmul } from './ops/matmul.js'
import { mean, sum } from './ops/reduce.js'
import { concat, reshape, transpose } from './ops/shape.js'
import { rewrite, type Rule } from './rewrite.js'
import { rewriteWith } from './simplify.js'
import { apply, broadcastShapes, isFloat, sameShape, type Shape, type Tensor } from './tensor.js'

/** The same results, to rounding, in fewer and cheaper nodes. Simplifies as well. */
export function fuse<K extends string>(outputs: Readonly<Record<K, Tensor>>): Record<K, Tensor> {
  // Sums become products after the algebra, which looks for sums; factors move between convolutions before these change
  // their form.
  return [algebra, channels, products].reduce(
    (graph, rules) => rewriteWith(graph, stepOf(rules)),
    outputs as Record<K, Tensor>,
  )
}

type Rules = Readonly<Record<string, readonly Rule[]>>

function stepOf(rules: Rules): (node: Tensor) => Tensor {
  return (node) => {
    for (const rule of Object.hasOwn(rules, node.op.name) ? rules[node.op.name] : []) {
      const next = rule(node)
      if (next) return next
    }
    return rewrite(node)
  }
}

// ---- products and sums

/** Fewer elements, whatever the named sizes are. */
function isSmaller(a: Shape, b: Shape): boolean {
  const known = (shape: Shape) =>
    shape.reduce<number>((product, dim) => (typeof dim === 'number' ? product * dim : product), 1)
  const names = (shape: Shape) => shape.filter((dim) => typeof dim === 'string')
  return names(a).every((name) => names(b).includes(name)) && names(a).length <= names(b).length && known(a) < known(b)
}

// (x * a) * b = x * (a * b) where a and b are small beside x: one pass over x instead of two.
const gatherSmallFactors: Rule = ({ inputs: [x, y], shape }) => {
  const [product, b] = x.op.name === 'mul' && sameShape(x.shape, shape) ? [x, y] : [y, x]
  if (product.op.name !== 'mul' || !sameShape(product.shape, shape)) return undefined
  for (const side of [0, 1] as const) {
    const [large, a] = [product.inputs[side], product.inputs[1 - side]]
    if (sameShape(large.shape, shape) && isSmaller(broadcastShapes(a.shape, b.shape, 'fuse'), shape))
      return mul(large, mul(a, b))
  }
  return undefined
}

// -(x * a) = x * -a
const negateSmallFactor: Rule = ({ inputs: [x] }) => {
  if (x.op.name !== 'mul') return undefined
  const small = x.inputs.findIndex((factor) => isSmaller(factor.shape, x.shape))
  return small < 0 || !sameShape(x.inputs[1 - small].shape, x.shape)
    ? undefined
    : mul(x.inputs[1 - small], neg(x.inputs[small]))
}

// (a + x b) + x b = a + x (2 b) where b is small: the product is added once.
const addTwiceAtOnce: Rule = ({ inputs: [x, y] }) => {
  const [whole, part] = x.op.name === 'add' && x.inputs.includes(y) ? [x, y] : [y, x]
  if (whole.op.name !== 'add' || !whole.inputs.includes(part) || part.op.name !== 'mul') return undefined
  const small = part.inputs.findIndex((factor) => isSmaller(factor.shape, part.shape))
  if (small < 0 || !sameShape(part.inputs[1 - small].shape, part.shape)) return undefined
  return add(whole.inputs[1 - whole.inputs.indexOf(part)], mul(part.inputs[1 - small], mul(part.inputs[small], 2)))
}

/** x + x = 2 x */
const twice: Rule = ({ inputs: [x, y] }) => (x === y ? mul(x, 2) : undefined)

// ---- products with constant weights: what scoring is made of

/** Where in the weights of a product its output channels stand. */
function channelAxis({ op, attrs }: Tensor): number | undefined {
  if (op.name === 'conv') return 0
  if (op.name === 'convTranspose') return 1
  return op.name === 'matmul' ? Number(!attrs.transposeB) : undefined
}

/** The constant as one value per channel of `product`, if that is what it is; a scalar counts. */
function perChannel(factor: Tensor, product: Tensor): Float32Array | Float64Array | undefined {
  if (factor.op.name !== 'constant') return undefined
  const data = factor.attrs.data as Float32Array
  const channels = product.shape[product.op.name === 'matmul' ? product.shape.length - 1 : 1] as number
  if (data.length === 1)
    return data.constructor === Float32Array
      ? new Float32Array(channels).fill(data[0])
      : new Float64Array(channels).fill(data[0])
  const trailing = product.op.name === 'matmul' ? [channels] : [channels, 1, 1]
  const own = factor.shape.slice(factor.shape.findIndex((dim) => dim !== 1))
  return sameShape(own, trailing) ? data : undefined
}

// a * (w x) = (a w) x, where a is one constant per channel and w is constant: batch norm disappears into the layer
// before it.
const scaleWeights: Rule = ({ inputs: [product, factor], shape }) => {
  const axis = channelAxis(product)
  if (axis === undefined || !sameShape(product.shape, shape)) return undefined
  const weights = product.inputs[1]
  const factors = perChannel(factor, product)
  if (!factors || weights.op.name !== 'constant' || weights.shape.length > (product.op.name === 'matmul' ? 2 : 4))
    return undefined
  const sizes = weights.shape as readonly number[]
  const step = sizeOf(sizes.slice(axis + 1))
  const scaled = (weights.attrs.data as Float32Array).slice()
  // Runs of one channel: a division per weight would cost more than the rest of a compilation.
  for (let start = 0, channel = 0; start < scaled.length; start += step, channel = (channel + 1) % sizes[axis]) {
    for (let i = start; i < start + step; i++) scaled[i] *= factors[channel]
  }
  return apply(product.op, [product.inputs[0], constant(scaled, sizes, weights.dtype)], product.attrs)
}

// (y + b) * a = y * a + b * a for constants: brings the factor to the weights.
const scaleBeforeShift: Rule = ({ inputs: [shifted, factor], shape }) => {
  if (shifted.op.name !== 'add' || factor.op.name !== 'constant' || !sameShape(shifted.shape, shape)) return undefined
  const [product, shift] = shifted.inputs
  const applies =
    shift.op.name === 'constant' &&
    product.inputs[1]?.op.name === 'constant' &&
    channelAxis(product) !== undefined &&
    perChannel(factor, product)
  return applies && sameShape(product.shape, shape) ? add(mul(product, factor), mul(shift, factor)) : undefined
}

// (y + b) + c = y + (b + c) for constants, and (y + b) - c.
const joinShifts: Rule = ({ op, inputs: [shifted, c], shape }) => {
  if (shifted.op.name !== 'add' || c.op.name !== 'constant' || !sameShape(shifted.shape, shape)) return undefined
  const [y, b] = shifted.inputs
  const joins =
    b.op.name === 'constant' && isSmaller(broadcastShapes(b.shape, c.shape, 'fuse'), shape) && sameShape(y.shape, shape)
  return joins ? add(y, apply(op, [b, c], {})) : undefined
}

// ---- reductions

type Reduction = { readonly axes: readonly number[]; readonly keepDims: boolean }

/** Whether a factor is the same along every summed axis. */
function isConstantAlong(factor: Shape, whole: Shape, axes: readonly number[]): boolean {
  const shift = whole.length - factor.length
  return axes.every((axis) => axis < shift || factor[axis - shift] === 1)
}

// sum(x * a) = a * sum(x) where a does not vary along the summed axes.
const sumBeforeScaling: Rule = ({ inputs: [x], attrs }) => {
  const { axes, keepDims } = attrs as Reduction
  if (x.op.name === 'neg') return neg(sum(x.inputs[0], axes, keepDims))
  if (x.op.name !== 'mul') return undefined
  for (const side of [0, 1] as const) {
    const [large, a] = [x.inputs[side], x.inputs[1 - side]]
    if (!sameShape(large.shape, x.shape) || !isConstantAlong(a.shape, x.shape, axes)) continue
    if (keepDims || a.shape.length === 0) return mul(sum(large, axes, keepDims), a)
    const rest = x.shape.filter((_, axis) => !axes.includes(axis))
    return reshape(mul(sum(large, axes, true), a), rest)
  }
  return undefined
}

/**
 * What of `x - mean(x)` over these axes is x, as it is written everywhere: x - sum(x) * (1 / n), or x + sum(x) * (-1 /
 * n).
 */
function centredOver({ op, inputs: [x, mean] }: Tensor, axes: readonly number[]): Tensor | undefined {
  const sign = op.name === 'sub' ? 1 : op.name === 'add' ? -1 : undefined
  if (sign === undefined || mean.op.name !== 'mul') return undefined
  const [total, factor] = mean.inputs
  if (total.op.name !== 'sum' || total.inputs[0] !== x || factor.op.name !== 'constant' || factor.shape.length > 0)
    return undefined
  const { axes: over, keepDims } = total.attrs as Reduction
  const sizes = over.map((axis) => x.shape[axis])
  if (!keepDims || String(over) !== String(axes) || sizes.some((size) => typeof size === 'string')) return undefined
  const share = sign / sizeOf(sizes as readonly number[])
  return (factor.attrs.data as Float32Array)[0] === (x.dtype === 'float32' ? Math.fround(share) : share) ? x : undefined
}

/**
 * Whether the sum of x over these axes is 0 but for rounding: x is centred, perhaps scaled by what does not vary along
 * them.
 */
function sumsToZero(x: Tensor, axes: readonly number[]): boolean {
  if (centredOver(x, axes)) return true
  if (x.op.name === 'add' || x.op.name === 'sub')
    return x.inputs.every((part) => sameShape(part.shape, x.shape) && sumsToZero(part, axes))
  return (
    x.op.name === 'mul' &&
    x.inputs.some(
      (factor, i) =>
        sameShape(factor.shape, x.shape) &&
        isConstantAlong(x.inputs[1 - i].shape, x.shape, axes) &&
        sumsToZero(factor, axes),
    )
  )
}

/** Nothing but rounding is left: the gradient of a bias that batch norm takes out again. */
const sumOfCentred: Rule = ({ inputs: [x], attrs, shape, dtype }) =>
  sumsToZero(x, (attrs as Reduction).axes) ? zeros(shape as readonly number[], dtype) : undefined

// Centring is linear and changes nothing that is centred: (a x + b (y - mean y)) - its mean = a (x - mean x) + b (y -
// mean y). That is the gradient that batch norm sends back to its input.
const centreOnce: Rule = (node) => {
  const { axes } = (node.inputs[1].inputs[0]?.attrs ?? {}) as Partial<Reduction>
  const whole = axes && centredOver(node, axes)
  if (!whole || whole.op.name !== 'add') return undefined
  const side = whole.inputs.findIndex((part) => sameShape(part.shape, whole.shape) && sumsToZero(part, axes))
  if (side < 0) return undefined
  const rest = whole.inputs[1 - side]
  const scale =
    rest.op.name === 'mul' ? rest.inputs.findIndex((factor) => isConstantAlong(factor.shape, rest.shape, axes)) : -1
  const x = scale < 0 ? rest : rest.inputs[1 - scale]
  if (!sameShape(x.shape, whole.shape)) return undefined
  const centred = sub(x, mean(x, axes, true))
  return add(scale < 0 ? centred : mul(centred, rest.inputs[scale]), whole.inputs[side])
}

/** Rows up to which a row of ones is made for a sum over them. */
const mostOnes = 4096

// The sum over the first axis, as a product with ones: onnxruntime's reduction takes three times as long.
const sumOfRows: Rule = ({ inputs: [x], attrs, shape }) => {
  const [n, ...rest] = x.shape
  const others = (attrs as Reduction).axes.filter((axis) => axis !== 0)
  const first = others.length < (attrs as Reduction).axes.length && others.every((axis) => x.shape[axis] === 1)
  if (
    !first ||
    !isFloat(x.dtype) ||
    typeof n !== 'number' ||
    n > mostOnes ||
    rest.some((dim) => typeof dim === 'string')
  )
    return undefined
  const columns = sizeOf(rest as readonly number[])
  return reshape(matmul(constant(new Float64Array(n).fill(1), [1, n], x.dtype), reshape(x, [n, columns])), shape)
}

// ---- values that cannot be zero

function isNotNegative({ op, inputs: [x, y], attrs, shape }: Tensor): boolean {
  switch (op.name) {
    case 'constant':
      return shape.length === 0 && (attrs.data as Float32Array)[0] >= 0
    case 'mul':
      return x === y || (isNotNegative(x) && isNotNegative(y))
    case 'sum':
    case 'broadcastTo':
    case 'reshape':
      return isNotNegative(x)
    case 'abs':
    case 'exp':
    case 'sqrt':
    case 'relu':
      return true
    default:
      return false
  }
}

function constantValue({ op, shape, attrs }: Tensor): number | undefined {
  return op.name === 'constant' && shape.length === 0 ? (attrs.data as Float32Array)[0] : undefined
}

function isPositive({ op, inputs: [x, y] }: Tensor): boolean {
  return (op.name === 'sqrt' && isPositive(x)) || (op.name === 'add' && isNotNegative(x) && (constantValue(y) ?? 0) > 0)
}

// ---- joined pieces

// [f(x1, c1), f(x2, c2), ...] = f([x1, x2, ...], c) for short vectors: one node for the running statistics of all
// layers.
const joinBefore: Rule = ({ inputs, attrs, dtype }) => {
  const [{ op }] = inputs
  if (
    inputs.length < 2 ||
    !(op.name === 'add' || op.name === 'mul') ||
    inputs.some((piece) => piece.op !== op || piece.shape.length !== 1)
  )
    return undefined
  const [left, right] = ([0, 1] as const).map((side) => inputs.map((piece) => piece.inputs[side]))
  if (!left.every((x, i) => sameShape(x.shape, inputs[i].shape))) return undefined
  const axis = attrs.axis as number
  if (right.every((x, i) => sameShape(x.shape, inputs[i].shape)))
    return apply(op, [concat(left, axis), concat(right, axis)], {})
  const values = right.map(constantValue)
  if (!values.every((value) => value !== undefined)) return undefined
  const factors = values.every((value) => value === values[0])
    ? constant(values[0], [], dtype)
    : constant(
        inputs.flatMap(({ shape }, i) => new Array<number>(shape[0] as number).fill(values[i])),
        undefined,
        dtype,
      )
  return apply(op, [concat(left, axis), factors], {})
}

// ---- convolutions that are matrix products

type Plane = readonly [number, number]

function plane({ shape }: Tensor): Plane {
  return [shape[2] as number, shape[3] as number]
}

/** Whether the kernel sees the whole image at its only position. */
function coversImage(image: Plane, kernel: Plane, { pads, dilations }: Window): boolean {
  return (
    image[0] === kernel[0] &&
    image[1] === kernel[1] &&
    pads.every((pad) => pad === 0) &&
    dilations.every((dilation) => dilation === 1)
  )
}

/** Whether the kernel is one pixel that visits every pixel. */
function isPointwise(kernel: Plane, { pads, strides }: Window): boolean {
  return kernel[0] === 1 && kernel[1] === 1 && pads.every((pad) => pad === 0) && strides.every((stride) => stride === 1)
}

/** (n, ...) to (n, product of the rest). */
function rows(x: Tensor): Tensor {
  return reshape(x, [x.shape[0], sizeOf(x.shape.slice(1) as readonly number[])])
}

// The kernels stand at the left: a matrix product copies its right operand into another order first, and here the
// images are the small one.
const convAsProduct: Rule = ({ inputs: [x, w], attrs, shape }) =>
  coversImage(plane(x), plane(w), attrs as Window)
    ? reshape(transpose(matmul(rows(w), rows(x), { transposeB: true })), shape)
    : undefined

const convTransposeAsProduct: Rule = ({ inputs: [g, w], attrs, shape }) => {
  if (coversImage([shape[2] as number, shape[3] as number], plane(w), attrs as Window))
    return reshape(matmul(rows(g), rows(w)), shape)
  if (!isPointwise(plane(w), attrs as Window)) return undefined
  const pixels = (x: Tensor) => reshape(x, [x.shape[0], x.shape[1], sizeOf(plane(x))])
  return reshape(matmul(transpose(rows(w)), pixels(g)), shape)
}

const convWeightAsProduct: Rule = ({ inputs: [x, g], attrs, shape }) => {
  const kernel: Plane = [shape[2] as number, shape[3] as number]
  if (coversImage(plane(x), kernel, attrs as Window))
    return reshape(matmul(rows(g), rows(x), { transposeA: true }), shape)
  if (!isPointwise(kernel, attrs as Window)) return undefined
  // One product per image, then their sum.
  const pixels = (image: Tensor) => reshape(image, [image.shape[0], image.shape[1], sizeOf(plane(image))])
  return reshape(sum(matmul(pixels(g), pixels(x), { transposeB: true }), [0]), shape)
}

const algebra: Rules = {
  add: [twice, addTwiceAtOnce, centreOnce, joinShifts],
  sub: [centreOnce, joinShifts],
  mul: [scaleWeights, scaleBeforeShift, gatherSmallFactors],
  neg: [negateSmallFactor],
  reciprocalOrZero: [({ inputs: [x] }) => (isPositive(x) ? reciprocal(x) : undefined)],
  sum: [sumBeforeScaling, sumOfCentred],
  concat: [joinBefore],
}

const channels: Rules = {
  gate: [gateInUnits],
  mul: [scalarOutside, gatherSmallFactors],
  add: [factorOut],
  sum: [sumBeforeScaling, sumBeforeMap],
  conv: [scaleKernel],
  convTranspose: [scaleTransposedKernel],
  convWeight: [scaleWeightGradient],
}

// (1 x) * c = (c 1) x: the mean over the first axis is one product too.
const scaledSumOfRows: Rule = ({ inputs: [x, y] }) => {
  const [total, factor] = x.op.name === 'matmul' ? [x, constantValue(y)] : [y, constantValue(x)]
  if (total.op.name !== 'matmul' || factor === undefined) return undefined
  const [ones, rowsOf] = total.inputs
  if (ones.op.name !== 'constant' || ones.shape[0] !== 1 || total.attrs.transposeA || total.attrs.transposeB)
    return undefined
  const weights = Float64Array.from(ones.attrs.data as Float32Array, (weight) => weight * factor)
  return matmul(constant(weights, ones.shape as readonly number[], ones.dtype), rowsOf)
}

const products: Rules = {
  add: [biasInside],
  sum: [sumOfRows],
  mul: [scaledSumOfRows],
  conv: [convAsProduct, joinConv],
  convTranspose: [convTransposeAsProduct, gatherInstead, joinConvTranspose],
  convWeight: [convWeightAsProduct, joinConvWeight],
}
