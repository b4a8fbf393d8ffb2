// Batch norm and leaky ReLU over images in fewer passes. What is one value per channel is cheap, a pass over an image
// is not: factors per channel leave the image for the kernels of the convolutions around it, what is subtracted enters
// them as their bias, and the two terms of batch norm's gradient share one factor.

import { sizeOf } from '../base/index.js'
import { convOp, convTransposeOp, convWeightOp, type Window } from './ops/conv.js'
import { add, gateOp, gateUnit, mul, neg, reciprocal } from './ops/elementwise.js'
import { matmul } from './ops/matmul.js'
import { sum } from './ops/reduce.js'
import { reshape, transpose } from './ops/shape.js'
import type { Rule } from './rewrite.js'
import { apply, sameShape, type Tensor } from './tensor.js'

function isImage({ shape }: Tensor): boolean {
  return shape.length === 4 && shape.every((dim) => typeof dim === 'number') && shape[2] !== 1 && shape[3] !== 1
}

/** Whether it has one value per channel of these images. */
function isPerChannel({ shape }: Tensor, images: Tensor): boolean {
  return sameShape(shape, [1, images.shape[1], 1, 1])
}

function scalarOf({ op, shape, attrs }: Tensor): number | undefined {
  return op.name === 'constant' && shape.length === 0 ? (attrs.data as Float32Array)[0] : undefined
}

/** Images and the scalar or the values per channel that they are multiplied by. */
function scaledImages(x: Tensor): { images: Tensor; scale: Tensor } | undefined {
  if (x.op.name !== 'mul' || !isImage(x)) return undefined
  for (const side of [0, 1] as const) {
    const [images, scale] = [x.inputs[side], x.inputs[1 - side]]
    if (sameShape(images.shape, x.shape) && (isPerChannel(scale, x) || scalarOf(scale) !== undefined))
      return { images, scale }
  }
  return undefined
}

// ---- the gate of a leaky ReLU

// gate(g, x) = clip(x, slope u, u) g / u: one pass less, because the factor 1 / u goes on to where it costs nothing.
// What is positive and smaller than u counts as between the two sides.
export const gateInUnits: Rule = (node) => {
  if (!isImage(node) || node.attrs.unit !== undefined) return undefined
  return mul(apply(gateOp, node.inputs, { slope: node.attrs.slope as number, unit: gateUnit }), 1 / gateUnit)
}

// (x k) y = (x y) k for a constant k.
export const scalarOutside: Rule = ({ inputs, shape }) => {
  for (const side of [0, 1] as const) {
    const scaled = scaledImages(inputs[side])
    const other = inputs[1 - side]
    if (scaled && scalarOf(scaled.scale) !== undefined && sameShape(other.shape, shape))
      return mul(mul(scaled.images, other), scaled.scale)
  }
  return undefined
}

// ---- batch norm's gradient

/** The factors of a product; those under a bar as reciprocals. */
function factorsOf(x: Tensor): Tensor[] {
  if (x.op.name === 'mul') return x.inputs.flatMap(factorsOf)
  if (x.op.name === 'div' && x.inputs[0].op.name !== 'constant')
    return [...factorsOf(x.inputs[0]), reciprocal(x.inputs[1])]
  return [x]
}

/** a / b where every factor of b is one of a. */
function quotient(a: Tensor, b: Tensor): Tensor | undefined {
  const left = factorsOf(a)
  for (const factor of factorsOf(b)) {
    const at = left.indexOf(factor)
    if (at < 0) return undefined
    left.splice(at, 1)
  }
  return left.length === 0 ? undefined : left.reduce((product, factor) => mul(product, factor))
}

