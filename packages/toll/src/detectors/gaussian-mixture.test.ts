import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { identity, type Matrix } from '../base/index.js'
import { openReference, type Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { gaussianMixture } from './gaussian-mixture.js'
import { expectationMaximization, type CovarianceKind, type Mixture } from './mixture.js'
import { deviation, fitted, hashedRows, rowsOf, scoresOf, shifted } from './moments.harness.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error

/** Three equal components of unit variances at rows 0, 100 and 200. */
function startAt(rows: Matrix, kind: CovarianceKind): Mixture {
  const means = new Float64Array(24)
  ;[0, 100, 200].forEach((row, i) => means.set(rows.data.subarray(row * 8, (row + 1) * 8), i * 8))
  const unit: Matrix = kind === 'full' ? identity(8) : { shape: [1, 8], data: new Float64Array(8).fill(1) }
  return {
    kind,
    weights: new Float64Array(3).fill(1 / 3),
    means: { shape: [3, 8], data: means },
    covariances: [unit, unit, unit],
  }
}

describe('expectation and maximisation', () => {
  const rows = hashedRows(1, 400, 8)

  // GaussianMixture(3, tol=1e-12, reg_covar=1e-6) of scikit-learn 1.2.1 from the same start.
  it.each([
    {
      kind: 'full',
      five: -11.028794164834789,
      converged: -10.955457107250954,
      weights: [0.4839694569685717, 0.10537981877289294, 0.41065072425853544],
    },
    {
      kind: 'diagonal',
      five: -11.606294465838321,
      converged: -11.411766162394317,
      weights: [0.3760132942582339, 0.2941851245936525, 0.3298015811481137],
    },
  ] as const)(
    "with $kind covariances is scikit-learn's, after five steps and converged",
    async ({ kind, five, converged, weights }) => {
      const options = { engine, ridge: 1e-6, tolerance: 1e-12, iterations: 2000 }
      const early = await expectationMaximization(rows, startAt(rows, kind), { ...options, iterations: 5 })
      expect([early.iterations, early.converged]).toEqual([5, false])
      expect(early.logLikelihood).toBeCloseTo(five, 11)
      const last = await expectationMaximization(rows, startAt(rows, kind), options)
      expect(last.converged).toBe(true)
      expect(last.logLikelihood).toBeCloseTo(converged, 9)
      expect(deviation(last.mixture.weights, weights)).toBeLessThan(1e-4)
    },
  )

  it('never lowers the likelihood', async () => {
    const course: number[] = []
    await expectationMaximization(rows, startAt(rows, 'full'), {
      engine,
      ridge: 0,
      tolerance: 0,
      iterations: 60,
      onIteration: (_, value) => course.push(value),
    })
    for (let i = 1; i < course.length; i++) expect(course[i]).toBeGreaterThanOrEqual(course[i - 1] - 1e-13)
  })
})

describe('the detector', () => {
  it('with one component scores the negative log density of the normal distribution', async () => {
    const cross = rowsOf([
      [2, 2],
      [-2, -2],
      [1, -1],
      [-1, 1],
    ])
    const detector = await fitted(gaussianMixture, cross, { components: 1, regularization: 0 })
    const { score } = await scoresOf(
      detector,
      rowsOf([
        [0, 0],
        [2, 2],
        [1, -1],
      ]),
    )
    // Variances 4 and 1 along the diagonals.
    const least = Math.log(2 * Math.PI) + Math.log(4) / 2
    expect(deviation(score, [least, least + 1, least + 1])).toBeLessThan(1e-15)
  })

  // GaussianMixture(1, reg_covar=1e-6).
  it.each([
    ['full', [10.489829339720663, 12.613418167206026, 8.299695724630181]],
    ['diagonal', [12.163815475783982, 14.235170407414527, 9.280347094764338]],
  ] as const)("with one %s component is scikit-learn's", async (covariance, expected) => {
    const detector = await fitted(gaussianMixture, hashedRows(1, 400, 8), {
      components: 1,
      covariance,
      regularization: 0,
    })
    expect(deviation((await scoresOf(detector, hashedRows(11, 3, 8))).score, expected)).toBeLessThan(1e-5)
  })

  it.each(['k-means++', 'random'] as const)(
    'from a %s start finds two far clusters and what lies between them',
    async (start) => {
      const [left, right] = [hashedRows(1, 150, 3), shifted(hashedRows(2, 50, 3), 30)]
      const both: Matrix = { shape: [200, 3], data: Float64Array.from([...left.data, ...right.data]) }
      const detector = await fitted(gaussianMixture, both, { components: 2, start, starts: 5 })
      const weights = (detector.summary.weights as number[]).toSorted()
      expect(deviation(weights, [0.25, 0.75])).toBeLessThan(1e-12)
      const { score } = await scoresOf(
        detector,
        rowsOf([
          [15, 15, 15],
          [0, 0, 0],
          [30, 30, 30],
        ]),
      )
      expect(score[0]).toBeGreaterThan(score[1] + 80)
      expect(score[0]).toBeGreaterThan(score[2] + 80)
    },
  )

  it('is the same in ONNX Runtime and in the interpreter, for the same seed to the bit', async () => {
    const [rows, probe] = [hashedRows(1, 300, 4), hashedRows(11, 40, 4, 1.8)]
    const [one, again, reference] = await Promise.all(
      [engine, engine, openReference()].map((on) => fitted(gaussianMixture, rows, {}, { engine: on, seed: 5 })),
    )
    const { score } = await scoresOf(one, probe, engine)
    expect((await scoresOf(again, probe, engine)).score).toEqual(score)
    expect(deviation((await scoresOf(one, probe)).score, score)).toBeLessThan(1e-13)
    expect(deviation((await scoresOf(reference, probe)).score, score)).toBeLessThan(1e-9)
  })

  it('loses no accuracy to an offset of 1e4', async () => {
    const [near, moved] = await Promise.all(
      [0, 1e4].map(
        async (by) =>
          (
            await scoresOf(
              await fitted(gaussianMixture, shifted(hashedRows(1, 300, 4), by)),
              shifted(hashedRows(11, 50, 4), by),
            )
          ).score,
      ),
    )
    expect(deviation(moved, near)).toBeLessThan(1e-8)
  })

  it('is finite on constant columns, duplicates and rows beyond all measure', async () => {
    for (const covariance of ['full', 'diagonal'] as const) {
      for (const rows of [
        rowsOf([
          [1, 5],
          [2, 5],
          [3, 5],
          [7, 5],
        ]),
        rowsOf(new Array<number[]>(5).fill([3, 4])),
        hashedRows(1, 5, 9),
      ]) {
        const d = rows.shape[1]
        const detector = await fitted(gaussianMixture, rows, { covariance })
        const { score } = await scoresOf(
          detector,
          rowsOf([
            [...rows.data.subarray(0, d)],
            [...rows.data.subarray(0, d)],
            new Array<number>(d).fill(90),
            new Array<number>(d).fill(1e15),
          ]),
        )
        expect(score.every(Number.isFinite)).toBe(true)
        expect(score[1]).toBe(score[0])
        expect(score[2]).toBeGreaterThan(score[0])
        expect(score[3]).toBeGreaterThan(score[2])
      }
    }
  })

  it('has no more components than rows', async () => {
    expect((await fitted(gaussianMixture, hashedRows(1, 4, 2), { components: 9 })).summary.weights).toHaveLength(4)
  })

  it('refuses a singular covariance without regularisation, and one row', async () => {
    const line = rowsOf([
      [1, 5],
      [2, 5],
      [3, 5],
      [7, 5],
    ])
    await expect(fitted(gaussianMixture, line, { regularization: 0, components: 1 })).rejects.toEqual(
      refusal('data', /singular.*raise the regularisation/),
    )
    await expect(
      fitted(gaussianMixture, line, { regularization: 0, components: 1, covariance: 'diagonal' }),
    ).rejects.toEqual(refusal('data', /singular/))
    await expect(fitted(gaussianMixture, rowsOf([[1, 5]]))).rejects.toEqual(refusal('data', /at least 2/))
  })
})
