// ONNX operators that multiply and sum: matrix products, convolutions, pools.

import { averagePool, maxPool, split } from '../compose.js'
import { conv, convTranspose } from '../ops/conv.js'
import { add, cast, mul } from '../ops/elementwise.js'
import { maxPoolIndex } from '../ops/gather.js'
import { constant } from '../ops/leaf.js'
import { matmul } from '../ops/matmul.js'
import { sum } from '../ops/reduce.js'
import { concat, pad, reshape } from '../ops/shape.js'
import { knownSize, type Tensor } from '../tensor.js'
import { largestUnrolled, type Readers, type Site } from './site.js'
import { pair, readWindow, splitPads } from './window.js'

export const products: Readers = {
  MatMul: (site) => {
    const [a, b] = site.inputs()
    const left = a.shape.length === 1 ? reshape(a, [1, a.shape[0]]) : a
    const right = b.shape.length === 1 ? reshape(b, [b.shape[0], 1]) : b
    const product = isOnes(right) && left.shape.length > 1 ? sum(left, [-1], true) : matmul(left, right)
    const rank = product.shape.length
    return reshape(
      product,
      product.shape.filter((_, i) => !(i === rank - 2 && left !== a) && !(i === rank - 1 && right !== b)),
    )
  },
  Gemm: (site) => {
    const [a, b] = [site.input(0), site.input(1)]
    site.require(a.shape.length === 2 && b.shape.length === 2, 'expected two matrices')
    const product = matmul(a, b, { transposeA: site.int('transA', 0) !== 0, transposeB: site.int('transB', 0) !== 0 })
    const [alpha, beta] = [site.float('alpha', 1), site.float('beta', 1)]
    const scaled = alpha === 1 ? product : mul(product, alpha)
    const c = site.optional(2)
    return c ? add(scaled, beta === 1 ? c : mul(c, beta)) : scaled
  },
  Conv: (site) => {
    const [x, w] = [site.input(0), site.input(1)]
    const { window } = readWindow(site, site.plane(x), kernelOf(site, w))
    return biased(
      site,
      grouped(site, x, w, (part, weight) => conv(part, weight, window)),
    )
  },
  ConvTranspose: (site) => {
    const [x, w] = [site.input(0), site.input(1)]
    const options = transposeOptions(site, site.plane(x), kernelOf(site, w))
    return biased(
      site,
      grouped(site, x, w, (part, weight) => convTranspose(part, weight, options)),
    )
  },
  MaxPool: (site) => {
    const x = site.input(0)
    const plane = site.plane(x)
    const { kernel, window, beyond } = readWindow(site, plane)
    const [top, left, bottom, right] = window.pads
    const wide = { ...window, pads: [top, left, bottom + beyond[0], right + beyond[1]] as const }
    const values = maxPool(x, kernel, wide)
    if (site.node.outputs.length === 1) return values
    site.require(site.int('storage_order', 0) === 0, 'positions are supported in row-major order only')
    const images = knownSize(x.shape[0], 'MaxPool') * knownSize(x.shape[1], 'MaxPool')
    site.require(images <= largestUnrolled, `positions of ${images} planes are too many`)
    const starts = constant(
      Array.from({ length: images }, (_, i) => i * plane[0] * plane[1]),
      [knownSize(x.shape[0], 'MaxPool'), knownSize(x.shape[1], 'MaxPool'), 1, 1],
      'int64',
    )
    return [values, add(maxPoolIndex(x, kernel, wide), starts)]
  },
  AveragePool: (site) => {
    const x = site.input(0)
    const { kernel, window, beyond } = readWindow(site, site.plane(x))
    site.require(
      kernel.every((size) => size <= 64),
      `a window of ${kernel.join(' x ')} is too large`,
    )
    const [top, left, bottom, right] = window.pads
    if (site.int('count_include_pad', 0) === 0) {
      return averagePool(x, kernel, {
        ...window,
        pads: [top, left, bottom + beyond[0], right + beyond[1]],
        countPadding: false,
      })
    }
    // The padding counts, what rounding up adds does not.
    const padded = pad(x, [0, 0, top, left], [0, 0, bottom, right])
    return averagePool(padded, kernel, {
      ...window,
      pads: [0, 0, ...beyond],
      countPadding: beyond.every((extra) => extra === 0),
    })
  },
}

