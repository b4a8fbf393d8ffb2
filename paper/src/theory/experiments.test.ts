// The experiments: what they claim, their plain numbers, their watching and stopping.

import { describe, expect, it } from 'vitest'
import { Random } from 'toll/base'
import {
  figure2Experiment,
  gaussianDensity,
  gaussianEllipse,
  gaussianSamples,
  identity,
  lemma1Experiment,
  linearScores,
  matrixOf,
  planeGrid,
  plantAnomalies,
  scaleExperiment,
  theorem1Experiment,
  theorem2Experiment,
  zeroMatrix,
  type Figure2Result,
  type Matrix,
  type Watched,
} from './index.js'
import { refusalOf } from './refusal.harness.js'

describe('lemma1Experiment', () => {
  it('shows every direction shrink as exp(-l t), and singular values sqrt(l) exp(-l t) from the identity', async () => {
    const result = await lemma1Experiment({ eigenvalues: [3, 1, 0.5], points: 12 })
    expect(result.times).toHaveLength(13)
    expect(result.settings.stop).toBe(6)
    expect(result.times.at(-1)).toBe(6)
    result.times.forEach((time, t) =>
      result.eigenvalues.forEach((value, i) => {
        expect(result.predicted[t][i]).toBe(Math.exp(-value * time))
        expect(Math.abs(result.amplitudes[t][i] / result.predicted[t][i] - 1)).toBeLessThan(1e-6)
        expect(result.variances[t][i]).toBe(result.amplitudes[t][i] ** 2)
        const sorted = result.eigenvalues.map((l) => Math.sqrt(l) * Math.exp(-l * time)).sort((a, b) => b - a)
        expect(result.singularValues[t][i]).toBeCloseTo(sorted[i], 10)
      }),
    )
    expect(result.gradientError).toBeLessThan(1e-12)
    expect(Math.max(...result.codeErrors)).toBeLessThan(1e-11)
    result.predictedSingularValues.forEach((row, t) =>
      row.forEach((value, i) => expect(value).toBeCloseTo(result.singularValues[t][i], 10)),
    )
  })

  it('takes a random start, fewer codes than dimensions and flat directions', async () => {
    const result = await lemma1Experiment({ eigenvalues: [2, 0.5, 0], code: 2, start: 'random', points: 5, seed: 4 })
    expect(result.singularValues[0]).toHaveLength(2)
    expect(result.amplitudes.at(-1)![1]).toBeCloseTo(Math.exp(-3), 9)
    expect(JSON.parse(JSON.stringify(result))).toEqual(result)
  })
})

describe('theorem2Experiment', () => {
  it(
    'keeps the first k directions without the term; with it the flow follows the ridge encoder while |W| ' +
      'shrinks and |V| grows',
    async () => {
      const { runs, times } = await theorem2Experiment({
        eigenvalues: [4, 2, 1],
        codes: [1, 2, 3],
        betas: [0, 1],
        stop: 100,
        points: 20,
      })
      expect(runs.map(({ code, beta }) => [code, beta])).toEqual([
        [1, 0],
        [1, 1],
        [2, 0],
        [2, 1],
        [3, 0],
        [3, 1],
      ])
      for (const run of runs) {
        expect([run.loss.length, run.encoder.length, run.retained[0].length]).toEqual([times.length, times.length, 3])
        expect(run.codeVariances[0]).toHaveLength(run.code)
        const last = run.retained.at(-1)!
        if (run.beta === 0) {
          last.forEach((share, i) => expect(share).toBeCloseTo(i < run.code ? 1 : 0, 6))
          expect(run.smallestRetained.at(-1)).toBeCloseTo([4, 2, 1][run.code - 1], 5)
          run.balance.forEach((value) => expect(value).toBeCloseTo(run.balance[0], 6))
          expect(run.ridgeDistance).toBeUndefined()
          expect(run.encoderAngle.at(-1)).toBeLessThan(1e-6)
          expect(run.gradientNorm.at(-1)).toBeLessThan(1e-7)
        } else {
          expect(run.ridgeDistance!.at(-1)).toBeLessThan(1e-3)
          run.balance.slice(1).forEach((value, i) => expect(value).toBeGreaterThan(run.balance[i]))
          expect(run.encoderNorm.at(-1)).toBeLessThan(Math.max(...run.encoderNorm))
          expect(run.decoderNorm.at(-1)).toBe(Math.max(...run.decoderNorm))
          // Retained shares lag behind more where the variance is smaller: (m / (m + beta))^2.
          for (let i = 1; i < run.code; i++) expect(last[i]).toBeLessThan(last[i - 1])
          expect(last[run.code - 1]).toBeLessThan(0.96)
          expect(run.gradientNorm.at(-1)).toBeGreaterThan(1e-3)
        }
        run.loss.slice(1).forEach((value, i) => expect(value).toBeLessThanOrEqual(run.loss[i] + 1e-9))
      }
      expect(JSON.parse(JSON.stringify(runs))).toEqual(runs)
    },
  )
})

