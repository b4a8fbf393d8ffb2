// A score taken apart through the graph in its model file, term by term as its detector says. A term in proportion to
// squares is shared over the positions of the sample, r_i^2 / ||r||^2 of its value each; a term with gradients is what
// a typical sample has of it (the base) plus integrated gradients along the straight path from that sample.

import { TollError, rowCount, sizeOf, takeRows, throwIfAborted, type Samples } from '../base/index.js'
import type { Model, Scores } from '../model/index.js'
import type { HostTensor, Session } from '../runtime/index.js'
import { spread, sumOf, type ExplainOptions, type Explanation, type RowExplanation } from './explanation.js'
import { integrateGradients, type Differentiable, type Shares } from './path-integral.js'
import type { GraphTerm, ScoreGraph } from './score-graph.js'
import { columnsOfSample } from './typical.js'

export interface ScoredRows {
  /** Rows that have scores, and their indices among all rows. */
  readonly data: Samples
  readonly places: readonly number[]
  /** Of all rows. */
  readonly scores: Scores
  /** One row. */
  readonly typical: Samples
}

type Result = Pick<Explanation, 'base' | 'rows'>

/** Numbers of samples that are worked on together: bounds the memory of panels. */
const valuesTogether = 1 << 16

export async function explainByGradients(
  model: Model,
  graph: ScoreGraph,
  scored: ScoredRows,
  options: ExplainOptions,
): Promise<Result> {
  const open: Session[] = []
  const load = async (program: ScoreGraph['residuals']) => {
    const session = await model.engine.load(program)
    open.push(session)
    return session
  }
  try {
    const residuals = await load(graph.residuals)
    const start = await samplesOf({ model, graph, residuals }, scored.typical)
    const terms: OpenTerm[] = []
    for (const term of graph.terms) {
      // A term of weight 0 adds nothing, and needs no gradients.
      const path = term.by === 'gradients' && term.weight !== 0 ? await load(term.path) : undefined
      const typical = path ? await valueAt(path, graph, start.samples) : 0
      terms.push({ ...term, ...(path && { session: path }), typical })
    }
    return await explainRows({ model, graph, residuals, terms, from: start.samples, options }, scored)
  } finally {
    await Promise.all(open.map((session) => session.close()))
  }
}

/** A term with what it needs in the engine, and its value at the typical sample. */
type OpenTerm = GraphTerm & { readonly session?: Session; readonly typical: number }

interface Work {
  readonly model: Model
  readonly graph: ScoreGraph
  readonly residuals: Session
  readonly terms: readonly OpenTerm[]
  /** The typical sample. */
  readonly from: Float64Array
  readonly options: ExplainOptions
}

/** Samples (some, ...sample) of rows, and what is left of them by the outputs of `residuals`. */
interface Positions {
  readonly samples: Float64Array
  readonly residuals: Readonly<Record<string, Float64Array>>
}

/** What a term adds to some rows: a number for each position of each, and how that was found. */
interface TermShares {
  /** The term times its weight. */
  readonly values: readonly number[]
  readonly shares: readonly Float64Array[]
  /** What the shares lacked before it was spread over them, in units of the score. */
  readonly remainders: readonly number[]
  readonly points: readonly number[]
}

async function explainRows(work: Work, { data, places, scores }: ScoredRows): Promise<Result> {
  const { model, terms, graph, options } = work
  const rows: RowExplanation[] = []
  const together = Math.max(1, Math.min(1024, Math.floor(valuesTogether / sizeOf(graph.sample))))
  const groups = columnsOfSample(model.manifest)
  for (let first = 0; first < places.length; first += together) {
    throwIfAborted(options.signal)
    const some = places.slice(first, first + together)
    const positions = await samplesOf(work, rowsFrom(data, first, first + some.length))
    const shared: TermShares[] = []
    for (const term of terms) {
      const values = some.map((row) => (term.output === 'score' ? scores.score : scores.parts[term.output])[row])
      const ofScores = some.map((row) => scores.score[row])
      shared.push(
        term.by === 'squares'
          ? bySquares(term, positions.residuals[term.residual], values)
          : await byGradients(work, term, positions.samples, values, ofScores),
      )
    }
    some.forEach((row, i) => {
      const score = scores.score[row]
      checkSum(
        model,
        row,
        score,
        shared.map(({ values }) => values[i]),
      )
      const parts = terms.map(({ name }, t) => [name, byColumn(shared[t].shares[i], groups)] as const)
      const remainder = added(shared.map(({ remainders }) => remainders[i]))
      rows.push({
        row,
        score,
        isAnomaly: scores.isAnomaly[row] === 1,
        ...(scores.pValue && { pValue: scores.pValue[row] }),
        contributions: parts[0][1].map((_, p) => added(parts.map(([, values]) => values[p]))),
        parts: Object.fromEntries(parts),
        remainder: score === 0 ? 0 : remainder / score,
        evaluations: added(shared.map(({ points }) => points[i])),
      })
    })
    options.onProgress?.(rows.length)
  }
  return { base: { name: graph.base, value: added(terms.map(({ weight, typical }) => weight * typical)) }, rows }
}

