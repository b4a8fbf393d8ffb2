// Toll's score taken apart: ||x - x'|| is shared over the positions of the sample by squared residual, r_i^2 / ||r||,
// which adds up to
// ||r||; beta ||z|| is what a typical sample has of it (the base) plus integrated gradients along the straight path
// from that sample.

import { rowCount, takeRows, throwIfAborted, type Samples } from '../base/index.js'
import type { Model, Scores } from '../model/index.js'
import type { HostTensor, Session } from '../runtime/index.js'
import { spread, sumOf, type ExplainOptions, type Explanation, type RowExplanation } from './explanation.js'
import { integrateGradients, type Differentiable, type Shares } from './path-integral.js'
import { readTollGraph, type TollGraph } from './toll-graph.js'
import { columnsOfSample } from './typical.js'

export interface ScoredRows {
  /** Rows that have scores, and their places among all rows. */
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

export async function explainByGradients(model: Model, scored: ScoredRows, options: ExplainOptions): Promise<Result> {
  const graph = readTollGraph(model.bytes)
  const residuals = await model.engine.load(graph.residuals)
  try {
    const path = await model.engine.load(graph.path)
    try {
      return await explainRows({ model, graph, residuals, path, options }, scored)
    } finally {
      await path.close()
    }
  } finally {
    await residuals.close()
  }
}

interface Work {
  readonly model: Model
  readonly graph: TollGraph
  readonly residuals: Session
  readonly path: Session
  readonly options: ExplainOptions
}

async function explainRows(work: Work, { data, places, scores, typical }: ScoredRows): Promise<Result> {
  const { model, graph, options } = work
  const beta = model.manifest.parameters.beta as number
  const size = graph.sample.reduce((product, dim) => product * dim, 1)
  const start = (await samplesOf(work, typical)).samples
  const norm =
    beta === 0 ? 0 : ((await work.path.run({ points: pointsTensor(graph, start, 1) })).norm.data[0] as number)
  const base = beta * norm
  const rows: RowExplanation[] = []
  const together = Math.max(1, Math.min(1024, Math.floor(valuesTogether / size)))
  const groups = columnsOfSample(model.manifest)
  for (let first = 0; first < places.length; first += together) {
    throwIfAborted(options.signal)
    const some = places.slice(first, first + together)
    const { samples, residual } = await samplesOf(work, rowsFrom(data, first, first + some.length))
    const latent = await latentShares(work, { some, samples, scores, beta, from: start, norm })
    some.forEach((row, i) => {
      const reconstruction = squaredShares(
        residual.subarray(i * size, (i + 1) * size),
        scores.parts.reconstruction_error[row],
      )
      const { shares, remainder, points } = latent[i]
      const shared = shares.map((share) => beta * share)
      spread(shared, beta * scores.parts.latent_norm[row] - base - sumOf(shared))
      const score = scores.score[row]
      const parts = { reconstruction: byColumn(reconstruction, groups), latent: byColumn(shared, groups) }
      rows.push({
        row,
        score,
        isAnomaly: scores.isAnomaly[row] === 1,
        ...(scores.pValue && { pValue: scores.pValue[row] }),
        contributions: parts.reconstruction.map((part, p) => part + parts.latent[p]),
        parts,
        remainder: score === 0 ? 0 : (beta * remainder) / score,
        evaluations: points,
      })
    })
    options.onProgress?.(rows.length)
  }
  return { base: { name: 'code of a typical row', value: base }, rows }
}

/** The samples that rows become, and what the network leaves of them. */
async function samplesOf(
  { model, graph, residuals }: Work,
  data: Samples,
): Promise<{ samples: Float64Array; residual: Float64Array }> {
  const rows = rowCount(data)
  const feeding = model.feeding(data)
  const size = graph.sample.reduce((product, dim) => product * dim, 1)
  const samples = new Float64Array(rows * size)
  const residual = new Float64Array(rows * size)
  const perRun = Math.min(rows, model.manifest.largestBatch ?? 256)
  for (let start = 0; start < rows; start += perRun) {
    const outputs = await residuals.run(feeding.feeds(start, Math.min(start + perRun, rows)))
    samples.set(outputs.samples.data as Float32Array, start * size)
    residual.set(outputs.residual.data as Float32Array, start * size)
  }
  return { samples, residual }
}

interface LatentWork {
  readonly some: readonly number[]
  /** (some, ...sample) */
  readonly samples: Float64Array
  readonly scores: Scores
  readonly beta: number
  /** The typical sample, and the norm of its code. */
  readonly from: Float64Array
  readonly norm: number
}

function latentShares(
  { graph, path, options }: Work,
  { some, samples, scores, beta, from, norm }: LatentWork,
): Promise<Shares[]> | Shares[] {
  const size = from.length
  if (beta === 0) return some.map(() => ({ shares: new Float64Array(size), remainder: 0, points: 0 }))
  const f: Differentiable = async (points, count) => {
    const { norm: value, gradient } = await path.run({ points: pointsTensor(graph, points, count) })
    return { values: value.data as Float64Array, gradients: gradient.data as Float32Array }
  }
  const { tolerance = 1e-3, points = 1100, signal } = options
  const paths = some.map((row, i) => ({
    to: samples.subarray(i * size, (i + 1) * size),
    value: scores.parts.latent_norm[row],
    tolerance: (tolerance * scores.score[row]) / beta,
  }))
  return integrateGradients(f, paths, { from, value: norm, points, pointsPerCall: graph.pointsPerRun, signal })
}

function pointsTensor({ sample, precision }: TollGraph, points: Float64Array, count: number): HostTensor {
  const shape = [count, ...sample]
  return precision === 'float32'
    ? { dtype: 'float32', shape, data: Float32Array.from(points) }
    : { dtype: 'float64', shape, data: points }
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