// (g k - v) a + x c = (g + (x c / (a k) - v / k)) (a k), where a, c and v are per channel and k is a constant.
export const factorOut: Rule = ({ inputs, shape }) => {
  for (const side of [0, 1] as const) {
    const [left, right] = [scaledImages(inputs[side]), scaledImages(inputs[1 - side])]
    if (
      !left ||
      !right ||
      left.images.op.name !== 'sub' ||
      !isPerChannel(left.scale, left.images) ||
      !isPerChannel(right.scale, right.images)
    )
      continue
    const [whole, shift] = left.images.inputs
    const ratio = quotient(right.scale, left.scale)
    if (!sameShape(whole.shape, shape) || !isPerChannel(shift, whole) || !ratio) continue
    const { images, scale } = scaledImages(whole) ?? { images: whole, scale: undefined }
    const unit = scale && scalarOf(scale)
    if (unit === undefined) return mul(add(whole, add(mul(right.images, ratio), neg(shift))), left.scale)
    return mul(add(images, add(mul(right.images, mul(ratio, 1 / unit)), mul(shift, -1 / unit))), mul(left.scale, unit))
  }
  return undefined
}

// ---- factors that leave the images

/**
 * Whether kernels are clearly cheaper to scale than the images: a kernel that stays as it is may be shared between
 * passes.
 */
function isLighter(kernel: Tensor, images: Tensor): boolean {
  return (
    kernel.op.name !== 'constant' &&
    2 * sizeOf(kernel.shape as readonly number[]) < sizeOf(images.shape as readonly number[])
  )
}

/** Values per channel as the first axis of kernels; a scalar stays one. */
function alongFirst(scale: Tensor): Tensor {
  return scale.shape.length === 0 ? scale : reshape(scale, [scale.shape[1], 1, 1, 1])
}

export const scaleKernel: Rule = ({ inputs: [x, w], attrs }) => {
  const scaled = scaledImages(x)
  return scaled && isLighter(w, x) ? apply(convOp, [scaled.images, mul(w, scaled.scale)], attrs as Window) : undefined
}

export const scaleTransposedKernel: Rule = ({ inputs: [g, w], attrs }) => {
  const scaled = scaledImages(g)
  return scaled && isLighter(w, g)
    ? apply(convTransposeOp, [scaled.images, mul(w, alongFirst(scaled.scale))], attrs as never)
    : undefined
}

export const scaleWeightGradient: Rule = (node) => {
  const {
    inputs: [x, g],
    attrs,
  } = node
  const [left, right] = [scaledImages(x), scaledImages(g)]
  if (left && isLighter(node, x)) return mul(apply(convWeightOp, [left.images, g], attrs as never), left.scale)
  if (right && isLighter(node, g))
    return mul(apply(convWeightOp, [x, right.images], attrs as never), alongFirst(right.scale))
  return undefined
}

// ---- means that are known before the images are

/**
 * The total per channel, (1, c), of what a linear map makes of images; for maps where every value meets every weight.
 */
function totalOf({ op, inputs: [x, w], attrs, shape }: Tensor): Tensor | undefined {
  if (w?.op.name === 'constant' || !isImage(x) || !(attrs as Window).pads.every((pad) => pad === 0)) return undefined
  const totals = reshape(sum(x, [0, 2, 3], true), [1, x.shape[1]])
  const { strides, dilations } = attrs as Window
  const kernel = w.shape.slice(2) as number[]
  if (op.name === 'convTranspose') {
    const whole = kernel.every(
      (size, axis) =>
        (shape[axis + 2] as number) >=
        ((x.shape[axis + 2] as number) - 1) * strides[axis] + dilations[axis] * (size - 1) + 1,
    )
    return whole ? matmul(totals, sum(w, [2, 3])) : undefined
  }
  const visitsAll = op.name === 'conv' && sizeOf(kernel) === 1 && strides.every((stride) => stride === 1)
  return visitsAll ? matmul(totals, transpose(reshape(w, w.shape.slice(0, 2)))) : undefined
}

// Over all positions, the sum of w * x is the sum of w times the sum of x.
export const sumBeforeMap: Rule = ({ inputs: [images], attrs, shape }) => {
  if (
    String(attrs.axes) !== '0,2,3' ||
    (images.op.name !== 'conv' && images.op.name !== 'convTranspose') ||
    !isImage(images)
  )
    return undefined
  const total = totalOf(images)
  return total && reshape(total, shape)
}
