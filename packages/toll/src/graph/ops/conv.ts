// Convolution and its two adjoints. All three are partial derivatives of one trilinear form
//
//     T(x, w, g) = sum over n,o,c,y,x,i,j of  g[n,o,y,x] * w[o,c,i,j] * x[n,c, y*s + i*d - p, x*s + j*d - p]
//
// conv = dT/dg (x, w given), convTranspose = dT/dx (g, w given), convWeight = dT/dw (x, g given). T is linear in each
// argument, so the gradient of any of the three is the other two, and every order of derivative stays inside this file.
//
// Layouts are those of ONNX and PyTorch: x (n, c, h, w), w (o, c, kh, kw), g (n, o, oh, ow). A transposed convolution
// from `in` to `out` channels is convTranspose with w of shape (in, out, kh, kw).

import { TollError, sizeOf } from '../../base/index.js'
import {
  apply,
  bytesOf,
  isFloat,
  knownSize,
  showShape,
  type ConcreteType,
  type Dim,
  type Op,
  type Tensor,
  type TensorType,
  type Value,
} from '../tensor.js'
import { pad } from './shape.js'

/**
 * Geometry shared by the three: [vertical, horizontal] steps, [top, left, bottom, right] zeros, [vertical, horizontal]
 * spacing.
 */
export type Window = {
  readonly strides: readonly [number, number]
  readonly pads: readonly [number, number, number, number]
  readonly dilations: readonly [number, number]
}

export interface WindowOptions {
  readonly strides?: number | readonly [number, number]
  readonly pads?: number | readonly [number, number, number, number]
  readonly dilations?: number | readonly [number, number]
}

export function windowOf({ strides = 1, pads = 0, dilations = 1 }: WindowOptions): Window {
  const pair = (value: number | readonly [number, number]) =>
    typeof value === 'number' ? ([value, value] as const) : value
  const window: Window = {
    strides: pair(strides),
    pads: typeof pads === 'number' ? [pads, pads, pads, pads] : pads,
    dilations: pair(dilations),
  }
  const whole = [...window.strides, ...window.dilations].every((v) => Number.isInteger(v) && v >= 1)
  if (!whole || !window.pads.every((v) => Number.isInteger(v) && v >= 0)) {
    throw new TollError(
      'out-of-domain',
      'strides and dilations must be integers of at least 1, pads integers of at least 0',
      { option: 'window', value: window, expected: 'strides and dilations of at least 1, pads of at least 0' },
    )
  }
  return window
}

/** Output size of a convolution along one axis, rounded down. */
export function convSize(size: number, kernel: number, axis: 0 | 1, { strides, pads, dilations }: Window): number {
  return Math.floor((size + pads[axis] + pads[axis + 2] - dilations[axis] * (kernel - 1) - 1) / strides[axis]) + 1
}

type Pair = readonly [number, number]

function image(type: TensorType, what: string): { n: Dim; c: number; size: Pair } {
  if (type.shape.length !== 4 || !isFloat(type.dtype)) {
    throw new TollError(
      'shape-mismatch',
      `${what}: expected a real tensor of four axes, got ${type.dtype}${showShape(type.shape)}`,
      { value: type.shape, expected: 'a real tensor of four axes' },
    )
  }
  const [n, ...rest] = type.shape
  const [c, h, w] = rest.map((dim) => knownSize(dim, what))
  return { n, c, size: [h, w] }
}

function outputSize(size: Pair, kernel: Pair, window: Window, what: string): Pair {
  const out: Pair = [convSize(size[0], kernel[0], 0, window), convSize(size[1], kernel[1], 1, window)]
  if (out[0] < 1 || out[1] < 1) {
    throw new TollError(
      'shape-mismatch',
      `${what}: a kernel of ${kernel.join(' x ')} does not fit an image of ${size.join(' x ')}`,
      { value: kernel, expected: `a kernel within ${size.join(' x ')}` },
    )
  }
  return out
}

function requireSizes(actual: Pair, expected: Pair, what: string): void {
  if (actual[0] !== expected[0] || actual[1] !== expected[1]) {
    throw new TollError(
      'shape-mismatch',
      `${what}: expected an output of ${expected.join(' x ')}, got ${actual.join(' x ')}`,
      { value: actual, expected: expected.join(' x ') },
    )
  }
}

function requireOneType(a: TensorType, b: TensorType, what: string): void {
  if (a.dtype !== b.dtype)
    throw new TollError('dtype-mismatch', `${what}: operands are ${a.dtype} and ${b.dtype}; cast one of them`, {
      value: b.dtype,
      expected: a.dtype,
    })
}

