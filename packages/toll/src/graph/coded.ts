// A model file with its lookups of texts taken out, for an engine that does them on the host: ONNX Runtime takes 0.3
// microseconds and more to copy a text in, a map of the host's own a tenth of that, and ONNX Runtime's WebGPU build for
// browsers has no LabelEncoder at all. Everything else in the file stays as it is, so results are equal to the bit.

import { TollError } from '../base/index.js'
import {
  decodeModel,
  encodeModel,
  makeNode,
  makeValue,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxValueInfo,
} from '../onnx/index.js'
import type { Shape } from './tensor.js'

/** What a `LabelEncoder` of the file did. */
export interface TextLookup {
  /** The input of texts. */
  readonly texts: string
  /** The int64 input of the same shape that takes the results. */
  readonly places: string
  readonly placeOf: ReadonlyMap<string, bigint>
  /** The result for a text that is not in the table. */
  readonly otherwise: bigint
}

export interface CodedModel {
  /** The file with the inputs of texts replaced. */
  readonly model: Uint8Array
  /**
   * What the original file must be fed, in its order; `texts` is the shape of an input of texts, all of which are gone.
   */
  readonly inputs: readonly { readonly name: string; readonly texts?: Shape }[]
  readonly lookups: readonly TextLookup[]
}

/**
 * The file without inputs of texts, or undefined where it has none, or no lookup, or something else than lookups from
 * text to integer and shapes reads them, or the file is beyond what is decoded here.
 */
export function lookupsOnHost(bytes: Uint8Array): CodedModel | undefined {
  const model = contains(bytes, encoderName) ? decoded(bytes) : undefined
  return model && withoutLookups(model)
}

/** What is wrong with a file is for the engine to say. */
function decoded(bytes: Uint8Array): OnnxModel | undefined {
  try {
    return decodeModel(bytes)
  } catch (error) {
    if (error instanceof TollError && error.code === 'format') return undefined
    throw error
  }
}

function withoutLookups(model: OnnxModel): CodedModel | undefined {
  const { graph } = model
  const texts = new Map(
    graph.inputs.flatMap(({ name, type }) =>
      type?.kind === 'tensor' && type.dtype === 'string'
        ? [[name, type.shape?.map((dim, axis) => dim ?? `${name}.${axis}`)] as const]
        : [],
    ),
  )
  if (texts.size === 0) return undefined
  const readers = graph.nodes.filter(({ inputs }) => inputs.some((name) => texts.has(name)))
  const rest = readers.filter((node) => !isLookup(node))
  const nested = graph.nodes.some(({ attributes }) =>
    Object.values(attributes).some(({ type }) => type === 'graph' || type === 'graphs'),
  )
  const given =
    [...graph.initializers, ...graph.outputs].some(({ name }) => texts.has(name)) ||
    [...texts.values()].includes(undefined)
  if (
    nested ||
    given ||
    !rest.every(
      ({ op, domain, inputs }) =>
        op === 'Shape' && !domain && readers.some((node) => isLookup(node) && node.inputs[0] === inputs[0]),
    )
  )
    return undefined

  const taken = namesOf(graph)
  const results = new Set(graph.outputs.map(({ name }) => name))
  const lookups: TextLookup[] = []
  const inputs: OnnxValueInfo[] = []
  const nodes: OnnxNode[] = []
  for (const node of readers.filter(isLookup)) {
    const lookup = lookupOf(node, results.has(node.outputs[0]) ? fresh(node.outputs[0], taken) : node.outputs[0])
    if (!lookup) return undefined
    lookups.push(lookup)
    inputs.push(makeValue(lookup.places, 'int64', texts.get(lookup.texts)))
    if (lookup.places !== node.outputs[0]) nodes.push(makeNode('Identity', [lookup.places], node.outputs))
  }
  const shaped = (name: string) => lookups.find((lookup) => lookup.texts === name)?.places ?? name
  nodes.push(
    ...graph.nodes
      .filter((node) => !isLookup(node) || !readers.includes(node))
      .map((node) => ({ ...node, inputs: node.inputs.map(shaped) })),
  )
  return {
    model: encodeModel({
      ...model,
      graph: { ...graph, nodes, inputs: [...graph.inputs.filter(({ name }) => !texts.has(name)), ...inputs] },
    }),
    // Old files list their constants among the inputs.
    inputs: graph.inputs
      .filter(({ name }) => graph.initializers.every((constant) => constant.name !== name))
      .map(({ name }) => ({ name, texts: texts.get(name) })),
    lookups,
  }
}

const encoderName = 'LabelEncoder'

/** Whether the ASCII text is among the bytes: cheaper than decoding a large file that has no lookup. */
function contains(bytes: Uint8Array, text: string): boolean {
  const wanted = new TextEncoder().encode(text)
  for (let at = bytes.indexOf(wanted[0]); at >= 0; at = bytes.indexOf(wanted[0], at + 1)) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return true
  }
  return false
}

function isLookup({ op, domain }: OnnxNode): boolean {
  return op === encoderName && domain === 'ai.onnx.ml'
}

function lookupOf({ inputs, attributes }: OnnxNode, places: string): TextLookup | undefined {
  const { keys_strings: keys, values_int64s: values, default_int64: otherwise } = attributes
  if (keys?.type !== 'strings' || values?.type !== 'ints' || keys.value.length !== values.value.length) return undefined
  const placeOf = new Map(keys.value.map((text, i) => [text, BigInt(values.value[i])]))
  // What an engine makes of a text that is listed twice is its own affair.
  if (placeOf.size < keys.value.length) return undefined
  return { texts: inputs[0], places, placeOf, otherwise: BigInt(otherwise?.type === 'int' ? otherwise.value : -1) }
}

function namesOf({ inputs, initializers, nodes }: OnnxGraph): Set<string> {
  return new Set([...[...inputs, ...initializers].map(({ name }) => name), ...nodes.flatMap((node) => node.outputs)])
}

function fresh(name: string, taken: Set<string>): string {
  let found = name
  while (taken.has(found)) found += "'"
  taken.add(found)
  return found
}