/** Terms that make another score would explain another score; they may differ by the rounding of single precision. */
function checkSum({ manifest }: Model, row: number, score: number, terms: readonly number[]): void {
  const sum = added(terms)
  if (Math.abs(sum - score) <= 1e-5 * added([score, ...terms].map(Math.abs))) return
  throw new TollError(
    'invalid-detector',
    `the terms by which detector '${manifest.detector}' explains row ${row + 1} add up to ${sum}, its ` +
      `score is ${score}`,
    { option: 'detector', row, value: sum, expected: String(score) },
  )
}

function bySquares({ weight }: OpenTerm, residual: Float64Array, values: readonly number[]): TermShares {
  const size = residual.length / values.length
  const weighed = values.map((value) => weight * value)
  return {
    values: weighed,
    shares: weighed.map((value, i) => squaredShares(residual.subarray(i * size, (i + 1) * size), value)),
    remainders: values.map(() => 0),
    points: values.map(() => 0),
  }
}

async function byGradients(
  { graph, terms, from, options }: Work,
  term: OpenTerm & { readonly by: 'gradients' },
  samples: Float64Array,
  values: readonly number[],
  scores: readonly number[],
): Promise<TermShares> {
  const { weight, typical, session, pointsPerRun } = term
  const size = from.length
  const integrals: readonly Shares[] = session
    ? await integrateGradients(
        differentiable(session, graph),
        values.map((value, i) => ({
          to: samples.subarray(i * size, (i + 1) * size),
          value,
          tolerance: toleranceOf(options, scores[i], terms) / Math.abs(weight),
        })),
        { from, value: typical, points: options.points ?? 1100, pointsPerCall: pointsPerRun, signal: options.signal },
      )
    : values.map(() => ({ shares: new Float64Array(size), remainder: 0, points: 0 }))
  return {
    values: values.map((value) => weight * value),
    shares: integrals.map(({ shares }, i) => {
      const weighed = shares.map((share) => weight * share)
      spread(weighed, weight * values[i] - weight * typical - sumOf(weighed))
      return weighed
    }),
    remainders: integrals.map(({ remainder }) => weight * remainder),
    points: integrals.map(({ points }) => points),
  }
}

/** The remainder that is good enough, in units of the score: terms that are integrated have equal parts of it. */
function toleranceOf({ tolerance = 1e-3 }: ExplainOptions, score: number, terms: readonly OpenTerm[]): number {
  return (tolerance * Math.abs(score)) / terms.filter(({ session }) => session).length
}

function differentiable(session: Session, graph: ScoreGraph): Differentiable {
  return async (points, count) => {
    const { value, gradient } = await session.run({ points: pointsTensor(graph, points, count) })
    return { values: value.data as Float64Array, gradients: gradient.data as Float32Array }
  }
}

async function valueAt(path: Session, graph: ScoreGraph, sample: Float64Array): Promise<number> {
  return (await path.run({ points: pointsTensor(graph, sample, 1) })).value.data[0] as number
}

async function samplesOf(
  { model, graph, residuals }: Pick<Work, 'model' | 'graph' | 'residuals'>,
  data: Samples,
): Promise<Positions> {
  const rows = rowCount(data)
  const inputs = model.inputs(data)
  const size = sizeOf(graph.sample)
  const found = Object.fromEntries(residuals.outputs.map(({ name }) => [name, new Float64Array(rows * size)]))
  const perRun = Math.min(rows, model.manifest.largestBatch ?? 256)
  for (let start = 0; start < rows; start += perRun) {
    const outputs = await residuals.run(inputs.tensors(start, Math.min(start + perRun, rows)))
    for (const [name, values] of Object.entries(found)) values.set(outputs[name].data as Float32Array, start * size)
  }
  const { samples, ...rest } = found
  return { samples, residuals: rest }
}

function pointsTensor({ sample, precision }: ScoreGraph, points: Float64Array, count: number): HostTensor {
  const shape = [count, ...sample]
  return precision === 'float32'
    ? { dtype: 'float32', shape, data: Float32Array.from(points) }
    : { dtype: 'float64', shape, data: points }
}

/** A sum that begins with its first number: one number is itself, to the bit. */
function added(numbers: readonly number[]): number {
  return numbers.reduce((sum, value) => sum + value)
}

/** `total` shared in proportion to squares. */
function squaredShares(residual: Float64Array, total: number): Float64Array {
  // By the largest first: squares of what float32 holds stay within float64, their sum too.
  const squares = residual.map((value) => value * value)
  const all = sumOf(squares)
  return squares.map((square) => (all > 0 ? total * (square / all) : total / squares.length))
}

/** The positions of each column together; images have no columns. */
function byColumn(values: Float64Array, groups: readonly { readonly positions: readonly number[] }[]): Float64Array {
  return groups.length === 0
    ? values
    : Float64Array.from(groups, ({ positions }) => positions.reduce((sum, position) => sum + values[position], 0))
}

function rowsFrom(data: Samples, from: number, to: number): Samples {
  const rows = Array.from({ length: to - from }, (_, i) => from + i)
  return takeRows(data, rows)
}
