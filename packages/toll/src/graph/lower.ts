// Lowering: a graph becomes one plain ONNX model. Each op emits its own nodes; here stand names, initialisers, named
// sizes and the three things no single op can see: slices that together split a tensor, products that take a bias
// along, and results that carry an output's name without a copy.

import { TollError, sizeOf } from '../base/index.js'
import {
  makeNode,
  makeTensor,
  makeValue,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from '../onnx/index.js'
import type { EmitAttribute, EmitAttributes, Lowering, OperatorDomain } from './lowering.js'
import { checkResults, sameShape, topological, type DType, type Shape, type Tensor } from './tensor.js'

/** Version of the standard operator set that lowered models use; in onnxruntime since 1.14. */
export const opsetVersion = 18
const irVersion = 8

/** Versions of the other operator sets; written only where they are used. */
const domainVersion: Readonly<Record<OperatorDomain, number>> = { 'ai.onnx.ml': 3 }

export interface LowerOptions {
  /** Entries of the model's `metadata_props`. */
  readonly metadata?: Readonly<Record<string, string>>
  readonly producerVersion?: string
  /** Inputs that the model declares even if no output needs them, in this order; others follow. */
  readonly inputs?: readonly Tensor[]
}

/** A model in which some numbers are still to be written. */
export interface LoweredModel extends OnnxModel {
  /** The initialiser of each slot. */
  readonly slots?: Readonly<Record<string, string>>
}

/** Lowers what the named outputs need. Inputs and outputs keep their names. */
export function lower(outputs: Readonly<Record<string, Tensor>>, options: LowerOptions = {}): LoweredModel {
  checkResults(outputs)
  const order = topological([...(options.inputs ?? []), ...Object.values(outputs)])
  const inputs = order.filter((node) => node.op.name === 'input')
  const names = [...inputs.map(inputName), ...Object.keys(outputs)]
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined)
    throw new TollError('duplicate-name', `inputs and outputs need different names, '${twice}' comes twice`, {
      value: twice,
    })
  const builder = new Builder(new Set(names), inputs)
  // Before everything else: a named size may be read off an input that comes later in the order.
  for (const node of inputs) builder.define(node, inputName(node))
  const splits = findSplits(order)
  const results = new Set(Object.values(outputs))
  const biased = findBiased(order, results)
  const scaled = findScaled(order, results)
  const products = new Set([...biased.values(), ...scaled.values()].map(({ product }) => product))
  for (const node of order) {
    if (builder.has(node) || products.has(node)) continue
    const parts = splits.get(node)
    const fused = biased.get(node)
    const inOnePass = scaled.get(node)
    if (parts) builder.splitInto(parts)
    else if (fused)
      builder.define(
        node,
        fused.product.op.lower(builder, fused.product, [
          ...fused.product.inputs.map((input) => builder.nameOf(input)),
          builder.vector(fused.bias),
        ]),
      )
    else if (inOnePass) builder.define(node, builder.scaled(inOnePass))
    else
      builder.define(
        node,
        node.op.lower(
          builder,
          node,
          node.inputs.map((input) => builder.nameOf(input)),
        ),
      )
  }
  for (const [name, node] of Object.entries(outputs)) builder.output(name, node)
  const nodes = builder.finish()
  return {
    irVersion,
    opsets: {
      '': opsetVersion,
      ...Object.fromEntries(
        nodes.flatMap(({ domain }) => (domain ? [[domain, domainVersion[domain as OperatorDomain]]] : [])),
      ),
    },
    producerName: 'toll',
    ...(options.producerVersion && { producerVersion: options.producerVersion }),
    metadata: options.metadata ?? {},
    graph: {
      name: 'toll',
      nodes,
      inputs: inputs.map((node) => makeValue(inputName(node), node.dtype, node.shape)),
      outputs: Object.entries(outputs).map(([name, node]) => makeValue(name, node.dtype, node.shape)),
      initializers: builder.initializers,
    },
    ...(builder.slots.size > 0 && { slots: Object.fromEntries(builder.slots) }),
  }
}

class Builder implements Lowering {
  readonly initializers: OnnxTensor[] = []
  readonly slots = new Map<string, string>()
  readonly #reserved: ReadonlySet<string>
  readonly #inputs: readonly Tensor[]
  readonly #nodes: OnnxNode[] = []
  readonly #names = new Map<Tensor, string>()
  readonly #shared = new Map<string, string>()
  readonly #renamed = new Map<string, string>()
  readonly #produced = new Set<string>()
  #count = 0

  constructor(reserved: ReadonlySet<string>, inputs: readonly Tensor[]) {
    this.#reserved = reserved
    this.#inputs = inputs
  }

  emit(op: string, inputs: readonly string[], attributes: EmitAttributes = {}, domain?: OperatorDomain): string {
    return this.emitMany(op, inputs, 1, attributes, domain)[0]
  }

