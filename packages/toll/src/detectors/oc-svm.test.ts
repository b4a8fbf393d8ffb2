import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { deviation, fitAndScore, hashedRows, kernelGolden, rowsOf } from './kernels.harness.js'
import { ocSvm, type OcSvmParameters } from './oc-svm.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

const train = hashedRows(60, 3, 1)
const queries = hashedRows(6, 3, 11)

it('weighs two rows alike, and saturates far away', async () => {
  // a = (1/2, 1/2), rho = (1 + 1/e) / 2; at the middle both kernels are exp(-1/4).
  const { scores, summary } = await fitAndScore(engine, ocSvm, rowsOf([[0], [1]]), rowsOf([[0], [0.5], [1e15]]), {
    parameters: { nu: 0.5, gamma: 1 },
  })
  const rho = (1 + Math.exp(-1)) / 2
  ;[0, rho - Math.exp(-1 / 4), rho].forEach((expected, i) => expect(scores[i]).toBeCloseTo(expected, 15))
  expect(summary).toEqual({
    rows: 2,
    kernel: 'rbf',
    gamma: 1,
    supportVectors: 2,
    outside: 0,
    rho: expect.closeTo(rho, 15) as number,
    steps: 1,
    violation: 0,
  })
})

it('takes gamma from the mean variance of the columns', async () => {
  // Variances 1, 4 and 0: gamma = 1 / 5, however far from the origin.
  const square = [
    [-1, -2, 0],
    [-1, 2, 0],
    [1, -2, 0],
    [1, 2, 0],
  ]
  for (const shift of [0, 1e4]) {
    expect(
      (await fitAndScore(engine, ocSvm, rowsOf(square.map((row) => row.map((value) => value + shift))), queries))
        .summary.gamma,
    ).toBeCloseTo(0.2, 14)
  }
})

// OneClassSVM of scikit-learn 1.2.1 with tolerance 1e-9, minus its decision function; the linear one on rows shifted by
// 3.
it.each<[string, Partial<OcSvmParameters>, number, number, number[]]>([
  [
    'rbf',
    { kernel: 'rbf', gamma: 0.7, nu: 0.25 },
    0,
    36,
    [
      0.04429913442676492, 0.03547489793555114, -0.023844320720667556, 0.1483894184304252, 0.004681774654540116,
      0.17158757449671957,
    ],
  ],
  [
    'cubic',
    { kernel: 'polynomial', gamma: 0.3, coef0: 1, nu: 0.2 },
    0,
    18,
    [
      0.4541565866653521, -1.7231435830522877, -0.9269216129289646, -2.310679870466725, 0.6748915069472492,
      -1.8599652275734258,
    ],
  ],
  [
    'square',
    { kernel: 'polynomial', gamma: 0.5, degree: 2, coef0: 0.5, nu: 0.4 },
    0,
    25,
    [
      0.549078549377656, -2.8559546930153665, -3.211142723459199, -8.178371972302097, 3.018103264414142,
      -2.9570819744394736,
    ],
  ],
  [
    'linear',
    { kernel: 'linear', nu: 0.2 },
    3,
    13,
    [
      39.64587670579559, -99.53193780673854, 1.5238298953739218, -1.7744834725874194, -29.679479839471185,
      -98.99990773358797,
    ],
  ],
])('equals scikit-learn: %s', async (_, parameters, shift, supportVectors, expected) => {
  const { scores, summary } = await fitAndScore(
    engine,
    ocSvm,
    hashedRows(60, 3, 1, shift),
    hashedRows(6, 3, 11, shift),
    { parameters: { ...parameters, tolerance: 1e-9 } },
  )
  expect(deviation(scores, expected)).toBeLessThan(2e-7)
  expect(summary.supportVectors).toBe(supportVectors)
})

it('solves the sigmoid kernel, which is not positive definite, to a stationary point', async () => {
  const parameters = { kernel: 'sigmoid', gamma: 0.1, coef0: -0.2, nu: 0.3, tolerance: 1e-9 } as const
  const { scores, summary } = await fitAndScore(engine, ocSvm, train, train, { parameters })
  // Rows outside have their weight at the upper bound, of 60 * 0.3 = 18 in all.
  expect(scores.filter((score) => score > 1e-6)).toHaveLength(summary.outside as number)
  expect(summary.violation).toBeLessThan(1e-8)
  expect(summary.outside).toBeLessThanOrEqual(18)
  expect(summary.supportVectors).toBeGreaterThanOrEqual(18)
})

it('equals the golden scores', async ({ skip }) => {
  const golden = kernelGolden(console.log)
  if (!golden) return skip()
  for (const { nu, gamma, supportVectors, rho, scores: expected } of golden.ocsvm) {
    const { scores, summary } = await fitAndScore(engine, ocSvm, golden.train, golden.test, {
      parameters: { nu, gamma, tolerance: 1e-6 },
    })
    expect(deviation(scores, expected)).toBeLessThan(1e-4)
    expect(Math.abs((summary.supportVectors as number) - supportVectors)).toBeLessThanOrEqual(0.01 * supportVectors)
    expect(summary.rho).toBeCloseTo(rho, 5)
  }
})

it.each([0.01, 0.1, 0.37, 1])(
  'leaves a share of at most nu = %d outside, and has no fewer support vectors',
  async (nu) => {
    const rows = hashedRows(300, 2, 5)
    const { scores, summary } = await fitAndScore(engine, ocSvm, rows, rows, { parameters: { nu, tolerance: 1e-7 } })
    expect(scores.filter((score) => score > 1e-5).length).toBeLessThanOrEqual(nu * 300 + 1e-9)
    expect(summary.supportVectors).toBeGreaterThanOrEqual(nu * 300 - 1e-9)
  },
)