function requireChannels(a: number, b: number, what: string): void {
  if (a !== b)
    throw new TollError('shape-mismatch', `${what}: ${a} channels meet a kernel for ${b}`, {
      value: a,
      expected: `${b} channels`,
    })
}

const windowAttributes = ({ strides, pads, dilations }: Window) => ({ strides, pads, dilations })

// ---- conv

export const convOp: Op<Window> = {
  name: 'conv',
  type: ([x, w], window) => {
    const { n, c, size } = image(x, 'conv')
    const kernel = image(w, 'conv')
    requireOneType(x, w, 'conv')
    requireChannels(c, kernel.c, 'conv')
    return { dtype: x.dtype, shape: [n, kernel.n, ...outputSize(size, kernel.size, window, 'conv')] }
  },
  gradient: ({ inputs: [x, w], attrs }, g) => [
    apply(convTransposeOp, [g, w], { ...attrs, size: image(x, 'conv').size }),
    apply(convWeightOp, [x, g], { ...attrs, kernel: image(w, 'conv').size }),
  ],
  lower: (to, { attrs, inputs: [, w] }, names) =>
    to.emit('Conv', names, { ...windowAttributes(attrs), kernel_shape: image(w, 'conv').size }),
  evaluate: ([x, w], window, { shape }) => {
    const g = { shape, data: new Float64Array(sizeOf(shape)) }
    contract(x, w, g, window, (xs, ws, gs, i, j, k) => {
      gs[k] += xs[i] * ws[j]
    })
    return g.data
  },
  // Constant kernels are laid out beforehand so that nothing is unfolded (ONNX Runtime's blocked channels).
  work: ([x, w], _, g) => ({
    products: termsOf(x, w, g),
    elementwise: 0,
    pieces: w.constant ? 0 : kernelRows(x, w) * g.shape[2],
  }),
  samples: [
    { inputs: [{ shape: [2, 3, 5, 6] }, { shape: [4, 3, 3, 2] }], attrs: windowOf({}) },
    { inputs: [{ shape: [1, 2, 7, 7] }, { shape: [3, 2, 3, 3] }], attrs: windowOf({ strides: 2, pads: 1 }) },
    {
      inputs: [{ shape: [2, 1, 8, 7] }, { shape: [2, 1, 3, 2] }],
      attrs: windowOf({ strides: [3, 2], pads: [0, 1, 2, 0], dilations: [2, 1] }),
    },
  ],
}

/** Convolution of x (n, c, h, w) with a kernel (o, c, kh, kw): (n, o, oh, ow). */
export function conv(x: Tensor, w: Tensor, options: WindowOptions = {}): Tensor {
  return apply(convOp, [x, w], windowOf(options))
}

// ---- convTranspose

type TransposeAttributes = Window & { readonly size: Pair }

export const convTransposeOp: Op<TransposeAttributes> = {
  name: 'convTranspose',
  type: ([g, w], attrs) => {
    const from = image(g, 'convTranspose')
    const kernel = image(w, 'convTranspose')
    requireOneType(g, w, 'convTranspose')
    requireChannels(from.c, knownSize(kernel.n, 'convTranspose'), 'convTranspose')
    requireSizes(from.size, outputSize(attrs.size, kernel.size, attrs, 'convTranspose'), 'convTranspose')
    return { dtype: g.dtype, shape: [from.n, kernel.c, ...attrs.size] }
  },
  gradient: ({ inputs: [g, w], attrs }, h) => [
    apply(convOp, [h, w], windowAttributes(attrs)),
    apply(convWeightOp, [h, g], { ...windowAttributes(attrs), kernel: image(w, 'convTranspose').size }),
  ],
  // ONNX: size = (in - 1) * stride + output_padding + (kernel - 1) * dilation + 1 - pads.
  lower: (to, { attrs, inputs: [g, w] }, names) => {
    const kernel = image(w, 'convTranspose').size
    const from = image(g, 'convTranspose').size
    const output_padding = [0, 1].map(
      (axis) =>
        attrs.size[axis] +
        attrs.pads[axis] +
        attrs.pads[axis + 2] -
        (from[axis] - 1) * attrs.strides[axis] -
        (kernel[axis] - 1) * attrs.dilations[axis] -
        1,
    )
    return to.emit('ConvTranspose', names, { ...windowAttributes(attrs), kernel_shape: kernel, output_padding })
  },
  evaluate: ([g, w], attrs, { shape }) => {
    const x = { shape, data: new Float64Array(sizeOf(shape)) }
    contract(x, w, g, attrs, (xs, ws, gs, i, j, k) => {
      xs[i] += gs[k] * ws[j]
    })
    return x.data
  },
  work: ([g, w], _, x) => ({ products: termsOf(x, w, g), elementwise: 0, pieces: kernelRows(x, w) * g.shape[2] }),
  samples: [
    { inputs: [{ shape: [2, 4, 3, 5] }, { shape: [4, 3, 3, 2] }], attrs: { ...windowOf({}), size: [5, 6] } },
    {
      inputs: [{ shape: [1, 3, 4, 4] }, { shape: [3, 2, 3, 3] }],
      attrs: { ...windowOf({ strides: 2, pads: 1 }), size: [8, 7] },
    },
    {
      inputs: [{ shape: [2, 2, 2, 4] }, { shape: [2, 1, 3, 2] }],
      attrs: { ...windowOf({ strides: [3, 2], pads: [0, 1, 2, 0], dilations: [2, 1] }), size: [8, 7] },
    },
  ],
}

