// Adaptive integration of ordinary differential equations: the pair 5(4) of Dormand and Prince (1980), with the step
// control and the continuous extension of Hairer, Norsett and Wanner, Solving Ordinary Differential Equations I,
// section II.4-II.6 (their DOPRI5). Explicit: on a stiff system the step stays below about 3.3 / (largest rate),
// whatever the tolerance.

import { TollError } from 'toll'
import { throwIfAborted } from 'toll/base'

/** Writes the rate of change of `state` at `time` to `into`; all three are the integrator's and may not be kept. */
export type Derivative = (state: Float64Array, into: Float64Array, time: number) => void

export interface IntegrationProgress {
  /** Where the integration is, and where it ends. */
  readonly time: number
  readonly end: number
  /** Steps tried so far. */
  readonly steps: number
}

export interface IntegrateOptions {
  /**
   * Times to report, finite, from 0 on, not falling; the last one is the end. They do not influence the steps, except
   * the end.
   */
  readonly times: ArrayLike<number>
  /**
   * Allowed error of one step relative to the size of each component; from 2.22e-16 (machine precision) to 1, default
   * 1e-9.
   */
  readonly relative?: number
  /**
   * Allowed error of one step beside components near zero, in units of the state; from 2.22e-16 to 1, default 1e-12.
   */
  readonly absolute?: number
  /**
   * Longest step, above 0; default unlimited. On a stiff system the error control lets fast components hover at the
   * absolute tolerance; 2.5 / (largest rate) damps them away by a factor of 4 a step.
   */
  readonly maxStep?: number
  /** Steps to try before giving up with code `argument`; default 10,000,000. */
  readonly maxSteps?: number
  /**
   * Ends the integration after the first step for which it is true: times beyond it are left out, its own time is
   * added.
   */
  readonly until?: (state: Float64Array, time: number) => boolean
  /** Stops with code `aborted`, within a tenth of a second. */
  readonly signal?: AbortSignal
  /** Called about ten times a second, and at the end. */
  readonly onProgress?: (progress: IntegrationProgress) => void
}

export interface Trajectory {
  readonly times: Float64Array
  /** One state per time. */
  readonly states: readonly Float64Array[]
  /** Steps taken, and steps that were tried and were too long. */
  readonly steps: number
  readonly rejected: number
  /** Whether `until` ended it. */
  readonly ended: boolean
}

// The tableau: row i weighs the slopes k_1..k_i of stage i + 1 at time fraction nodes[i]; the last row is the
// fifth-order solution.
const nodes = [1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1]
const tableau = [
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
]
/** Fifth-order minus fourth-order weights. */
const errorWeights = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40]
const denseWeights = [
  -12715105075 / 11282082432,
  0,
  87487479700 / 32700410799,
  -10690763975 / 1880347072,
  701980252875 / 199316789632,
  -1453857185 / 822651844,
  69997945 / 29380423,
]

/** Milliseconds between two looks at the event loop. */
const stretch = 50

/**
 * Integrates dy/dt = f(y, t) from `start` at time 0. The caller's `start` is not changed.
 *
 * @throws `argument` for tolerances below machine precision, times that fall, or more than `maxSteps` steps; `data`
 * when the start is not
 *   finite; `diverged` when the solution leaves what float64 holds; `aborted`.
 */
