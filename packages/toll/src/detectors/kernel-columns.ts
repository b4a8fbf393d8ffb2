// The kernel matrix of training rows, by the engine: single columns, kept while there is room, and weighted sums of
// columns, never kept.

import { identity, throwIfAborted, type NdArray } from '../base/index.js'
import { input, matmul } from '../graph/index.js'
import type { Engine, HostTensor, Session } from '../runtime/index.js'
import { kernelAgainst, kernelDiagonal, type Kernel } from './kernels.js'
import type { KernelColumns } from './smo.js'

/**
 * Bytes of kernel values that one run computes: about what caches hold; ten times as many take three times as long
 * each.
 */
const bytesPerRun = 2 ** 23

export interface KernelProblem {
  readonly kernel: Kernel
  /** (n, d). */
  readonly rows: NdArray<Float64Array>
  /** (d), see `kernelAgainst`. */
  readonly origin: Float64Array
  readonly signal?: AbortSignal
}

/** The kernel matrix K (n, n) of `rows`. */
export class EngineColumns implements KernelColumns {
  readonly diagonal: Float64Array
  readonly atOnce: number
  readonly #problem: KernelProblem
  readonly #session: Session
  readonly #kept = new Map<number, Float64Array>()
  readonly #mostKept: number

  private constructor(problem: KernelProblem, session: Session, keptBytes: number) {
    const [n] = problem.rows.shape
    this.#problem = problem
    this.#session = session
    this.diagonal = kernelDiagonal(problem.kernel, problem.rows)
    this.#mostKept = Math.max(2, Math.floor(keptBytes / (8 * n)))
    this.atOnce = Math.min(64, this.#mostKept, rowsPerRun(n))
  }

  /**
   * Loads one program: weights (w, k) times the kernel of k rows against all, (w, n). Columns take at most `keptBytes`,
   * 256 MiB by default, but two always stay.
   */
  static async open(engine: Engine, problem: KernelProblem, keptBytes = 2 ** 28): Promise<EngineColumns> {
    const { kernel, rows, origin } = problem
    const x = input('rows', ['k', rows.shape[1]], 'float64')
    const weights = input('weights', ['w', 'k'], 'float64')
    const session = await engine.load({
      inputs: [x, weights],
      outputs: { sums: matmul(weights, kernelAgainst(kernel, x, rows, origin)) },
    })
    return new EngineColumns(problem, session, keptBytes)
  }

  column(i: number): Float64Array | undefined {
    return this.#kept.get(i)
  }

  async load(wanted: readonly number[]): Promise<void> {
    const taken = wanted.slice(0, this.atOnce)
    // The product with ones on the diagonal adds nothing but zeros: the columns themselves.
    const columns = await this.#combine(taken, identity(taken.length).data, taken.length)
    // The oldest go first; a column that is used again is loaded again, which costs less than to keep an order of use.
    const dropped = Math.max(0, this.#kept.size + taken.length - this.#mostKept)
    for (const old of [...this.#kept.keys()].slice(0, dropped)) this.#kept.delete(old)
    const n = this.diagonal.length
    // Views, not copies: what one load brought goes when its last column does.
    taken.forEach((row, k) => this.#kept.set(row, columns.subarray(k * n, (k + 1) * n)))
  }

  /** The sum of w_k K_.i over `rows` i with their `weights` w, (n). */
  async weightedSum(rows: readonly number[], weights: Float64Array): Promise<Float64Array> {
    const n = this.diagonal.length
    const total = new Float64Array(n)
    const size = rowsPerRun(n)
    for (let start = 0; start < rows.length; start += size) {
      const part = await this.#combine(rows.slice(start, start + size), weights.slice(start, start + size), 1)
      for (let t = 0; t < n; t++) total[t] += part[t]
    }
    return total
  }

  async close(): Promise<void> {
    this.#kept.clear()
    await this.#session.close()
  }

  /** `weights` (count, k) times the columns of k rows: (count, n). */
  async #combine(rows: readonly number[], weights: Float64Array, count: number): Promise<Float64Array> {
    throwIfAborted(this.#problem.signal)
    const { sums } = await this.#session.run({
      rows: this.#take(rows),
      weights: { dtype: 'float64', shape: [count, rows.length], data: weights },
    })
    return sums.data as Float64Array
  }

  #take(rows: readonly number[]): HostTensor {
    const {
      shape: [, d],
      data,
    } = this.#problem.rows
    const taken = new Float64Array(rows.length * d)
    rows.forEach((row, k) => taken.set(data.subarray(row * d, (row + 1) * d), k * d))
    return { dtype: 'float64', shape: [rows.length, d], data: taken }
  }
}

/** How many rows one run compares with n rows. */
export function rowsPerRun(n: number): number {
  return Math.max(1, Math.floor(bytesPerRun / (8 * n)))
}
