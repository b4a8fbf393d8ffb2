// Images: raw pixels (n, channels, height, width) to samples of the same shape. One centre and one divisor for all
// pixels, so that a graph of two nodes does it; per-image contrast normalisation is part of the same graph where asked
// for.

import * as v from 'valibot'
import {
  TollError,
  choice,
  finite,
  positiveCount,
  range,
  type FloatArray,
  type Infer,
  type NdArray,
  type Values,
} from '../base/index.js'
import { abs, add, div, max, mean, mul, sub, type Tensor } from '../graph/index.js'

export const imageParameters = {
  scale: choice({
    values: ['standard', 'minmax', 'contrast', 'none'],
    default: 'standard',
    doc:
      'standard: mean and standard deviation of all training pixels. minmax: training minimum and range. ' +
      "contrast: each image minus its mean, over its mean absolute deviation, then minmax (the paper's for " +
      'CIFAR). none: as they are.',
  }),
}

export type ImageParameters = Values<typeof imageParameters>

/** [channels, height, width]. */
export const imageShape = v.tuple([positiveCount, positiveCount, positiveCount])

/** A fitted preprocessing, plain JSON. */
export const imagePreprocessing = v.object({
  kind: v.literal('image'),
  scale: v.picklist(imageParameters.scale.values),
  shape: imageShape,
  centre: finite,
  divisor: finite,
  /** Smallest and largest training pixel, in the units of the input. */
  range,
})

export type ImagePreprocessing = Infer<typeof imagePreprocessing>

/** An image without contrast is divided by this instead of 0. */
const flat = 1e-8

/** Fits to images (n, channels, height, width); refuses pixels that are not finite (code `data`). */
export function fitImagePreprocessing(images: NdArray, { scale }: ImageParameters): ImagePreprocessing {
  const shape = images.shape.slice(1)
  if (images.shape.length !== 4 || images.data.length === 0) {
    throw new TollError(
      'shape-mismatch',
      `expected images of shape (n, channels, height, width), got (${images.shape.join(', ')})`,
      { value: images.shape, expected: '(n, channels, height, width)' },
    )
  }
  const pixels = extremes(images.data)
  const values = scale === 'contrast' ? contrastOf(images) : images.data
  const [low, high] = scale === 'contrast' ? extremes(values) : pixels
  const [centre, spread] = scale === 'standard' ? momentsOf(values) : scale === 'none' ? [0, 1] : [low, high - low]
  return {
    kind: 'image',
    scale,
    shape: shape as unknown as readonly [number, number, number],
    centre,
    divisor: spread > 0 ? spread : 1,
    range: pixels,
  }
}

/** Raw pixels (n, channels, height, width) to samples, float32. */
export function prepareImage({ scale, centre, divisor }: ImagePreprocessing, pixels: Tensor): Tensor {
  const contrasted = scale === 'contrast' ? contrast(pixels) : pixels
  return centre === 0 && divisor === 1 ? contrasted : mul(sub(contrasted, centre), 1 / divisor)
}

/** Samples back to pixels; after contrast normalisation, to normalised contrast (an image's own mean is gone). */
export function restoreImage({ centre, divisor }: ImagePreprocessing, samples: Tensor): Tensor {
  return add(mul(samples, divisor), centre)
}

function contrast(pixels: Tensor): Tensor {
  const centred = sub(pixels, mean(pixels, [1, 2, 3], true))
  return div(centred, max(mean(abs(centred), [1, 2, 3], true), flat))
}

function contrastOf({ shape, data }: NdArray): Float64Array {
  const size = data.length / shape[0]
  const result = new Float64Array(data.length)
  for (let start = 0; start < data.length; start += size) {
    let sum = 0
    for (let i = start; i < start + size; i++) sum += data[i]
    let deviation = 0
    for (let i = start; i < start + size; i++) deviation += Math.abs(data[i] - sum / size)
    const divisor = Math.max(deviation / size, flat)
    for (let i = start; i < start + size; i++) result[i] = (data[i] - sum / size) / divisor
  }
  return result
}

function extremes(values: FloatArray): [number, number] {
  let low = Infinity
  let high = -Infinity
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]))
      throw new TollError('not-finite', `pixel ${i} is ${values[i]}; pixels must be finite numbers`, {
        value: values[i],
      })
    if (values[i] < low) low = values[i]
    if (values[i] > high) high = values[i]
  }
  return [low, high]
}

function momentsOf(values: FloatArray): [number, number] {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  const centre = sum / values.length
  let squares = 0
  for (let i = 0; i < values.length; i++) squares += (values[i] - centre) ** 2
  return [centre, Math.sqrt(squares / values.length)]
}