  emitMany(
    op: string,
    inputs: readonly string[],
    outputs: number,
    attributes: EmitAttributes = {},
    domain?: OperatorDomain,
  ): string[] {
    const names = Array.from({ length: outputs }, () => this.#fresh())
    this.#nodes.push(
      makeNode(
        op,
        inputs,
        names,
        Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, attribute(value)])),
        domain,
      ),
    )
    for (const name of names) this.#produced.add(name)
    return names
  }

  constant(dtype: DType, shape: readonly number[], data: ArrayLike<number>): string {
    const rounded = (value: number) => show(dtype === 'float32' ? Math.fround(value) : value)
    return this.#once(
      sizeOf(shape) <= 64 ? `${dtype}(${shape.join()}):${Array.from(data, rounded).join()}` : undefined,
      () => {
        const name = this.#fresh()
        const values =
          dtype === 'float32' && data instanceof Float32Array
            ? data
            : dtype === 'float64' && data instanceof Float64Array
              ? data
              : dtype === 'bool'
                ? Uint8Array.from(data)
                : Array.from(data)
        this.initializers.push(makeTensor(name, dtype, shape, values as never))
        return name
      },
    )
  }

  slot(name: string, dtype: DType, shape: readonly number[]): string {
    const initializer = this.#fresh()
    const blank = dtype === 'float32' ? new Float32Array(sizeOf(shape)) : new Float64Array(sizeOf(shape))
    this.initializers.push(makeTensor(initializer, dtype, shape, blank.fill(NaN) as never))
    this.slots.set(name, initializer)
    return initializer
  }

  shapeVector(shape: Shape): string {
    if (shape.every((dim) => typeof dim === 'number')) return this.constant('int64', [shape.length], shape)
    return this.#once(`shape:${JSON.stringify(shape)}`, () => {
      const parts = shape.map((dim) =>
        typeof dim === 'number' ? this.constant('int64', [1], [dim]) : this.sizeVector(dim),
      )
      return this.emit('Concat', parts, { axis: 0 })
    })
  }

  sizeVector(symbol: string): string {
    return this.#once(`size:${symbol}`, () => {
      const source = this.#inputs.find((node) => node.shape.includes(symbol))
      if (!source) throw new TollError('shape-mismatch', `no input has the size '${symbol}'`, { value: symbol })
      const axis = source.shape.indexOf(symbol)
      return this.emit('Shape', [this.nameOf(source)], { start: axis, end: axis + 1 })
    })
  }

  nameOf(tensor: Tensor): string {
    const name = this.#names.get(tensor)
    if (name === undefined) throw new TollError('internal', `'${tensor.op.name}' is used before it is lowered`)
    return name
  }

  has(tensor: Tensor): boolean {
    return this.#names.has(tensor)
  }

  /** The name of the same values as a vector. */
  vector(tensor: Tensor): string {
    if (tensor.shape.length === 1) return this.nameOf(tensor)
    if (tensor.op.name === 'reshape' && tensor.inputs[0].shape.length === 1) return this.nameOf(tensor.inputs[0])
    const length = sizeOf(tensor.shape as readonly number[])
    if (tensor.op.name === 'constant') return this.constant(tensor.dtype, [length], tensor.attrs.data as Float32Array)
    return this.emit('Reshape', [this.nameOf(tensor), this.constant('int64', [1], [length])])
  }

  /** images * scale + shift, both per channel, in one pass: a convolution of each channel on its own with one pixel. */
  scaled({ images, scale, shift }: Scaled): string {
    const group = images.shape[1] as number
    const kernel = this.emit('Reshape', [this.nameOf(scale), this.constant('int64', [4], [group, 1, 1, 1])])
    return this.emit('Conv', [this.nameOf(images), kernel, this.vector(shift)], { group, kernel_shape: [1, 1] })
  }

  define(tensor: Tensor, name: string): void {
    this.#names.set(tensor, name)
  }

  /** One Split in place of slices that cut a tensor into consecutive pieces. */
  splitInto(parts: readonly Tensor[]): void {
    const [whole] = parts[0].inputs
    const axis = parts[0].attrs.axis as number
    const sizes = this.constant(
      'int64',
      [parts.length],
      parts.map((part) => part.shape[axis] as number),
    )
    const names = this.emitMany('Split', [this.nameOf(whole), sizes], parts.length, { axis })
    parts.forEach((part, i) => this.define(part, names[i]))
  }

  /**
   * Gives the node's result the output's name; what already has a fixed name (an input, a constant, another output) is
   * copied.
   */
  output(name: string, node: Tensor): void {
    const own = this.nameOf(node)
    if (this.#produced.has(own) && !this.#renamed.has(own)) {
      this.#renamed.set(own, name)
    } else {
      this.#nodes.push(makeNode('Identity', [own], [name]))
    }
  }

  finish(): OnnxNode[] {
    const rename = (name: string) => this.#renamed.get(name) ?? name
    return this.#nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) }))
  }

  #once(key: string | undefined, make: () => string): string {
    if (key === undefined) return make()
    const known = this.#shared.get(key)
    if (known !== undefined) return known
    const name = make()
    this.#shared.set(key, name)
    return name
  }

  #fresh(): string {
    for (;;) {
      const name = `t${this.#count++}`
      if (!this.#reserved.has(name)) return name
    }
  }
}

