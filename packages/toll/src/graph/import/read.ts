// ONNX files read back into graphs: every operator has a reader that says in our ops what it means, in every version of
// the operator set from 7 on. Source: docs/Operators.md and docs/Changelog.md of the ONNX project. What has no reader
// is refused by name.

import { TollError, messageOf } from '../../base/index.js'
import {
  decodeModel,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from '../../onnx/index.js'
import { input } from '../ops/leaf.js'
import type { Tensor } from '../tensor.js'
import { elementwise } from './elementwise.js'
import { KnownIntegers } from './integers.js'
import { lookups } from './lookups.js'
import { movements } from './movements.js'
import { own } from './own.js'
import { ownDomain, recognise, Wiring } from './patterns.js'
import { products } from './products.js'
import { reductions } from './reductions.js'
import { Site, type Readers } from './site.js'
import { text } from './text.js'
import { trees } from './trees.js'
import { readDType, readTensor } from './values.js'

const oldestOpset = 7
const newestOpset = 28

/** Tensors with more axes than this are damage, not data. */
const largestRank = 64

const standard: Readers = { ...elementwise, ...reductions, ...products, ...movements, ...lookups }

/** Readers by the domain of the operator set; the standard one has none. */
const domains: Readonly<Record<string, Readers>> = { [ownDomain]: own, 'ai.onnx.ml': { ...trees, ...text } }

/** A file as a graph: fed tensors in the file's order, results by name, and the entries of `metadata_props`. */
export interface ReadModel {
  readonly inputs: Tensor[]
  readonly outputs: Record<string, Tensor>
  readonly metadata: Record<string, string>
}

/**
 * Reads an ONNX model file. Sizes that have a name keep it; sizes of which nothing is known are named after the input
 * and axis.
 *
 * @throws `format` for a damaged file, and for an operator, attribute, element type or shape that has no counterpart
 * here, naming the node; `version` for an operator set that is newer than what is known.
 */
export function readModel(bytes: Uint8Array): ReadModel {
  return readGraph(decodeModel(bytes))
}

/** `readModel`, of a file that is decoded. */
export function readGraph(model: OnnxModel): ReadModel {
  const opset = standardOpset(model)
  const { graph } = model
  const constants = constantsOf(graph)
  const fed = graph.inputs.filter(({ name }) => !constants.has(name))
  const nodes = liveNodes(graph, constants)
  const known = new KnownIntegers()

  const inputs = fed.map(readInput)
  const values = new Map<string, Tensor>()
  fed.forEach(({ name }, i) => define(values, name, inputs[i]))
  for (const tensor of graph.initializers) {
    if (nodes.names.has(tensor.name)) define(values, tensor.name, readTensor(tensor, `initialiser '${tensor.name}'`))
  }
  nodes.live.forEach((node, i) => {
    const where = `node ${node.name ? `'${node.name}' ` : ''}${i} (${node.op} to '${node.outputs[0]}')`
    const operands = node.inputs.map((name) => (name === '' ? undefined : (values.get(name) ?? missing(name, where))))
    const results = readNode(new Site(node, opset, where, operands, known), where, known)
    node.outputs.forEach((name, k) => {
      if (name !== '' && results[k]) define(values, name, results[k])
    })
  })
  const outputs = graph.outputs.map((value) => [value.name, readOutput(value, values)] as const)
  if (new Set(graph.outputs.map(({ name }) => name)).size < outputs.length)
    throw new TollError('damaged-file', 'two outputs of the model have one name')
  return { inputs, outputs: Object.fromEntries(outputs), metadata: { ...model.metadata } }
}

/** A model that uses other operators only need not say which standard ones it means. */
function standardOpset({ opsets, graph }: OnnxModel): number {
  const opset = Object.hasOwn(opsets, '')
    ? opsets['']
    : Object.hasOwn(opsets, 'ai.onnx')
      ? opsets['ai.onnx']
      : undefined
  if (opset === undefined && graph.nodes.every(({ domain }) => domain && domain !== 'ai.onnx')) return newestOpset
  if (opset === undefined)
    throw new TollError(
      'unsupported-content',
      `the model does not use the standard operator set, only ${Object.keys(opsets).join(', ')}`,
      { value: Object.keys(opsets) },
    )
  if (opset > newestOpset)
    throw new TollError(
      'newer-version',
      `the model uses operator set ${opset}; versions ${oldestOpset} to ${newestOpset} are known`,
      { value: opset, limit: newestOpset },
    )
  if (opset < oldestOpset)
    throw new TollError(
      'unsupported-content',
      `the model uses operator set ${opset}; versions from ${oldestOpset} on are supported, convert it`,
      { value: opset, limit: oldestOpset },
    )
  return opset
}

/** Initialisers, and the tensors of Constant nodes. */
function constantsOf({ initializers, nodes }: OnnxGraph): Map<string, OnnxTensor> {
  const constants = new Map(initializers.map((tensor) => [tensor.name, tensor]))
  for (const { op, domain, outputs, attributes } of nodes) {
    const { value } = attributes
    if (op === 'Constant' && !domain && value?.type === 'tensor') constants.set(outputs[0], value.value)
  }
  return constants
}

/** The nodes that outputs need, in the file's order, with what patterns recognised; and the names that they use. */
function liveNodes(
  graph: OnnxGraph,
  constants: ReadonlyMap<string, OnnxTensor>,
): { live: OnnxNode[]; names: Set<string> } {
  const nodes = graph.nodes.map((node) => (node.domain === 'ai.onnx' ? { ...node, domain: undefined } : node))
  const foreign = nodes.find((node) => node.domain === ownDomain)
  if (foreign)
    throw new TollError('unsupported-node', `operator '${foreign.op}' of domain '${ownDomain}' is not supported`, {
      part: foreign.name,
      value: foreign.op,
    })
  const wiring = new Wiring(nodes, constants)
  const names = new Set(graph.outputs.map(({ name }) => name))
  const live: OnnxNode[] = []
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((name) => names.has(name))) continue
    const whole = recognise(wiring, node)
    // Trailing outputs that nobody uses need no reader.
    const used =
      whole.op === 'Split' ? whole.outputs.length : whole.outputs.findLastIndex((name) => names.has(name)) + 1
    live.push({ ...whole, outputs: whole.outputs.slice(0, used) })
    for (const name of whole.inputs) if (name !== '') names.add(name)
  }
  return { live: live.reverse(), names }
}

