// Convolutions of small images, made wide: b images (or channels) are interleaved pixel by pixel along the width, and
// the kernel steps over b of them at a time (its dilation). A CPU computes a convolution image by image, as one matrix
// product over the positions of the result; with b images in one, the product is b times as wide, the kernels are read
// once for all of them, and what is copied for a product lies in long runs. The sums are the same, in the same order of
// terms.
//
// When that pays was measured on onnxruntime's CPU provider (two cores with AVX-512, one thread, the convolutions of
// the paper's networks, ms before -> after), and depends on shapes only, so that the same graph always gives the same
// program:
//   conv           64-512 k4, 16 positions    24 -> 14     256-512 k4, 49 positions    176 -> 144    64-128 k4, 100
//   positions  12.2 -> 10.7
//   its stride 2   128-256 k4, 16 positions   7.4 -> 5.6 without its transposes
//   convTranspose  64-512 k4, 16 positions    33 -> 22     512-256 k4, 49 positions    230 -> 175    64-128 k4, 100
//   positions  12.0 -> 12.7
//   its stride 2   256-128 k4, 16 positions  14.3 -> 10.1  256-128 k4, 100 positions   137 -> 180
//   convWeight     32-32 k5                    44 -> 23     64-128 k4                  13.5 -> 9.5    256-512 k4
//   164 -> 141
//   its stride 2   128-256 k4                 9.9 -> 6.9    32-64 k4                    8.8 -> 5.1

import { sizeOf } from '../base/index.js'
import { conv, convTransposeOp, type Window } from './ops/conv.js'
import { add } from './ops/elementwise.js'
import { reshape, slice, transpose } from './ops/shape.js'
import type { Rule } from './rewrite.js'
import { apply, sameShape, type Tensor } from './tensor.js'

/** Positions of a result from which a convolution, or its transposition, is left as it is. */
const manyPositions = { conv: 128, stridedConv: 64, convTranspose: 64 } as const

/** Positions that interleaved images have at most. */
const widest = 512

/** Terms of a kernel from which its products outweigh the copies around them. */
const largeKernel = 16_384

/** The largest divisor of `count` up to `most`. */
function divisorUpTo(most: number, count: number): number {
  let divisor = Math.max(1, Math.min(Math.floor(most), count))
  while (count % divisor !== 0) divisor--
  return divisor
}

/** (n, c, h, w) to (n / b, c, h, w b): the width runs over pixels first, images within. */
function join(images: Tensor, b: number): Tensor {
  const [n, c, h, w] = images.shape as readonly number[]
  return reshape(transpose(reshape(images, [n / b, b, c, h, w]), [0, 2, 3, 4, 1]), [n / b, c, h, w * b])
}

/** (m, c, h, w b) to (m b, c, h, w) */
function part(joined: Tensor, b: number): Tensor {
  const [m, c, h, width] = joined.shape as readonly number[]
  return reshape(transpose(reshape(joined, [m, c, h, width / b, b]), [0, 4, 1, 2, 3]), [m * b, c, h, width / b])
}

function isPlain({ pads, dilations }: Window): boolean {
  return pads.every((pad) => pad === 0) && dilations.every((dilation) => dilation === 1)
}

/**
 * How many images to join, 1 where that does not pay: for a batch of known size, kernels that change, and few
 * positions.
 */
function imagesToJoin(small: Tensor, w: Tensor, positions: number, limit: number): number {
  const [n] = small.shape
  const pays =
    typeof n === 'number' &&
    w.op.name !== 'constant' &&
    positions <= limit &&
    sizeOf(w.shape as readonly number[]) >= largeKernel
  return pays ? divisorUpTo(widest / positions, n) : 1
}

/** (n, c, h, w) to (n, s c, h, w / s): columns 0, s, ... of all channels, then columns 1, s + 1, ... */
function columnsApart(x: Tensor, s: number): Tensor {
  const [n, c, h, w] = x.shape as readonly number[]
  return reshape(transpose(reshape(x, [n, (c * h * w) / s, s]), [0, 2, 1]), [n, s * c, h, w / s])
}

