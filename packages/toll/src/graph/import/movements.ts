// ONNX operators that move, repeat, select and measure: shapes, slices, padding, constants of a shape.

import { sizeOf } from '../../base/index.js'
import { split } from '../compose.js'
import { cast, greater, where } from '../ops/elementwise.js'
import { gather } from '../ops/gather.js'
import { constant, dimSize } from '../ops/leaf.js'
import { broadcastTo } from '../ops/reduce.js'
import { concat, pad, reshape, slice, transpose } from '../ops/shape.js'
import { broadcastShapes, normalizeAxes, type Shape, type Tensor } from '../tensor.js'
import { largestUnrolled, type Readers, type Site } from './site.js'
import { readTensor } from './values.js'

export const movements: Readers = {
  Constant: (site) => {
    const kinds = Object.keys(site.node.attributes)
    site.require(kinds.length === 1, `a constant needs one attribute, got ${kinds.length}`)
    const tensor = site.tensor('value')
    if (tensor) return readTensor(tensor, 'the constant')
    if (kinds[0] === 'value_float') return constant(site.float('value_float', 0))
    if (kinds[0] === 'value_floats') return constant(site.floats('value_floats')!)
    if (kinds[0] === 'value_int') return constant(site.int('value_int', 0), [], 'int64')
    if (kinds[0] === 'value_ints') return constant(site.ints('value_ints')!, undefined, 'int64')
    return site.refuse(`attribute '${kinds[0]}' is not supported`)
  },
  ConstantOfShape: (site) => {
    const shape = site.sizes(0)
    const tensor = site.tensor('value')
    const value = tensor ? readTensor(tensor, 'the constant') : constant(0)
    site.require(sizeOf(value.shape as number[]) === 1, 'the constant must have one value')
    return broadcastTo(reshape(value, []), shape)
  },
  Shape: (site) => {
    const { shape } = site.input(0)
    const part = shape.slice(site.int('start', 0), site.int('end') ?? shape.length)
    return sizesTensor(part)
  },
  Size: (site) =>
    constant(
      site.input(0).shape.reduce<number>((product, dim) => product * site.size(dim, 'a size'), 1),
      [],
      'int64',
    ),
  Reshape: (site) => {
    const x = site.input(0)
    const literal = site.int('allowzero', 0) !== 0
    const target = site
      .sizes(1)
      .map((dim, i) =>
        dim === 0 && !literal
          ? (x.shape[i] ?? site.refuse(`size ${i} cannot be copied from ${x.shape.length} axes`))
          : dim,
      )
    return reshape(x, target)
  },
  Flatten: (site) => {
    const x = site.input(0)
    const at = site.int('axis', 1)
    const axis = at < 0 ? at + x.shape.length : at
    site.require(axis >= 0 && axis <= x.shape.length, `axis ${at} does not fit ${x.shape.length} axes`)
    return reshape(x, [productOf(site, x.shape.slice(0, axis)), productOf(site, x.shape.slice(axis))])
  },
  Squeeze: (site) => {
    const x = site.input(0)
    const axes = site.moved('axes', 13, 1)
    const gone = axes
      ? normalizeAxes(axes, x.shape.length, 'axes')
      : x.shape.flatMap((dim, i) => (dim === 1 ? [i] : []))
    site.require(
      gone.every((axis) => x.shape[axis] === 1),
      'only axes of size 1 can go',
    )
    const shape = x.shape.filter((_, i) => !gone.includes(i))
    const [size] = shape.length === 0 && x.dtype === 'int64' ? (site.knownSizes(0) ?? []) : []
    return typeof size === 'string' ? dimSize(size, 'int64') : reshape(x, shape)
  },
  Unsqueeze: (site) => {
    const x = site.input(0)
    const axes = site.moved('axes', 13, 1) ?? site.refuse('the axes are missing')
    const rank = x.shape.length + axes.length
    const added = normalizeAxes(axes, rank, 'axes')
    const old = [...x.shape]
    return reshape(
      x,
      Array.from({ length: rank }, (_, i) => (added.includes(i) ? 1 : old.shift()!)),
    )
  },
  Transpose: (site) => transpose(site.input(0), site.ints('perm')),
  Concat: (site) => concat(site.inputs(), site.int('axis') ?? site.refuse('the axis is missing')),
  Split: readSplit,
  Slice: readSlice,
  Pad: readPad,
  Expand: (site) => {
    const x = site.input(0)
    return broadcastTo(x, broadcastShapes(x.shape, site.sizes(1), 'Expand'))
  },
  Tile: (site) => {
    const repeats = site.integers(1) ?? site.refuse('the repeats are missing')
    const x = site.input(0)
    site.require(
      repeats.length === x.shape.length && repeats.every((count) => count >= 1),
      'expected one positive count per axis',
    )
    return repeats.reduce((value, count, axis) => {
      if (count === 1) return value
      const size = site.size(value.shape[axis], 'a repeated axis')
      const [head, tail] = [value.shape.slice(0, axis), value.shape.slice(axis + 1)]
      return reshape(broadcastTo(reshape(value, [...head, 1, size, ...tail]), [...head, count, size, ...tail]), [
        ...head,
        count * size,
        ...tail,
      ])
    }, x)
  },
  // Blocks of b x b pixels to channels and back: axes split, exchanged and joined.
  DepthToSpace: (site) => {
    const x = site.input(0)
    const [h, w] = site.plane(x)
    const block = blockSize(site)
    const rest = site.size(x.shape[1], 'the number of channels') / (block * block)
    site.require(Number.isInteger(rest), 'the channels do not fill whole blocks')
    const columnsFirst = site.text('mode', 'DCR') === 'CRD'
    const parts = columnsFirst ? [rest, block, block, h, w] : [block, block, rest, h, w]
    const perm = columnsFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]
    return reshape(transpose(reshape(x, [x.shape[0], ...parts]), perm), [x.shape[0], rest, h * block, w * block])
  },
  SpaceToDepth: (site) => {
    const x = site.input(0)
    const [h, w] = site.plane(x)
    const block = blockSize(site)
    const channels = site.size(x.shape[1], 'the number of channels')
    site.require(h % block === 0 && w % block === 0, 'the image does not fall into whole blocks')
    const [n, height, width] = [x.shape[0], h / block, w / block]
    const blocks = transpose(reshape(x, [n, channels, height, block, width, block]), [0, 3, 5, 1, 2, 4])
    return reshape(blocks, [n, channels * block * block, height, width])
  },
}

