// Kernel density: a Gaussian bump on every training row; rows where the sum of all bumps is low are anomalies.
// Source: Parzen, "On estimation of a probability density function and mode" (Annals of Mathematical Statistics 33,
// 1962); bandwidths in `bandwidth.ts`. Left out: other kernels, whose density is 0 far from the data, where anomalies
// are.

import {
  Random,
  TollError,
  choice,
  integer,
  real,
  throwIfAborted,
  type Domains,
  type NdArray,
  type Values,
} from '../base/index.js'
import { add, constant, exp, matmul, maxOver, min, mul, reshape, sub, type Tensor } from '../graph/index.js'
import { bandwidthGrids, centreAt, crossValidate, logNormaliser, ruleOfThumb, type Validation } from './bandwidth.js'
import { columnMeans, evenLog, evenRows, halfSquares } from './kernels.js'
import { normalRows, subsampled } from './training-rows.js'
import { shown, type Detector, type FitContext, type FittedDetector } from './contract.js'

export const kdeParameters = {
  // Not smaller, so that squares of prepared rows (at most 1e15 in size) over its square stay finite.
  bandwidth: real({
    default: 0,
    min: 0,
    max: 1e15,
    doc: 'Standard deviation of the bump, in the units of the scaled columns; 0 takes the rule.',
  }),
  rule: choice({
    values: ['scott', 'silverman', 'cross-validation'],
    default: 'scott',
    doc: 'How the bandwidth is found when it is 0; cross-validation compares all rows with each other.',
    source: 'Scott 1992; Silverman 1986; Deep SVDD: cross-validation',
  }),
  grid: choice({
    values: ['wide', 'coarse'],
    default: 'wide',
    doc:
      'Bandwidths that cross-validation tries, for columns scaled to about 1: 20 from 2^-4.5 to 2^5, or 10 ' +
      'from 2^0.5 to 2^5.',
    source: 'Deep SVDD; Deep SAD: coarse',
  }),
  subsample: integer({
    default: 0,
    min: 0,
    max: 1e9,
    doc: 'Train on this many rows, drawn at random without replacement; 0 takes all.',
  }),
} satisfies Domains

export type KdeParameters = Values<typeof kdeParameters>

/**
 * Memory for the kernel values of `scoredTogether` rows, exponents and exponentials: fewer rows at a time would make
 * scoring slow.
 */
const mostBytes = 2 ** 30
const scoredTogether = 256
/** Pairs of rows times bandwidths that cross-validation evaluates: a few minutes on two cores. */
const mostExponentials = 2 ** 36
const smallestBandwidth = 1e-100

export const kde: Detector<typeof kdeParameters> = {
  name: 'kde',
  title: 'Kernel density estimate (KDE)',
  idea: 'The sum of Gaussian bumps on all training rows is a density; the score is minus its logarithm.',
  reference: 'Parzen, Annals of Mathematical Statistics 33, 1962',
  accepts: ['table'],
  precision: 'float64',
  takesWeights: false,
  parameters: kdeParameters,

  formula: (_, summary) => ({
    score:
      String.raw`s(x) = - \op{log} ( \frac{1}{${shown(summary, 'rows')}} ∑_{i=1}^{${shown(summary, 'rows')}} ` +
      String.raw`(2π h^2)^{-d/2} \op{exp}(-\frac{‖x - x_i‖^2}{2 h^2}) )`,
    where: [
      `h = ${shown(summary, 'bandwidth')} is the bandwidth, d the number of columns, x_i a training row; ` +
        'the logarithm is natural.',
    ],
  }),

  async fit(data, parameters, context): Promise<FittedDetector> {
    throwIfAborted(context.signal)
    const normal = subsampled(
      normalRows('kde', data),
      parameters.subsample,
      Random.seeded(context.seed).fork('subsample'),
    )
    const rows: NdArray<Float64Array> = { shape: normal.shape, data: Float64Array.from(normal.data) }
    const [n, d] = rows.shape
    requireMemory(n)
    const { bandwidth, validation } = await findBandwidth(rows, parameters, context)
    const origin = columnMeans(rows)
    const bumps: NdArray<Float64Array> = {
      shape: rows.shape,
      data: centreAt(rows, origin).map((value) => value / bandwidth),
    }
    return {
      score: (x) => ({
        score: sub(
          Math.log(n) + logNormaliser(d, bandwidth),
          logKernelSum(mul(sub(x, constant(origin, [1, d], 'float64')), 1 / bandwidth), bumps),
        ),
      }),
      summary: {
        rows: n,
        bandwidth,
        ...(validation && { bandwidths: validation.bandwidths, logLikelihoods: validation.logLikelihoods }),
      },
      containsTrainingRows: true,
    }
  },
}