describe('figure2Experiment', () => {
  let result: Figure2Result
  const runOf = (beta: number) => result.runs.find((run) => run.beta === beta)!

  it('raises the rank correlation with the density from its value without the term to above 0.98', async () => {
    result = await figure2Experiment({ samples: 20_000, points: 60, grid: 5, anomalies: 500 })
    // 0.64904 is the rank correlation of y2^2 and y1^2 + y2^2 over the plane, by quadrature (scipy); 20,000 samples
    // give it to 0.005.
    expect(Math.abs(runOf(0).last.correlation - 0.64904)).toBeLessThan(0.015)
    expect(result.best.correlation).toBeGreaterThan(0.999)
    for (const beta of [0.25, 0.5, 1, 2, 4]) {
      expect(runOf(beta).best.correlation).toBeGreaterThan(0.98)
      expect(runOf(beta).last.correlation).toBeGreaterThan(runOf(0).last.correlation + 0.05)
    }
    // The stretch of stopping times that order well widens with beta; without the term it is passed through in a
    // moment.
    const widths = [0.5, 1, 2, 4].map((beta) => runOf(beta).above!.to - runOf(beta).above!.from)
    widths.slice(1).forEach((width, i) => expect(width).toBeGreaterThan(widths[i]))
    expect(runOf(0).correlations.filter((value, i) => result.times[i] > 1.5 && value > 0.98)).toEqual([])
  })

  it('has the best score where beta / (v^2 + beta) is 1 / 4', () => {
    const { decoder } = runOf(4).best
    expect(4 / (Math.hypot(...decoder) ** 2 + 4)).toBeCloseTo(0.25, 1)
  })

  it('gives panels whose numbers fit together', () => {
    const panel = runOf(1).best
    expect([panel.contours.length, panel.contours[0].length, result.density.length, result.axis.length]).toEqual([
      5, 5, 5, 5,
    ])
    expect(result.axis).toEqual([-7, -3.5, 0, 3.5, 7])
    expect(result.density[2][2]).toBeCloseTo(1 / (4 * Math.PI), 12)
    expect(result.density[2][3] / result.density[2][2]).toBeCloseTo(Math.exp(-(3.5 ** 2) / 8), 12)
    const layers = { encoder: matrixOf(panel.encoder.map((value) => [value])), decoder: matrixOf([[...panel.decoder]]) }
    expect(panel.contours[1][3]).toBe(linearScores(matrixOf([[3.5, -3.5]]), layers, 1, 'squared')[0])
    expect([panel.normal.length, panel.alongFirst.length, panel.alongSecond.length]).toEqual([20_000, 500, 500])
    // Without the term, anomalies along the first direction look normal; with it they stand out.
    const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]
    const plain = runOf(0).last
    expect(median(plain.alongFirst) / median(plain.normal)).toBeLessThan(1.5)
    expect(median(panel.alongFirst) / median(panel.normal)).toBeGreaterThan(5)
    expect(median(panel.alongSecond) / median(panel.normal)).toBeGreaterThan(5)
  })

  it('scores by unsquared norms too, and repeats itself to the bit', async () => {
    const options = { score: 'norms', betas: [1], samples: 2000, grid: 3, points: 20, stop: 20 } as const
    const [a, b] = [await figure2Experiment(options), await figure2Experiment(options)]
    expect(a).toEqual(b)
    expect(a.best.correlation).toBeGreaterThan(0.98)
    expect(await figure2Experiment({ ...options, seed: 1 })).not.toEqual(a)
  })
})

