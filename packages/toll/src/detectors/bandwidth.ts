// The bandwidth of a Gaussian kernel density: rules of thumb, and cross-validation of the held-out likelihood over a
// fixed grid. Sources: Scott, "Multivariate Density Estimation" (Wiley 1992), section 6.3; Silverman, "Density
// Estimation" (Chapman and Hall 1986), section 4.3; grids of the reference implementations of Deep SVDD (Ruff et al.,
// ICML 2018) and of Deep SAD (ICLR 2020).

import { throwIfAborted, type NdArray } from '../base/index.js'
import { add, concat, exp, input, log, matmul, maxOver, mul, sub, sum, transpose, type Tensor } from '../graph/index.js'
import type { Engine } from '../runtime/index.js'
import { columnMeans, columnVariances, halfSquares } from './kernels.js'
import { rowsPerRun } from './kernel-columns.js'

/**
 * Evenly spaced in the exponent of 2: Deep SVDD's original grid of 20 from 2^-4.5 to 2^5, and the 10 from 2^0.5 to 2^5
 * of its paper and of Deep SAD.
 */
export const bandwidthGrids = { wide: powersOfTwo(-4.5, 5, 20), coarse: powersOfTwo(0.5, 5, 10) } as const

/** Parts of the rows that are held out in turn. */
export const foldCount = 5

function powersOfTwo(from: number, to: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => 2 ** (from + ((to - from) * i) / (count - 1)))
}

/**
 * A rule's bandwidth for rows (n, d): s n^(-1 / (d + 4)) (Scott), s (n (d + 2) / 4)^(-1 / (d + 4)) (Silverman), s^2 the
 * mean variance of the columns. Columns that do not vary count neither in s nor in d; without any other the bandwidth
 * is 1.
 */
export function ruleOfThumb(rule: 'scott' | 'silverman', rows: NdArray<Float64Array>): number {
  const varying = Array.from(columnVariances(rows, columnMeans(rows))).filter((variance) => variance > 0)
  const [n, d] = [rows.shape[0], varying.length]
  if (d === 0) return 1
  const deviation = Math.sqrt(varying.reduce((total, variance) => total + variance / d, 0))
  return deviation * (rule === 'scott' ? n : (n * (d + 2)) / 4) ** (-1 / (d + 4))
}

export interface Validation {
  readonly bandwidths: readonly number[]
  /** Mean log density of the held-out rows, one for each bandwidth. */
  readonly logLikelihoods: readonly number[]
  /** The bandwidth of the largest one; the smaller of equals. */
  readonly best: number
}

/**
 * Contiguous parts of n rows, the first n mod k one row longer; as many as rows where there are fewer than `foldCount`.
 */
export function contiguousFolds(n: number, k = Math.min(foldCount, n)): { from: number; to: number }[] {
  const edge = (fold: number) => fold * Math.floor(n / k) + Math.min(fold, n % k)
  return Array.from({ length: k }, (_, fold) => ({ from: edge(fold), to: edge(fold + 1) }))
}

/**
 * Scores every bandwidth by the likelihood of each fold under the density of the other folds' rows:
 * log p(x) = log sum_i exp(-||x - x_i||^2 / (2 h^2)) - log m - d / 2 log(2 pi h^2). The last term is what keeps large
 * bandwidths from winning. O(n^2 (d + bandwidths)) time, 32 MiB beside the rows.
 */
export async function crossValidate(
  rows: NdArray<Float64Array>,
  bandwidths: readonly number[],
  {
    engine,
    signal,
    onProgress,
  }: { engine: Engine; signal?: AbortSignal; onProgress?: (done: number, total: number) => void },
): Promise<Validation> {
  const {
    shape: [n, d],
  } = rows
  const centred = centreAt(rows, columnMeans(rows))
  const x = input('x', ['b', d], 'float64')
  const others = input('others', ['m', d], 'float64')
  const session = await engine.load({ inputs: [x, others], outputs: { sums: logKernelSums(x, others, bandwidths) } })
  const totals = new Float64Array(bandwidths.length)
  try {
    for (const { from, to } of contiguousFolds(n)) {
      const m = n - (to - from)
      const rest = { dtype: 'float64', shape: [m, d], data: withoutRows(centred, d, from, to) } as const
      const size = rowsPerRun(m)
      for (let start = from; start < to; start += size) {
        throwIfAborted(signal)
        onProgress?.(start, n)
        const end = Math.min(start + size, to)
        const part = { dtype: 'float64', shape: [end - start, d], data: centred.slice(start * d, end * d) } as const
        const { sums } = await session.run({ x: part, others: rest })
        for (let i = 0; i < sums.data.length; i++)
          totals[i % bandwidths.length] += (sums.data as Float64Array)[i] - Math.log(m)
      }
    }
  } finally {
    await session.close()
  }
  const logLikelihoods = bandwidths.map((h, i) => totals[i] / n - logNormaliser(d, h))
  return { bandwidths, logLikelihoods, best: bandwidths[logLikelihoods.indexOf(Math.max(...logLikelihoods))] }
}

/** d / 2 log(2 pi h^2): the logarithm of the kernel's integral. */
export function logNormaliser(d: number, h: number): number {
  return (d / 2) * Math.log(2 * Math.PI) + d * Math.log(h)
}

/**
 * log sum_i exp(-||x - y_i||^2 / (2 h^2)) of every row of x (b, d) for every h, (b, bandwidths), distances computed
 * once. The largest exponent of a row belongs to the same y whatever h is, so the shift is shared too.
 */
function logKernelSums(x: Tensor, y: Tensor, bandwidths: readonly number[]): Tensor {
  const exponents = sub(matmul(x, y, { transposeB: true }), transpose(halfSquares(y), [1, 0]))
  const largest = maxOver(exponents, [1], true)
  const shifted = sub(exponents, largest)
  const nearest = sub(largest, halfSquares(x))
  return concat(
    bandwidths.map((h) => add(log(sum(exp(mul(shifted, h ** -2)), [1], true)), mul(nearest, h ** -2))),
    1,
  )
}

/** The rows less `origin`. */
export function centreAt({ shape: [, d], data }: NdArray<Float64Array>, origin: Float64Array): Float64Array {
  return data.map((value, i) => value - origin[i % d])
}

function withoutRows(data: Float64Array, d: number, from: number, to: number): Float64Array {
  const rest = new Float64Array(data.length - (to - from) * d)
  rest.set(data.subarray(0, from * d))
  rest.set(data.subarray(to * d), from * d)
  return rest
}
