// The k nearest training rows, as a piece of graph and, for fits that need it, among the training rows themselves.
// Brute force, exact: one matrix product ranks all rows, the best are measured again.
//
// With both sides moved by one centre c, |x - y|^2 = |x|^2 - 2 (x.y - |y|^2 / 2), so the nearest rows are those where
// x.y - |y|^2 / 2 is largest; |x|^2 is the same for all. The product loses digits where distances are small beside |x|
// and |y|: it only chooses candidates, a few more than k, whose differences x - y are then taken directly. So copies
// are at distance 0 exactly, and an offset of the data costs nothing. Everything is float64: in float32 the product
// cannot tell rows apart that are closer than about 1e-3 of their distance from the centre. Which of several rows at
// exactly one distance comes k-th is up to rounding, so to the engine; on one engine of onnxruntime-node it is always
// the same, whatever the batch.

import { TollError, throwIfAborted, type NdArray } from '../base/index.js'
import {
  broadcastTo,
  cast,
  concat,
  constant,
  gather,
  gatherElements,
  input,
  matmul,
  mul,
  reshape,
  square,
  sub,
  topIndices,
  topK,
  transpose,
  type Tensor,
} from '../graph/index.js'
import type { FitContext } from './contract.js'

/** Candidates beyond k: rows that rounding of the product may have moved across the border. */
const spare = 8

/** Rows moved so that their mean is about zero, and the centre that was taken off, (d). */
export interface CentredRows {
  readonly rows: NdArray<Float64Array>
  readonly centre: Float64Array
}

export interface Neighbours {
  /** (n, k) squared distances, float64, smallest first. */
  readonly squared: Tensor
  /** (n, k) places in the rows, int64; of equal distances the lower place comes first. */
  readonly places: Tensor
}

/** Samples (n, d) in float64 about their mean. */
export function centreRows({ shape, data }: NdArray): CentredRows {
  const [n, d] = shape
  const centre = new Float64Array(d)
  for (let i = 0; i < data.length; i++) centre[i % d] += data[i] / n
  return { centre, rows: { shape, data: Float64Array.from(data, (value, i) => value - centre[i % d]) } }
}

/** The rows of x (n, d) about the centre of the training rows: a copy of a training row is equal to it to the bit. */
export function moveToCentre(x: Tensor, { centre }: CentredRows): Tensor {
  return sub(x, constant(centre, [1, centre.length], 'float64'))
}

/**
 * The `k` of `rows` (m, d) that are nearest to each row of x (n, d), both float64 and about one centre; k is at most m.
 */
export function nearest(x: Tensor, rows: Tensor, k: number): Neighbours {
  const m = rows.shape[0] as number
  // [x, 1] times [rows' ; -|y|^2 / 2]: one product without a second pass for the bias. Engines turn the right side,
  // which is constant, once.
  const right = concat([transpose(rows), reshape(mul(sumLast(square(rows)), -0.5), [1, m])], 0)
  const left = concat([x, broadcastTo(constant(1, [], 'float64'), [x.shape[0], 1])], 1)
  const closeness = matmul(left, right)
  const candidates = topIndices(closeness, Math.min(m, k + spare))
  const squared = sumLast(square(differences(x, rows, candidates)))
  const order = topK(squared, k, { largest: false })
  return { squared: order.values, places: gatherElements(candidates, order.indices, 1) }
}

/**
 * Sums over the last axis, which goes. As a product with ones, whose terms come in one order: the bits of a reduction
 * depend on where in memory a row begins, so on its batch, and the order of rows at equal distances would follow.
 */
export function sumLast(x: Tensor): Tensor {
  const size = x.shape[x.shape.length - 1] as number
  return reshape(matmul(x, constant(new Float64Array(size).fill(1), [size, 1], 'float64')), x.shape.slice(0, -1))
}

/** rows[places] - x: (n, k, d) from x (n, d), rows (m, d) and places (n, k). */
export function differences(x: Tensor, rows: Tensor, places: Tensor): Tensor {
  const [n, d] = x.shape
  return sub(gather(rows, places, 0), reshape(x, [n, 1, d]))
}

/** Rows (n, d) as a constant of the graph. */
export function rowsTensor({ shape, data }: NdArray<Float64Array>): Tensor {
  return constant(data, shape, 'float64')
}

/** The k nearest other rows of every row, row by row. */
export interface TrainingNeighbours {
  readonly k: number
  /** (n, k), smallest first. */
  readonly distances: Float64Array
  /** (n, k) places of rows. */
  readonly places: Int32Array
}

/** Bytes of distances that one run of the engine makes: measured best between 10 and 80 MB. */
const blockBytes = 2 ** 25

