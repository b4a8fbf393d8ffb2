// The graph in a model file, read back: what programs beyond scoring are made from, such as explanations.

import { readGraph, type Tensor } from '../graph/index.js'
import { decodeModel } from '../onnx/index.js'
import { withoutGuard } from './compose.js'

export interface ScoringGraph {
  /** In the order of the file. */
  readonly inputs: readonly Tensor[]
  /** Score, components, details and decisions, by their names in the file. */
  readonly outputs: Readonly<Record<string, Tensor>>
  /** The same as the detector built them: a score or component that is NaN is not infinite yet. */
  readonly built: Readonly<Record<string, Tensor>>
}

/** @throws `format` for bytes that are no model file. */
export function readScoringGraph(bytes: Uint8Array): ScoringGraph {
  const model = decodeModel(bytes)
  const { outputs: shown, values = [] } = model.graph
  const { inputs, outputs } = readGraph({ ...model, graph: { ...model.graph, outputs: [...shown, ...values] } })
  const built = Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, withoutGuard(value)]))
  return { inputs, outputs, built }
}