describe('scores and samples', () => {
  it('are the two forms, by hand', () => {
    const layers = { encoder: matrixOf([[0.5], [0]]), decoder: matrixOf([[1, 0]]) }
    const x = matrixOf([
      [2, 0],
      [0, 3],
      [8, 3],
    ])
    expect([...linearScores(x, layers, 2, 'squared')]).toEqual([1 + 2, 9, 25 + 32])
    expect([...linearScores(x, layers, 2, 'norms')]).toEqual([1 + 2, 3, 5 + 8])
  })

  it('place anomalies on both sides of their axis', () => {
    const planted = plantAnomalies(2000, [4, 1], 0, 5, Random.seeded(1))
    const first = Array.from({ length: 2000 }, (_, i) => planted.data[2 * i] * (i % 2 === 0 ? 1 : -1))
    expect(first.reduce((sum, value) => sum + value) / 2000).toBeCloseTo(10, 0)
    const normal = gaussianSamples(50_000, [4, 1], Random.seeded(1))
    const second = (column: number) =>
      normal.data.reduce((sum, value, i) => sum + (i % 2 === column ? value ** 2 : 0), 0) / 50_000
    expect(second(0)).toBeCloseTo(4, 0)
    expect(second(1)).toBeCloseTo(1, 1)
  })

  it('average norms over the ellipse as over the Gaussian', () => {
    // E|x| of variances 4 and 1 is sqrt(8 / pi) E(3 / 4).
    const { data } = gaussianEllipse(32, [4, 1])
    const mean =
      Array.from({ length: 32 }, (_, i) => Math.hypot(data[2 * i], data[2 * i + 1])).reduce(
        (sum, value) => sum + value,
      ) / 32
    expect(mean).toBeCloseTo(Math.sqrt(8 / Math.PI) * 1.2110560275684594, 12)
  })

  it('draw the grid from the bottom left', () => {
    expect([...planeGrid(1, 2).points.data]).toEqual([-1, -1, 1, -1, -1, 1, 1, 1])
  })
})