/**
 * Options of a transposed convolution; `outputPadding` adds rows and columns at the bottom and right, below the stride.
 */
export interface ConvTransposeOptions extends WindowOptions {
  readonly outputPadding?: number | readonly [number, number]
}

/**
 * Transposed convolution of g (n, o, h, w) with a kernel (o, c, kh, kw): (n, c, ...), size = (h - 1) s - pads + d (k -
 * 1) + outputPadding + 1.
 */
export function convTranspose(g: Tensor, w: Tensor, options: ConvTransposeOptions = {}): Tensor {
  const window = windowOf(options)
  const extra =
    typeof options.outputPadding === 'object'
      ? options.outputPadding
      : [options.outputPadding ?? 0, options.outputPadding ?? 0]
  const from = image(g, 'convTranspose').size
  const kernel = image(w, 'convTranspose').size
  const size = ([0, 1] as const).map((axis) => {
    if (
      !Number.isInteger(extra[axis]) ||
      extra[axis] < 0 ||
      extra[axis] >= Math.max(window.strides[axis], window.dilations[axis])
    ) {
      throw new TollError(
        'out-of-domain',
        `outputPadding must be an integer from 0 to below the stride or the dilation, got ${extra[axis]}`,
        {
          option: 'outputPadding',
          value: extra[axis],
          expected: 'an integer from 0 to below the stride or the dilation',
        },
      )
    }
    return (
      (from[axis] - 1) * window.strides[axis] +
      window.dilations[axis] * (kernel[axis] - 1) +
      1 +
      extra[axis] -
      window.pads[axis] -
      window.pads[axis + 2]
    )
  })
  if (extra.some((value, axis) => value >= window.strides[axis]))
    return convTransposeThenPad(g, w, window, size as [number, number])
  return apply(convTransposeOp, [g, w], { ...window, size: size as [number, number] })
}

// An output padding of a whole stride or more (allowed below the dilation) is no adjoint of a convolution of that size:
// the extra rows see a longer input. They are made by padding g with zeros, which leaves the same sums.
function convTransposeThenPad(g: Tensor, w: Tensor, window: Window, size: Pair): Tensor {
  const kernel = image(w, 'convTranspose').size
  const wanted = outputSize(size, kernel, window, 'convTranspose')
  const from = image(g, 'convTranspose').size
  const padded = pad(g, [0, 0, 0, 0], [0, 0, wanted[0] - from[0], wanted[1] - from[1]])
  return apply(convTransposeOp, [padded, w], { ...window, size })
}

// ---- convWeight

type WeightAttributes = Window & { readonly kernel: Pair }

