// What a program takes, known before it runs: operations, bytes moved, and the most memory that its tensors hold at
// once. Counted on the graph that is compiled, node by node, by each op's own rule. Of the engine it assumes only what
// the lowering shows: nodes run in the graph's order, a tensor is freed after its last reader, reshaping copies
// nothing.

import { TollError, sizeOf } from '../base/index.js'
import { prepare } from './compile.js'
import { findBiased, lower } from './lower.js'
import { bindShape, bytesOf, topological, type ConcreteType, type Tensor, type Work } from './tensor.js'

/** What one node takes. */
export interface NodeCost extends Work {
  /** Name of the op. */
  readonly op: string
}

export interface Cost {
  /** Floating-point operations of matrix products and convolutions; a multiplication and an addition are two. */
  readonly products: number
  /** Operations on single elements, whatever the function. */
  readonly elementwise: number
  /** Bytes that all nodes read and write. */
  readonly bytes: number
  /** Bytes of the constants that the program holds: its weights, if they are not inputs. */
  readonly constantBytes: number
  /** Bytes of everything that is fed, state among it. */
  readonly inputBytes: number
  readonly outputBytes: number
  /** Largest number of bytes that tensors hold at once. Inputs, outputs and constants are held throughout. */
  readonly peakBytes: number
  /** Nodes of the ONNX program. */
  readonly dispatches: number
  /** Every node of the graph that does something, in order. */
  readonly nodes: readonly NodeCost[]
}

export interface CostOptions {
  /** Inputs that are fed even if no output needs them. */
  readonly inputs?: readonly Tensor[]
  /** Values of named sizes: integers of at least 0. */
  readonly sizes?: Readonly<Record<string, number>>
}

/**
 * The cost of one run of a program, of the same fused graph that `compile` makes of it.
 *
 * @throws `shape` when a size has only a name and `sizes` does not give it; `argument` for a size that is no whole
 * number, or when an input and an output have one name.
 */
export function costOf(outputs: Readonly<Record<string, Tensor>>, { inputs = [], sizes = {} }: CostOptions = {}): Cost {
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isSafeInteger(size) || size < 0)
      throw new TollError('out-of-domain', `the size '${name}' must be a whole number of at least 0, got ${size}`, {
        option: name,
        value: size,
        expected: 'a whole number of at least 0',
      })
  }
  const bindings = new Map(Object.entries(sizes))
  const program = prepare(outputs, inputs)
  const results = Object.values(program.outputs)
  const order = topological([...program.inputs, ...results])
  const types = new Map(
    order.map((node): [Tensor, ConcreteType] => [node, { dtype: node.dtype, shape: bindShape(node.shape, bindings) }]),
  )
  const total = (nodes: readonly Tensor[]) => nodes.reduce((sum, node) => sum + bytesOf(types.get(node)!), 0)

  // A product takes the vector that is added to it along: the sum is no pass of its own, and both are one tensor.
  const joined = findBiased(order, new Set(results))
  const homes = homesOf(order, joined)
  const works = order.map((node) => ({
    op: node.op.name,
    ...workOf(node, types, homes),
    ...(joined.has(node) && { bytes: 0 }),
  }))
  const constantBytes = total(order.filter(({ op }) => op.name === 'constant'))
  const inputBytes = total(order.filter(({ op }) => op.name === 'input'))
  const outputBytes = total(results)
  const sum = (part: (work: Work) => number) => works.reduce((sum, work) => sum + part(work), 0)
  return {
    products: sum(({ products }) => products),
    elementwise: sum(({ elementwise }) => elementwise),
    bytes: sum(({ bytes }) => bytes),
    constantBytes,
    inputBytes,
    outputBytes,
    peakBytes: constantBytes + inputBytes + outputBytes + peakBetween(order, { results, homes, types, works }),
    dispatches: lower(program.outputs, { inputs: program.inputs }).graph.nodes.length,
    nodes: works.filter(({ products, elementwise, bytes }) => products + elementwise + bytes > 0),
  }
}

function workOf(node: Tensor, types: ReadonlyMap<Tensor, ConcreteType>, homes: ReadonlyMap<Tensor, Tensor>): Work {
  const { op, attrs } = node
  const nothing: Work = { products: 0, elementwise: 0, bytes: 0, pieces: 0, scratch: 0 }
  if (op.view) return nothing
  const type = types.get(node)!
  const operands = node.inputs.map((input) => ({
    ...types.get(input)!,
    constant: homes.get(input)!.op.name === 'constant',
  }))
  const bytes = operands.reduce((sum, operand) => sum + bytesOf(operand), bytesOf(type))
  return { ...nothing, elementwise: sizeOf(type.shape), bytes, ...op.work?.(operands, attrs, type) }
}

/** For every node, the node whose memory holds its numbers. */
function homesOf(order: readonly Tensor[], joined: ReturnType<typeof findBiased>): Map<Tensor, Tensor> {
  const homes = new Map<Tensor, Tensor>()
  for (const node of order) {
    const from = joined.get(node)?.product ?? (node.op.view ? node.inputs[0] : undefined)
    homes.set(node, from ? homes.get(from)! : node)
  }
  return homes
}

interface Memory {
  readonly results: readonly Tensor[]
  readonly homes: ReadonlyMap<Tensor, Tensor>
  readonly types: ReadonlyMap<Tensor, ConcreteType>
  readonly works: readonly Work[]
}

/**
 * The most bytes that tensors between inputs and outputs hold at once: each from the node that makes it to its last
 * reader.
 */
function peakBetween(order: readonly Tensor[], { results, homes, types, works }: Memory): number {
  const lastReader = new Map<Tensor, Tensor>()
  for (const node of order) for (const input of node.inputs) lastReader.set(homes.get(input)!, node)
  const lasting = new Set(results.map((node) => homes.get(node)!))
  const passes = (home: Tensor) => home.op.name !== 'input' && home.op.name !== 'constant' && !lasting.has(home)
  let held = 0
  let peak = 0
  for (const [i, node] of order.entries()) {
    if (homes.get(node) === node && passes(node)) held += bytesOf(types.get(node)!)
    peak = Math.max(peak, held + works[i].scratch)
    for (const home of new Set(node.inputs.map((input) => homes.get(input)!))) {
      if (lastReader.get(home) === node && passes(home)) held -= bytesOf(types.get(home)!)
    }
  }
  return peak
}
