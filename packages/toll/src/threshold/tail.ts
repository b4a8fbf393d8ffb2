// Rates below what held-back rows resolve: the largest scores follow a generalised Pareto distribution over a high
// enough level (Pickands 1975), which is fitted and extrapolated. Peaks over threshold as in Siffer et al. 2017,
// estimated as in Zhang and Stephens 2009.

import { quantileOfSorted, real } from '../base/index.js'
import { heldBackCount, tooFew, type ThresholdKind } from './kind.js'

const parameters = {
  rate: real({
    default: 0.001,
    min: 0,
    aboveMin: true,
    max: 1,
    belowMax: true,
    doc: 'Share of normal rows above the threshold; may lie far below 1 / held-back rows.',
  }),
  tail: real({
    default: 0.1,
    min: 0,
    aboveMin: true,
    max: 0.5,
    doc: 'Share of the held-back scores that counts as their tail.',
  }),
}
const facts = {
  heldBack: heldBackCount,
  shape: real({ default: NaN, doc: 'Shape of the tail: 0 is exponential, above 0 is heavier, below 0 ends.' }),
  scale: real({ default: NaN, min: 0, aboveMin: true, doc: 'Scale of the tail, in units of the score.' }),
}

/** Excesses that a fit needs at least. */
const fewest = 20

export const tailKind: ThresholdKind<'tail', typeof parameters, typeof facts> = {
  kind: 'tail',
  doc: 'a small rate, extrapolated from the largest held-back scores by extreme-value theory',
  source: 'Siffer et al. 2017, Anomaly detection in streams with extreme value theory',
  needs: 'held-back scores',
  parameters,
  facts,
  fit({ rate, tail }, { heldBack }) {
    const n = heldBack.length
    const level = quantileOfSorted(heldBack, 1 - tail)
    const excesses = heldBack.filter((score) => score > level).map((score) => score - level)
    if (excesses.length < fewest)
      tooFew(
        `a tail of ${tail}`,
        `at least ${fewest} held-back scores above the rest (some ${Math.ceil(fewest / tail)} rows, not all equal)`,
        excesses.length,
      )
    const { shape, scale } = fitPareto(excesses)
    // Share of the tail that lies above the threshold.
    const share = (rate * n) / excesses.length
    if (share >= 1) return { value: quantileOfSorted(heldBack, 1 - rate), heldBack: n, shape, scale }
    const beyond =
      Math.abs(shape) < 1e-9 ? -scale * Math.log(share) : (scale * Math.expm1(-shape * Math.log(share))) / shape
    return { value: level + beyond, heldBack: n, shape, scale }
  },
  describe: ({ rate, tail, value, heldBack, shape, scale }) =>
    `${value} (rate ${rate}, extrapolated from the largest ${tail} of ${heldBack} held-back scores; shape ` +
    `${shape.toPrecision(3)}, scale ${scale.toPrecision(3)})`,
}

export interface ParetoTail {
  readonly shape: number
  readonly scale: number
}

/**
 * The generalised Pareto distribution of positive excesses in rising order, by the mean of b = -shape / scale over its
 * profile likelihood on a grid (Zhang and Stephens 2009, equations 3 to 7). It always exists, unlike a maximum of the
 * likelihood.
 */
export function fitPareto(excesses: Float64Array): ParetoTail {
  const n = excesses.length
  const largest = excesses[n - 1]
  const quartile = excesses[Math.max(0, Math.floor(n / 4 + 0.5) - 1)]
  const points = 20 + Math.floor(Math.sqrt(n))
  const shapeAt = (b: number) => {
    let sum = 0
    for (const y of excesses) sum += Math.log1p(-b * y)
    return sum / n
  }
  // At b = 0 the tail is exponential.
  const mean = excesses.reduce((sum, y) => sum + y / n, 0)
  const scaleOf = (b: number, shape: number) => (b === 0 ? mean : -shape / b)
  const grid = Array.from(
    { length: points },
    (_, j) => 1 / largest + (1 - Math.sqrt(points / (j + 0.5))) / (3 * quartile),
  )
  const likelihoods = grid.map((b) => {
    const shape = shapeAt(b)
    return -n * (Math.log(scaleOf(b, shape)) + shape + 1)
  })
  const best = Math.max(...likelihoods)
  let [weighted, total] = [0, 0]
  likelihoods.forEach((likelihood, j) => {
    const weight = Math.exp(likelihood - best)
    weighted += weight * grid[j]
    total += weight
  })
  const b = weighted / total
  const shape = shapeAt(b)
  return { shape, scale: scaleOf(b, shape) }
}