export async function integrate(
  derivative: Derivative,
  start: Float64Array,
  options: IntegrateOptions,
): Promise<Trajectory> {
  const {
    relative = 1e-9,
    absolute = 1e-12,
    maxStep = Infinity,
    maxSteps = 10_000_000,
    until,
    signal,
    onProgress,
  } = options
  checkTolerance('relative', relative)
  checkTolerance('absolute', absolute)
  if (!(Number.isSafeInteger(maxSteps) && maxSteps >= 1))
    throw new TollError('out-of-domain', `maxSteps must be a positive integer, got ${maxSteps}`)
  if (!(maxStep > 0)) throw new TollError('out-of-domain', `maxStep must be above 0, got ${maxStep}`)
  const times = checkTimes(options.times)
  checkStart(start)

  const end = times[times.length - 1]
  const stepper = new Stepper(derivative, start, relative, absolute, maxStep)
  const reported: number[] = []
  const states: Float64Array[] = []
  const report = (upTo: number) => {
    while (reported.length < times.length && times[reported.length] <= upTo) {
      states.push(stepper.at(times[reported.length]))
      reported.push(times[reported.length])
    }
  }
  report(0)
  let ended = until?.(start.slice(), 0) ?? false
  let last = performance.now()
  throwIfAborted(signal)
  while (!ended && stepper.time < end) {
    if (stepper.steps + stepper.rejected >= maxSteps) {
      throw new TollError(
        'out-of-domain',
        `the integration reached time ${stepper.time} of ${end} after ${maxSteps} steps; end earlier, loosen ` +
          'the tolerances or raise maxSteps',
      )
    }
    if (!stepper.advance(end)) continue
    report(stepper.time)
    ended = until?.(stepper.state.slice(), stepper.time) ?? false
    if (performance.now() - last > stretch) {
      onProgress?.({ time: stepper.time, end, steps: stepper.steps + stepper.rejected })
      await new Promise((resolve) => setTimeout(resolve, 0))
      throwIfAborted(signal)
      last = performance.now()
    }
  }
  if (ended && reported.at(-1) !== stepper.time) {
    reported.push(stepper.time)
    states.push(stepper.state.slice())
  }
  onProgress?.({ time: stepper.time, end, steps: stepper.steps + stepper.rejected })
  return { times: Float64Array.from(reported), states, steps: stepper.steps, rejected: stepper.rejected, ended }
}

/** One solution on its way: the last step taken, with what interpolates inside it. */
class Stepper {
  time = 0
  steps = 0
  rejected = 0
  state: Float64Array
  #from = 0
  #previous: Float64Array
  #step: number
  #lastError = 1e-4
  #afterRejection = false
  readonly #slopes: Float64Array[]
  #stage: Float64Array

