// Preprocessing and scorer as one graph, from the inputs of a model file to its score, whose components and details
// have the names that the detector declares.

import { TollError, type Domains, type Values } from '../base/index.js'
import type { Detector, FittedDetector } from '../detectors/index.js'
import { cast, constant, input, isNaN, where, type Tensor } from '../graph/index.js'
import {
  prepareImage,
  prepareTable,
  restoreImage,
  restoreTable,
  type ColumnSummary,
  type ImagePreprocessing,
  type TablePreprocessing,
} from '../preprocess/index.js'
import { columnInput } from './inputs.js'
import type { InputColumn, ModelInput } from './manifest.js'
import { batch, rowsPerRun } from './run-size.js'

/** Names of outputs and constants that every model file has or may get. */
const ownNames = ['score', 'p_value', 'is_anomaly', 'reconstruction', 'code', 'threshold']

/** What a detector names its outputs: those of the model file, and values that can be asked for. */
export interface DeclaredNames {
  readonly components: readonly string[]
  readonly details: readonly string[]
}

/**
 * The names that a detector declares for these parameters.
 *
 * @throws `argument` for names that repeat, or that every model file has for something else.
 */
export function declaredNames(detector: Detector, parameters: Values<Domains>, weighted: boolean): DeclaredNames {
  const components = detector.components?.(parameters, { weighted }) ?? []
  const details = detector.details?.(parameters) ?? []
  const names = [...components, ...details]
  const taken = names.find((name, i) => name === '' || isReserved(name) || names.indexOf(name) < i)
  if (taken !== undefined)
    throw new TollError(
      'reserved-name',
      `detector '${detector.name}' declares '${taken}' among its components and details, a name that is taken`,
      { option: 'detector', value: taken },
    )
  return { components, details }
}

/** Names that mean the same in every model file. */
function isReserved(name: string): boolean {
  return ['score', 'p_value'].includes(name) || /^(is_anomaly|threshold)(_|$)/.test(name)
}

/** The model's inputs for these columns: their names, with underscores appended where a name is taken. */
export function inputColumns(columns: readonly ColumnSummary[], { components, details }: DeclaredNames): InputColumn[] {
  const used = new Set([...ownNames, ...components, ...details])
  return columns.map((column) => {
    let name = column.name
    while (used.has(name) || (name !== column.name && columns.some((other) => other.name === name))) name += '_'
    used.add(name)
    return { ...column, input: name }
  })
}

/** How raw inputs become the samples that a detector trains on and scores. */
export interface Encoding {
  readonly input: ModelInput
  readonly preprocessing: TablePreprocessing | ImagePreprocessing
  readonly precision: Detector['precision']
}

/** The graph from raw inputs, in the order of the file, to samples. */
export function encodeInputs({ input: port, preprocessing, precision }: Encoding): {
  readonly inputs: readonly Tensor[]
  readonly samples: Tensor
} {
  const inputs =
    port.kind === 'table'
      ? port.columns.map((column) => columnInput(column, batch))
      : [input(port.input, [batch, ...port.shape])]
  const samples =
    preprocessing.kind === 'table'
      ? prepareTable(preprocessing, inputs, precision)
      : cast(prepareImage(preprocessing, inputs[0]), precision)
  return { inputs, samples }
}

export interface Composed {
  readonly inputs: readonly Tensor[]
  readonly score: Tensor
  readonly components: Readonly<Record<string, Tensor>>
  /** In the units of the input where they have x's shape. */
  readonly details: Readonly<Record<string, Tensor>>
  /** Rows that one run takes at most. */
  readonly largestBatch: number
}

/**
 * Raw inputs to scores. What a float32 network cannot tell from infinity scores infinity: never NaN, and always an
 * anomaly.
 *
 * @throws `argument` where the scorer does not compute what its detector declares.
 */
export function compose(encoding: Encoding, fitted: FittedDetector, declared: DeclaredNames): Composed {
  const { inputs, samples } = encodeInputs(encoding)
  const { score, components: built = {}, details = {} } = fitted.score(samples)
  checkBuilt('component', declared.components, built)
  checkBuilt('detail', declared.details, details)
  const { preprocessing } = encoding
  const { reconstruction, ...rest } = details
  const restored =
    reconstruction &&
    (preprocessing.kind === 'table'
      ? restoreTable(preprocessing, reconstruction)
      : restoreImage(preprocessing, reconstruction))
  const guarded = neverNaN(score)
  const components = Object.fromEntries(declared.components.map((name) => [name, neverNaN(built[name])]))
  return {
    inputs,
    score: guarded,
    components,
    details: { ...rest, ...(restored && { reconstruction: restored }) },
    largestBatch: rowsPerRun(inputs, { score: guarded, ...components }),
  }
}

function checkBuilt(what: string, declared: readonly string[], built: Readonly<Record<string, Tensor>>): void {
  const names = Object.keys(built)
  const missing = declared.filter((name) => !names.includes(name))
  const undeclared = names.filter((name) => !declared.includes(name))
  if (missing.length === 0 && undeclared.length === 0) return
  throw new TollError(
    'invalid-detector',
    `the detector declares the ${what}s ${list(declared)}, its scorer computes ${list(names)}`,
    { option: 'detector', value: names, expected: declared },
  )
}

function list(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ') || 'none'
}

function neverNaN(x: Tensor): Tensor {
  return where(isNaN(x), constant(Infinity, [], x.dtype), x)
}

/** What `neverNaN` was given, in a graph that was read from a file; anything else as it is. */
export function withoutGuard(x: Tensor): Tensor {
  const [condition, , value] = x.inputs
  return x.op.name === 'where' && condition.op.name === 'isNaN' && condition.inputs[0] === value ? value : x
}