async function findBandwidth(
  rows: NdArray<Float64Array>,
  { bandwidth, rule, grid }: KdeParameters,
  { engine, signal, onProgress }: FitContext,
): Promise<{ bandwidth: number; validation?: Validation }> {
  if (bandwidth > 0) {
    if (bandwidth < smallestBandwidth)
      throw new TollError(
        'out-of-domain',
        `kde: bandwidth must be 0 or at least ${smallestBandwidth}, got ${bandwidth}`,
        { option: 'bandwidth', value: bandwidth, expected: `0, or at least ${smallestBandwidth}` },
      )
    return { bandwidth }
  }
  if (rule !== 'cross-validation') return { bandwidth: Math.max(ruleOfThumb(rule, rows), smallestBandwidth) }
  requireTime(rows.shape[0], bandwidthGrids[grid].length)
  const validation = await crossValidate(rows, bandwidthGrids[grid], {
    engine,
    signal,
    onProgress: (step, steps) => onProgress?.({ step, steps, values: {} }),
  })
  return { bandwidth: validation.best, validation }
}

/**
 * log sum_i exp(-||u - v_i||^2 / 2) of every row u (batch, d) over the bumps v (n, d): (batch). |u|^2 / 2 is the same
 * in all exponents and comes off last; what is left is shifted by its largest, so that rows far away keep a finite and
 * growing score. Each term is at most 1: so is their sum at most n, whatever rounding does where |u| and |v| are both
 * huge.
 */
function logKernelSum(u: Tensor, bumps: NdArray<Float64Array>): Tensor {
  const [n, d] = bumps.shape
  const {
    rows: { shape, data },
    weights,
  } = evenRows(bumps, new Float64Array(n).fill(1))
  const halves = Float64Array.from(
    { length: shape[0] },
    (_, row) => data.subarray(row * d, (row + 1) * d).reduce((total, v) => total + v * v, 0) / -2,
  )
  const exponents = add(
    matmul(u, constant(data, shape, 'float64'), { transposeB: true }),
    constant(halves, [1, shape[0]], 'float64'),
  )
  const largest = maxOver(exponents, [1], true)
  const sums = add(evenLog(matmul(exp(sub(exponents, largest)), weights)), sub(largest, halfSquares(u)))
  return reshape(min(sums, Math.log(n)), [u.shape[0]])
}

const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`

function requireMemory(n: number): void {
  const bytes = scoredTogether * n * 2 * 8
  if (bytes <= mostBytes) return
  throw new TollError(
    'too-large',
    `kde compares every scored row with all ${n} training rows: kernel values of ${scoredTogether} rows ` +
      `take ${gibibytes(bytes)}, allowed are ${gibibytes(mostBytes)}; ` +
      `set the parameter subsample, to at most ${Math.floor(mostBytes / (scoredTogether * 16))}, to train ` +
      'on a random part of the rows',
    { option: 'subsample', value: bytes, limit: mostBytes, suggestion: Math.floor(mostBytes / (scoredTogether * 16)) },
  )
}

function requireTime(n: number, bandwidths: number): void {
  if (n * n * bandwidths <= mostExponentials) return
  throw new TollError(
    'too-large',
    `kde: cross-validation of ${bandwidths} bandwidths compares all ${n} rows with each other: ` +
      `${gibibytes(n * n * bandwidths * 8)} of kernel values would pass ` +
      `through memory, allowed are ${gibibytes(mostExponentials * 8)}; take rule scott or silverman, or set ` +
      `the parameter subsample, to at most ${Math.floor(Math.sqrt(mostExponentials / bandwidths))}`,
    {
      option: 'subsample',
      value: n * n * bandwidths * 8,
      limit: mostExponentials * 8,
      suggestion: Math.floor(Math.sqrt(mostExponentials / bandwidths)),
    },
  )
}
