// ONNX files to plain data and back: gives the messages of the wire their meaning and checks what the layouts cannot
// say. Source: docs/IR.md of the ONNX project. Left out: functions, sparse initialisers, training information and
// values in other files, which are errors; documentation of attributes, quantisation annotations and denotations, which
// are skipped.

import { TollError } from '../base/index.js'
import type { Message } from './schema.js'
import { codeOfDType, dtypeOfCode, fromTensorMessage, toTensorMessage } from './tensor.js'
import type {
  OnnxAttribute,
  OnnxDim,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  OnnxType,
  OnnxValueInfo,
} from './types.js'
import { decodeMessage, encodeMessage } from './wire.js'

/** The first version of the format whose files must name their operator sets. */
const FIRST_IR_WITH_OPSETS = 3

/**
 * Reads an ONNX model file. Anything else (truncated, damaged, of another kind) is a `format` error with the field or
 * byte offset.
 */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  if (bytes.length === 0) throw new TollError('empty-file', 'expected an ONNX model, got an empty file')
  const message = decodeMessage(bytes, 'Model')
  const { graph, ir_version: irVersion = 0 } = message
  if (!graph || irVersion < 1) {
    const missing = graph ? 'a format version' : 'a graph'
    throw new TollError(
      'damaged-file',
      `expected an ONNX model, got ${bytes.length} bytes without ${missing}; the file is incomplete or of another kind`,
    )
  }
  const opsets = recordOf(
    (message.opset_import ?? []).map(({ domain = '', version = 0 }) => [domain, version]),
    'operator set',
  )
  if (irVersion >= FIRST_IR_WITH_OPSETS && Object.keys(opsets).length === 0) {
    throw new TollError(
      'damaged-file',
      'expected an ONNX model with operator set versions, got none; the file is incomplete',
    )
  }
  return {
    irVersion,
    opsets,
    graph: fromGraphMessage(graph, 'graph'),
    metadata: recordOf(
      (message.metadata_props ?? []).map(({ key = '', value = '' }) => [key, value]),
      'metadata key',
    ),
    ...present({
      producerName: message.producer_name,
      producerVersion: message.producer_version,
      domain: message.domain,
      modelVersion: message.model_version,
      doc: message.doc_string,
    }),
  }
}

/**
 * Writes an ONNX model file. Operator sets, metadata and attributes are written in the order of their keys, so that
 * equal models give equal bytes. Values that do not fit their type or shape are `argument` or `shape` errors, as are
 * tensors of 2 GiB and more together.
 */
export function encodeModel(model: OnnxModel): Uint8Array {
  if (!Number.isSafeInteger(model.irVersion) || model.irVersion < 1) {
    throw new TollError(
      'out-of-domain',
      `format version of an ONNX model must be an integer of 1 or more, got ${model.irVersion}`,
      { option: 'irVersion', value: model.irVersion, expected: 'an integer of 1 or more' },
    )
  }
  return encodeMessage(
    {
      ir_version: model.irVersion,
      producer_name: model.producerName,
      producer_version: model.producerVersion,
      domain: model.domain,
      model_version: model.modelVersion,
      doc_string: model.doc,
      graph: toGraphMessage(model.graph),
      opset_import: sortedEntries(model.opsets).map(([domain, version]) => ({ domain, version })),
      metadata_props: sortedEntries(model.metadata).map(([key, value]) => ({ key, value })),
    },
    'Model',
  )
}

/** Reads one tensor from a file of its own (`.pb`); errors as in `decodeModel`. */
export function decodeTensor(bytes: Uint8Array): OnnxTensor {
  if (bytes.length === 0) throw new TollError('empty-file', 'expected an ONNX tensor, got an empty file')
  return fromTensorMessage(decodeMessage(bytes, 'Tensor'), 'tensor')
}

/** Writes one tensor as a file of its own. */
export function encodeTensor(tensor: OnnxTensor): Uint8Array {
  return encodeMessage(toTensorMessage(tensor), 'Tensor')
}

/** Entries by code units of their keys: the same order on every machine. */
export function sortedEntries<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

/** Own properties even for keys such as `__proto__`; a key that comes twice would lose a value. */
function recordOf<T>(entries: readonly (readonly [string, T])[], what: string): Record<string, T> {
  const seen = new Set<string>()
  for (const [key] of entries) {
    if (seen.has(key))
      throw new TollError('damaged-file', `${what} '${key}' appears twice in the ONNX file`, {
        part: `${what} '${key}'`,
      })
    seen.add(key)
  }
  return Object.fromEntries(entries)
}

/** Drops what is absent, empty or 0. */
function present<T extends Readonly<Record<string, string | number | undefined>>>(
  fields: T,
): Partial<{ [K in keyof T]: NonNullable<T[K]> }> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value)) as Partial<{
    [K in keyof T]: NonNullable<T[K]>
  }>
}