function readNode(site: Site, where: string, known: KnownIntegers): readonly Tensor[] {
  const { op, domain } = site.node
  const readers = domain ? (domains[domain] ?? {}) : standard
  if (!Object.hasOwn(readers, op)) {
    throw new TollError(
      'unsupported-node',
      `${where}: operator '${op}'${domain ? ` of domain '${domain}'` : ''} is not supported`,
      { part: where, value: op },
    )
  }
  try {
    const results = readers[op](site)
    return [results].flat().map((result) => known.settle(result))
  } catch (cause) {
    if (!(cause instanceof TollError) || cause.code === 'internal' || cause.details.part === where) throw cause
    throw new TollError('unsupported-node', `${where}: ${messageOf(cause)}`, { ...cause.details, part: where, cause })
  }
}

function readInput(value: OnnxValueInfo): Tensor {
  const { name, type } = value
  if (name === '') throw new TollError('damaged-file', 'an input of the model has no name')
  if (type?.kind !== 'tensor' || !type.shape) {
    throw new TollError(
      'unsupported-content',
      `input '${name}' must be a tensor with a known number of axes, got ` +
        `${type?.kind ?? 'no type'}${type?.kind === 'tensor' ? ' of unknown rank' : ''}`,
      { part: name },
    )
  }
  const shape = type.shape.map((dim, axis) => dim ?? `${name}.${axis}`)
  if (shape.some((dim) => typeof dim === 'number' && !(Number.isSafeInteger(dim) && dim >= 0))) {
    throw new TollError(
      'damaged-file',
      `input '${name}' has sizes (${shape.join(', ')}), expected integers of at least 0`,
      { part: name, value: shape },
    )
  }
  return input(name, shape, readDType(type.dtype, `input '${name}'`))
}

function readOutput({ name, type }: OnnxValueInfo, values: ReadonlyMap<string, Tensor>): Tensor {
  const tensor = values.get(name) ?? missing(name, 'the model')
  if (tensor.dtype === 'string')
    throw new TollError('unsupported-content', `output '${name}' is an input of strings; only numbers can be results`, {
      part: name,
    })
  if (type && (type.kind !== 'tensor' || type.dtype !== tensor.dtype)) {
    throw new TollError(
      'damaged-file',
      `output '${name}' is declared as ${type.kind === 'tensor' ? type.dtype : type.kind}, its nodes give ` +
        `${tensor.dtype}`,
      { part: name, value: tensor.dtype },
    )
  }
  return tensor
}

function define(values: Map<string, Tensor>, name: string, tensor: Tensor): void {
  if (values.has(name)) throw new TollError('damaged-file', `the value '${name}' is made twice`, { part: name })
  if (tensor.shape.length > largestRank)
    throw new TollError(
      'unsupported-content',
      `the value '${name}' has ${tensor.shape.length} axes; at most ${largestRank} are supported`,
      { part: name, value: tensor.shape.length, limit: largestRank },
    )
  values.set(name, tensor)
}

function missing(name: string, where: string): never {
  throw new TollError(
    'damaged-file',
    `${where}: the value '${name}' is used before any node, input or initialiser makes it`,
    { part: where, value: name },
  )
}
