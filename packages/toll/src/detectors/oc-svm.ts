// One-class support vector machine: the half-space, in the space of a kernel, that holds most of the training rows away
// from the origin. Source: Schölkopf, Platt, Shawe-Taylor, Smola and Williamson, "Estimating the support of a
// high-dimensional distribution" (Neural Computation 13, 2001), in libsvm's scaling. Solver in `smo.ts`. Left out:
// weights of rows.

import { Random, TollError, choice, integer, real, type Domains, type NdArray, type Values } from '../base/index.js'
import { constant, matmul, reshape, sub, type Tensor } from '../graph/index.js'
import { columnMeans, columnVariances, evenRows, kernelAgainst, kernelKinds, type Kernel } from './kernels.js'
import { EngineColumns } from './kernel-columns.js'
import { solveOneClass, type SmoSolution } from './smo.js'
import { normalRows, subsampled } from './training-rows.js'
import { shown, type Detector, type FitContext, type FittedDetector } from './contract.js'

// Bounds keep kernel values of any prepared rows (at most 1e15 in size) finite.
export const ocSvmParameters = {
  nu: real({
    default: 0.1,
    min: 0,
    aboveMin: true,
    max: 1,
    doc:
      'At most this share of the training rows lies outside the boundary, and at least this share are ' +
      'support vectors.',
    source: 'Deep SVDD compares 0.01 and 0.1; PyOD and scikit-learn take 0.5',
  }),
  kernel: choice({
    values: kernelKinds,
    default: 'rbf',
    doc: 'Similarity of two rows.',
    source: 'Schölkopf et al. 2001',
  }),
  gamma: real({
    default: 0,
    min: 0,
    max: 1e6,
    doc: 'Scale of the rbf, polynomial and sigmoid kernels; 0 takes 1 / (d v), v the mean variance of the d columns.',
    source: 'scikit-learn: scale',
  }),
  degree: integer({ default: 3, min: 1, max: 6, doc: 'Power of the polynomial kernel.', source: 'libsvm' }),
  coef0: real({
    default: 0,
    min: -1e6,
    max: 1e6,
    doc: 'Constant of the polynomial and sigmoid kernels.',
    source: 'libsvm',
  }),
  tolerance: real({
    default: 1e-3,
    min: 1e-9,
    max: 1,
    doc: 'Largest violation of the optimality conditions at which the solver stops, in units of the largest k(x, x).',
    source: 'libsvm',
  }),
  subsample: integer({
    default: 0,
    min: 0,
    max: 1e9,
    doc: 'Train on this many rows, drawn at random without replacement; 0 takes all.',
  }),
} satisfies Domains

export type OcSvmParameters = Values<typeof ocSvmParameters>

/**
 * Kernel values that a fit computes at least, nu n^2: at most 16 GiB pass through memory, ten seconds to a minute on
 * two cores.
 */
const mostValues = 2 ** 31
/** Rows whose mean similarity to all others picks the start. */
const startingSample = 128

export const ocSvm: Detector<typeof ocSvmParameters> = {
  name: 'oc-svm',
  title: 'One-class support vector machine (OC-SVM)',
  idea:
    'A boundary around the training rows that leaves a share nu of them outside; the score is the ' +
    'distance beyond it in the space of a kernel.',
  reference: 'Schölkopf et al., Neural Computation 13, 2001',
  accepts: ['table'],
  precision: 'float64',
  takesWeights: false,
  parameters: ocSvmParameters,

  formula: ({ kernel, degree, coef0, nu }, summary) => {
    const added = coef0 === 0 ? '' : ` + ${coef0}`
    return {
      score: `s(x) = ${shown(summary, 'rho')} - ∑_{i=1}^{${shown(summary, 'supportVectors')}} α_i k(x, x_i)`,
      where: [
        `x_i is a support vector, a training row at the boundary or beyond, and α_i its weight; ν = ${nu} is ` +
          'the share of training rows outside.',
        {
          rbf: `k(x, y) = exp(−${shown(summary, 'gamma')} ‖x − y‖²)`,
          linear: 'k(x, y) = ⟨x, y⟩',
          polynomial: `k(x, y) = (${shown(summary, 'gamma')} ⟨x, y⟩${added})^${degree}`,
          sigmoid: `k(x, y) = tanh(${shown(summary, 'gamma')} ⟨x, y⟩${added})`,
        }[kernel],
      ],
    }
  },

  async fit(data, parameters, context): Promise<FittedDetector> {
    const random = Random.seeded(context.seed)
    const normal = subsampled(normalRows('oc-svm', data), parameters.subsample, random.fork('subsample'))
    const rows: NdArray<Float64Array> = { shape: normal.shape, data: Float64Array.from(normal.data) }
    const [n, d] = rows.shape
    requireValues(n, parameters.nu)
    const origin = columnMeans(rows)
    const kernel = kernelOf(rows, origin, parameters)
    const solution = await solve({ kernel, rows, origin }, parameters, random.fork('start'), context)
    const vectors = Array.from(solution.alpha.keys()).filter((i) => solution.alpha[i] > 0)
    const supports: NdArray<Float64Array> = { shape: [vectors.length, d], data: new Float64Array(vectors.length * d) }
    vectors.forEach((row, k) => supports.data.set(rows.data.subarray(row * d, (row + 1) * d), k * d))
    const weights = Float64Array.from(vectors, (i) => solution.alpha[i])
    const isLinear = kernel.kind === 'linear'
    const normalVector = isLinear ? combine(supports, weights) : undefined
    return {
      score: (x) => ({
        score: sub(
          constant(solution.rho, [1], 'float64'),
          normalVector ? project(x, normalVector) : similarity(x, { kernel, supports, origin, weights }),
        ),
      }),
      summary: {
        rows: n,
        kernel: kernel.kind,
        gamma: isLinear ? null : kernel.gamma,
        supportVectors: vectors.length,
        outside: weights.filter((weight) => weight === 1).length,
        rho: solution.rho,
        steps: solution.steps,
        violation: Math.max(0, solution.violation),
      },
      containsTrainingRows: !isLinear,
    }
  },
}

