// How far out a value stands in its column, by ranks: what ECOD and COPOD are made of. The tails come from the training
// rows alone:
//   left(x)  = (1 + number of training values <= x) / (n + 1)        right(x) = (1 + number of training values >= x) /
//   (n + 1)
// That is the row's rank among the training rows and itself, so no value has probability 0 and no row depends on the
// others of a request.

import { Random, TollError, integer, throwIfAborted, type Domains } from '../base/index.js'
import { add, cast, constant, log, mul, ranksAmong, sub, type Tensor } from '../graph/index.js'
import { pauseEvery } from '../runtime/index.js'
import type { FitContext, TrainingData } from './contract.js'
import { columnOf, normalRows, subsampled } from './training-rows.js'

export const tailParameters = {
  subsample: integer({
    default: 0,
    min: 0,
    max: 2 ** 31,
    doc:
      'Rows that the ranks are taken among, drawn without replacement; 0 takes all. The file holds their ' +
      'values, 8 bytes each.',
  }),
} satisfies Domains

/** What the sorted columns may take in the file, in bytes. */
const largestTails = 2 ** 30

export interface Tails {
  readonly rows: number
  /** Training values of each column in rising order. */
  readonly sorted: readonly Float64Array[]
  /** Sign of each column's skewness: -1 has its long tail on the left, 1 on the right. */
  readonly skew: readonly number[]
}

export async function fitTails(
  detector: string,
  data: TrainingData,
  subsample: number,
  { seed, signal, onProgress }: FitContext,
): Promise<Tails> {
  const samples = subsampled(normalRows(detector, data), subsample, Random.seeded(seed).fork('tail rows'))
  const [rows, d] = samples.shape
  requireMemory(detector, rows, d)
  const pause = pauseEvery(50)
  const sorted: Float64Array[] = []
  for (let c = 0; c < d; c++) {
    throwIfAborted(signal)
    sorted.push(columnOf(samples, c).sort())
    onProgress?.({ step: c + 1, steps: d, values: {} })
    await pause()
  }
  return { rows, sorted, skew: sorted.map(skewSign) }
}

/** The file holds every sorted value, in columns filled up to a power of two. */
function requireMemory(detector: string, rows: number, d: number): void {
  const bytes = 2 ** Math.ceil(Math.log2(rows + 1)) * d * 8
  if (bytes <= largestTails) return
  throw new TollError(
    'out-of-domain',
    `${detector}: the sorted values of ${rows} rows and ${d} columns take ${Math.ceil(bytes / 2 ** 20)} MiB, ` +
      `more than the limit of ${largestTails / 2 ** 20} MiB; take fewer rows with the parameter subsample`,
    { option: 'subsample', value: bytes, limit: largestTails },
  )
}

/** -log of both tail probabilities, (n, d) each. */
export function tailSurprise({ rows, sorted }: Tails, x: Tensor): { left: Tensor; right: Tensor } {
  const { below, notAbove } = ranksAmong(sorted, x)
  const surprise = (count: Tensor) => mul(log(mul(add(count, 1), 1 / (rows + 1))), -1)
  return { left: surprise(cast(notAbove, 'float64')), right: surprise(sub(rows, cast(below, 'float64'))) }
}

/** The tail that the column's skewness points at; both where it has none. (n, d) */
export function skewedTail({ skew }: Tails, { left, right }: { left: Tensor; right: Tensor }): Tensor {
  const share = (side: -1 | 1) =>
    constant(
      skew.map((sign) => (sign === -side ? 0 : 1)),
      [1, skew.length],
      'float64',
    )
  return add(mul(left, share(-1)), mul(right, share(1)))
}

/** Sign of the third central moment; 0 when it is rounding noise, as in a constant or symmetric column. */
function skewSign(values: Float64Array): number {
  const scale = Math.max(Math.abs(values[0]), Math.abs(values[values.length - 1]))
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  let [second, third] = [0, 0]
  for (const value of values) {
    const centred = value - mean
    second += centred * centred
    third += centred ** 3
  }
  const sd = Math.sqrt(second / values.length)
  if (!(sd > 1e-12 * scale)) return 0
  const skewness = third / values.length / sd ** 3
  return Math.abs(skewness) > 1e-9 ? Math.sign(skewness) : 0
}