function blockSize(site: Site): number {
  const block = site.int('blocksize', 0)
  site.require(block >= 1, `attribute 'blocksize' must be at least 1, got ${block}`)
  return block
}

/** Sizes as an int64 vector; where they have only names, put together from the inputs when the graph runs. */
function sizesTensor(shape: Shape): Tensor {
  if (shape.every((dim) => typeof dim === 'number')) return constant(shape, [shape.length], 'int64')
  return concat(
    shape.map((dim) => reshape(dimSize(dim, 'int64'), [1])),
    0,
  )
}

/** The product of sizes of which at most one has a name, and then alone. */
function productOf(site: Site, shape: Shape): Shape[number] {
  const named = shape.filter((dim) => typeof dim === 'string')
  const known = shape.reduce<number>((product, dim) => (typeof dim === 'number' ? product * dim : product), 1)
  if (named.length === 0) return known
  return named.length === 1 && known === 1 ? named[0] : site.refuse(`the product of (${shape.join(', ')}) has no name`)
}

function readSplit(site: Site): Tensor[] {
  const x = site.input(0)
  const axis = site.axis('axis', 0)
  const count = site.node.outputs.length
  const size = site.size(x.shape[axis], 'the axis to split')
  const chunk = Math.ceil(size / count)
  const even = Array.from({ length: count }, (_, i) => Math.min(chunk, size - i * chunk))
  const sizes = site.moved('split', 13, 1) ?? even
  site.require(
    sizes.length === count && sizes.reduce((a, b) => a + b, 0) === size,
    `${count} pieces of ${sizes.join(', ')} do not make ${size}`,
  )
  return split(x, sizes, axis)
}