function kernelOf(site: Site, w: Tensor): readonly [number, number] {
  site.require(w.shape.length === 4, `only kernels of four axes (images) are supported, got ${w.shape.length}`)
  return [site.size(w.shape[2], 'the kernel height'), site.size(w.shape[3], 'the kernel width')]
}

/** Convolution in groups: channels and kernels fall into pieces that do not see each other. */
function grouped(site: Site, x: Tensor, w: Tensor, convolve: (x: Tensor, w: Tensor) => Tensor): Tensor {
  const groups = site.int('group', 1)
  if (groups === 1) return convolve(x, w)
  const [channels, kernels] = [
    site.size(x.shape[1], 'the number of channels'),
    site.size(w.shape[0], 'the number of kernels'),
  ]
  site.require(
    groups > 1 && groups <= largestUnrolled && channels % groups === 0 && kernels % groups === 0,
    `${channels} channels and ${kernels} kernels do not fall into ${groups} groups`,
  )
  const pieces = (value: Tensor, axis: number, size: number) =>
    split(
      value,
      Array.from({ length: groups }, () => size / groups),
      axis,
    )
  const weights = pieces(w, 0, kernels)
  return concat(
    pieces(x, 1, channels).map((part, i) => convolve(part, weights[i])),
    1,
  )
}

function biased(site: Site, y: Tensor): Tensor {
  const bias = site.optional(2)
  return bias ? add(y, reshape(cast(bias, y.dtype), [1, bias.shape[0] ?? 1, 1, 1])) : y
}

// size = (in - 1) stride + outputPadding + (kernel - 1) dilation + 1 - pads; a wanted size gives the pads.
function transposeOptions(site: Site, from: readonly [number, number], kernel: readonly [number, number]) {
  const strides = pair(site, 'strides', 1)
  const dilations = pair(site, 'dilations', 1)
  const outputPadding = pair(site, 'output_padding', 0)
  const mode = site.text('auto_pad', 'NOTSET')
  const same = mode === 'SAME_UPPER' || mode === 'SAME_LOWER'
  site.require(same || mode === 'NOTSET' || mode === 'VALID', `auto_pad '${mode}' does not exist`)
  const full = ([0, 1] as const).map(
    (axis) => (from[axis] - 1) * strides[axis] + outputPadding[axis] + (kernel[axis] - 1) * dilations[axis] + 1,
  )
  const wanted =
    site.ints('output_shape')?.slice(-2) ?? (same ? from.map((size, axis) => size * strides[axis]) : undefined)
  if (!wanted) {
    const pads = mode === 'VALID' ? [0, 0, 0, 0] : (site.ints('pads') ?? [0, 0, 0, 0])
    site.require(pads.length === 4, `attribute 'pads' must have four values, got ${pads.length}`)
    return { strides, dilations, outputPadding, pads: [pads[0], pads[1], pads[2], pads[3]] as const }
  }
  const surplus = full.map((size, axis) => size - wanted[axis])
  const pads = splitPads(
    surplus.map((amount) => Math.max(amount, 0)),
    mode === 'SAME_UPPER',
  )
  const missing = surplus.map((amount, axis) => outputPadding[axis] + Math.max(-amount, 0))
  return { strides, dilations, outputPadding: [missing[0], missing[1]] as const, pads }
}

/** A column of ones, which sums rows. */
function isOnes({ op, shape, attrs }: Tensor): boolean {
  return (
    op.name === 'constant' &&
    shape.length === 2 &&
    shape[1] === 1 &&
    (attrs.data as Float64Array).every((value) => value === 1)
  )
}
