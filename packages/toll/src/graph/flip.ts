// Transposed convolutions as convolutions with the kernel turned around: a result gathers what it is made of, where a
// transposed convolution scatters what every input adds to, which onnxruntime's CPU provider does in one thread. With a
// constant kernel, as in scoring, the convolution also takes its bias and activation along and stays in the provider's
// layout of blocked channels.
//
// When that pays was measured there (two cores with AVX-512, 32 images, ms with one thread and with two, before ->
// after), and depends on shapes only:
//   32-32 k5, 784 to 1024 positions    11.6 -> 9.6    9.2 -> 5.2     the CIFAR scorer as a whole 44.7 -> 42.4, 28.8 ->
//   25.6
//   128-64 k4, 100 to 169 positions     6.4 -> 7.0    4.1 -> 4.0     left alone: the zeros around the image cost more
//   stride 2, as a convolution for every pair of first row and column, and their results interleaved: 42.4 -> 45.2,
//   25.6 -> 28.7

import { sizeOf } from '../base/index.js'
import { conv, type Window } from './ops/conv.js'
import { constant } from './ops/leaf.js'
import type { Rule } from './rewrite.js'
import { isFloat, type Tensor } from './tensor.js'

/** Results per input above which the zeros around the image are too many. */
const mostGrowth = 1.4

export const gatherInstead: Rule = ({ inputs: [g, w], attrs, shape }) => {
  const { strides, pads, dilations } = attrs as Window
  const [kh, kw] = w.shape.slice(2) as number[]
  const grown = sizeOf(shape.slice(2) as number[]) / sizeOf(g.shape.slice(2) as number[])
  if (
    w.op.name !== 'constant' ||
    !isFloat(w.dtype) ||
    kh * kw === 1 ||
    strides.some((stride) => stride !== 1) ||
    grown > mostGrowth
  )
    return undefined
  const reach = [dilations[0] * (kh - 1), dilations[1] * (kw - 1)]
  const around = pads.map((pad, side) => reach[side % 2] - pad)
  return around.some((pad) => pad < 0)
    ? undefined
    : conv(g, turned(w), { pads: around as unknown as Window['pads'], dilations })
}

/** A constant kernel (in, out, kh, kw) as (out, in, kh, kw), its rows and columns from the last to the first. */
function turned({ shape, attrs, dtype }: Tensor): Tensor {
  const [from, to, kh, kw] = shape as readonly number[]
  const data = attrs.data as Float32Array
  const size = kh * kw
  const kernel = data.map((_, at) => {
    const [o, i, pixel] = [Math.floor(at / (from * size)), Math.floor(at / size) % from, at % size]
    return data[(i * to + o + 1) * size - 1 - pixel]
  })
  return constant(kernel, [to, from, kh, kw], dtype)
}