function readSlice(site: Site): Tensor {
  const x = site.input(0)
  const [starts, ends] = ['starts', 'ends'].map(
    (name, i) => site.moved(name, 10, i + 1) ?? site.refuse(`the ${name} are missing`),
  )
  const axes = site.moved('axes', 10, 3) ?? starts.map((_, i) => i)
  const steps = (site.opset < 10 ? undefined : site.integers(4)) ?? starts.map(() => 1)
  site.require(
    [ends, axes, steps].every((list) => list.length === starts.length),
    'starts, ends, axes and steps must be equally long',
  )
  return axes.reduce((value, at, i) => {
    const [axis] = normalizeAxes([at], x.shape.length, 'axes')
    const dim = value.shape[axis]
    const [start, end, step] = [starts[i], ends[i], steps[i]]
    if (typeof dim === 'string' && start === 0 && end >= 2 ** 31 - 1 && step === 1) return value
    const size = site.size(dim, 'the sliced axis')
    const clamp = (index: number, low: number, high: number) =>
      Math.min(Math.max(index < 0 ? index + size : index, low), high)
    site.require(step !== 0, 'a step of 0')
    if (step > 0) return slice(value, axis, clamp(start, 0, size), clamp(end, 0, size), Math.min(step, size))
    const [from, to] = [clamp(start, 0, size - 1), clamp(end, -1, size - 1)]
    const count = Math.ceil((from - to) / -step)
    site.require(count >= 1 && count <= largestUnrolled, `a backward slice of ${count} elements`)
    return gather(
      value,
      constant(
        Array.from({ length: count }, (_, k) => from + k * step),
        undefined,
        'int64',
      ),
      axis,
    )
  }, x)
}

/** The element of an axis that stands at a position outside it. */
const mirrors: Readonly<Record<string, (index: number, size: number) => number>> = {
  edge: (index, size) => Math.min(Math.max(index, 0), size - 1),
  wrap: (index, size) => ((index % size) + size) % size,
  reflect: (index, size) => {
    const period = Math.max(2 * (size - 1), 1)
    const at = ((index % period) + period) % period
    return at < size ? at : period - at
  },
}

function readPad(site: Site): Tensor {
  const x = site.input(0)
  const rank = x.shape.length
  const pads = site.moved('pads', 11, 1) ?? site.refuse('the pads are missing')
  const axes = axesInOrder((site.opset < 18 ? undefined : site.integers(3)) ?? x.shape.map((_, i) => i), rank)
  site.require(pads.length === 2 * axes.length, `${axes.length} axes need ${2 * axes.length} pads, got ${pads.length}`)
  const amounts = (offset: number) =>
    x.shape.map((_, axis) => (axes.includes(axis) ? pads[axes.indexOf(axis) + offset] : 0))
  const [before, after] = [amounts(0), amounts(axes.length)]
  const mode = site.text('mode', 'constant')
  if (mode !== 'constant') {
    site.require(Object.hasOwn(mirrors, mode), `mode '${mode}' does not exist`)
    return x.shape.reduce<Tensor>((value, dim, axis) => {
      if (before[axis] === 0 && after[axis] === 0) return value
      const size = site.size(dim, 'a padded axis')
      const length = size + before[axis] + after[axis]
      site.require(size >= 1 && length >= 1 && length <= largestUnrolled, `padding an axis of ${size} to ${length}`)
      return gather(
        value,
        constant(
          Array.from({ length }, (_, i) => mirrors[mode](i - before[axis], size)),
          undefined,
          'int64',
        ),
        axis,
      )
    }, x)
  }
  const value = site.opset < 11 ? site.float('value', 0) : (site.scalar(2) ?? 0)
  const padded = pad(x, before, after)
  if (value === 0) return padded
  const inside = pad(broadcastTo(constant(1, [], 'float32'), x.shape), before, after)
  return where(greater(inside, 0), padded, cast(constant(value, [], x.dtype), x.dtype))
}

function axesInOrder(axes: readonly number[], rank: number): number[] {
  normalizeAxes(axes, rank, 'axes')
  return axes.map((axis) => (axis < 0 ? axis + rank : axis))
}
