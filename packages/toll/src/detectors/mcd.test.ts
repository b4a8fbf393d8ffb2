import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random, cholesky, logDeterminant, type Matrix } from '../base/index.js'
import { openReference, type Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { minimumCovarianceDeterminant } from './fast-mcd.js'
import { mcd } from './mcd.js'
import { deviation, fitted, hashedRows, rowsOf, scoresOf, shifted } from './moments.harness.js'
import { openSubsetMoments } from './subset-moments.js'

const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error
const options = { support: 0.7, starts: 100, shrinkage: 0, engine: openReference(), random: Random.seeded(1) }

/** Hashed rows of which the first `count` are moved by `by` in every column. */
function contaminated(n: number, d: number, count: number, by: number): Matrix {
  const { shape, data } = hashedRows(1, n, d)
  return { shape, data: data.map((value, i) => (i < count * d ? value + by : value)) }
}

describe('the minimum covariance determinant', () => {
  // MinCovDet(support_fraction=0.85) of scikit-learn 1.2.1 on the same rows, whose covariance lacks the factor 0.975 /
  // P(chi2_10 <= q_0.975(chi2_8)).
  it(
    "is scikit-learn's on rows with a far cluster of anomalies, times the consistency factor of the " + 'reweighting',
    async () => {
      const found = await minimumCovarianceDeterminant(contaminated(400, 8, 60, 20), { ...options, support: 0.85 })
      expect([found.core, found.reweighted, found.starts]).toEqual([340, 338, 100])
      expect(found.logDeterminant).toBeCloseTo(-0.4281154796676052, 12)
      expect(
        deviation(
          found.location,
          [
            0.03623227648348851, 0.02344004497670475, -0.0494447442077475, -0.00431237181444713, -0.051228444643054136,
            0.0448922415335591, 0.023005464723190434, -0.0303981070456332,
          ],
        ),
      ).toBeLessThan(1e-12)
      const consistency = 1.0409342913941446
      const diagonal = Array.from({ length: 8 }, (_, i) => found.covariance.data[i * 9] / consistency)
      expect(
        deviation(
          diagonal,
          [
            1.274576222814115, 0.7835102198912822, 1.2711717464702692, 1.3188411707037393, 1.3365987439129905,
            1.343585256978097, 1.299518242407209, 1.0592647262815826,
          ],
        ),
      ).toBeLessThan(1e-12)
      expect(found.covariance.data[1] / consistency).toBeCloseTo(0.918545289481862, 12)
    },
  )

  // scikit-learn starts from random subsets of that size, finds log det -1.90845 here, and keeps 336 rows.
  it("finds a core at least as compact as scikit-learn's when there is a choice", async () => {
    expect(
      (await minimumCovarianceDeterminant(contaminated(400, 8, 60, 20), options)).logDeterminant,
    ).toBeLessThanOrEqual(-1.9084536117583)
  })

  // scikit-learn's random halves all hold a quarter of anomalies, and its search ends in log det 0.95, mean 1.4; tiny
  // random subsets do not.
  it('finds the clean rows among a quarter of anomalies that are not far', async () => {
    const found = await minimumCovarianceDeterminant(contaminated(400, 8, 100, 6), options)
    expect(found.logDeterminant).toBeLessThan(-1)
    expect(Math.max(...found.location.map(Math.abs))).toBeLessThan(0.1)
    const scores = await scoresOf(await fitted(mcd, contaminated(400, 8, 100, 6)), contaminated(400, 8, 100, 6))
    expect(Math.min(...scores.score.slice(0, 100))).toBeGreaterThan(Math.max(...scores.score.slice(100)))
  })

  it('of one column is the shortest half, exactly', async () => {
    const column = rowsOf([[0], [1], [2], [3], [4], [100], [200], [300]])
    const found = await minimumCovarianceDeterminant(column, { ...options, support: 0.5 })
    // h = ceil((8 + 1 + 1) / 2) = 5; variance of 0..4 is 2, and the median squared distance 6.25 / 2 of the eight rows
    // is that of 4 and 100.
    expect([found.core, found.logDeterminant]).toEqual([5, expect.closeTo(Math.log(2), 14)])
  })

  it('withstands nearly half of absurd rows, and gives normal rows distances of chi-square size', async () => {
    const data = contaminated(2000, 3, 900, 1e12)
    const found = await minimumCovarianceDeterminant(data, { ...options, support: 0.5, shrinkage: 1e-4 })
    expect(Math.max(...found.location.map(Math.abs))).toBeLessThan(0.2)
    expect(found.reweighted).toBeLessThanOrEqual(1100)
    expect(found.reweighted).toBeGreaterThan(1000)
  })

  it('in groups, for many rows, ends no higher than from the true clean rows', async () => {
    const data = contaminated(4000, 6, 1000, 5)
    const found = await minimumCovarianceDeterminant(data, { ...options, support: 0.75 })
    const clean = await openSubsetMoments(data, options.engine)
    const { covariance } = await clean.moments(Int32Array.from({ length: 3000 }, (_, i) => 1000 + i))
    expect(found.logDeterminant).toBeLessThanOrEqual(logDeterminant(cholesky(covariance)!))
    expect([found.core, found.starts]).toEqual([3000, 100])
  })

  it('is the same for the same seed and differs in nothing but rounding for another', async () => {
    const data = contaminated(200, 4, 40, 6)
    const [one, again, other] = await Promise.all(
      [3, 3, 4].map(async (seed) => (await scoresOf(await fitted(mcd, data, {}, { seed }), data)).score),
    )
    expect(again).toEqual(one)
    expect(deviation(other, one)).toBeLessThan(1e-9)
  })
})

describe('moments of a subset', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await openEngine({ device: 'cpu', threads: 1 })
  })
  afterAll(() => engine.close())

  it('are the same in loops and in the engine', async () => {
    const small = hashedRows(2, 1003, 30)
    // A hundred times the columns' multiplications: past the limit, the engine computes.
    const large = hashedRows(2, 12_000, 30)
    const same: Matrix = {
      shape: [12_000, 30],
      data: large.data.map((value, i) => (i < small.data.length ? small.data[i] : value)),
    }
    const [loops, inEngine] = [await openSubsetMoments(small, engine), await openSubsetMoments(same, engine)]
    const rows = Int32Array.from({ length: 501 }, (_, i) => 2 * i)
    const [a, b] = [await loops.moments(rows), await inEngine.moments(rows)]
    expect(deviation(a.mean, b.mean)).toBeLessThan(1e-15)
    expect(deviation(a.covariance.data, b.covariance.data)).toBeLessThan(1e-14)
    const factor: Matrix = {
      shape: [30, 30],
      data: Float64Array.from({ length: 900 }, (_, i) => (i % 30 <= Math.floor(i / 30) ? Math.sin(i) : 0)),
    }
    expect(
      deviation(await loops.distances(a.mean, factor), (await inEngine.distances(a.mean, factor)).subarray(0, 1003)),
    ).toBeLessThan(1e-14)
    await inEngine.close()
  })
})

