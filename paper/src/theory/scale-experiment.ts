// Which scale control gives the norm term a true minimum: (9) and the unsquared loss of the real method, each as it is,
// with weight decay on V, and with rows of V of norm 1, from a small and a large decoder. Beyond the paper; derived in
// docs/theory.md.

import {
  covarianceEigen,
  diagonal,
  frobenius,
  integer,
  Random,
  real,
  resolveParameters,
  type Matrix,
  type Values,
  type Watched,
} from 'toll/base'
import { constant, input } from 'toll/graph'
import { integrate, type Derivative } from './dormand-prince.js'
import { gaussianEllipse } from './gaussian-score.js'
import { lossFunction } from './graph-flow.js'
import {
  logTimes,
  resolveList,
  resolveVariances,
  toleranceOf,
  varianceList,
  watch,
  type ListDomain,
} from './laboratory.js'
import { autoencoderFlow, linearLoss, packLayers, unpackLayers, type Layers } from './linear-autoencoder.js'
import { gaussianUnsquaredLoss } from './losses.js'
import {
  controlScale,
  minimumAtUnitNorm,
  minimumUnderDecay,
  withUnitRows,
  type Minimum,
  type ScaleControl,
} from './scale-control.js'
import { randomLayers } from './theorem2.js'

export const scaleParameters = {
  beta: real({ default: 1, min: 0, aboveMin: true, doc: 'weight of the norm term' }),
  decay: real({
    default: 0.25,
    min: 0,
    aboveMin: true,
    doc: 'gamma of weight decay: gamma |V|^2 / 2 is added to the loss',
  }),
  encoderScale: real({
    default: 0.1,
    min: 0,
    aboveMin: true,
    max: 100,
    doc: 'standard deviation of the elements of W(0)',
  }),
  first: real({ default: 0.01, min: 0, aboveMin: true, doc: 'first time reported after 0' }),
  stop: real({
    default: 60,
    min: 0,
    aboveMin: true,
    doc: 'stopping time. Without a control the work grows faster than time',
  }),
  points: integer({ default: 60, min: 2, max: 10_000, doc: 'times reported, evenly spaced in their logarithm' }),
  directions: integer({
    default: 64,
    min: 8,
    max: 10_000,
    doc: 'directions of the Gaussian that the reconstruction norm is averaged over',
  }),
  seed: integer({ default: 0, min: 0, max: 0xffffffff, doc: 'seed of the start' }),
  tolerance: toleranceOf(1e-8),
} as const

export const scaleLists = {
  decoderScales: {
    each: { kind: 'real', min: 0, aboveMin: true, max: 100 },
    fewest: 1,
    most: 6,
    default: [0.1, 4],
    doc: 'standard deviations of the elements of V(0), one start each; rows of norm 1 keep only the direction',
  },
  variances: varianceList,
} as const satisfies Readonly<Record<string, ListDomain>>

export interface ScaleOptions extends Partial<Values<typeof scaleParameters>>, Watched {
  /**
   * Standard deviations of the elements of V(0), 1 to 6 numbers above 0 and at most 100, one start each; default 0.1
   * and 4. Rows of norm 1 keep only the direction.
   */
  readonly decoderScales?: readonly number[]
  /** Variances along the two axes, above 0, the larger first; default 4 and 1. The code has one dimension. */
  readonly variances?: readonly number[]
}

/** `squared` is (9); `norms` is E||x - x'|| + beta E||z|| over the Gaussian. */
export type LossForm = 'squared' | 'norms'

export interface ScaleRun {
  readonly loss: LossForm
  readonly control: ScaleControl
  readonly decoderScale: number
  readonly times: readonly number[]
  /** The loss without the decay term, the norms of W and V, and the norm of the velocity (W, V), one entry per time. */
  readonly losses: readonly number[]
  readonly encoderNorm: readonly number[]
  readonly decoderNorm: readonly number[]
  readonly speed: readonly number[]
  /**
   * `minimum`: it came to rest with W above 0. `collapse`: W fell below a millionth of its start, and the run ended
   * there. `moving`: it did not come to rest.
   */
  readonly outcome: 'minimum' | 'collapse' | 'moving'
  /** Slope of log |V| over log t in the last decade. */
  readonly growth: number
  /** Where (9) is known to have its minimum under this control. */
  readonly minimum?: Minimum
  readonly steps: number
}

export interface ScaleResult {
  readonly settings: Values<typeof scaleParameters>
  readonly variances: readonly [number, number]
  readonly runs: readonly ScaleRun[]
}

/** A velocity below this is rest. */
const rest = 1e-6
const forms: readonly LossForm[] = ['squared', 'norms']
const controls: readonly ScaleControl[] = ['none', 'weight-decay', 'unit-norm']