function attribute(value: EmitAttribute): OnnxAttribute {
  if (typeof value === 'number') return { type: 'int', value }
  if (typeof value === 'string') return { type: 'string', value }
  if ('texts' in value) return { type: 'strings', value: value.texts }
  if ('float' in value) return { type: 'float', value: value.float }
  if ('double' in value)
    return { type: 'tensor', value: makeTensor('', 'float64', [value.double.length], value.double) }
  return typeof value[0] === 'string'
    ? { type: 'strings', value: value as readonly string[] }
    : { type: 'ints', value: value as readonly number[] }
}

/** Slices of one tensor that cover an axis piece by piece, listed under the first of them in order of need. */
function findSplits(order: readonly Tensor[]): Map<Tensor, readonly Tensor[]> {
  const groups = new Map<Tensor, Map<number, Tensor[]>>()
  for (const node of order) {
    if (node.op.name !== 'slice' || node.attrs.step !== 1) continue
    const byAxis = groups.get(node.inputs[0]) ?? new Map<number, Tensor[]>()
    const axis = node.attrs.axis as number
    byAxis.set(axis, [...(byAxis.get(axis) ?? []), node])
    groups.set(node.inputs[0], byAxis)
  }
  const found = new Map<Tensor, readonly Tensor[]>()
  for (const [whole, byAxis] of groups) {
    for (const [axis, slices] of byAxis) {
      const sorted = slices.toSorted((a, b) => (a.attrs.start as number) - (b.attrs.start as number))
      let end = 0
      const covers = sorted.every((part) => {
        const fits = part.attrs.start === end
        end = part.attrs.end as number
        return fits
      })
      if (covers && end === whole.shape[axis] && sorted.length > 1) {
        for (const part of sorted) found.set(part, sorted)
      }
    }
  }
  return found
}

/**
 * A product that nothing else needs, and the vector that is added to its last axis (matrix) or its channels (images).
 */
interface Biased {
  readonly product: Tensor
  readonly bias: Tensor
}

/**
 * Sums whose product takes the other operand as the third input of Gemm, Conv or ConvTranspose: one pass over the
 * result less.
 */
export function findBiased(order: readonly Tensor[], outputs: ReadonlySet<Tensor>): Map<Tensor, Biased> {
  const uses = usesOf(order)
  const found = new Map<Tensor, Biased>()
  for (const node of order) {
    if (node.op.name !== 'add') continue
    for (const side of [0, 1] as const) {
      const [product, addend] = [node.inputs[side], node.inputs[1 - side]]
      if (uses.get(product) !== 1 || outputs.has(product) || !sameShape(product.shape, node.shape)) continue
      const bias = biasFor(product, addend)
      if (bias && !found.has(node)) found.set(node, { product, bias })
    }
  }
  return found
}

function biasFor(product: Tensor, addend: Tensor): Tensor | undefined {
  const { name } = product.op
  if (name === 'matmul') {
    return product.shape.length === 2 && addend.shape.length === 1 && addend.shape[0] === product.shape[1]
      ? addend
      : undefined
  }
  const channels = product.shape[1]
  if ((name !== 'conv' && name !== 'convTranspose') || !sameShape(addend.shape, [1, channels, 1, 1])) return undefined
  return addend
}

/** A product with one factor per channel that nothing else needs, and the value per channel that is added to it. */
interface Scaled {
  readonly product: Tensor
  readonly images: Tensor
  readonly scale: Tensor
  readonly shift: Tensor
}

/** Positions from which one pass as a convolution is faster than two (measured on onnxruntime's CPU provider). */
const manyPositions = 100

/** Sums x * a + b over large images, with a and b known per channel when the program runs. */
function findScaled(order: readonly Tensor[], outputs: ReadonlySet<Tensor>): Map<Tensor, Scaled> {
  const uses = usesOf(order)
  const found = new Map<Tensor, Scaled>()
  for (const node of order) {
    const { op, inputs, shape, dtype } = node
    // Only single precision has convolutions everywhere.
    if (
      op.name !== 'add' ||
      dtype !== 'float32' ||
      shape.length !== 4 ||
      !(Number(shape[2]) * Number(shape[3]) >= manyPositions)
    )
      continue
    for (const side of [0, 1] as const) {
      const [product, shift] = [inputs[side], inputs[1 - side]]
      if (product.op.name !== 'mul' || uses.get(product) !== 1 || outputs.has(product)) continue
      const at = product.inputs.findIndex((factor) => sameShape(factor.shape, shift.shape))
      const [images, scale] = [product.inputs[1 - at], product.inputs[at]]
      const fits = at >= 0 && sameShape(images.shape, shape) && sameShape(shift.shape, [1, shape[1], 1, 1])
      if (fits && scale.op.name !== 'constant') found.set(node, { product, images, scale, shift })
    }
  }
  return found
}

function usesOf(order: readonly Tensor[]): Map<Tensor, number> {
  const uses = new Map<Tensor, number>()
  for (const node of order) for (const input of node.inputs) uses.set(input, (uses.get(input) ?? 0) + 1)
  return uses
}

function inputName(node: Tensor): string {
  return node.attrs.name as string
}

/** Tells -0 from 0, so that shared constants keep their sign. */
function show(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}