describe('data that are not as they should be', () => {
  it('a singular covariance takes the declared shrinkage, and is refused without', async () => {
    for (const rows of [
      rowsOf([
        [1, 2, 0],
        [2, 4, 0],
        [3, 6, 0],
        [5, 10, 0],
        [0, 0, 0],
        [9, 18, 0],
      ]),
      hashedRows(1, 6, 10),
      rowsOf(new Array<number[]>(6).fill([1, 2])),
    ]) {
      const detector = await fitted(mcd, rows)
      const d = rows.shape[1]
      const { score } = await scoresOf(
        detector,
        rowsOf([
          [...rows.data.subarray(0, d)],
          new Array<number>(d).fill(60),
          [...rows.data.subarray(0, d)],
          new Array<number>(d).fill(-1e15),
        ]),
      )
      expect(score.every(Number.isFinite)).toBe(true)
      expect(score[2]).toBe(score[0])
      expect(score[1]).toBeGreaterThan(score[0])
      expect(score[3]).toBeGreaterThan(score[1])
      await expect(fitted(mcd, rows, { shrinkage: 0 })).rejects.toEqual(
        refusal('data', /singular at mcd's shrinkage 0.*raise the shrinkage/),
      )
    }
  })

  it('one row is refused', () => expect(fitted(mcd, rowsOf([[1, 2]]))).rejects.toEqual(refusal('data', /at least 2/)))

  it('an offset of 1e4 loses no accuracy', async () => {
    const [near, moved] = await Promise.all(
      [0, 1e4].map(
        async (by) =>
          (
            await scoresOf(
              await fitted(mcd, shifted(hashedRows(1, 200, 4), by), { starts: 50 }),
              shifted(hashedRows(11, 50, 4), by),
            )
          ).score,
      ),
    )
    expect(deviation(moved, near)).toBeLessThan(1e-8)
  })

  it('stops when told to, between two starts', async () => {
    const stop = new AbortController()
    const running = minimumCovarianceDeterminant(hashedRows(1, 300, 20), {
      ...options,
      starts: 1e6,
      signal: stop.signal,
      onProgress: (done) => {
        if (done === 20) stop.abort()
      },
    })
    await expect(running).rejects.toEqual(refusal('aborted', /stopped/))
  })
})
