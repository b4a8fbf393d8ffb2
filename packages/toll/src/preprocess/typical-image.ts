// The median of every pixel over the training images, in one byte each: what explanations call a typical image. Kept in
// the manifest as base64 of levels between the smallest and the largest training pixel, 4/3 bytes for each pixel of one
// image.

import { TollError, sizeOf, type NdArray } from '../base/index.js'

const levels = 256

/** Pixels whose counts are held at once: 4 MiB. */
const block = 4096

type Range = readonly [low: number, high: number]

/**
 * The lower median of each pixel of images (n, channels, height, width), rounded to the nearest of 256 levels of
 * `range`.
 */
export function typicalImage({ shape, data }: NdArray, [low, high]: Range): string {
  const size = sizeOf(shape.slice(1))
  const middle = Math.ceil(shape[0] / 2)
  const scale = high > low ? (levels - 1) / (high - low) : 0
  const typical = new Uint8Array(size)
  for (let start = 0; start < size; start += block) {
    const end = Math.min(start + block, size)
    const counts = new Uint32Array((end - start) * levels)
    for (let row = 0; row < shape[0]; row++) {
      for (let p = start; p < end; p++)
        counts[(p - start) * levels + Math.round((data[row * size + p] - low) * scale)]++
    }
    for (let p = start; p < end; p++) {
      let level = 0
      for (let below = counts[(p - start) * levels]; below < middle; below += counts[(p - start) * levels + level])
        level++
      typical[p] = level
    }
  }
  let binary = ''
  for (const level of typical) binary += String.fromCharCode(level)
  return btoa(binary)
}

/** The image back, (channels, height, width). Error: `format` for text that is no image of this shape. */
export function readTypicalImage(text: string, shape: readonly number[], [low, high]: Range): Float32Array {
  const size = sizeOf(shape)
  let binary = ''
  try {
    binary = atob(text)
  } catch (cause) {
    throw new TollError('damaged-file', "the manifest of the model is damaged: 'input.typical' is no base64", {
      part: 'input.typical',
      cause,
    })
  }
  if (binary.length !== size)
    throw new TollError(
      'damaged-file',
      `the manifest of the model is damaged: 'input.typical' holds ${binary.length} pixels, an image has ${size}`,
      { part: 'input.typical', value: binary.length, expected: `${size} pixels` },
    )
  return Float32Array.from(binary, (character) => low + (character.charCodeAt(0) * (high - low)) / (levels - 1))
}