describe('hard data', () => {
  it('loses nothing to an offset', async () => {
    const moved = await fitAndScore(engine, ocSvm, hashedRows(60, 3, 1, 1e4), hashedRows(6, 3, 11, 1e4), {
      parameters: { tolerance: 1e-9 },
    })
    const here = await fitAndScore(engine, ocSvm, train, queries, { parameters: { tolerance: 1e-9 } })
    expect(deviation(moved.scores, here.scores)).toBeLessThan(1e-8)
  })

  it('scores duplicates alike, and nothing but duplicates as the boundary', async () => {
    const twice = rowsOf([
      [0.3, 1],
      [2, -1],
      [0.3, 1],
      [0, 0],
      [2, -1],
    ])
    const { scores } = await fitAndScore(engine, ocSvm, twice, twice)
    expect([scores[2], scores[4]]).toEqual([scores[0], scores[1]])
    const same = await fitAndScore(
      engine,
      ocSvm,
      rowsOf(Array.from({ length: 9 }, () => [5, 1e6])),
      rowsOf([
        [5, 1e6],
        [5, 1e6 + 9],
      ]),
    )
    expect(same.scores[0]).toBeCloseTo(0, 14)
    expect(same.scores[1]).toBeCloseTo(0.9, 14)
    expect(same.summary.gamma).toBe(1)
  })

  it('gives numbers for absurd rows, with every kernel, in training too', async () => {
    const absurd = rowsOf([
      [1e15, -1e15],
      [0, 1e-300],
      [1e15, -1e15],
      [1, 2],
    ])
    for (const kernel of ['rbf', 'linear', 'polynomial', 'sigmoid'] as const) {
      for (const rows of [train, absurd]) {
        const some = { shape: [rows.shape[0], 2], data: rows.data.subarray(0, rows.shape[0] * 2) }
        const { scores } = await fitAndScore(engine, ocSvm, some, absurd, {
          parameters: { kernel, coef0: 1, degree: 6 },
        })
        expect(scores.some(Number.isNaN)).toBe(false)
      }
    }
  })

  it('takes a sample of the rows, the same for the same seed', async () => {
    const rows = hashedRows(500, 3, 7)
    const run = (seed: number) => fitAndScore(engine, ocSvm, rows, queries, { seed, parameters: { subsample: 80 } })
    const [a, again, b] = [await run(1), await run(1), await run(2)]
    expect(again).toEqual(a)
    expect(a.summary.rows).toBe(80)
    expect(b.scores).not.toEqual(a.scores)
  })

  it('leaves labelled anomalies out', async () => {
    const rows = hashedRows(61, 3, 1)
    rows.data.fill(50, 180)
    const labels = Uint8Array.from({ length: 61 }, (_, i) => Number(i === 60))
    expect(await fitAndScore(engine, ocSvm, rows, queries, { labels })).toEqual(
      await fitAndScore(engine, ocSvm, train, queries),
    )
  })
})

it('gives a row the same bits anywhere in a batch', async () => {
  const row = [0.31, -0.72, 1.1]
  const batch = rowsOf(Array.from({ length: 37 }, (_, i) => (i % 3 === 1 ? [i, 0, -i] : row)))
  const same = (scores: number[]) => expect(new Set(scores.filter((_, i) => i % 3 !== 1)).size).toBe(1)
  for (const kernel of ['rbf', 'linear', 'polynomial', 'sigmoid'] as const) {
    const { scores } = await fitAndScore(engine, ocSvm, train, batch, { parameters: { kernel } })
    same(scores)
  }
})

describe('refusals', () => {
  it('name the memory of a million rows and the parameter that samples', async () => {
    const million = { shape: [1e6, 1], data: Float64Array.from({ length: 1e6 }, (_, i) => i % 1000) }
    await expect(fitAndScore(engine, ocSvm, million, rowsOf([[0]]))).rejects.toEqual(
      expect.objectContaining({
        code: 'memory',
        message: expect.stringMatching(
          new RegExp(
            'nu n = 100000 of its 1000000 rows.*745.1 GiB.*allowed are 16.0 GiB; ' +
              'set the parameter subsample, to at most 146542',
          ),
        ) as string,
      }),
    )
    expect(
      (await fitAndScore(engine, ocSvm, million, rowsOf([[0]]), { parameters: { subsample: 500 } })).summary.rows,
    ).toBe(500)
  })

  it('of one row, and of nu out of (0, 1]', async () => {
    await expect(fitAndScore(engine, ocSvm, rowsOf([[1, 2]]), rowsOf([[1, 2]]))).rejects.toMatchObject({ code: 'data' })
    for (const nu of [0, -1, 1.01, NaN])
      await expect(fitAndScore(engine, ocSvm, train, queries, { parameters: { nu } })).rejects.toMatchObject({
        code: 'argument',
      })
  })

  it('of further work once stopped', async () => {
    const controller = new AbortController()
    const slow = fitAndScore(engine, ocSvm, hashedRows(400, 3, 7), queries, {
      signal: controller.signal,
      parameters: { nu: 0.1, gamma: 1, tolerance: 1e-9 },
      onProgress: () => controller.abort(),
    })
    await expect(slow).rejects.toMatchObject({ code: 'aborted' })
  })
})
