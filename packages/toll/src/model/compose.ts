// Preprocessing, scorer and threshold as one graph, and that graph as the bytes of a plain ONNX file.

import { TollError } from '../base/index.js'
import { cast, compile, constant, costOf, greater, input, isNaN, where, type Tensor } from '../graph/index.js'
import { decodeModel, encodeModel, makeNode, makeTensor, type OnnxModel } from '../onnx/index.js'
import { pValue, type Threshold } from '../threshold/index.js'
import type { Detector, FittedDetector } from '../detectors/index.js'
import {
  prepareImage,
  prepareTable,
  restoreImage,
  restoreTable,
  type ColumnSummary,
  type ImagePreprocessing,
  type TablePreprocessing,
} from '../preprocess/index.js'
import { columnInput } from './feeding.js'
import { decodeManifest, encodeManifest, type InputColumn, type Manifest, type ModelInput } from './manifest.js'

/** The named size of the batch axis in every model file. */
const batch = 'batch'

/** Names that no column's input can take, beside the parts of the score. */
const taken = ['score', 'p_value', 'is_anomaly', 'reconstruction', 'code', 'threshold']

/** The model's inputs for these columns: their names, with underscores appended where a name is taken. */
export function inputColumns(columns: readonly ColumnSummary[], parts: readonly string[]): InputColumn[] {
  const used = new Set([...taken, ...parts])
  return columns.map((column) => {
    let name = column.name
    while (used.has(name) || (name !== column.name && columns.some((other) => other.name === name))) name += '_'
    used.add(name)
    return { ...column, input: name }
  })
}

export interface Composition {
  readonly preprocessing: TablePreprocessing | ImagePreprocessing
  readonly input: ModelInput
  readonly detector: Detector
  readonly fitted: FittedDetector
}

export interface Composed {
  readonly inputs: readonly Tensor[]
  readonly score: Tensor
  readonly parts: Readonly<Record<string, Tensor>>
  /** In the units of the input where they have x's shape. */
  readonly details: Readonly<Record<string, Tensor>>
}

/**
 * Raw inputs to scores. What a float32 network cannot tell from infinity scores infinity: never NaN, and always an
 * anomaly.
 */
export function compose({ preprocessing, input: port, detector, fitted }: Composition): Composed {
  const inputs =
    port.kind === 'table'
      ? port.columns.map((column) => columnInput(column, batch))
      : [input(port.input, [batch, ...port.shape])]
  const samples = prepare(preprocessing, inputs, detector)
  const { score, parts, details } = fitted.score(samples)
  const { reconstruction, ...rest } = details
  const restored =
    reconstruction &&
    (preprocessing.kind === 'table'
      ? restoreTable(preprocessing, reconstruction)
      : restoreImage(preprocessing, reconstruction))
  return {
    inputs,
    score: neverNaN(score),
    parts: Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, neverNaN(part)])),
    details: { ...rest, ...(restored && { reconstruction: restored }) },
  }
}

/** The samples that the detector trains on and scores, from raw inputs. */
export function prepare(
  preprocessing: Composition['preprocessing'],
  inputs: readonly Tensor[],
  { precision }: Detector,
): Tensor {
  return preprocessing.kind === 'table'
    ? prepareTable(preprocessing, inputs, precision)
    : cast(prepareImage(preprocessing, inputs[0]), precision)
}

/** Memory that one run may take for what lies between inputs and outputs. */
const scoringBytes = 256 * 2 ** 20
/** What caches hold of it: above, kernel values and distances take two to three times as long each. */
const cachedBytes = 16 * 2 ** 20
/** Fewer rows than this make a product with a large constant slow, since each run reads all of it. */
const fewestTogether = 64

/**
 * Rows that one run takes at most, so that its memory stays bounded whatever the number of rows and mostly fits a
 * cache: at least 1.
 */
export function largestBatchOf({ inputs, score, parts }: Composed): number {
  const peak = (rows: number) => costOf({ score, ...parts }, { inputs, sizes: { [batch]: rows } }).peakBytes
  const probe = 1024
  const perRow = (peak(1 + probe) - peak(1)) / probe
  return Math.max(1, Math.floor(Math.min(scoringBytes / perRow, Math.max(cachedBytes / perRow, fewestTogether))))
}

function neverNaN(x: Tensor): Tensor {
  return where(isNaN(x), constant(Infinity, [], x.dtype), x)
}