/** Parameters of the kernel, the rule of `gamma` applied; 1 where nothing varies. */
function kernelOf(
  rows: NdArray<Float64Array>,
  origin: Float64Array,
  { kernel, gamma, degree, coef0 }: OcSvmParameters,
): Kernel {
  const total = columnVariances(rows, origin).reduce((sum, variance) => sum + variance, 0)
  return { kind: kernel, gamma: gamma > 0 ? gamma : total > 0 ? 1 / total : 1, degree, coef0 }
}

/**
 * Starts with nu n rows at their upper bound: those least similar to the others, which is where a first step of Frank
 * and Wolfe's method from equal coefficients leads. libsvm starts with the first nu n rows whatever they are, ten times
 * as many steps away.
 */
async function solve(
  problem: { kernel: Kernel; rows: NdArray<Float64Array>; origin: Float64Array },
  { nu, tolerance }: OcSvmParameters,
  random: Random,
  { engine, signal, onProgress }: FitContext,
): Promise<SmoSolution> {
  const [n] = problem.rows.shape
  const columns = await EngineColumns.open(engine, { ...problem, signal })
  try {
    const sample = Array.from(random.sample(n, Math.min(n, startingSample)).sort())
    const likeness = await columns.weightedSum(sample, new Float64Array(sample.length).fill(1))
    const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => likeness[a] - likeness[b])
    const alpha = fillInOrder(order, nu * n)
    const started = order.filter((i) => alpha[i] > 0)
    const gradient = await columns.weightedSum(
      started,
      Float64Array.from(started, (i) => alpha[i]),
    )
    let first = 0
    return await solveOneClass(columns, {
      alpha,
      gradient,
      tolerance,
      signal,
      onStep: (steps, violation) => {
        // The violation falls by a factor at a time: its logarithm is the way gone.
        first ||= violation
        const share = Math.log(first / violation) / Math.log(Math.max(first / tolerance, 2))
        onProgress?.({
          step: Math.max(0, Math.min(99, Math.round(100 * share))),
          steps: 100,
          values: { steps, violation },
        })
      },
    })
  } finally {
    await columns.close()
  }
}

/**
 * Ones in that order until their sum is `total`, the last one a fraction. A total that is whole but for rounding leaves
 * no crumb behind.
 */
function fillInOrder(order: readonly number[], total: number): Float64Array {
  const alpha = new Float64Array(order.length)
  let left = Math.abs(total - Math.round(total)) < 1e-9 * total ? Math.round(total) : total
  for (const i of order) {
    alpha[i] = Math.min(1, left)
    left -= alpha[i]
    if (left <= 0) break
  }
  return alpha
}

/** sum_i alpha_i k(x_i, x) of every row x, (batch). */
function similarity(x: Tensor, { kernel, supports, origin, weights }: Boundary): Tensor {
  const even = evenRows(supports, weights)
  return reshape(matmul(kernelAgainst(kernel, x, even.rows, origin), even.weights), [x.shape[0]])
}

interface Boundary {
  readonly kernel: Kernel
  /** The support vectors (m, d). */
  readonly supports: NdArray<Float64Array>
  readonly origin: Float64Array
  /** alpha, (m). */
  readonly weights: Float64Array
}

/** The normal vector of a linear boundary: sum_i alpha_i x_i, (d). */
function combine({ shape: [m, d], data }: NdArray<Float64Array>, weights: Float64Array): Float64Array {
  const normal = new Float64Array(d)
  for (let k = 0; k < m; k++) for (let c = 0; c < d; c++) normal[c] += weights[k] * data[k * d + c]
  return normal
}

function project(x: Tensor, normal: Float64Array): Tensor {
  return reshape(matmul(x, constant(normal, [normal.length, 1], 'float64')), [x.shape[0]])
}

function requireValues(n: number, nu: number): void {
  const values = nu * n * n
  if (values <= mostValues) return
  const gibibytes = (count: number) => `${((8 * count) / 2 ** 30).toFixed(1)} GiB`
  throw new TollError(
    'too-large',
    `oc-svm compares at least nu n = ${Math.round(nu * n)} of its ${n} rows with all of them: ` +
      `${gibibytes(values)} of kernel values would pass ` +
      `through memory, allowed are ${gibibytes(mostValues)}; set the parameter subsample, to at most ` +
      `${Math.floor(Math.sqrt(mostValues / nu))}, to train on a random part of the rows`,
    {
      option: 'subsample',
      value: values * 8,
      limit: mostValues * 8,
      suggestion: Math.floor(Math.sqrt(mostValues / nu)),
    },
  )
}