/**
 * The `k` < n nearest other rows of every row of `rows` (n, d), through the engine, a block of rows at a time;
 * `advance` hears how many rows are done. A row is no neighbour of itself, its copies are.
 */
export async function neighboursWithin(
  rows: NdArray<Float64Array>,
  k: number,
  { engine, signal }: Pick<FitContext, 'engine' | 'signal'>,
  advance: (done: number) => void,
): Promise<TrainingNeighbours> {
  const [n, d] = rows.shape
  const x = input('x', ['block', d], 'float64')
  const { squared, places } = nearest(x, rowsTensor(rows), k + 1)
  const session = await engine.load({ inputs: [x], outputs: { squared, places: cast(places, 'float64') } })
  try {
    const found: TrainingNeighbours = { k, distances: new Float64Array(n * k), places: new Int32Array(n * k) }
    const block = Math.max(1, Math.min(4096, Math.floor(blockBytes / (8 * n))))
    for (let start = 0; start < n; start += block) {
      throwIfAborted(signal)
      const end = Math.min(n, start + block)
      const result = await session.run({
        x: { dtype: 'float64', shape: [end - start, d], data: rows.data.subarray(start * d, end * d) },
      })
      for (let row = start; row < end; row++) {
        const at = (row - start) * (k + 1)
        leaveOut(
          row,
          result.squared.data.subarray(at, at + k + 1) as Float64Array,
          result.places.data.subarray(at, at + k + 1) as Float64Array,
          found,
        )
      }
      advance(end)
    }
    return found
  } finally {
    await session.close()
  }
}

/**
 * Copies k + 1 neighbours without the row itself. Where more than k copies push it out of the list, one copy stands for
 * it.
 */
function leaveOut(
  row: number,
  squared: Float64Array,
  places: Float64Array,
  { k, distances, places: kept }: TrainingNeighbours,
): void {
  const self = Math.max(0, places.indexOf(row))
  for (let j = 0; j < k; j++) {
    const from = j < self ? j : j + 1
    distances[row * k + j] = Math.sqrt(squared[from])
    kept[row * k + j] = places[from]
  }
}

/** Bytes of training rows that a scorer keeps at most. A file of ONNX ends at 2 GiB. */
const largestRows = 2 ** 30

/** Bytes of distances of `scoredTogether` rows to all training rows: fewer rows at a time would make scoring slow. */
const largestScoring = 2 ** 30
const scoredTogether = 256

/** Distances that a fit computes at most: about two minutes on two cores. */
const largestPairs = 1e11

/**
 * Refuses (code `memory`) rows (n, d) that are too many to be kept in the scorer, to be compared with every scored row
 * or, if `pairs`, with each other; `copies` scorers keep them.
 */
export function refuseTooMany(
  detector: string,
  [n, d]: readonly number[],
  { pairs, copies = 1 }: { readonly pairs: boolean; readonly copies?: number },
): void {
  const advice = (rows: number) =>
    `; set the parameter subsample, to at most ${Math.floor(rows)}, to train on a random part of the rows`
  const bytes = n * d * 8
  if (bytes > largestRows) {
    throw new TollError(
      'too-large',
      `${detector} keeps its training rows: ${n} x ${d} numbers take ${gibibytes(bytes)}, allowed are ` +
        `${gibibytes(largestRows)}${advice(largestRows / (d * 8))}`,
      { option: 'subsample', value: bytes, limit: largestRows, suggestion: Math.floor(largestRows / (d * 8)) },
    )
  }
  if (pairs && copies * n * n > largestPairs) {
    throw new TollError(
      'too-large',
      `${detector} compares all ${n} training rows with each other${copies > 1 ? ` ${copies} times` : ''}: ` +
        `${gibibytes(copies * n * n * 8)} of distances would pass through memory, allowed are ` +
        `${gibibytes(largestPairs * 8)}${advice(Math.sqrt(largestPairs / copies))}`,
      {
        option: 'subsample',
        value: copies * n * n * 8,
        limit: largestPairs * 8,
        suggestion: Math.floor(Math.sqrt(largestPairs / copies)),
      },
    )
  }
  if (scoredTogether * n * 8 > largestScoring) {
    throw new TollError(
      'too-large',
      `${detector} compares every scored row with all ${n} training rows: the distances of ` +
        `${scoredTogether} rows take ${gibibytes(scoredTogether * n * 8)}, ` +
        `allowed are ${gibibytes(largestScoring)}${advice(largestScoring / (scoredTogether * 8))}`,
      {
        option: 'subsample',
        value: scoredTogether * n * 8,
        limit: largestScoring,
        suggestion: Math.floor(largestScoring / (scoredTogether * 8)),
      },
    )
  }
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`
}