export const convWeightOp: Op<WeightAttributes> = {
  name: 'convWeight',
  type: ([x, g], attrs) => {
    const from = image(x, 'convWeight')
    const to = image(g, 'convWeight')
    requireOneType(x, g, 'convWeight')
    if (from.n !== to.n)
      throw new TollError('shape-mismatch', `convWeight: batches of ${from.n} and ${to.n}`, {
        value: to.n,
        expected: String(from.n),
      })
    requireSizes(to.size, outputSize(from.size, attrs.kernel, attrs, 'convWeight'), 'convWeight')
    return { dtype: x.dtype, shape: [to.c, from.c, ...attrs.kernel] }
  },
  gradient: ({ inputs: [x, g], attrs }, h) => [
    apply(convTransposeOp, [g, h], { ...windowAttributes(attrs), size: image(x, 'convWeight').size }),
    apply(convOp, [x, h], windowAttributes(attrs)),
  ],
  // dT/dw is a convolution too: batch and channels change places, g is the kernel, stride and dilation are swapped. The
  // rows that the stride cut off make the result a little larger than the kernel; a smaller pad at the bottom and right
  // (or a slice) removes them.
  lower: (to, { attrs, inputs: [x, g] }, [xName, gName]) => {
    const [from, out] = [image(x, 'convWeight').size, image(g, 'convWeight').size]
    const spare = ([0, 1] as const).map(
      (axis) =>
        from[axis] +
        attrs.pads[axis] +
        attrs.pads[axis + 2] -
        (out[axis] - 1) * attrs.strides[axis] -
        1 -
        (attrs.kernel[axis] - 1) * attrs.dilations[axis],
    )
    const cut = spare.map((extra, axis) => Math.min(extra, attrs.pads[axis + 2]))
    const swap = (name: string) => to.emit('Transpose', [name], { perm: [1, 0, 2, 3] })
    const raw = to.emit('Conv', [swap(xName), swap(gName)], {
      kernel_shape: out,
      strides: attrs.dilations,
      dilations: attrs.strides,
      pads: [attrs.pads[0], attrs.pads[1], attrs.pads[2] - cut[0], attrs.pads[3] - cut[1]],
    })
    const oversize = spare.some((extra, axis) => extra - cut[axis] >= attrs.dilations[axis])
    const ints = (values: readonly number[]) => to.constant('int64', [values.length], values)
    const exact = oversize ? to.emit('Slice', [raw, ints([0, 0]), ints(attrs.kernel), ints([2, 3])]) : raw
    return swap(exact)
  },
  evaluate: ([x, g], attrs, { shape }) => {
    const w = { shape, data: new Float64Array(sizeOf(shape)) }
    contract(x, w, g, attrs, (xs, ws, gs, i, j, k) => {
      ws[j] += xs[i] * gs[k]
    })
    return w.data
  },
  // Both operands and the result change the order of their axes first or last; pieces are rows of the kernel.
  work: ([x, g], _, w) => {
    const moved = bytesOf(x) + bytesOf(g) + bytesOf(w)
    return {
      products: termsOf(x, w, g),
      elementwise: 0,
      bytes: 3 * moved,
      pieces: x.shape[0] * x.shape[1] * g.shape[2] * g.shape[3] * w.shape[2],
      scratch: moved,
    }
  },
  samples: [
    { inputs: [{ shape: [2, 3, 5, 6] }, { shape: [2, 4, 3, 5] }], attrs: { ...windowOf({}), kernel: [3, 2] } },
    {
      inputs: [{ shape: [1, 2, 8, 7] }, { shape: [1, 3, 4, 4] }],
      attrs: { ...windowOf({ strides: 2, pads: 1 }), kernel: [3, 3] },
    },
    {
      inputs: [{ shape: [2, 1, 8, 7] }, { shape: [2, 2, 2, 4] }],
      attrs: { ...windowOf({ strides: [3, 2], pads: [0, 1, 2, 0], dilations: [2, 1] }), kernel: [3, 2] },
    },
  ],
}

/** Multiplications and additions of T: every weight meets every position of g. */
function termsOf(x: ConcreteType, w: ConcreteType, g: ConcreteType): number {
  return 2 * x.shape[0] * sizeOf(w.shape) * g.shape[2] * g.shape[3]
}

/**
 * Pairs of an image of one channel and a weight of its kernel: for each, the rows of x under it are copied out, or back
 * in.
 */
function kernelRows(x: ConcreteType, w: ConcreteType): number {
  return x.shape[0] * x.shape[1] * w.shape[2] * w.shape[3]
}

type Block = Pick<Value, 'data'> & { readonly shape: readonly number[] }

/** Visits every term of the trilinear form with the positions of its three factors. */
function contract(
  x: Block,
  w: Block,
  g: Block,
  { strides, pads, dilations }: Window,
  visit: (xs: Float64Array, ws: Float64Array, gs: Float64Array, i: number, j: number, k: number) => void,
): void {
  const [batch, channels, height, width] = x.shape
  const [outputs, , kh, kw] = w.shape
  const [, , oh, ow] = g.shape
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outputs; o++) {
      for (let c = 0; c < channels; c++) {
        for (let i = 0; i < kh; i++) {
          for (let j = 0; j < kw; j++) {
            const weight = ((o * channels + c) * kh + i) * kw + j
            for (let y = 0; y < oh; y++) {
              const row = y * strides[0] + i * dilations[0] - pads[0]
              if (row < 0 || row >= height) continue
              const from = ((n * channels + c) * height + row) * width
              const to = ((n * outputs + o) * oh + y) * ow
              for (let k = 0; k < ow; k++) {
                const column = k * strides[1] + j * dilations[1] - pads[1]
                if (column >= 0 && column < width) visit(x.data, w.data, g.data, from + column, weight, to + k)
              }
            }
          }
        }
      }
    }
  }
}