  constructor(
    readonly derivative: Derivative,
    start: Float64Array,
    readonly relative: number,
    readonly absolute: number,
    readonly maxStep: number,
  ) {
    this.state = start.slice()
    this.#previous = start.slice()
    this.#stage = start.slice()
    this.#slopes = Array.from({ length: 7 }, () => new Float64Array(start.length))
    derivative(this.state, this.#slopes[6], 0)
    if (!this.#slopes[6].every(Number.isFinite))
      throw new TollError('loss-not-finite', 'the rate of change at the start is not finite; start closer to zero')
    this.#step = this.#firstStep()
  }

  /** Tries one step that does not pass `end`; false when it was too long and is to be tried again, shorter. */
  advance(end: number): boolean {
    const h = Math.min(this.#step, this.maxStep, end - this.time)
    if (h <= 4 * Number.EPSILON * this.time || h < 1e-290) {
      throw new TollError(
        'loss-not-finite',
        `the solution cannot be followed beyond time ${this.time}: no step is short enough; it blows up or ` +
          'has a corner there',
      )
    }
    const [k, y, next] = [this.#slopes, this.state, this.#stage]
    // First same as last: the slope at the end of the last step is the one at the start of this.
    if (!this.#afterRejection) [k[0], k[6]] = [k[6], k[0]]
    for (let s = 0; s < 6; s++) {
      combine(next, y, h, tableau[s], k)
      this.derivative(next, k[s + 1], this.time + nodes[s] * h)
    }
    const error = this.#errorOf(next, h)
    // PI control (Gustafsson): the exponent 0.2 - 0.75 * 0.04 of this error, 0.04 of the last one.
    const factor = Number.isFinite(error) ? 0.9 * Math.max(error, 1e-30) ** -0.17 * this.#lastError ** 0.04 : 0.2
    if (!(error <= 1)) {
      this.#step = h * Math.min(Math.max(factor, 0.2), 0.9)
      this.#afterRejection = true
      this.rejected++
      return false
    }
    this.#step = h * Math.min(Math.max(factor, 0.2), this.#afterRejection ? 1 : 10)
    this.#afterRejection = false
    this.#lastError = Math.max(error, 1e-4)
    this.#from = this.time
    this.time = h === end - this.time ? end : this.time + h
    ;[this.#previous, this.state, this.#stage] = [y, next, this.#previous]
    this.steps++
    return true
  }

  /** The solution inside the last step: the continuous extension of order 4. */
  at(time: number): Float64Array {
    if (time === this.time) return this.state.slice()
    const h = this.time - this.#from
    const u = (time - this.#from) / h
    const k = this.#slopes
    return this.#previous.map((y, i) => {
      const rise = this.state[i] - y
      const bend = h * k[0][i] - rise
      let last = 0
      for (let s = 0; s < 7; s++) last += denseWeights[s] * k[s][i]
      return y + u * (rise + (1 - u) * (bend + u * (rise - h * k[6][i] - bend + (1 - u) * h * last)))
    })
  }

  /** Root mean square of the error estimate in units of the tolerance; NaN when anything is not finite. */
  #errorOf(next: Float64Array, h: number): number {
    let sum = 0
    for (let i = 0; i < next.length; i++) {
      let error = 0
      for (let s = 0; s < 7; s++) error += errorWeights[s] * this.#slopes[s][i]
      const scale = this.absolute + this.relative * Math.max(Math.abs(this.state[i]), Math.abs(next[i]))
      sum += ((h * error) / scale) ** 2
      if (!Number.isFinite(next[i])) return NaN
    }
    return Math.sqrt(sum / next.length)
  }

  /** A first step whose explicit Euler error would be about a hundredth of the tolerance (Hairer, section II.4). */
  #firstStep(): number {
    const weigh = (values: Float64Array) =>
      Math.sqrt(
        values.reduce(
          (sum, value, i) => sum + (value / (this.absolute + this.relative * Math.abs(this.state[i]))) ** 2,
          0,
        ) / values.length,
      )
    const slope = this.#slopes[6]
    const [size, speed] = [weigh(this.state), weigh(slope)]
    const guess = size < 1e-5 || speed < 1e-5 ? 1e-6 : (0.01 * size) / speed
    const ahead = this.state.map((value, i) => value + guess * slope[i])
    const later = new Float64Array(slope.length)
    this.derivative(ahead, later, guess)
    const bend = weigh(later.map((value, i) => value - slope[i])) / guess
    if (!Number.isFinite(bend)) return guess * 1e-3
    const steepest = Math.max(speed, bend)
    return Math.min(100 * guess, steepest <= 1e-15 ? Math.max(1e-6, guess * 1e-3) : (0.01 / steepest) ** 0.2)
  }
}

/** into = y + h * (weights . slopes). */
function combine(
  into: Float64Array,
  y: Float64Array,
  h: number,
  weights: readonly number[],
  slopes: readonly Float64Array[],
): void {
  for (let i = 0; i < y.length; i++) {
    let slope = 0
    for (let s = 0; s < weights.length; s++) slope += weights[s] * slopes[s][i]
    into[i] = y[i] + h * slope
  }
}

function checkTolerance(name: string, value: number): void {
  if (!(value >= Number.EPSILON && value <= 1)) {
    throw new TollError(
      'out-of-domain',
      `the ${name} tolerance must be from ${Number.EPSILON} (machine precision) to 1, got ${value}`,
    )
  }
}

function checkStart(start: Float64Array): void {
  if (start.length === 0)
    throw new TollError('shape-mismatch', 'an integration needs a state of at least one number, got none')
  const bad = start.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) throw new TollError('not-finite', `the start must be finite, component ${bad} is ${start[bad]}`)
}

function checkTimes(given: ArrayLike<number>): Float64Array {
  const times = Float64Array.from(given)
  if (times.length === 0)
    throw new TollError('out-of-domain', 'an integration needs at least one time to report, got none')
  times.forEach((time, i) => {
    if (!Number.isFinite(time) || time < (i === 0 ? 0 : times[i - 1])) {
      throw new TollError(
        'out-of-domain',
        `times must be finite, from 0 on and not falling; time ${i} is ${time}${i > 0 ? ` after ${times[i - 1]}` : ''}`,
      )
    }
  })
  return times
}
