// The minima that scale controls give, against the gradient, perturbations and the flow; and how the loss without a
// control drifts.

import { describe, expect, it } from 'vitest'
import { Random } from 'toll/base'
import {
  autoencoderFlow,
  controlScale,
  covarianceEigen,
  decoderWithEnergies,
  diagonal,
  frobenius,
  identity,
  integrate,
  linearDescent,
  linearLoss,
  linearScores,
  matrixOf,
  minimumAtUnitNorm,
  minimumUnderDecay,
  normalMatrix,
  packLayers,
  product,
  randomCovariance,
  randomLayers,
  relativeDistance,
  ridgeEncoder,
  scaleExperiment,
  symmetricEigen,
  unpackLayers,
  withUnitRows,
  type ScaleResult,
} from './index.js'
import { refusalOf } from './refusal.harness.js'

const s = randomCovariance([5, 2, 1, 0.1], Random.seeded(1))
const eigen = covarianceEigen(s)
const energiesOf = (decoder: Parameters<typeof ridgeEncoder>[0]) =>
  symmetricEigen(product(decoder, decoder, { transposeB: true })).values

describe('ridgeEncoder', () => {
  it("zeroes the encoder's gradient, whatever the covariance", () => {
    const decoder = normalMatrix(3, 4, Random.seeded(2))
    const encoder = ridgeEncoder(decoder, 0.7)
    for (const covariance of [s, identity(4), diagonal([100, 1, 0.01, 0])]) {
      expect(frobenius(linearDescent(covariance, { encoder, decoder }, 0.7).encoder)).toBeLessThan(1e-12)
    }
    const one = ridgeEncoder(matrixOf([[3, 4]]), 25)
    ;[3 / 50, 4 / 50].forEach((value, i) => expect(one.data[i]).toBeCloseTo(value, 16))
  })

  it("leaves beta tr(S (M + beta I)^-1) / 2, and the squared score beta x (M + beta I)^-1 x'", () => {
    const decoder = decoderWithEnergies(eigen, [3, 1, 0.5], 3)
    const pair = { encoder: ridgeEncoder(decoder, 0.7), decoder }
    const weights = [3, 1, 0.5, 0].map((energy) => 0.7 / (energy + 0.7))
    expect(linearLoss(s, pair, 0.7).total).toBeCloseTo(
      weights.reduce((sum, weight, i) => sum + (weight * eigen.values[i]) / 2, 0),
      12,
    )
    const along = product(identity(4), eigen.vectors, { transposeB: true })
    linearScores(along, pair, 0.7, 'squared').forEach((score, i) => expect(score).toBeCloseTo(weights[i], 13))
  })
})