describe('every experiment', () => {
  const experiments: Record<string, (watched: Watched) => Promise<unknown>> = {
    lemma1: (watched) => lemma1Experiment({ ...watched, eigenvalues: [1000, 0.001], horizon: 100 }),
    theorem1: (watched) => theorem1Experiment({ ...watched, condition: 1e6 }),
    theorem2: (watched) => theorem2Experiment({ ...watched, stop: 1e6 }),
    figure2: (watched) => figure2Experiment({ ...watched, stop: 1e7, samples: 100 }),
    scale: (watched) => scaleExperiment({ ...watched, stop: 1e6 }),
  }

  it.each(Object.entries(experiments))('%s shows its progress and stops when told to', async (_, run) => {
    const stop = new AbortController()
    const seen: { done: number; total: number; message: string }[] = []
    const onProgress: Watched['onProgress'] = (progress) => {
      seen.push(progress)
      if (seen.length === 3) stop.abort()
    }
    expect(await refusalOf(() => run({ signal: stop.signal, onProgress }))).toMatch(/^aborted: /)
    for (const { done, total, message } of seen)
      expect([done >= 0 && done <= total, message]).toEqual([true, expect.stringMatching(/time .* of .*, \d+ steps/)])
    expect(await refusalOf(() => run({ signal: AbortSignal.abort() }))).toMatch(/^aborted: /)
  })

  it('refuses options outside their domains, by name', async () => {
    expect(await refusalOf(() => lemma1Experiment({ eigenvalues: [] }))).toMatch(/^argument: /)
    expect(await refusalOf(() => lemma1Experiment({ eigenvalues: [0, 0] }))).toMatch(
      /^argument: eigenvalues must have one above 0.*got 0,0/,
    )
    expect(await refusalOf(() => lemma1Experiment({ eigenvalues: [1, 1e-7] }))).toMatch(
      /^argument: eigenvalues .*within a factor of a million, got 1,1e-7/,
    )
    expect(await refusalOf(() => lemma1Experiment({ eigenvalues: [1, -1] }))).toMatch(
      /^argument: eigenvalues must be 1 to 24 values, each a finite number at least 0 and at most 1000000000, got 1,-1/,
    )
    expect(await refusalOf(() => lemma1Experiment({ horizon: 0 }))).toMatch(
      /^argument: option 'horizon' must be a finite number above 0/,
    )
    expect(await refusalOf(() => lemma1Experiment({ eigenvalues: [1, 1], code: 3 }))).toMatch(/^argument: .*code/)
    expect(await refusalOf(() => theorem1Experiment({ condition: 0.5 }))).toMatch(/^argument: option 'condition'/)
    expect(await refusalOf(() => theorem2Experiment({ betas: [-1] }))).toMatch(
      /^argument: betas must be 1 to 6 values, each a finite number at least 0 and at most 1000000000, got -1/,
    )
    expect(await refusalOf(() => theorem2Experiment({ betas: [NaN] }))).toMatch(/^argument: /)
    expect(await refusalOf(() => theorem2Experiment({ codes: [6] }))).toMatch(
      /^argument: every value of codes must be an integer from 1 to 5, got 6/,
    )
    expect(await refusalOf(() => theorem2Experiment({ eigenvalues: [1, 2] }))).toMatch(/^argument: .*descending/)
    expect(await refusalOf(() => theorem2Experiment({ first: 300 }))).toMatch(
      /^argument: the first time reported must be above 0 and below the stopping time 200/,
    )
    expect(await refusalOf(() => figure2Experiment({ betas: [] }))).toMatch(
      /^argument: betas must be 1 to 6 values, .*, got none/,
    )
    expect(await refusalOf(() => figure2Experiment({ score: 'cubed' as 'squared' }))).toMatch(
      /^argument: option 'score' must be one of squared, norms/,
    )
    expect(await refusalOf(() => figure2Experiment({ variances: [1, 0] }))).toMatch(
      /^argument: variances must be 2 values, each a finite number above 0 and at most 1000000000, got 1,0/,
    )
    expect(await refusalOf(() => figure2Experiment({ variances: [1, 4] }))).toMatch(
      /^argument: variances must have the larger one first, got 1,4/,
    )
    expect(await refusalOf(() => scaleExperiment({ decoderScales: [1, 2, 3, 4, 5, 6, 7] }))).toMatch(
      /^argument: decoderScales must be 1 to 6 values/,
    )
    expect(await refusalOf(() => theorem1Experiment({ tolerance: 1e-16 }))).toMatch(
      /^argument: option 'tolerance' must be a finite number at least 2\.22/,
    )
    const bad: Matrix = { shape: [1, 2], data: Float64Array.of(1, NaN) }
    expect(
      await refusalOf(() => linearScores(bad, { encoder: zeroMatrix(2, 1), decoder: zeroMatrix(1, 2) }, 1, 'norms')),
    ).toMatch(/^data: /)
    expect(await refusalOf(() => gaussianDensity(identity(2), [1, 0]))).toMatch(/^argument: /)
    expect(await refusalOf(() => gaussianDensity(identity(2), [1]))).toMatch(/^shape: /)
  })
})
