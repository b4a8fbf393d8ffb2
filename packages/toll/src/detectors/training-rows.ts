// The rows that a classical detector learns from: those not labelled as anomalies, all of them or a seeded sample.

import { TollError, takeSamples, type NdArray, type Random } from '../base/index.js'
import { normalIndices, type TrainingData } from './contract.js'

/**
 * The normal rows of a table (n, d) with n >= 2. Errors: `data` when there are fewer, `shape` when there is no column.
 */
export function normalRows(detector: string, data: TrainingData): NdArray {
  const { shape } = data.samples
  if (shape.length !== 2 || shape[1] < 1)
    throw new TollError(
      'shape-mismatch',
      `${detector} takes tables (n, d) with at least one column, got shape (${shape.join(', ')})`,
      { value: shape, expected: '(n, d)' },
    )
  const kept = normalIndices(data)
  if (kept.length < 2)
    throw new TollError('too-few-rows', `${detector} needs at least 2 normal rows, got ${kept.length}`, {
      value: kept.length,
      limit: 2,
    })
  return kept.length === shape[0] ? data.samples : takeSamples(data.samples, kept)
}

/** `rows` of the samples drawn without replacement, in their order; all of them when `rows` is 0 or not fewer. */
export function subsampled(samples: NdArray, rows: number, random: Random): NdArray {
  const n = samples.shape[0]
  if (rows === 1)
    throw new TollError('out-of-domain', 'subsample must be 0 for all rows, or at least 2, got 1', {
      option: 'subsample',
      value: rows,
      expected: '0, or at least 2',
    })
  return rows === 0 || rows >= n ? samples : takeSamples(samples, random.sample(n, rows).sort())
}

/** Column `column` of samples (n, d), a copy. */
export function columnOf({ shape: [n, d], data }: NdArray, column: number): Float64Array {
  return Float64Array.from({ length: n }, (_, row) => data[row * d + column])
}