describe('the minimum under weight decay', () => {
  const [beta, decay, k] = [0.5, 0.4, 3]
  const minimum = minimumUnderDecay(eigen, k, beta, decay)
  const decoder = decoderWithEnergies(eigen, minimum.energies, k)
  const pair = { encoder: ridgeEncoder(decoder, beta), decoder }
  const total = (at: typeof pair) => linearLoss(s, at, beta).total + (decay * frobenius(at.decoder) ** 2) / 2

  it('keeps the directions with l above beta gamma, as the formula says', () => {
    const expected = [5, 2, 1].map((value) => Math.sqrt((beta * value) / decay) - beta)
    minimum.energies.forEach((energy, i) => expect(energy).toBeCloseTo(expected[i] ?? 0, 12))
    expect([...minimumUnderDecay(eigen, 4, 10, 0.15).energies].map((energy) => energy > 0)).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  it('is stationary, lies below its surroundings, and is where the flow comes to rest', async () => {
    const slope = new Float64Array(24)
    const velocity = controlScale(autoencoderFlow(s, k, beta), 4, k, 'weight-decay', decay)
    velocity(packLayers(pair), slope, 0)
    expect(frobenius(slope)).toBeLessThan(1e-13)
    expect(linearLoss(s, pair, beta).total).toBeCloseTo(minimum.loss, 13)
    const random = Random.seeded(3)
    for (const size of [1e-3, 0.1, 1]) {
      for (let i = 0; i < 20; i++) {
        const moved = packLayers(pair)
        packLayers(randomLayers(4, k, size, random)).forEach((value, j) => (moved[j] += value))
        expect(total(unpackLayers(moved, 4, k))).toBeGreaterThan(total(pair))
      }
    }
    for (const seed of [4, 5]) {
      const { states } = await integrate(velocity, packLayers(randomLayers(4, k, 0.5, Random.seeded(seed))), {
        times: [100],
        relative: 1e-10,
      })
      const end = unpackLayers(states[0], 4, k)
      expect(total(end)).toBeCloseTo(total(pair), 10)
      energiesOf(end.decoder).forEach((energy, i) => expect(energy).toBeCloseTo(minimum.energies[i], 6))
    }
  })

  it("with beta gamma = 1/4 scores Figure 2's Gaussian by its exact density", () => {
    const { scoreWeights } = minimumUnderDecay(covarianceEigen(diagonal([4, 1])), 1, 1, 0.25)
    expect([...scoreWeights]).toEqual([0.25, 1])
  })
})

describe('the minimum at unit norm', () => {
  it('fills the levels so that they sum to k, and is where the flow comes to rest with unit rows', async () => {
    for (const [k, beta] of [
      [1, 0.5],
      [2, 0.5],
      [3, 0.2],
      [3, 5],
    ] as const) {
      const minimum = minimumAtUnitNorm(eigen, k, beta)
      expect(minimum.energies.reduce((sum, energy) => sum + energy, 0)).toBeCloseTo(k, 12)
      minimumUnderDecay(eigen, k, beta, minimum.decay).energies.forEach((energy, i) =>
        expect(minimum.energies[i]).toBeCloseTo(energy, 12),
      )
      const { encoder, decoder } = randomLayers(4, k, 0.5, Random.seeded(6))
      const velocity = controlScale(autoencoderFlow(s, k, beta), 4, k, 'unit-norm', 0)
      const { states } = await integrate(velocity, packLayers({ encoder, decoder: withUnitRows(decoder) }), {
        times: [300],
        relative: 1e-10,
      })
      const end = unpackLayers(states[0], 4, k)
      for (let row = 0; row < k; row++)
        expect(Math.hypot(...end.decoder.data.subarray(row * 4, row * 4 + 4))).toBeCloseTo(1, 7)
      expect(linearLoss(s, end, beta).total).toBeCloseTo(minimum.loss, 8)
      energiesOf(end.decoder).forEach((energy, i) => expect(Math.abs(energy - minimum.energies[i])).toBeLessThan(1e-3))
    }
  })
})

describe('without a control', () => {
  it(
    '|V| grows as (4 beta l t)^(1/4) and |W| shrinks along the ridge encoder, so that the score forgets ' + 'beta',
    async () => {
      const beta = 0.5
      const { states } = await integrate(autoencoderFlow(matrixOf([[2]]), 1, beta), Float64Array.of(0.1, 0.1), {
        times: [100, 1000, 10_000],
        relative: 1e-10,
      })
      // On the ridge encoder m = V^2 follows dm/dt = 2 beta l m / (m + beta)^2, so that m^2 / 2 + 2 beta m + beta^2 log
      // m = 2 beta l t + constant.
      const clock = (v: number) => v ** 4 / 2 + 2 * beta * v ** 2 + 2 * beta ** 2 * Math.log(v)
      const [first, second, third] = states
      expect((clock(third[1]) - clock(second[1])) / (2 * beta * 2 * 9000)).toBeCloseTo(1, 3)
      expect(Math.log10(third[1] / second[1])).toBeCloseTo(0.25, 2)
      expect(third[1] / (4 * beta * 2 * 10_000) ** 0.25).toBeCloseTo(1, 2)
      for (const [w, v] of states)
        expect(relativeDistance(matrixOf([[w]]), ridgeEncoder(matrixOf([[v]]), beta))).toBeLessThan(1e-3)
      expect(first[0] > second[0] && second[0] > third[0]).toBe(true)
      const weights = states.map(
        ([w, v]) =>
          linearScores(matrixOf([[1]]), { encoder: matrixOf([[w]]), decoder: matrixOf([[v]]) }, beta, 'squared')[0],
      )
      // beta / (m + beta) falls as t^(-1/2).
      expect(Math.log10(weights[2] / weights[1])).toBeCloseTo(-0.5, 2)
    },
  )

  it('stopping at t resembles weight decay 1 / (4 t)', async () => {
    const { states } = await integrate(
      autoencoderFlow(diagonal([4, 1]), 2, 1),
      packLayers(randomLayers(2, 2, 0.1, Random.seeded(1))),
      { times: [2000], relative: 1e-8 },
    )
    const drifted = energiesOf(unpackLayers(states[0], 2, 2).decoder)
    const minimum = minimumUnderDecay(covarianceEigen(diagonal([4, 1])), 2, 1, 1 / (4 * 2000))
    drifted.forEach((energy, i) => expect(energy / minimum.energies[i]).toBeCloseTo(1, 1))
  })
})

describe('scaleExperiment', () => {
  let result: ScaleResult
  const runOf = (loss: string, control: string, decoderScale: number) =>
    result.runs.find((run) => run.loss === loss && run.control === control && run.decoderScale === decoderScale)!

  it('finds a true minimum under a control only, and the collapse of the unsquared loss', async () => {
    result = await scaleExperiment({ stop: 40, beta: 0.5, decay: 0.25 })
    const outcomes = result.runs.map(({ loss, control, decoderScale, outcome }) => [
      loss,
      control,
      decoderScale,
      outcome,
    ])
    expect(outcomes).toEqual([
      ['squared', 'none', 0.1, 'moving'],
      ['squared', 'none', 4, 'moving'],
      ['squared', 'weight-decay', 0.1, 'minimum'],
      ['squared', 'weight-decay', 4, 'minimum'],
      ['squared', 'unit-norm', 0.1, 'minimum'],
      ['squared', 'unit-norm', 4, 'minimum'],
      ['norms', 'none', 0.1, 'collapse'],
      ['norms', 'none', 4, 'moving'],
      ['norms', 'weight-decay', 0.1, 'collapse'],
      ['norms', 'weight-decay', 4, 'minimum'],
      ['norms', 'unit-norm', 0.1, 'minimum'],
      ['norms', 'unit-norm', 4, 'minimum'],
    ])
  })

  it('ends at the known minima, and at mean |x| where it collapses', () => {
    for (const run of result.runs.filter(({ minimum }) => minimum)) {
      expect(run.losses.at(-1)).toBeCloseTo(run.minimum!.loss, 8)
      expect(run.decoderNorm.at(-1)! ** 2).toBeCloseTo(run.minimum!.energies[0], 6)
    }
    // Mean distance from the mean of a Gaussian with variances 4 and 1: sqrt(8 / pi) E(3/4), E the complete elliptic
    // integral.
    expect(runOf('norms', 'none', 0.1).losses.at(-1)).toBeCloseTo(Math.sqrt(8 / Math.PI) * 1.2110560275684594, 5)
    expect(runOf('norms', 'none', 0.1).decoderNorm.at(-1)).toBeLessThan(0.5)
    expect(runOf('norms', 'none', 4).growth).toBeGreaterThan(0.2)
    expect(runOf('squared', 'weight-decay', 4).growth).toBeLessThan(0.01)
  })

  it('collapses from everywhere with unit norm once beta is at least 1', async () => {
    const { runs } = await scaleExperiment({ stop: 5, beta: 1, decoderScales: [1] })
    expect(runs.find(({ loss, control }) => loss === 'norms' && control === 'unit-norm')!.outcome).toBe('collapse')
  })
})

describe('bad input', () => {
  it('is a typed error', async () => {
    expect(await refusalOf(() => ridgeEncoder(identity(2), 0))).toMatch(
      /^argument: beta must be finite and above 0 for a minimum/,
    )
    expect(await refusalOf(() => minimumUnderDecay(eigen, 1, 1, 0))).toMatch(/^argument: the decay/)
    expect(await refusalOf(() => minimumUnderDecay(eigen, 5, 1, 1))).toMatch(
      /^argument: the code dimension must be an integer from 1 to 4, got 5/,
    )
    expect(await refusalOf(() => minimumAtUnitNorm(covarianceEigen(diagonal([0, 0])), 1, 1))).toMatch(
      /^data: the covariance is zero/,
    )
    expect(
      await refusalOf(() =>
        withUnitRows(
          matrixOf([
            [1, 0],
            [0, 0],
          ]),
        ),
      ),
    ).toMatch(/^data: .*row 1 of the decoder is zero/)
    expect(await refusalOf(() => controlScale(autoencoderFlow(s, 1, 1), 4, 1, 'weight-decay', -1))).toMatch(
      /^argument: /,
    )
    for (const options of [
      { beta: 0 },
      { decay: -1 },
      { decoderScales: [] },
      { decoderScales: [0] },
      { variances: [1, 4] as [number, number] },
      { stop: 0.001 },
    ]) {
      expect(await refusalOf(() => scaleExperiment(options))).toMatch(/^argument: /)
    }
  })
})
