// The geometry of convolutions and pools as ONNX writes it: kernel, strides, dilations, pads given or worked out
// (auto_pad, ceil_mode).

import { windowOf, type Window } from '../ops/conv.js'
import type { Site } from './site.js'

type Pair = readonly [number, number]

export interface ReadWindow {
  readonly kernel: Pair
  readonly window: Window
  /** Rows and columns at the bottom and right that rounding up adds beyond the padding. */
  readonly beyond: Pair
}

export function pair(site: Site, name: string, otherwise: number): Pair {
  const value = site.ints(name) ?? [otherwise, otherwise]
  site.require(value.length === 2, `attribute '${name}' must have two values, got ${value.length}`)
  return [value[0], value[1]]
}

/**
 * Reads the window that slides over a plane; `kernel` is the attribute kernel_shape unless it is known from a weight.
 */
export function readWindow(site: Site, plane: Pair, weight?: Pair): ReadWindow {
  const kernel = weight ?? pair(site, 'kernel_shape', 0)
  site.require(
    kernel.every((size) => Number.isInteger(size) && size >= 1),
    `a kernel of ${kernel.join(' x ')} is too small`,
  )
  const strides = pair(site, 'strides', 1)
  const dilations = pair(site, 'dilations', 1)
  const { pads } = windowOf({ strides, dilations, pads: readPads(site, plane, kernel, strides, dilations) })
  const window = { strides, dilations, pads }
  if (site.int('ceil_mode', 0) === 0) return { kernel, window, beyond: [0, 0] }
  const beyond = ([0, 1] as const).map((axis) => {
    const covered = plane[axis] + pads[axis] + pads[axis + 2]
    const span = dilations[axis] * (kernel[axis] - 1) + 1
    const up = Math.ceil((covered - span) / strides[axis]) + 1
    // A window that would start behind the image and its padding does not count.
    const outputs = (up - 1) * strides[axis] >= plane[axis] + pads[axis] ? up - 1 : up
    return Math.max((outputs - 1) * strides[axis] + span - covered, 0)
  })
  return { kernel, window, beyond: [beyond[0], beyond[1]] }
}

function readPads(
  site: Site,
  plane: Pair,
  kernel: Pair,
  strides: Pair,
  dilations: Pair,
): readonly [number, number, number, number] {
  const mode = site.text('auto_pad', 'NOTSET')
  if (mode === 'VALID') return [0, 0, 0, 0]
  if (mode === 'NOTSET') {
    const pads = site.ints('pads') ?? [0, 0, 0, 0]
    site.require(pads.length === 4, `attribute 'pads' must have four values, got ${pads.length}`)
    return [pads[0], pads[1], pads[2], pads[3]]
  }
  site.require(mode === 'SAME_UPPER' || mode === 'SAME_LOWER', `auto_pad '${mode}' does not exist`)
  const total = ([0, 1] as const).map((axis) => {
    const outputs = Math.ceil(plane[axis] / strides[axis])
    const needed = (outputs - 1) * strides[axis] + dilations[axis] * (kernel[axis] - 1) + 1 - plane[axis]
    return Math.max(needed, 0)
  })
  return splitPads(total, mode === 'SAME_UPPER')
}

/** Half of the padding on either side; the odd one at the end for `upper`. */
export function splitPads(total: readonly number[], upper: boolean): readonly [number, number, number, number] {
  const [small, large] = [total.map((amount) => Math.floor(amount / 2)), total.map((amount) => Math.ceil(amount / 2))]
  const [begin, end] = upper ? [small, large] : [large, small]
  return [begin[0], begin[1], end[0], end[1]]
}
