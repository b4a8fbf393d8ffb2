// A model as text: one line per node, stable, for golden tests and for people. One way only; the file itself is the
// ONNX model. Values are shown where there are few of them, otherwise as a digest (32-bit FNV-1a: tells versions apart,
// proves nothing).

import { sortedEntries } from './codec.js'
import { bytesOf } from './tensor.js'
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxType, OnnxValueInfo } from './types.js'

/** Tensors up to this many values are shown in full. */
const FEW_VALUES = 8
/** Texts up to this many characters are shown in full. */
const SHORT_TEXT = 60

/**
 * The text of a model: head, metadata, then the graph with inputs, initialisers, nodes and outputs in the order of the
 * file.
 *
 *     model ir=10 opsets=[ai.onnx 21]
 *     graph %net
 *       input %x: float32[batch, 3]
 *       tensor %w: float32[3, 64] = #5ec1b2a0
 *       %y = MatMul(%x, %w)
 *       output %y: float32[batch, 64]
 */
export function printModel(model: OnnxModel): string {
  const opsets = sortedEntries(model.opsets).map(([domain, version]) => `${domain || 'ai.onnx'} ${version}`)
  const head = [`model ir=${model.irVersion}`, `opsets=[${opsets.join(', ')}]`]
  if (model.producerName)
    head.push(`producer=${printText([model.producerName, model.producerVersion].filter(Boolean).join(' '))}`)
  if (model.domain) head.push(`domain=${printText(model.domain)}`)
  if (model.modelVersion) head.push(`version=${model.modelVersion}`)
  const metadata = sortedEntries(model.metadata).map(
    ([key, value]) => `metadata ${printText(key)} = ${printText(value)}`,
  )
  return [head.join(' '), ...metadata, ...printGraph(model.graph, ''), ''].join('\n')
}

function printGraph(graph: OnnxGraph, indent: string): string[] {
  const inner = `${indent}  `
  return [
    `${indent}graph ${printName(graph.name)}`,
    ...graph.inputs.map((value) => `${inner}input ${printValue(value)}`),
    ...graph.initializers.map((tensor) => `${inner}tensor ${printName(tensor.name)}: ${printTensor(tensor)}`),
    ...graph.nodes.flatMap((node) => printNode(node, inner)),
    ...graph.outputs.map((value) => `${inner}output ${printValue(value)}`),
  ]
}

/** One line; the graphs among its attributes follow, indented. */
function printNode(node: OnnxNode, indent: string): string[] {
  const attributes = sortedEntries(node.attributes)
  const list =
    attributes.length > 0
      ? ` {${attributes.map(([name, attribute]) => `${name}=${printAttribute(attribute)}`).join(', ')}}`
      : ''
  const op = node.domain ? `${node.domain}.${node.op}` : node.op
  const line =
    `${indent}${node.outputs.map(printName).join(', ')} = ` + `${op}(${node.inputs.map(printName).join(', ')})${list}`
  const graphs = attributes.flatMap(([, { type, value }]) =>
    type === 'graph' ? [value] : type === 'graphs' ? value : [],
  )
  return [line, ...graphs.flatMap((graph) => printGraph(graph, `${indent}  `))]
}

function printAttribute(attribute: OnnxAttribute): string {
  switch (attribute.type) {
    case 'int':
      return String(attribute.value)
    case 'float':
      return printFloat32(attribute.value)
    case 'string':
      return printText(attribute.value)
    case 'tensor':
      return printTensor(attribute.value)
    case 'graph':
      return printName(attribute.value.name)
    case 'type':
      return printType(attribute.value)
    case 'ints':
      return printList(attribute.value, String)
    case 'floats':
      return printList(attribute.value, printFloat32)
    case 'strings':
      return printList(attribute.value, printText)
    case 'tensors':
      return printList(attribute.value, printTensor)
    case 'graphs':
      return printList(attribute.value, (graph) => printName(graph.name))
    case 'types':
      return printList(attribute.value, printType)
    case 'sparse-tensor': {
      const { dims, values, indices } = attribute.value
      return `sparse [${dims.join(', ')}] ${printTensor(values)} at ${printTensor(indices)}`
    }
  }
}

function printValue({ name, type }: OnnxValueInfo): string {
  return type ? `${printName(name)}: ${printType(type)}` : printName(name)
}

function printType(type: OnnxType): string {
  switch (type.kind) {
    case 'tensor':
      return `${type.dtype}${type.shape ? `[${type.shape.map((dim) => dim ?? '?').join(', ')}]` : ''}`
    case 'sparse-tensor':
      return `sparse ${printType({ ...type, kind: 'tensor' })}`
    case 'sequence':
    case 'optional':
      return `${type.kind}(${printType(type.element)})`
    case 'map':
      return `map(${type.key}, ${printType(type.value)})`
  }
}

function printTensor(tensor: OnnxTensor): string {
  const head = `${tensor.dtype}[${tensor.dims.join(', ')}]`
  if (tensor.dtype === 'string') {
    return (
      `${head} = ` +
      `${tensor.data.length <= FEW_VALUES ? printList(tensor.data, printText) : digestTexts(tensor.data)}`
    )
  }
  if (tensor.data.length > FEW_VALUES) return `${head} = ${digest(bytesOf(tensor.data))}`
  const print = tensor.dtype === 'float32' || tensor.dtype === 'complex64' ? printFloat32 : String
  const values = Array.from<number | bigint>(tensor.data)
  return `${head} = ${printList(values, (value) => (typeof value === 'bigint' ? String(value) : print(value)))}`
}

/** Up to eight items in full; of more, the first ones, the count and a digest of the text of all. */
function printList<T>(items: readonly T[], print: (item: T) => string): string {
  const texts = items.map(print)
  if (texts.length <= FEW_VALUES) return `[${texts.join(', ')}]`
  return `[${texts.slice(0, FEW_VALUES).join(', ')}, ... ${texts.length} items ${digestTexts(texts)}]`
}

/** The shortest decimal that is the same number in single precision; minus zero keeps its sign. */
function printFloat32(value: number): string {
  if (Object.is(value, -0)) return '-0'
  const rounded = Math.fround(value)
  if (!Number.isFinite(rounded)) return String(rounded)
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(rounded.toPrecision(digits))
    if (Math.fround(short) === rounded) return String(short)
  }
  return String(Number(rounded.toPrecision(9)))
}

/** `%name`, in quotes when it is not a plain word; `_` for an input that is not given. */
function printName(name: string): string {
  if (name === '') return '_'
  return /^[\w./:-]+$/.test(name) ? `%${name}` : `%${JSON.stringify(name)}`
}

function printText(text: string): string {
  return text.length <= SHORT_TEXT ? JSON.stringify(text) : `<${text.length} characters ${digestTexts([text])}>`
}

/** Over the JSON of the list, so that ['ab'] and ['a', 'b'] differ. */
function digestTexts(texts: readonly string[]): string {
  return digest(new TextEncoder().encode(JSON.stringify(texts)))
}

function digest(bytes: Uint8Array): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193)
  return `#${(hash >>> 0).toString(16).padStart(8, '0')}`
}
