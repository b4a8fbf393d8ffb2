import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { bandwidthGrids, contiguousFolds, crossValidate, ruleOfThumb } from './bandwidth.js'
import { kde } from './kde.js'
import { deviation, fitAndScore, hashedRows, kernelGolden, rowsOf } from './kernels.harness.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

const train = hashedRows(58, 3, 1)
const queries = hashedRows(6, 3, 11)

it('is minus the logarithm of the mean of the bumps', async () => {
  // At 0 and at 1 between bumps of deviation 1 at 0 and 2; in two columns of deviation 1/2 the integral of a bump is 2
  // pi / 4.
  const line = await fitAndScore(engine, kde, rowsOf([[0], [2]]), rowsOf([[0], [1]]), { parameters: { bandwidth: 1 } })
  const root = Math.sqrt(2 * Math.PI)
  expect(line.scores[0]).toBeCloseTo(-Math.log((1 + Math.exp(-2)) / 2 / root), 14)
  expect(line.scores[1]).toBeCloseTo(1 / 2 + Math.log(root), 14)
  const plane = await fitAndScore(
    engine,
    kde,
    rowsOf([
      [3, 4],
      [3, 4],
    ]),
    rowsOf([
      [3, 4],
      [3, 5],
    ]),
    { parameters: { bandwidth: 0.5 } },
  )
  expect(plane.scores[0]).toBeCloseTo(Math.log(Math.PI / 2), 14)
  expect(plane.scores[1]).toBeCloseTo(Math.log(Math.PI / 2) + 2, 14)
  expect(plane.summary).toEqual({ rows: 2, bandwidth: 0.5 })
})

it('equals the golden scores', async ({ skip }) => {
  const golden = kernelGolden(console.log)
  if (!golden) return skip()
  for (const { bandwidth, scores: expected } of golden.kde) {
    expect(
      deviation(
        (await fitAndScore(engine, kde, golden.train, golden.test, { parameters: { bandwidth } })).scores,
        expected,
      ),
    ).toBeLessThan(1e-7)
  }
})

describe('the bandwidth', () => {
  it('by rule scales with the columns that vary', async () => {
    // Deviation 3 in one column, 2 rows: 3 * 2^(-1/5), and 3 * (2 * 3 / 4)^(-1/5).
    const rows = rowsOf([
      [1, -2],
      [1, 4],
    ])
    expect(ruleOfThumb('scott', rows)).toBeCloseTo(3 * 2 ** -0.2, 14)
    expect(ruleOfThumb('silverman', rows)).toBeCloseTo(3 * 1.5 ** -0.2, 14)
    expect(ruleOfThumb('scott', rowsOf([[7], [7]]))).toBe(1)
    // Variances 1 and 4, 4 rows: sqrt(5 / 2) 4^(-1/6).
    const { summary } = await fitAndScore(
      engine,
      kde,
      rowsOf([
        [-1, -2],
        [-1, 2],
        [1, -2],
        [1, 2],
      ]),
      rowsOf([[0, 0]]),
    )
    expect(summary.bandwidth).toBeCloseTo(Math.sqrt(2.5) * 4 ** (-1 / 6), 14)
  })

  it('holds contiguous parts out in turn', () => {
    expect(contiguousFolds(58).map(({ from, to }) => [from, to])).toEqual([
      [0, 12],
      [12, 24],
      [24, 36],
      [36, 47],
      [47, 58],
    ])
    expect(contiguousFolds(3).map(({ from, to }) => [from, to])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ])
  })

  it('has the largest held-out likelihood, as summed directly in numpy', async () => {
    // Mean over all rows of KFold(5), log density of the fold under the other folds.
    const expected = [
      -191.5873729387107, -95.44523335180624, -47.88422765650465, -24.5971763912124, -13.415013267478194,
      -8.235643744495952, -5.9908607858380165, -5.120638441228618, -4.848547025408843, -4.873393350963635,
      -5.128196707776266, -5.613772438294112, -6.303625814586214, -7.141380238546713, -8.07156165991526,
      -9.054083843726684, -10.064557153263728, -11.089486729939393, -12.121769341123153, -13.157760303223998,
    ]
    const { best, logLikelihoods } = await crossValidate(train, bandwidthGrids.wide, { engine })
    logLikelihoods.forEach((value, i) => expect(Math.abs(value / expected[i] - 1)).toBeLessThan(1e-13))
    expect(best).toBe(2 ** -0.5)
    const { summary } = await fitAndScore(engine, kde, train, queries, {
      parameters: { rule: 'cross-validation', grid: 'coarse' },
    })
    expect(summary).toMatchObject({ bandwidth: Math.SQRT2, bandwidths: bandwidthGrids.coarse })
    expect(deviation(summary.logLikelihoods as number[], expected.slice(10))).toBeLessThan(1e-13)
  })

  it('given wins over the rule', async () => {
    const { summary } = await fitAndScore(engine, kde, train, queries, {
      parameters: { bandwidth: 0.7, rule: 'cross-validation' },
    })
    expect(summary).toEqual({ rows: 58, bandwidth: 0.7 })
    await expect(fitAndScore(engine, kde, train, queries, { parameters: { bandwidth: 1e-200 } })).rejects.toMatchObject(
      { code: 'argument' },
    )
  })
})