/**
 * The bytes of the model file. Details stay in the graph as named values that are no outputs, so that they cost nothing
 * until asked for.
 */
export function encodeFile({ inputs, score, parts, details }: Composed, manifest: Manifest): Uint8Array {
  const { source, scores } = manifest.heldBack
  const calibrated = source === 'held-back' && scores.length > 0
  const bytes = compile(
    {
      score,
      ...parts,
      ...(calibrated && { p_value: pValue(score, Float64Array.from(scores)) }),
      is_anomaly: greater(score, constant(0, [], 'float64')),
      ...details,
    },
    { inputs, metadata: encodeManifest(manifest), producerVersion: manifest.versions.toll },
  )
  const model = decodeModel(bytes)
  const hidden = new Set(Object.keys(details))
  const { outputs } = model.graph
  return encodeModel(
    withDecisions(
      {
        ...model,
        graph: {
          ...model.graph,
          outputs: outputs.filter(({ name }) => !hidden.has(name)),
          values: outputs.filter(({ name }) => hidden.has(name)),
        },
      },
      manifest,
    ),
  )
}

/** The same file with other named values as its outputs: `reconstruction`, `code`. */
export function withOutputs(bytes: Uint8Array, names: readonly string[]): Uint8Array {
  const model = decodeModel(bytes)
  const known = [...(model.graph.values ?? []), ...model.graph.outputs]
  const outputs = names.map((name) => {
    const value = known.find((candidate) => candidate.name === name)
    if (!value)
      throw new TollError(
        'unknown-output',
        `the model has no value '${name}'; it has ${known.map((candidate) => candidate.name).join(', ')}`,
      )
    return value
  })
  return encodeModel({ ...model, graph: { ...model.graph, outputs } })
}

/** The same file with the manifest's thresholds in the graph too. */
export function moveThresholds(bytes: Uint8Array, manifest: Manifest): Uint8Array {
  return encodeModel(withDecisions(decodeModel(bytes), manifest))
}

/** The output that says which rows are above the threshold of this name, or above the model's own. */
export function decisionOutput(name?: string): string {
  return name === undefined ? 'is_anomaly' : `is_anomaly_${name}`
}

/** Puts every threshold under a name of its own, the second operand of the comparison that makes its output. */
function withDecisions(model: OnnxModel, manifest: Manifest): OnnxModel {
  const { graph } = model
  const decision = graph.nodes.find((node) => node.outputs.includes('is_anomaly'))
  if (decision?.op !== 'Greater')
    throw new TollError('damaged-file', "the model has no comparison that makes 'is_anomaly'")
  const thresholds: [string | undefined, Threshold][] = [
    [undefined, manifest.threshold],
    ...Object.entries(manifest.thresholds ?? {}),
  ]
  const clash = thresholds.find(([name]) => graph.inputs.some((input) => input.name === decisionOutput(name)))
  if (clash)
    throw new TollError(
      'out-of-domain',
      `the model has a column called '${decisionOutput(clash[0])}'; give the threshold another name than '${clash[0]}'`,
    )
  const made = (name: string) => name === 'is_anomaly' || name.startsWith('is_anomaly_')
  const own = (name: string) => name === 'threshold' || name.startsWith('threshold_')
  const constantOf = (name: string | undefined) => (name === undefined ? 'threshold' : `threshold_${name}`)
  const nodes = [
    ...graph.nodes.filter((node) => !node.outputs.some(made)),
    ...thresholds.map(([name]) => makeNode('Greater', [decision.inputs[0], constantOf(name)], [decisionOutput(name)])),
  ]
  const shape = graph.outputs.find(({ name }) => name === 'is_anomaly')!.type
  const outputs = [
    ...graph.outputs.filter(({ name }) => !made(name)),
    ...thresholds.map(([name]) => ({ name: decisionOutput(name), ...(shape && { type: shape }) })),
  ]
  const read = new Set([...nodes.flatMap((node) => node.inputs), ...outputs.map(({ name }) => name)])
  const initializers = graph.initializers.filter(({ name }) => !own(name) && read.has(name))
  return {
    ...model,
    metadata: { ...model.metadata, ...encodeManifest(manifest) },
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

/** The manifest in the bytes of a model file. */
export function readManifest(bytes: Uint8Array): Manifest {
  return decodeManifest(decodeModel(bytes).metadata)
}
