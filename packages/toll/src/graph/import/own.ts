// Readers of the ops that patterns recognise: ours, with the plain composition wherever a file only looks like ours.

import { conv, convSize, convWeightOp, windowOf } from '../ops/conv.js'
import { gate, gateOp, gateUnit, max, min, mul, reciprocalOrZero, softplus } from '../ops/elementwise.js'
import { maxPoolIndex } from '../ops/gather.js'
import { embedOp, pad, reshape, slice, transpose } from '../ops/shape.js'
import { apply, sameShape, type Tensor } from '../tensor.js'
import type { Readers, Site } from './site.js'
import { readWindow } from './window.js'

export const own: Readers = {
  softplus: (site) => softplus(site.input(0)),
  reciprocalOrZero: (site) => reciprocalOrZero(site.input(0)),
  gate: (site) => {
    const [g, x] = site.inputs()
    const slope = site.float('slope', 0)
    if (site.int('units', 0) === 1) {
      return sameShape(g.shape, x.shape)
        ? apply(gateOp, [g, x], { slope, unit: gateUnit })
        : mul(g, min(max(x, slope * gateUnit), gateUnit))
    }
    return sameShape(g.shape, x.shape) ? gate(g, x, slope) : mul(g, min(max(mul(x, 1e38), slope), 1))
  },
  convWeight: readConvWeight,
  maxPoolIndex: (site) => {
    const x = site.input(0)
    const [height, width] = site.plane(x)
    site.require(
      site.int('plane') === height * width && site.int('storage_order', 0) === 0,
      'Mod is supported only where it counts positions in a plane',
    )
    const { kernel, window } = readWindow(site, [height, width])
    return maxPoolIndex(x, kernel, window)
  },
  spread: readSpread,
}

// The pads that lowering left are a normal form: with them the rows that the stride cut off are gone, or were never
// padding.
function readConvWeight(site: Site): Tensor {
  const [x, g] = site.inputs()
  const exchange = (value: Tensor) => transpose(value, [1, 0, 2, 3])
  const list = (name: string) => site.ints(name) as [number, number]
  const pads = site.ints('pads') as unknown as [number, number, number, number]
  const window = windowOf({ strides: list('dilations'), dilations: list('strides'), pads })
  const from = site.plane(x)
  const out = site.plane(g)
  const backward = windowOf({ strides: window.dilations, dilations: window.strides, pads })
  const kernel = (site.ints('kernel') ??
    ([0, 1] as const).map((axis) => convSize(from[axis], out[axis], axis, backward))) as [number, number]
  const exact = ([0, 1] as const).every(
    (axis) => kernel[axis] >= 1 && convSize(from[axis], kernel[axis], axis, window) === out[axis],
  )
  if (exact) return apply(convWeightOp, [x, g], { ...window, kernel })
  const raw = conv(exchange(x), exchange(g), backward)
  return exchange(site.has('kernel') ? slice(slice(raw, 2, 0, kernel[0]), 3, 0, kernel[1]) : raw)
}

function readSpread(site: Site): Tensor {
  const x = site.input(0)
  const joined = site.sizes(1)
  const [axis, step, before, after] = ['axis', 'step', 'before', 'after'].map((name) => site.int(name, 0))
  site.require(axis >= 0 && axis < x.shape.length && before >= 0 && after >= 0, 'the padding does not fit')
  const length = site.size(x.shape[axis], 'the padded axis')
  const end = site.int('end', length * step)
  const own =
    sameShape(
      joined,
      x.shape.map((dim, i) => (i === axis ? length * step : dim)),
    ) &&
    end <= length * step &&
    end > (length - 1) * step
  if (own)
    return apply(embedOp, [x], {
      axis,
      start: before,
      end: before + (length - 1) * step + 1,
      step,
      size: before + end + after,
    })
  const column = reshape(x, [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)])
  const along = (at: number, low: number, high: number, value: Tensor) => {
    const amounts = (amount: number) => value.shape.map((_, i) => (i === at ? amount : 0))
    return pad(value, amounts(low), amounts(high))
  }
  const wide = reshape(along(axis + 1, 0, step - 1, column), joined)
  return along(axis, before, after, site.has('end') ? slice(wide, axis, 0, end) : wide)
}