function fromGraphMessage(message: Message<'Graph'>, where: string): OnnxGraph {
  const values = message.value_info?.map(fromValueMessage)
  return {
    name: message.name ?? '',
    nodes: (message.node ?? []).map((node, i) => fromNodeMessage(node, `${where} node ${i}`)),
    inputs: (message.input ?? []).map(fromValueMessage),
    outputs: (message.output ?? []).map(fromValueMessage),
    initializers: (message.initializer ?? []).map((tensor, i) =>
      fromTensorMessage(tensor, `${where} initializer ${i}`),
    ),
    ...(values && { values }),
    ...present({ doc: message.doc_string }),
  }
}

function toGraphMessage(graph: OnnxGraph): Message<'Graph'> {
  return {
    node: graph.nodes.map(toNodeMessage),
    name: graph.name,
    initializer: graph.initializers.map(toTensorMessage),
    doc_string: graph.doc,
    input: graph.inputs.map(toValueMessage),
    output: graph.outputs.map(toValueMessage),
    value_info: graph.values?.map(toValueMessage),
  }
}

function fromNodeMessage(message: Message<'Node'>, where: string): OnnxNode {
  const op = message.op_type ?? ''
  if (op === '') throw new TollError('damaged-file', `${where} has no operator; the file is damaged`, { part: where })
  const label = `${where} (${op})`
  const attributes = (message.attribute ?? []).map((attribute) => {
    const name = attribute.name ?? ''
    return [name, fromAttributeMessage(attribute, `${label} attribute '${name}'`)] as const
  })
  return {
    op,
    inputs: message.input ?? [],
    outputs: message.output ?? [],
    attributes: recordOf(attributes, `${label} attribute`),
    ...present({ domain: message.domain, name: message.name, doc: message.doc_string }),
  }
}

function toNodeMessage(node: OnnxNode): Message<'Node'> {
  return {
    input: node.inputs,
    output: node.outputs,
    name: node.name,
    op_type: node.op,
    attribute: sortedEntries(node.attributes).map(([name, attribute]) => ({
      name,
      ...toAttributeMessage(attribute, `attribute '${name}' of ${node.op}`),
    })),
    doc_string: node.doc,
    domain: node.domain,
  }
}

/** Numbers of AttributeProto.AttributeType. */
const ATTRIBUTE_CODES = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
  'sparse-tensor': 11,
  type: 13,
  types: 14,
} as const satisfies Readonly<Record<OnnxAttribute['type'], number>>

const ATTRIBUTE_TYPES = new Map(
  Object.entries(ATTRIBUTE_CODES).map(([type, code]) => [code as number, type as OnnxAttribute['type']]),
)

function fromAttributeMessage(message: Message<'Attribute'>, where: string): OnnxAttribute {
  const type = ATTRIBUTE_TYPES.get(message.type ?? 0)
  switch (type) {
    case 'float':
      return { type, value: message.f ?? 0 }
    case 'int':
      return { type, value: message.i ?? 0 }
    case 'string':
      return { type, value: message.s ?? '' }
    case 'tensor':
      return { type, value: fromTensorMessage(required(message.t, `the tensor of ${where}`), where) }
    case 'graph':
      return { type, value: fromGraphMessage(required(message.g, `the graph of ${where}`), where) }
    case 'type':
      return { type, value: fromTypeMessage(required(message.tp, `the type of ${where}`), where) }
    case 'floats':
      return { type, value: Array.from(message.floats ?? []) }
    case 'ints':
      return { type, value: message.ints ?? [] }
    case 'strings':
      return { type, value: message.strings ?? [] }
    case 'tensors':
      return { type, value: (message.tensors ?? []).map((tensor) => fromTensorMessage(tensor, where)) }
    case 'graphs':
      return { type, value: (message.graphs ?? []).map((graph) => fromGraphMessage(graph, where)) }
    case 'types':
      return { type, value: (message.type_protos ?? []).map((each) => fromTypeMessage(each, where)) }
    case 'sparse-tensor': {
      const { values, indices, dims = [] } = required(message.sparse_tensor, `the sparse tensor of ${where}`)
      return {
        type,
        value: {
          values: fromTensorMessage(required(values, `the value list of ${where}`), where),
          indices: fromTensorMessage(required(indices, `the index list of ${where}`), where),
          dims,
        },
      }
    }
    case undefined:
      throw new TollError('damaged-file', `${where} must have a known type, got ${message.type ?? 'none'}`, {
        part: where,
        value: message.type,
      })
  }
}

