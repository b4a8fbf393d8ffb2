// The graph of a model file against its manifest: a file from elsewhere is checked before anything of it runs. Reading
// the graph into our own ops already refuses what could run for ever: loops, and trees with a cycle.

import { TollError } from '../base/index.js'
import { input, interpret, readGraph, substitute, type Dim, type DType, type Tensor } from '../graph/index.js'
import type { OnnxModel } from '../onnx/index.js'
import { pValues } from '../threshold/index.js'
import { decisionOutput, type Manifest } from './manifest.js'
import { batch, rowsPerRun } from './run-size.js'

/** What a value of a model file must be; a size that is undefined may be any. */
interface Port {
  readonly name: string
  readonly dtypes: readonly DType[]
  readonly shape: readonly (Dim | undefined)[]
}

type Tensors = Readonly<Record<string, Tensor>>

/**
 * Checks inputs, outputs, sizes, thresholds and p-values of the graph against the manifest.
 *
 * @returns rows that one run takes at most
 * @throws `format` for a graph that is not what the manifest says; `memory` as `rowsPerRun`.
 */
export function checkGraph(model: OnnxModel, manifest: Manifest): number {
  const { graph } = model
  const { outputs: shown, values = [] } = graph
  const { inputs, outputs } = readGraph({ ...model, graph: { ...graph, outputs: [...shown, ...values] } })
  const taken = Object.fromEntries(inputs.map((tensor) => [(tensor.attrs as { readonly name: string }).name, tensor]))
  checkPorts('input', inputPorts(manifest), taken)
  const given = Object.fromEntries(shown.map(({ name }) => [name, outputs[name]]))
  checkPorts('output', outputPorts(manifest, Object.hasOwn(given, 'p_value')), given)
  for (const port of detailPorts(manifest)) if (Object.hasOwn(outputs, port.name)) checkPort('value', port, outputs)
  checkThresholds(manifest, outputs)
  checkPValues(manifest, outputs)
  return rowsPerRun(inputs, given)
}

function inputPorts({ input: port }: Manifest): Port[] {
  return port.kind === 'table'
    ? port.columns.map(({ input: name, kind }) => ({
        name,
        dtypes: [kind === 'category' ? 'string' : 'float64'],
        shape: [batch, 1],
      }))
    : [{ name: port.input, dtypes: ['float32'], shape: [batch, ...port.shape] }]
}

/** Files of early versions have no p-values. */
function outputPorts({ parts, thresholds = {} }: Manifest, hasPValue: boolean): Port[] {
  const decisions = [undefined, ...Object.keys(thresholds)].map(decisionOutput)
  const port = (name: string, ...dtypes: DType[]): Port => ({ name, dtypes, shape: [batch] })
  return [
    port('score', 'float64'),
    ...parts.map((name) => port(name, 'float64', 'float32')),
    ...(hasPValue ? [port('p_value', 'float64')] : []),
    ...decisions.map((name) => port(name, 'bool')),
  ]
}

/** Values that the library asks for by name. */
function detailPorts({ input: port }: Manifest): Port[] {
  const [dtype, sizes]: [DType, readonly number[]] =
    port.kind === 'table' ? ['float64', [port.columns.length]] : ['float32', port.shape]
  return [{ name: 'reconstruction', dtypes: [dtype], shape: [batch, ...sizes] }]
}

function checkPorts(what: 'input' | 'output', ports: readonly Port[], tensors: Tensors): void {
  const known = new Set(ports.map(({ name }) => name))
  const odd = Object.keys(tensors).find((name) => !known.has(name))
  if (odd !== undefined) throw damaged(`has the ${what} '${odd}', of which its manifest knows nothing`, odd)
  for (const port of ports) checkPort(what, port, tensors)
}

function checkPort(what: string, { name, dtypes, shape }: Port, tensors: Tensors): void {
  if (!Object.hasOwn(tensors, name)) throw damaged(`lacks the ${what} '${name}'`, name)
  const tensor = tensors[name]
  const fits =
    dtypes.includes(tensor.dtype) &&
    tensor.shape.length === shape.length &&
    shape.every((size, axis) => size === undefined || size === tensor.shape[axis])
  if (!fits)
    throw damaged(
      `has the ${what} '${name}' of ${tensor.dtype} (${tensor.shape.join(', ')}), expected ${dtypes.join(' or ')} ` +
        `(${shape.map((size) => size ?? 'any').join(', ')})`,
      name,
    )
}

/** Each decision is the score compared with the threshold of the manifest. */
function checkThresholds({ threshold, thresholds = {} }: Manifest, outputs: Tensors): void {
  const all = [[undefined, threshold] as const, ...Object.entries(thresholds)]
  for (const [name, { value }] of all) {
    const output = decisionOutput(name)
    const {
      op,
      inputs: [score, bound],
    } = outputs[output]
    const compared = op.name === 'greater' && score === outputs.score && bound.op.name === 'constant'
    const found = compared ? (bound.attrs as unknown as { readonly data: ArrayLike<number> }).data[0] : undefined
    if (found !== value)
      throw damaged(
        `decides '${output}' by ${found ?? 'something else'}, its manifest has the threshold ${value}`,
        output,
      )
  }
}

/** Scores at which p-values are compared. */
const maxCompared = 256

/** P-values of the graph are those of the held-out scores in the manifest. */
function checkPValues({ heldBack: { scores } }: Manifest, { score, p_value: pValue }: Tensors): void {
  if (pValue === undefined || scores.length === 0) return
  const step = Math.ceil(scores.length / maxCompared)
  const some = Float64Array.from([...scores.filter((_, i) => i % step === 0), Infinity])
  const from = input('score', [batch], 'float64')
  const graph = substitute({ pValue }, new Map([[score, from]]))
  const found = interpret(graph, { score: { shape: [some.length], data: some } }).pValue.data
  const expected = pValues(some, scores)
  const odd = expected.findIndex((value, i) => !(Math.abs(value - found[i]) <= 1e-12))
  if (odd >= 0)
    throw damaged(
      `gives the score ${some[odd]} the p-value ${found[odd]}, by the held-out scores of its manifest it is ` +
        String(expected[odd]),
      'p_value',
    )
}

function damaged(problem: string, part: string): TollError {
  return new TollError(
    'damaged-file',
    `the model is damaged, or was changed by another program: its graph ${problem}`,
    {
      part,
    },
  )
}