/** Follows both losses under every control from every start, and says which of them come to rest. */
export async function scaleExperiment(options: ScaleOptions = {}): Promise<ScaleResult> {
  const { decoderScales: starts, variances: spread, signal, onProgress, ...given } = options
  const decoderScales = resolveList('decoderScales', scaleLists.decoderScales, starts)
  const variances = resolveVariances(spread)
  const settings = resolveParameters(scaleParameters, given, 'option')
  const times = logTimes(settings.first, settings.stop, settings.points)
  const objectives = {
    squared: squaredObjective(variances, settings.beta),
    norms: normsObjective(variances, settings.beta, settings.directions),
  }
  const cases = forms.flatMap((loss) =>
    controls.flatMap((control) => decoderScales.map((decoderScale) => ({ loss, control, decoderScale }))),
  )
  const runs: ScaleRun[] = []
  for (const { loss, control, decoderScale } of cases) {
    const { value, descent } = objectives[loss]
    const velocity = controlScale(descent, 2, 1, control, control === 'weight-decay' ? settings.decay : 0)
    const start = packLayers(startLayers(settings, decoderScale, control))
    const smallest = 1e-6 * encoderNorm(start)
    const found = await integrate(velocity, start, {
      times,
      relative: settings.tolerance,
      absolute: 1e-10,
      until: (state) => encoderNorm(state) < smallest,
      ...watch({ signal, onProgress }, `${loss}, ${control}, V(0) ${decoderScale}`, runs.length, cases.length),
    })
    const speed = found.states.map((state) => {
      const into = new Float64Array(4)
      velocity(state, into, 0)
      return frobenius(into)
    })
    const decoderNorm = found.states.map((state) => Math.hypot(state[2], state[3]))
    runs.push({
      loss,
      control,
      decoderScale,
      times: [...found.times],
      losses: found.states.map(value),
      encoderNorm: found.states.map(encoderNorm),
      decoderNorm,
      speed,
      outcome: found.ended ? 'collapse' : speed[speed.length - 1] < rest ? 'minimum' : 'moving',
      growth: growthOf(found.times, decoderNorm),
      ...(loss === 'squared' && control !== 'none' && { minimum: minimumOf(variances, settings, control) }),
      steps: found.steps,
    })
  }
  return { settings, variances, runs }
}

interface Objective {
  readonly value: (state: Float64Array) => number
  readonly descent: Derivative
}

function squaredObjective(variances: readonly number[], beta: number): Objective {
  const covariance = diagonal(variances)
  return {
    value: (state) => linearLoss(covariance, unpackLayers(state, 2, 1), beta).total,
    descent: autoencoderFlow(covariance, 1, beta),
  }
}

function normsObjective(variances: readonly [number, number], beta: number, directions: number): Objective {
  const points = gaussianEllipse(directions, variances)
  const [encoder, decoder] = [input('W', [2, 1], 'float64'), input('V', [1, 2], 'float64')]
  const samples = constant(points.data, points.shape, 'float64')
  const root = constant(diagonal(variances.map(Math.sqrt)).data, [2, 2], 'float64')
  return lossFunction(gaussianUnsquaredLoss({ samples, encoder, decoder, beta, root }), [encoder, decoder])
}

function startLayers(
  { encoderScale, seed }: Values<typeof scaleParameters>,
  decoderScale: number,
  control: ScaleControl,
): Layers {
  const { encoder, decoder } = randomLayers(2, 1, 1, Random.seeded(seed).fork('start'))
  const scaled = (matrix: Matrix, factor: number): Matrix => ({
    shape: matrix.shape,
    data: matrix.data.map((value) => factor * value),
  })
  return {
    encoder: scaled(encoder, encoderScale),
    decoder: control === 'unit-norm' ? withUnitRows(decoder) : scaled(decoder, decoderScale),
  }
}

function minimumOf(
  variances: readonly number[],
  { beta, decay }: Values<typeof scaleParameters>,
  control: ScaleControl,
): Minimum {
  const eigen = covarianceEigen(diagonal(variances))
  return control === 'weight-decay' ? minimumUnderDecay(eigen, 1, beta, decay) : minimumAtUnitNorm(eigen, 1, beta)
}

function encoderNorm(state: Float64Array): number {
  return Math.hypot(state[0], state[1])
}

function growthOf(times: Float64Array, sizes: readonly number[]): number {
  const last = times.length - 1
  const from = Math.max(
    times.findIndex((time) => time > 0 && time >= times[last] / 10),
    0,
  )
  return from < last ? Math.log(sizes[last] / sizes[from]) / Math.log(times[last] / times[from]) : 0
}
