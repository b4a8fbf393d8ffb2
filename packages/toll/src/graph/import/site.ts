// One ONNX node as its reader sees it: inputs as tensors of ours, attributes checked by type, and one way to refuse.

import { TollError } from '../../base/index.js'
import type { OnnxAttribute, OnnxNode, OnnxTensor } from '../../onnx/index.js'
import { normalizeAxes, showShape, type Dim, type Shape, type Tensor } from '../tensor.js'
import type { KnownIntegers } from './integers.js'

/** What an operator of ONNX means in our words: its outputs, or the only one. */
export type Reader = (site: Site) => Tensor | readonly Tensor[]
export type Readers = Readonly<Record<string, Reader>>

type AttributeValues = { [A in OnnxAttribute as A['type']]: A['value'] }

/**
 * Windows, groups and index lists that are unrolled into nodes or constants stay below this; larger ones are refused.
 */
export const largestUnrolled = 4096

export class Site {
  readonly node: OnnxNode
  /** Version of the operator set that gives the node its meaning. */
  readonly opset: number
  readonly #where: string
  readonly #inputs: readonly (Tensor | undefined)[]
  readonly #known: KnownIntegers

  constructor(
    node: OnnxNode,
    opset: number,
    where: string,
    inputs: readonly (Tensor | undefined)[],
    known: KnownIntegers,
  ) {
    this.node = node
    this.opset = opset
    this.#where = where
    this.#inputs = inputs
    this.#known = known
  }

  refuse(problem: string): never {
    throw new TollError('unsupported-node', `${this.#where}: ${problem}`, { part: this.#where })
  }

  /** Refuses unless `condition` holds. */
  require(condition: unknown, problem: string): void {
    if (!condition) this.refuse(problem)
  }

  input(index: number): Tensor {
    return this.optional(index) ?? this.refuse(`input ${index} is missing`)
  }

  /** Undefined where the input is left out. */
  optional(index: number): Tensor | undefined {
    return this.#inputs[index]
  }

  /** All inputs, at least one. */
  inputs(): Tensor[] {
    return Array.from({ length: Math.max(this.#inputs.length, 1) }, (_, i) => this.input(i))
  }

  /** A list of sizes that is known before the graph runs, except for sizes that have only a name. */
  sizes(index: number): Shape {
    return (
      this.#known.of(this.input(index)) ??
      this.refuse(
        `input ${index} must be integers that the file itself determines; values that are only known at run ` +
          'time are not supported there',
      )
    )
  }

  /** A list of integers that is known before the graph runs; undefined where the input is left out. */
  integers(index: number): number[] | undefined {
    if (!this.optional(index)) return undefined
    return this.sizes(index).map((dim) =>
      typeof dim === 'number' ? dim : this.refuse(`input ${index} holds the size '${dim}', a number is needed there`),
    )
  }

  /** What `sizes` gives, or undefined where the input is not known. */
  knownSizes(index: number): Shape | undefined {
    return this.#known.of(this.input(index))
  }

  /** The value of a constant with one element; undefined where the input is left out. */
  scalar(index: number): number | undefined {
    const x = this.optional(index)
    if (!x) return undefined
    const data = x.op.name === 'constant' ? (x.attrs.data as Float64Array) : undefined
    return data?.length === 1 ? data[0] : this.refuse(`input ${index} must be a constant with one value`)
  }

  has(name: string): boolean {
    return Object.hasOwn(this.node.attributes, name)
  }

  #attribute<T extends keyof AttributeValues>(name: string, type: T): AttributeValues[T] | undefined {
    if (!this.has(name)) return undefined
    const attribute = this.node.attributes[name]
    if (attribute.type !== type) this.refuse(`attribute '${name}' must be of type ${type}, got ${attribute.type}`)
    return attribute.value as AttributeValues[T]
  }

  int(name: string): number | undefined
  int(name: string, otherwise: number): number
  int(name: string, otherwise?: number): number | undefined {
    return this.#attribute(name, 'int') ?? otherwise
  }

  ints(name: string): readonly number[] | undefined {
    return this.#attribute(name, 'ints')
  }

  /**
   * Single precision in the file: read as the shortest decimal that rounds to it, so that 0.1 stays 0.1 in double
   * precision.
   */
  float(name: string, otherwise: number): number {
    return shortestDecimal(this.#attribute(name, 'float') ?? otherwise)
  }

  floats(name: string): readonly number[] | undefined {
    return this.#attribute(name, 'floats')
  }

  texts(name: string): readonly string[] | undefined {
    return this.#attribute(name, 'strings')
  }

  text(name: string, otherwise: string): string {
    return this.#attribute(name, 'string') ?? otherwise
  }

  tensor(name: string): OnnxTensor | undefined {
    return this.#attribute(name, 'tensor')
  }

  /** An axis attribute counted from the front. `rank` is given where the axis may stand behind the last one. */
  axis(name: string, otherwise: number, rank = this.input(0).shape.length): number {
    return normalizeAxes([this.int(name, otherwise)], rank, name)[0]
  }

  /** Integers that are an attribute up to some version of the operator set and an input from it on. */
  moved(name: string, since: number, index: number): readonly number[] | undefined {
    return this.opset < since ? this.ints(name) : this.integers(index)
  }

  /** A size that must be a number here. */
  size(dim: Dim, what: string): number {
    return typeof dim === 'number' ? dim : this.refuse(`${what} is the size '${dim}', a number is needed there`)
  }

  /** Images (n, c, h, w) with known height and width. */
  plane(x: Tensor): readonly [number, number] {
    this.require(x.shape.length === 4, `only images of four axes are supported, got ${showShape(x.shape)}`)
    return [this.size(x.shape[2], 'the height'), this.size(x.shape[3], 'the width')]
  }
}

function shortestDecimal(value: number): number {
  if (!Number.isFinite(value) || Math.fround(value) !== value) return value
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return value
}
