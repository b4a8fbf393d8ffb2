// ONNX operators that address elements by integer tensors.

import { add, greater, less, mul, where } from '../ops/elementwise.js'
import { gather, gatherElements, scatterAdd, scatterElementsAdd } from '../ops/gather.js'
import { topIndices } from '../ops/select.js'
import { constant } from '../ops/leaf.js'
import { broadcastTo } from '../ops/reduce.js'
import { reshape, slice } from '../ops/shape.js'
import { isFloat, sameShape, type Shape, type Tensor } from '../tensor.js'
import type { Readers, Site } from './site.js'

export const lookups: Readers = {
  Gather: (site) => gather(site.input(0), site.input(1), site.int('axis', 0)),
  GatherElements: (site) => {
    const [x, indices] = [site.input(0), site.input(1)]
    const axis = site.axis('axis', 0)
    site.require(indices.shape.length === x.shape.length, 'data and indices need equally many axes')
    return gatherElements(fitTo(x, indices.shape, axis), indices, axis)
  },
  GatherND: (site) => {
    const [x, indices] = [site.input(0), site.input(1)]
    site.require(site.int('batch_dims', 0) === 0, 'batch axes are not supported')
    const { rows, flat, depth } = flatten(site, x, indices)
    return gather(reshape(x, [rows, ...x.shape.slice(depth)]), flat, 0)
  },
  ScatterND: (site) => {
    const [x, indices, updates] = site.inputs()
    const { rows, flat, depth } = flatten(site, x, indices)
    const spread = (value: Tensor) => reshape(scatterAdd(value, flat, rows), x.shape)
    site.require(
      sameShape(updates.shape, [...indices.shape.slice(0, -1), ...x.shape.slice(depth)]),
      'updates do not fit data and indices',
    )
    return combine(site, x, updates, spread)
  },
  ScatterElements: readScatterElements,
  Scatter: readScatterElements,
  TopK: (site) => {
    const x = site.input(0)
    site.require(site.axis('axis', -1) === x.shape.length - 1, 'only the last axis is supported')
    const [k] = site.opset < 10 ? [site.int('k', 0)] : (site.integers(1) ?? [])
    const indices = topIndices(x, k, { largest: site.int('largest', 1) !== 0 })
    return [gatherElements(x, indices, -1), indices]
  },
}

function readScatterElements(site: Site): Tensor {
  const [x, indices, updates] = site.inputs()
  const axis = site.axis('axis', 0)
  const size = site.size(x.shape[axis], 'the addressed axis')
  site.require(
    x.shape.every((dim, i) => i === axis || dim === indices.shape[i]),
    'indices must span every other axis of the data',
  )
  return combine(site, x, updates, (value) => scatterElementsAdd(value, indices, axis, size))
}

/**
 * Data with updates added, or put in their place; then no two indices may be equal, as ONNX demands, and the sum of the
 * updates at a place is the update itself.
 */
function combine(site: Site, x: Tensor, updates: Tensor, spread: (value: Tensor) => Tensor): Tensor {
  const reduction = site.text('reduction', 'none')
  if (reduction === 'add') return isZero(x) ? spread(updates) : add(x, spread(updates))
  site.require(reduction === 'none' && isFloat(x.dtype), `reduction '${reduction}' of ${x.dtype} is not supported`)
  return where(greater(spread(broadcastTo(constant(1, [], x.dtype), updates.shape)), 0), spread(updates), x)
}

function isZero(x: Tensor): boolean {
  const source = x.op.name === 'broadcastTo' ? x.inputs[0] : x
  return source.op.name === 'constant' && (source.attrs.data as Float64Array).every((value) => value === 0)
}

/** Data cut to the indices along the other axes: positions beyond them are never read. */
function fitTo(x: Tensor, shape: Shape, axis: number): Tensor {
  return shape.reduce<Tensor>(
    (value, dim, i) => (i === axis || value.shape[i] === dim ? value : slice(value, i, 0, dim as number)),
    x,
  )
}

/** Index tuples (..., k) into the first k axes as indices (...) into those axes joined to one. */
function flatten(site: Site, x: Tensor, indices: Tensor): { rows: number; flat: Tensor; depth: number } {
  const batch = indices.shape.slice(0, -1)
  const depth = site.size(indices.shape.at(-1) ?? site.refuse('indices need an axis'), 'the length of an index')
  site.require(
    indices.dtype === 'int64' && depth >= 1 && depth <= x.shape.length,
    `indices of ${depth} numbers into ${x.shape.length} axes`,
  )
  const sizes = x.shape.slice(0, depth).map((dim) => site.size(dim, 'an addressed axis'))
  const rows = sizes.reduce((product, size) => product * size, 1)
  if (depth === 1) {
    const column =
      indices.op.name === 'reshape' && sameShape(indices.inputs[0].shape, batch)
        ? indices.inputs[0]
        : reshape(indices, batch)
    return { rows, flat: column, depth }
  }
  const flat = sizes
    .map((size, k) => {
      const index = reshape(slice(indices, indices.shape.length - 1, k, k + 1), batch)
      const wrapped = where(less(index, 0), add(index, size), index)
      return mul(
        wrapped,
        sizes.slice(k + 1).reduce((product, next) => product * next, 1),
      )
    })
    .reduce(add)
  return { rows, flat, depth }
}