export const joinConv: Rule = ({ inputs: [x, w], attrs, shape }) => {
  const window = attrs as Window
  const [rows, columns] = window.strides
  if (!isPlain(window) || sizeOf(w.shape.slice(2) as number[]) === 1) return undefined
  const limit = rows === 1 && columns === 1 ? manyPositions.conv : manyPositions.stridedConv
  const b = imagesToJoin(x, w, sizeOf(shape.slice(2) as number[]), limit)
  if (b === 1) return undefined
  if (columns === 1) return part(conv(join(x, b), w, { strides: window.strides, dilations: [1, b] }), b)
  // A stride of s meets columns 0, s, ... with columns 0, s, ... of the kernel, and so on: as channels of their own
  // they need no stride.
  if (Number(x.shape[3]) % columns !== 0 || Number(w.shape[3]) % columns !== 0) return undefined
  return part(
    conv(join(columnsApart(x, columns), b), columnsApart(w, columns), { strides: [rows, 1], dilations: [1, b] }),
    b,
  )
}

export const joinConvTranspose: Rule = ({ inputs: [g, w], attrs, shape }) => {
  const window = attrs as Window
  const [, channels, height, width] = shape as readonly number[]
  if (!isPlain(window) || sizeOf(w.shape.slice(2) as number[]) === 1) return undefined
  const b = imagesToJoin(g, w, sizeOf(g.shape.slice(2) as number[]), manyPositions.convTranspose)
  if (b === 1) return undefined
  const [rows, columns] = window.strides
  if (columns === 1) {
    const joined = apply(convTransposeOp, [join(g, b), w], { ...window, dilations: [1, b], size: [height, width * b] })
    return part(joined, b)
  }
  // Between the pixels that a stride of s leaves free stand s results of stride 1: those of columns 0, s, ..., of 1, s
  // + 1, ..., each with its own columns of the kernel. They are made as channels.
  if (width % columns !== 0 || Number(w.shape[3]) % columns !== 0) return undefined
  const size = [height, (width / columns) * b] as const
  const joined = apply(convTransposeOp, [join(g, b), columnsApart(w, columns)], {
    ...window,
    strides: [rows, 1],
    dilations: [1, b],
    size,
  })
  const n = g.shape[0] as number
  // In two moves: runs of b pixels to their columns, then images apart; onnxruntime has fast paths for moves of one
  // axis.
  const columnsLast = transpose(
    reshape(joined, [n / b, columns, channels * height * (width / columns), b]),
    [0, 2, 1, 3],
  )
  return part(reshape(columnsLast, [n / b, channels, height, width * b]), b)
}

// The weight gradient is a convolution with batch and channels swapped: its images are the channels of x, its positions
// the few of the kernel. All channels join: (c, n, h, w) becomes (1, n, h, w c).
export const joinConvWeight: Rule = ({ inputs: [x, g], attrs, shape }) => {
  const {
    strides,
    pads: [top, left, bottom, right],
    dilations,
  } = attrs as Window
  const [n, ...image] = x.shape
  const [c, h, w] = image as readonly number[]
  const [out, , kh, kw] = shape as readonly number[]
  if (typeof n !== 'number' || c === 1 || kh * kw === 1 || dilations.some((dilation) => dilation !== 1))
    return undefined
  const joined = reshape(transpose(reshape(x, [n, c, h * w]), [0, 2, 1]), [1, n, h, w * c])
  const raw = conv(joined, transpose(g, [1, 0, 2, 3]), {
    dilations: [strides[0], strides[1] * c],
    pads: [top, left * c, bottom, right * c],
  })
  // The rows and columns that the stride cut off make the result a little larger than the kernel.
  const exact = slice(slice(raw, 2, 0, kh), 3, 0, kw * c)
  return reshape(transpose(reshape(exact, [out, kh * kw, c]), [0, 2, 1]), shape)
}

// A sum with one value per channel enters the convolution as its bias, where it costs no pass of its own.
export const biasInside: Rule = ({ inputs: [parted, bias], shape }) => {
  if (parted.op.name !== 'reshape' || !sameShape(bias.shape, [1, shape[1], 1, 1]) || !sameShape(parted.shape, shape))
    return undefined
  const [apart] = parted.inputs
  if (apart.op.name !== 'transpose' || String(apart.attrs.perm) !== '0,4,1,2,3') return undefined
  const [split] = apart.inputs
  const joined = split.op.name === 'reshape' ? split.inputs[0] : split
  if ((joined.op.name !== 'conv' && joined.op.name !== 'convTranspose') || joined.shape[1] !== shape[1])
    return undefined
  return part(add(joined, bias), split.shape[4] as number)
}
