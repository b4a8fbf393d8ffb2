// Sequential minimal optimisation of the one-class dual: moves two coefficients at a time along the pair that gains
// most. Source: Fan, Chen and Lin, "Working set selection using second order information for training support vector
// machines" (JMLR 2005), algorithm 2, as in libsvm (Chang and Lin, ACM TIST 2011, section 4.1). Left out: shrinking,
// which pays only where most steps are spent on few rows; the start that `oc-svm.ts` chooses leaves few steps to save.

import { TollError, throwIfAborted } from '../base/index.js'
import { pauseEvery } from '../runtime/index.js'

/** The columns of the kernel matrix K (n, n), computed when asked for. */
export interface KernelColumns {
  /** K_ii, (n). */
  readonly diagonal: Float64Array
  /** K_.i, (n), where it is at hand. */
  column(i: number): Float64Array | undefined
  /** Brings these columns to hand; the first one stays until the next call. */
  load(rows: readonly number[]): Promise<void>
  /** How many columns one load takes well. */
  readonly atOnce: number
}

export interface SmoOptions {
  /** Where to start: 0 <= alpha_i <= 1. Their sum stays. (n), changed in place. */
  readonly alpha: Float64Array
  /** K alpha, (n), changed in place. */
  readonly gradient: Float64Array
  /** Stops at a violation of at most `tolerance` times the largest K_ii. */
  readonly tolerance: number
  readonly signal?: AbortSignal
  /** Called now and then with the number of steps so far and the violation. */
  readonly onStep?: (steps: number, violation: number) => void
}

export interface SmoSolution {
  readonly alpha: Float64Array
  /** The offset: (K alpha)_i of the rows on the boundary. */
  readonly rho: number
  readonly steps: number
  /** max over alpha_i < 1 of -g_i less min over alpha_i > 0 of -g_i: at most 0 at an exact solution. */
  readonly violation: number
}

/**
 * min 1/2 a' K a with 0 <= a_i <= 1 and a fixed sum.
 *
 * With g = K a, the pair (i, j) can lower the objective when a_i < 1, a_j > 0 and b = g_j - g_i > 0; the step a_i += t,
 * a_j -= t gains most at t = b / eta, eta = K_ii + K_jj - 2 K_ij, namely b^2 / (2 eta). So i is the smallest g that may
 * grow, j the largest gain with it. Errors: `diverged` when it does not reach the tolerance in max(10^6, 100 n) steps
 * (kernels that are not positive definite can circle), `aborted`.
 */
export async function solveOneClass(columns: KernelColumns, options: SmoOptions): Promise<SmoSolution> {
  const { alpha, gradient, signal, onStep } = options
  const { diagonal } = columns
  const n = alpha.length
  const scale = diagonal.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const [enough, flattest, mostSteps] = [
    options.tolerance * scale,
    Math.max(1e-12 * scale, Number.MIN_VALUE),
    Math.max(1e6, 100 * n),
  ]
  const pause = pauseEvery(50)
  let { i, violation } = advance(alpha, gradient)
  let steps = 0
  for (; violation > enough; steps++) {
    if (steps % 64 === 0) {
      throwIfAborted(signal)
      onStep?.(steps, violation)
      await pause()
    }
    if (steps === mostSteps) {
      throw new TollError(
        'not-converged',
        `the one-class problem of ${n} rows was not solved to ${enough} in ${steps} steps, the violation is ` +
          `${violation}; raise the tolerance or choose another kernel`,
        { option: 'tolerance', value: violation, limit: mostSteps },
      )
    }
    const ki = columns.column(i) ?? (await loaded(columns, i, alpha, gradient))
    const j = partner(i, ki, { alpha, gradient, diagonal, flattest })
    // The second column may push the first one out; this view of it stays valid.
    const kj = columns.column(j) ?? (await loaded(columns, j, alpha, gradient))
    const eta = Math.max(diagonal[i] + diagonal[j] - 2 * ki[j], flattest)
    const step = Math.min((gradient[j] - gradient[i]) / eta, 1 - alpha[i], alpha[j])
    // Bounds are met exactly, so that a coefficient at its bound is known by comparison.
    alpha[i] = step === 1 - alpha[i] ? 1 : alpha[i] + step
    alpha[j] = step === alpha[j] ? 0 : alpha[j] - step
    ;({ i, violation } = advance(alpha, gradient, { step, ki, kj }))
  }
  return { alpha, rho: offset(alpha, gradient), steps, violation }
}