describe('hard data', () => {
  it('keeps finite, growing scores far away', async () => {
    const far = [10, 1e3, 1e5, 1e8, 1e15]
    const { scores } = await fitAndScore(engine, kde, rowsOf([[0], [2]]), rowsOf(far.map((x) => [x])), {
      parameters: { bandwidth: 0.01 },
    })
    far.forEach((x, i) => {
      // The nearer bump alone: the other one is exp(-20000 (x - 1)) of it.
      const expected = Math.log(2) + Math.log(2 * Math.PI) / 2 + Math.log(0.01) + ((x - 2) / 0.01) ** 2 / 2
      expect(Math.abs(scores[i] / expected - 1)).toBeLessThan(1e-14)
    })
  })

  it('loses nothing to an offset', async () => {
    const [here, there] = [
      await fitAndScore(engine, kde, train, queries),
      await fitAndScore(engine, kde, hashedRows(58, 3, 1, 1e4), hashedRows(6, 3, 11, 1e4)),
    ]
    expect(deviation(there.scores, here.scores)).toBeLessThan(1e-10)
  })

  it('takes duplicates, constants and absurd rows', async () => {
    const same = rowsOf(Array.from({ length: 7 }, () => [5, -1]))
    const { scores } = await fitAndScore(engine, kde, same, same)
    expect(new Set(scores).size).toBe(1)
    expect(scores[0]).toBeCloseTo(Math.log(2 * Math.PI), 14)
    expect(
      (await fitAndScore(engine, kde, same, same, { parameters: { rule: 'cross-validation' } })).summary.bandwidth,
    ).toBe(2 ** -4.5)
    const absurd = rowsOf([
      [1e15, -1e15],
      [0, 1e-300],
      [1e15, -1e15],
      [1, 2],
    ])
    for (const bandwidth of [0, 1e-100, 1e15]) {
      expect(
        (await fitAndScore(engine, kde, absurd, absurd, { parameters: { bandwidth } })).scores.every(Number.isFinite),
      ).toBe(true)
    }
  })

  it('takes a sample of the rows, the same for the same seed', async () => {
    const run = (seed: number) => fitAndScore(engine, kde, train, queries, { seed, parameters: { subsample: 20 } })
    const [a, again, b] = [await run(1), await run(1), await run(2)]
    expect(again).toEqual(a)
    expect(a.summary.rows).toBe(20)
    expect(b.scores).not.toEqual(a.scores)
  })
})

it('gives a row the same bits anywhere in a batch', async () => {
  const row = [0.31, -0.72, 1.1]
  const batch = rowsOf(Array.from({ length: 37 }, (_, i) => (i % 3 === 1 ? [i, 0, -i] : row)))
  const same = (scores: number[]) => expect(new Set(scores.filter((_, i) => i % 3 !== 1)).size).toBe(1)
  for (let n = 50; n < 58; n++) same((await fitAndScore(engine, kde, hashedRows(n, 3, 1), batch)).scores)
})

describe('refusals', () => {
  const long = (n: number) => ({ shape: [n, 1], data: Float64Array.from({ length: n }, (_, i) => i % 1000) })

  it('name the memory of a million rows and the parameter that samples', async () => {
    await expect(fitAndScore(engine, kde, long(1e6), rowsOf([[0]]))).rejects.toEqual(
      expect.objectContaining({
        code: 'memory',
        message: expect.stringMatching(
          new RegExp(
            '1000000 training rows.*256 rows take 3.8 GiB, allowed are 1.0 GiB; ' +
              'set the parameter subsample, to at most 262144',
          ),
        ) as string,
      }),
    )
    await expect(
      fitAndScore(engine, kde, long(2e5), rowsOf([[0]]), { parameters: { rule: 'cross-validation' } }),
    ).rejects.toEqual(
      expect.objectContaining({
        code: 'memory',
        message: expect.stringMatching(
          new RegExp(
            '20 bandwidths compares all 200000 rows.*' +
              'take rule scott or silverman, or set the parameter subsample, to at most 58617',
          ),
        ) as string,
      }),
    )
  })

  it('of one row, and of further work once stopped', async () => {
    await expect(fitAndScore(engine, kde, rowsOf([[1, 2]]), rowsOf([[1, 2]]))).rejects.toMatchObject({ code: 'data' })
    const controller = new AbortController()
    const slow = fitAndScore(engine, kde, train, queries, {
      signal: controller.signal,
      parameters: { rule: 'cross-validation' },
      onProgress: () => controller.abort(),
    })
    await expect(slow).rejects.toMatchObject({ code: 'aborted' })
    await expect(fitAndScore(engine, kde, train, queries, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    })
  })
})