function toAttributeMessage(attribute: OnnxAttribute, where: string): Message<'Attribute'> {
  const type = ATTRIBUTE_CODES[attribute.type]
  switch (attribute.type) {
    case 'float':
      return { type, f: single(attribute.value, where) }
    case 'int':
      return { type, i: attribute.value }
    case 'string':
      return { type, s: attribute.value }
    case 'tensor':
      return { type, t: toTensorMessage(attribute.value) }
    case 'graph':
      return { type, g: toGraphMessage(attribute.value) }
    case 'type':
      return { type, tp: toTypeMessage(attribute.value) }
    case 'floats':
      return { type, floats: Float32Array.from(attribute.value, (value) => single(value, where)) }
    case 'ints':
      return { type, ints: attribute.value }
    case 'strings':
      return { type, strings: attribute.value }
    case 'tensors':
      return { type, tensors: attribute.value.map(toTensorMessage) }
    case 'graphs':
      return { type, graphs: attribute.value.map(toGraphMessage) }
    case 'types':
      return { type, type_protos: attribute.value.map(toTypeMessage) }
    case 'sparse-tensor': {
      const { values, indices, dims } = attribute.value
      return { type, sparse_tensor: { values: toTensorMessage(values), indices: toTensorMessage(indices), dims } }
    }
  }
}

/** A finite number that becomes infinite in single precision would change its meaning silently. */
function single(value: number, where: string): number {
  if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
    throw new TollError('out-of-domain', `${where} must fit single precision, got ${value}`, {
      part: where,
      value,
      expected: 'a number of single precision',
    })
  }
  return value
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined)
    throw new TollError('damaged-file', `${what} is missing; the file is damaged`, { part: what })
  return value
}

function fromValueMessage(message: Message<'ValueInfo'>): OnnxValueInfo {
  const name = message.name ?? ''
  const type = message.type && fromTypeMessage(message.type, `value '${name}'`)
  return { name, ...(type && { type }), ...present({ doc: message.doc_string }) }
}

function toValueMessage({ name, type, doc }: OnnxValueInfo): Message<'ValueInfo'> {
  return { name, type: type && toTypeMessage(type), doc_string: doc }
}

function fromTypeMessage(message: Message<'Type'>, where: string): OnnxType {
  const tensor = message.tensor_type ?? message.sparse_tensor_type
  if (tensor) {
    const shape = tensor.shape && (tensor.shape.dim ?? []).map((dim) => fromDimMessage(dim, where))
    return {
      kind: message.tensor_type ? 'tensor' : 'sparse-tensor',
      dtype: dtypeOfCode(tensor.elem_type, where),
      ...(shape && { shape }),
    }
  }
  const nested = message.sequence_type ?? message.optional_type
  if (nested) {
    const element = fromTypeMessage(required(nested.elem_type, `the element type of ${where}`), where)
    return { kind: message.sequence_type ? 'sequence' : 'optional', element }
  }
  const map = message.map_type
  if (!map)
    throw new TollError(
      'damaged-file',
      `${where} must be a tensor, a sequence, an optional or a map, got an empty type`,
      { part: where },
    )
  return {
    kind: 'map',
    key: dtypeOfCode(map.key_type, where),
    value: fromTypeMessage(required(map.value_type, `the value type of ${where}`), where),
  }
}

function toTypeMessage(type: OnnxType): Message<'Type'> {
  switch (type.kind) {
    case 'tensor':
      return { tensor_type: toTensorTypeMessage(type) }
    case 'sparse-tensor':
      return { sparse_tensor_type: toTensorTypeMessage(type) }
    case 'sequence':
      return { sequence_type: { elem_type: toTypeMessage(type.element) } }
    case 'optional':
      return { optional_type: { elem_type: toTypeMessage(type.element) } }
    case 'map':
      return { map_type: { key_type: codeOfDType(type.key), value_type: toTypeMessage(type.value) } }
  }
}

function toTensorTypeMessage({
  dtype,
  shape,
}: Extract<OnnxType, { kind: 'tensor' | 'sparse-tensor' }>): Message<'TensorType'> {
  return { elem_type: codeOfDType(dtype), shape: shape && { dim: shape.map(toDimMessage) } }
}

function fromDimMessage({ dim_value: size, dim_param: name }: Message<'Dimension'>, where: string): OnnxDim {
  if (size !== undefined && size < 0)
    throw new TollError('damaged-file', `${where} must have sizes of 0 or more, got ${size}`, {
      part: where,
      value: size,
    })
  return size ?? (name || null)
}

function toDimMessage(dim: OnnxDim): Message<'Dimension'> {
  if (typeof dim === 'number' && dim < 0)
    throw new TollError('out-of-domain', `a size of an ONNX value must be 0 or more, got ${dim}`, {
      value: dim,
      expected: 'an integer of 0 or more',
    })
  return typeof dim === 'number' ? { dim_value: dim } : dim === null ? {} : { dim_param: dim }
}
