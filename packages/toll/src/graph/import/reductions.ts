// ONNX operators that reduce over axes, and those that normalise by what they reduced.

import { logSoftmax, softmax } from '../compose.js'
import {
  abs,
  add,
  div,
  exp,
  log,
  max,
  mul,
  neg,
  reciprocalOrZero,
  sqrt,
  square,
  stopGradient,
  sub,
} from '../ops/elementwise.js'
import { maxOver, mean, sum } from '../ops/reduce.js'
import { reshape } from '../ops/shape.js'
import { normalizeAxes, type Dim, type Tensor } from '../tensor.js'
import type { Reader, Readers, Site } from './site.js'

type Reduce = (x: Tensor, axes: readonly number[], keepDims: boolean) => Tensor

/**
 * `since`: the version of the operator set that made the axes an input. `plain`: whether no axes can mean that x stays.
 */
function reduction(since: number, reduce: Reduce, plain = false): Reader {
  return (site) => {
    const x = site.input(0)
    const given = site.moved('axes', since, 1) ?? []
    const keepDims = site.int('keepdims', 1) !== 0
    if (given.length === 0 && site.int('noop_with_empty_axes', 0) !== 0) {
      site.require(plain, 'noop_with_empty_axes is supported for sums, means and extremes only')
      return x
    }
    const axes = given.length > 0 ? normalizeAxes(given, x.shape.length, 'axes') : x.shape.map((_, i) => i)
    return reduce(x, axes, keepDims)
  }
}

const minOver: Reduce = (x, axes, keepDims) => neg(maxOver(neg(x), axes, keepDims))

const logSumExpOver: Reduce = (x, axes, keepDims) => {
  const shift = stopGradient(maxOver(x, axes, true))
  const total = add(log(sum(exp(sub(x, shift)), axes, true)), shift)
  return keepDims
    ? total
    : reshape(
        total,
        x.shape.filter((_, i) => !axes.includes(i)),
      )
}

export const reductions: Readers = {
  ReduceSum: reduction(13, sum, true),
  ReduceMax: reduction(18, maxOver, true),
  ReduceMin: reduction(18, minOver, true),
  ReduceMean: reduction(18, mean, true),
  ReduceL1: reduction(18, (x, axes, keepDims) => sum(abs(x), axes, keepDims)),
  ReduceL2: reduction(18, (x, axes, keepDims) => sqrt(sum(square(x), axes, keepDims))),
  ReduceSumSquare: reduction(18, (x, axes, keepDims) => sum(square(x), axes, keepDims)),
  ReduceLogSum: reduction(18, (x, axes, keepDims) => log(sum(x, axes, keepDims))),
  ReduceLogSumExp: reduction(18, logSumExpOver),
  Softmax: alongAxis(softmax),
  LogSoftmax: alongAxis(logSoftmax),
  LpNormalization: (site) => {
    const x = site.input(0)
    const axis = site.axis('axis', -1)
    const order = site.int('p', 2)
    site.require(order === 1 || order === 2, `attribute 'p' must be 1 or 2, got ${order}`)
    const size = order === 1 ? sum(abs(x), [axis], true) : sqrt(sum(square(x), [axis], true))
    return mul(x, reciprocalOrZero(size))
  },
  GlobalAveragePool: (site) => mean(site.input(0), spatial(site), true),
  GlobalMaxPool: (site) => maxOver(site.input(0), spatial(site), true),
  BatchNormalization: (site) => {
    const [x, scale, shift, centre, variance] = site.inputs()
    site.require(
      site.int('training_mode', 0) === 0 && site.node.outputs.length === 1,
      'batch statistics are computed by nodes of their own; export for inference',
    )
    site.require(site.opset >= 9 || site.int('spatial', 1) === 1, 'one statistic per pixel is not supported')
    const perChannel = (value: Tensor) => channelwise(site, value, x)
    return add(
      mul(
        mul(sub(x, perChannel(centre)), perChannel(inverseRoot(variance, site.float('epsilon', 1e-5)))),
        perChannel(scale),
      ),
      perChannel(shift),
    )
  },
  InstanceNormalization: (site) => {
    const [x, scale, shift] = site.inputs()
    const { normal } = standardise(x, spatial(site), site.float('epsilon', 1e-5))
    return add(mul(normal, channelwise(site, scale, x)), channelwise(site, shift, x))
  },
  LayerNormalization: (site) => {
    const x = site.input(0)
    const axis = site.axis('axis', -1)
    const { normal, centre, scale } = standardise(x, x.shape.map((_, i) => i).slice(axis), site.float('epsilon', 1e-5))
    const shift = site.optional(2)
    const scaled = mul(normal, site.input(1))
    return [shift ? add(scaled, shift) : scaled, centre, scale]
  },
  RMSNormalization: (site) => {
    const x = site.input(0)
    const axes = x.shape.map((_, i) => i).slice(site.axis('axis', -1))
    return mul(mul(x, inverseRoot(mean(square(x), axes, true), site.float('epsilon', 1e-5))), site.input(1))
  },
  MeanVarianceNormalization: (site) => {
    const x = site.input(0)
    const centred = sub(x, mean(x, site.ints('axes') ?? [0, 2, 3], true))
    return div(centred, max(sqrt(mean(square(centred), site.ints('axes') ?? [0, 2, 3], true)), 1e-9))
  },
}

/** Until operator set 12 the softmax runs over all axes from `axis` on as one, from 13 on over one axis. */
function alongAxis(build: (x: Tensor, axis: number) => Tensor): Reader {
  return (site) => {
    const x = site.input(0)
    const axis = site.axis('axis', site.opset < 13 ? 1 : -1)
    if (site.opset >= 13 || axis === x.shape.length - 1) return build(x, axis)
    const count = x.shape
      .slice(axis)
      .reduce<number>((product, dim: Dim) => product * site.size(dim, 'a normalised axis'), 1)
    return reshape(build(reshape(x, [...x.shape.slice(0, axis), count]), axis), x.shape)
  }
}

function spatial(site: Site): number[] {
  const { shape } = site.input(0)
  site.require(shape.length >= 3, `expected samples, channels and positions, got ${shape.length} axes`)
  return shape.map((_, i) => i).slice(2)
}

/** One value per channel (c), shaped to meet x (n, c, ...). */
function channelwise(site: Site, value: Tensor, x: Tensor): Tensor {
  site.require(
    x.shape.length >= 2 && value.shape.length === 1 && value.shape[0] === x.shape[1],
    'expected one value per channel',
  )
  return reshape(value, [value.shape[0], ...x.shape.slice(2).map(() => 1)])
}

function inverseRoot(variance: Tensor, epsilon: number): Tensor {
  return div(1, sqrt(add(variance, epsilon)))
}

/** (x - mean) / sqrt(variance + epsilon), with the mean and the factor. */
function standardise(
  x: Tensor,
  axes: readonly number[],
  epsilon: number,
): { normal: Tensor; centre: Tensor; scale: Tensor } {
  const centre = mean(x, axes, true)
  const centred = sub(x, centre)
  const scale = inverseRoot(mean(square(centred), axes, true), epsilon)
  return { normal: mul(centred, scale), centre, scale }
}
