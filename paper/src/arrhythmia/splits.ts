// The Arrhythmia protocol of the paper's reference code (Soltanilara/Toll): which rows train, validate and test, and
// the score that needs no training. In a given order of the normal and of the anomalous rows, the first 20 % of each
// test, the next 20 % validate; the other normal rows train and the other anomalies are not used. 386 normal and 66
// anomalous rows give 77 + 13, 77 + 13 and 232.

import { ndarray, TollError, type NdArray } from 'toll'
import { Random } from 'toll/base'

export interface ArrhythmiaData {
  /** (n, d): 452 x 274 in the ODDS file, raw. */
  readonly x: NdArray
  /** (n): 1 = anomaly, 0 = normal. */
  readonly y: ArrayLike<number>
  /** The published order: a permutation of 0..(normal rows - 1), counting normal rows only. */
  readonly normalOrder: ArrayLike<number>
  /** The same of the anomalous rows. */
  readonly anomalousOrder: ArrayLike<number>
}

/** Rows of the data. Training rows are all normal; the two others hold normal rows first, then anomalies. */
export interface ProtocolSplit {
  readonly train: Int32Array
  readonly validation: Int32Array
  readonly test: Int32Array
}

/**
 * The split that the reference code ships. Errors: `shape` and `data` for labels or orders that do not fit the rows.
 */
export function shippedSplit(data: ArrhythmiaData): ProtocolSplit {
  const { normal, anomalous } = rowsByLabel(data)
  return sliceRows(inOrder(normal, data.normalOrder, 'normal'), inOrder(anomalous, data.anomalousOrder, 'anomalous'))
}

/**
 * A split of the same sizes from seeded permutations of both classes. Error: `argument` for a seed outside [0, 2^32).
 */
export function randomSplit(data: ArrhythmiaData, seed: number): ProtocolSplit {
  const { normal, anomalous } = rowsByLabel(data)
  const random = Random.seeded(seed)
  return sliceRows(
    inOrder(normal, random.fork('normal rows').permutation(normal.length), 'normal'),
    inOrder(anomalous, random.fork('anomalous rows').permutation(anomalous.length), 'anomalous'),
  )
}

/** The rows of x as float32, in the order given. */
export function takeFloat32({ x }: ArrhythmiaData, rows: ArrayLike<number>): NdArray<Float32Array> {
  const d = x.shape[1]
  const values = new Float32Array(rows.length * d)
  for (let i = 0; i < rows.length; i++) values.set(x.data.subarray(rows[i] * d, (rows[i] + 1) * d), i * d)
  return ndarray(values, [rows.length, d])
}

export function takeLabels({ y }: ArrhythmiaData, rows: ArrayLike<number>): Uint8Array {
  return Uint8Array.from(rows, (row) => y[row])
}

/** ||x - mean of the training rows||, raw features, float64: the floor that every detector should beat. */
export function distanceToMean({ x }: ArrhythmiaData, train: ArrayLike<number>, rows: ArrayLike<number>): Float64Array {
  const d = x.shape[1]
  const mean = new Float64Array(d)
  for (let i = 0; i < train.length; i++) for (let j = 0; j < d; j++) mean[j] += x.data[train[i] * d + j] / train.length
  return Float64Array.from(rows, (row) => {
    let sum = 0
    for (let j = 0; j < d; j++) sum += (x.data[row * d + j] - mean[j]) ** 2
    return Math.sqrt(sum)
  })
}

function rowsByLabel({ x, y }: ArrhythmiaData): { normal: Int32Array; anomalous: Int32Array } {
  if (x.shape.length !== 2 || y.length !== x.shape[0]) {
    throw new TollError(
      'length-mismatch',
      `expected a table (n, d) and n labels, got (${x.shape.join(', ')}) and ${y.length}`,
    )
  }
  const normal: number[] = []
  const anomalous: number[] = []
  for (let row = 0; row < y.length; row++) {
    if (y[row] !== 0 && y[row] !== 1)
      throw new TollError('invalid-label', `labels must be 0 (normal) or 1 (anomaly), label ${row} is ${y[row]}`)
    if (y[row] === 1) anomalous.push(row)
    else normal.push(row)
  }
  // Fewer would leave a test or validation set without one of the classes.
  if (normal.length < 5 || anomalous.length < 5) {
    throw new TollError(
      'too-few-rows',
      `the protocol needs at least 5 normal and 5 anomalous rows, got ${normal.length} and ${anomalous.length}`,
    )
  }
  return { normal: Int32Array.from(normal), anomalous: Int32Array.from(anomalous) }
}

function inOrder(rows: Int32Array, order: ArrayLike<number>, what: string): Int32Array {
  if (order.length !== rows.length)
    throw new TollError(
      'length-mismatch',
      `the order of the ${what} rows has ${order.length} entries for ${rows.length} rows`,
    )
  if (
    new Set(Array.from(order)).size !== rows.length ||
    !Array.from(order).every((i) => Number.isInteger(i) && i >= 0 && i < rows.length)
  ) {
    throw new TollError(
      'invalid-index',
      `the order of the ${what} rows must hold every integer from 0 to ${rows.length - 1} once`,
      { expected: `every integer from 0 to ${rows.length - 1} once` },
    )
  }
  return Int32Array.from(order, (i) => rows[i])
}

function sliceRows(normal: Int32Array, anomalous: Int32Array): ProtocolSplit {
  const cut = (rows: Int32Array, from: number, to: number) =>
    rows.subarray(Math.round(from * rows.length), Math.round(to * rows.length))
  const both = (from: number, to: number) => Int32Array.of(...cut(normal, from, to), ...cut(anomalous, from, to))
  return { test: both(0, 0.2), validation: both(0.2, 0.4), train: cut(normal, 0.4, 1).slice() }
}
