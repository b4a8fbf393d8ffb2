// A model file with other thresholds or other outputs: everything else in it, nodes and numbers, stays as it is.

import { TollError } from '../base/index.js'
import { decodeModel, encodeModel, makeNode, makeTensor, type OnnxModel, type OnnxValueInfo } from '../onnx/index.js'
import type { Threshold } from '../threshold/index.js'
import { decisionOutput, encodeManifest, type Manifest } from './manifest.js'
import { checksumKey, seal } from './seal.js'

/** Names of everything that the file can be asked for: its outputs, and details such as `reconstruction`. */
export function valueNames(bytes: Uint8Array): string[] {
  return namedValues(decodeModel(bytes)).map(({ name }) => name)
}

function namedValues({ graph }: OnnxModel): readonly OnnxValueInfo[] {
  return [...(graph.values ?? []), ...graph.outputs]
}

/** The same file with other named values as its outputs: `reconstruction`, `code`. */
export function withOutputs(bytes: Uint8Array, names: readonly string[]): Uint8Array {
  const model = decodeModel(bytes)
  const known = namedValues(model)
  const outputs = names.map((name) => {
    const value = known.find((candidate) => candidate.name === name)
    if (!value)
      throw new TollError(
        'unknown-output',
        `the model has no value '${name}'; it has ${known.map((candidate) => candidate.name).join(', ')}`,
        { value: name, expected: known.map((candidate) => candidate.name) },
      )
    return value
  })
  return encodeModel({ ...model, graph: { ...model.graph, outputs } })
}

/** The same file with the manifest's thresholds in the graph too. */
export function moveThresholds(bytes: Uint8Array, manifest: Manifest): Uint8Array {
  return seal(encodeModel(withDecisions(decodeModel(bytes), manifest)))
}

/**
 * The manifest as metadata, and each of its thresholds under a name of its own: the second operand of the comparison
 * that makes its output.
 */
export function withDecisions(model: OnnxModel, manifest: Manifest): OnnxModel {
  const {
    graph,
    metadata: { [checksumKey]: _, ...metadata },
  } = model
  const decision = graph.nodes.find((node) => node.outputs.includes('is_anomaly'))
  if (decision?.op !== 'Greater')
    throw new TollError('damaged-file', "the model has no comparison that makes 'is_anomaly'", { part: 'is_anomaly' })
  const thresholds: [string | undefined, Threshold][] = [
    [undefined, manifest.threshold],
    ...Object.entries(manifest.thresholds ?? {}),
  ]
  const clash = thresholds.find(([name]) => graph.inputs.some((input) => input.name === decisionOutput(name)))
  if (clash)
    throw new TollError(
      'reserved-name',
      `the model has a column called '${decisionOutput(clash[0])}'; give the threshold another name than '${clash[0]}'`,
      { option: 'name', value: clash[0], column: decisionOutput(clash[0]) },
    )
  const made = (name: string) => name === 'is_anomaly' || name.startsWith('is_anomaly_')
  const others = graph.nodes.filter((node) => !node.outputs.some(made))
  const kept = new Set(others.flatMap((node) => node.inputs))
  const replaced = new Set(
    graph.nodes
      .filter((node) => node.outputs.some(made))
      .flatMap(({ inputs: [, bound] }) => (kept.has(bound) ? [] : bound)),
  )
  const taken = new Set([
    ...[...graph.inputs, ...graph.initializers.filter(({ name }) => !replaced.has(name))].map(({ name }) => name),
    ...graph.nodes.flatMap((node) => node.outputs),
  ])
  const constantOf = (name: string | undefined) => {
    let constant = name === undefined ? 'threshold' : `threshold_${name}`
    while (taken.has(constant)) constant += '_'
    return constant
  }
  const nodes = [
    ...others,
    ...thresholds.map(([name]) => makeNode('Greater', [decision.inputs[0], constantOf(name)], [decisionOutput(name)])),
  ]
  const shape = graph.outputs.find(({ name }) => name === 'is_anomaly')!.type
  const outputs = [
    ...graph.outputs.filter(({ name }) => !made(name)),
    ...thresholds.map(([name]) => ({ name: decisionOutput(name), ...(shape && { type: shape }) })),
  ]
  const read = new Set([...nodes.flatMap((node) => node.inputs), ...outputs.map(({ name }) => name)])
  const initializers = graph.initializers.filter(({ name }) => !replaced.has(name) && read.has(name))
  return {
    ...model,
    metadata: { ...metadata, ...encodeManifest(manifest) },
    graph: {
      ...graph,
      nodes,
      outputs,
      initializers: [
        ...initializers,
        ...thresholds.map(([name, { value }]) => makeTensor(constantOf(name), 'float64', [], [value])),
      ],
    },
  }
}