/**
 * Moves the gradient along a step, g += step (K_.i - K_.j), and in the same pass finds the smallest one that may grow,
 * and how far the largest that may shrink is above it.
 */
function advance(
  alpha: Float64Array,
  gradient: Float64Array,
  move?: { readonly step: number; readonly ki: Float64Array; readonly kj: Float64Array },
): { i: number; violation: number } {
  const { step, ki, kj } = move ?? { step: 0, ki: gradient, kj: gradient }
  let [i, lowest, highest] = [-1, Infinity, -Infinity]
  for (let t = 0; t < alpha.length; t++) {
    const g = gradient[t] + step * (ki[t] - kj[t])
    gradient[t] = g
    if (g < lowest && alpha[t] < 1) {
      lowest = g
      i = t
    }
    if (g > highest && alpha[t] > 0) highest = g
  }
  return { i, violation: i < 0 ? -Infinity : highest - lowest }
}

interface State {
  readonly alpha: Float64Array
  readonly gradient: Float64Array
  readonly diagonal: Float64Array
  readonly flattest: number
}

/** The row whose step with i gains most. There is one, since the violation is above 0. */
function partner(i: number, ki: Float64Array, { alpha, gradient, diagonal, flattest }: State): number {
  const [own, lowest] = [diagonal[i], gradient[i]]
  let [j, most] = [-1, -1]
  for (let t = 0; t < alpha.length; t++) {
    const b = gradient[t] - lowest
    if (b > 0 && alpha[t] > 0) {
      const gain = b * (b / Math.max(own + diagonal[t] - 2 * ki[t], flattest))
      if (gain > most) {
        most = gain
        j = t
      }
    }
  }
  return j
}

/**
 * The column of a row that was not at hand, loaded together with those that are likely to be asked for next: the worst
 * violators.
 */
async function loaded(
  columns: KernelColumns,
  row: number,
  alpha: Float64Array,
  gradient: Float64Array,
): Promise<Float64Array> {
  const side = Math.floor((columns.atOnce - 1) / 2)
  const absent = Array.from(alpha.keys()).filter((t) => t !== row && columns.column(t) === undefined)
  const growing = smallest(
    side,
    absent.filter((t) => alpha[t] < 1),
    (t) => gradient[t],
  )
  const shrinking = smallest(
    side,
    absent.filter((t) => alpha[t] > 0),
    (t) => -gradient[t],
  )
  await columns.load([row, ...new Set([...growing, ...shrinking])])
  const column = columns.column(row)
  if (!column) throw new TollError('internal', `column ${row} of the kernel matrix was loaded and is not there`)
  return column
}

/**
 * The `count` rows of the smallest values, in their order; of equal values the first. Numbers alone sort ten times as
 * fast as rows by their numbers.
 */
function smallest(count: number, rows: readonly number[], value: (row: number) => number): number[] {
  if (rows.length <= count) return [...rows]
  const bound = Float64Array.from(rows, value).sort()[count]
  const below = rows.filter((row) => value(row) < bound)
  return [...below, ...rows.filter((row) => value(row) === bound).slice(0, count - below.length)]
}

/**
 * Mean gradient of the free rows; without any, the middle between the rows at either bound, or the bound that there is.
 */
function offset(alpha: Float64Array, gradient: Float64Array): number {
  let [free, total, below, above] = [0, 0, -Infinity, Infinity]
  alpha.forEach((a, t) => {
    if (a > 0 && a < 1) {
      free++
      total += gradient[t]
    } else if (a === 1) below = Math.max(below, gradient[t])
    else above = Math.min(above, gradient[t])
  })
  if (free > 0) return total / free
  return above === Infinity ? below : below === -Infinity ? above : (below + above) / 2
}
