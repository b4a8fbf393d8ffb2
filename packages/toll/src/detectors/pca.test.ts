import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random, takeSamples, type NdArray } from '../base/index.js'
import { openReference, type Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { deviation, fitted, hashedRows, rowsOf, scoresOf, shifted } from './moments.harness.js'
import { trainingRows } from './moments.js'
import { pca } from './pca.js'
import { directionsFor, fitPrincipalBasis, projectRows } from './principal.js'

const golden = join(process.env.TOLL_GOLDEN ?? '', 'classical.json')
const present = process.env.TOLL_GOLDEN !== undefined && existsSync(golden)
if (!present) console.log('PCA of scikit-learn: skipped, TOLL_GOLDEN does not name a folder with classical.json')

const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error
const rows64 = (array: NdArray) => array as NdArray<Float64Array>

/** Mean 0, variance 4 along (1, 1) / sqrt 2 and 1 across. */
const cross = rowsOf([
  [2, 2],
  [-2, -2],
  [1, -1],
  [-1, 1],
])

describe('the three scores on four rows', () => {
  it('mahalanobis with all directions is the squared Mahalanobis distance', async () => {
    const detector = await fitted(pca, cross, { variance: 1 })
    const { score } = await scoresOf(
      detector,
      rowsOf([
        [2, 2],
        [1, -1],
        [0, 0],
        [2, 0],
      ]),
    )
    expect(deviation(score, [2, 2, 0, 2 / 4 + 2])).toBeLessThan(1e-15)
    expect(detector.summary).toEqual({ rows: 4, components: 2, explained: expect.closeTo(1, 15) as number })
  })

  it('mahalanobis divides what the kept directions leave by the mean variance of the others', async () => {
    const detector = await fitted(pca, cross, { variance: 0.7 })
    expect(detector.summary).toEqual({ rows: 4, components: 1, explained: expect.closeTo(0.8, 15) as number })
    const { score, principal_distance, residual_distance } = await scoresOf(detector, rowsOf([[3, 1]]))
    expect([principal_distance[0], residual_distance[0], score[0]]).toEqual([
      expect.closeTo(2, 14),
      expect.closeTo(2, 14),
      expect.closeTo(4, 14),
    ])
  })

  it('reconstruction is the norm of what the kept directions leave, and keeps no more than all but one', async () => {
    for (const parameters of [{ variance: 0.7 }, { components: 1 }, { variance: 1 }]) {
      const detector = await fitted(pca, cross, { score: 'reconstruction', ...parameters })
      expect(
        deviation(
          (
            await scoresOf(
              detector,
              rowsOf([
                [3, 1],
                [5, 5],
                [1, -1],
              ]),
            )
          ).score,
          [Math.SQRT2, 0, Math.SQRT2],
        ),
      ).toBeLessThan(1e-15)
    }
    await expect(fitted(pca, cross, { score: 'reconstruction', components: 2 })).rejects.toEqual(
      refusal('argument', /at most 1 for 4 rows of 2 columns/),
    )
  })

  it(
    'weighted sums distances to the unit directions over their shares, with signs set by the farthest ' + 'rows',
    async () => {
      // (2, 2) comes before (-2, -2) and (1, -1) before (-1, 1): v1 = (1, 1) / sqrt 2, v2 = (1, -1) / sqrt 2.
      const { score } = await scoresOf(
        await fitted(pca, cross, { score: 'weighted' }),
        rowsOf([
          [2, 2],
          [1, -1],
        ]),
      )
      const [one, two] = [2 * Math.SQRT2, Math.SQRT2]
      expect(deviation(score, [(one - 1) / 0.8 + 3 / 0.2, Math.sqrt(3) / 0.8 + (two - 1) / 0.2])).toBeLessThan(1e-14)
    },
  )

  it('weights count rows', async () => {
    const weighted = await fitted(pca, { samples: cross, weights: Float32Array.of(2, 2, 0, 3) }, { variance: 1 })
    const repeated = await fitted(pca, rows64(takeSamples(cross, [0, 0, 1, 1, 3, 3, 3])), { variance: 1 })
    const probe = hashedRows(5, 20, 2)
    expect(deviation((await scoresOf(weighted, probe)).score, (await scoresOf(repeated, probe)).score)).toBeLessThan(
      1e-13,
    )
  })
})

describe.skipIf(!present)('scikit-learn', () => {
  it('has the same components, shares and reconstruction errors', async () => {
    const { pca95 } = JSON.parse(readFileSync(golden, 'utf8')) as {
      pca95: { components: number; explained: number[]; reconstructionError: number[] }
    }
    const detector = await fitted(pca, hashedRows(1, 400, 8), { score: 'reconstruction' })
    expect(detector.summary.components).toBe(pca95.components)
    const { variances, total } = await fitPrincipalBasis(
      trainingRows({ samples: hashedRows(1, 400, 8) }, 'test'),
      openReference(),
    )
    expect(
      deviation(
        variances.subarray(0, 7).map((variance) => variance / total),
        pca95.explained,
      ),
    ).toBeLessThan(1e-13)
    expect(
      deviation((await scoresOf(detector, hashedRows(11, 100, 8, 1.8))).score, pca95.reconstructionError),
    ).toBeLessThan(1e-12)
  })
})

describe('data that are not as they should be', () => {
  const far = rowsOf([
    [0, 0, 0],
    [50, 0, 0],
  ])

  it.each(['mahalanobis', 'reconstruction', 'weighted'] as const)(
    '%s scores are finite, and a row far away is the highest',
    async (score) => {
      const constant = rows64(hashedRows(1, 60, 3))
      for (let row = 0; row < 60; row++) constant.data[row * 3 + 2] = 7
      for (const training of [
        constant,
        rowsOf([
          [0, 0, 0],
          [0, 0, 0],
          [0, 0, 0],
        ]),
        rowsOf([
          [1, 2, 3],
          [2, 3, 4],
        ]),
      ]) {
        const detector = await fitted(pca, training, { score })
        const probe = rowsOf([
          [...training.data.subarray(0, 3)],
          [40, -90, 30],
          [...training.data.subarray(0, 3)],
          [1e15, -1e15, 1e15],
        ])
        const found = (await scoresOf(detector, probe)).score
        expect(found.every(Number.isFinite)).toBe(true)
        expect(found[2]).toBe(found[0])
        expect(found[1]).toBeGreaterThan(found[0])
        expect(found[3]).toBeGreaterThan(found[1])
      }
    },
  )

  it('one column is its distance to the mean', async () => {
    const column = rowsOf([[-1], [1], [3]])
    expect((await scoresOf(await fitted(pca, column, { score: 'reconstruction' }), rowsOf([[1], [-3]]))).score).toEqual(
      [0, 4],
    )
    expect(
      deviation((await scoresOf(await fitted(pca, column), rowsOf([[1], [-3]]))).score, [0, 16 / (8 / 3)]),
    ).toBeLessThan(1e-15)
  })

  it('a constant column that changes is an anomaly', async () => {
    const { score } = await scoresOf(
      await fitted(
        pca,
        rowsOf([
          [1, 5],
          [-1, 5],
          [2, 5],
          [-2, 5],
        ]),
      ),
      rowsOf([
        [2, 5],
        [0, 5.1],
      ]),
    )
    expect(score[1]).toBeGreaterThan(1000 * score[0])
  })

  it('an offset of 1e4 loses no accuracy', async () => {
    for (const score of ['mahalanobis', 'reconstruction', 'weighted'] as const) {
      const [near, moved] = await Promise.all(
        [0, 1e4].map(
          async (by) =>
            (
              await scoresOf(
                await fitted(pca, shifted(hashedRows(1, 400, 8), by), { score }),
                shifted(hashedRows(11, 100, 8), by),
              )
            ).score,
        ),
      )
      expect(deviation(moved, near)).toBeLessThan(1e-9)
    }
  })

  it('one row, and more components than there are, are refused', async () => {
    await expect(fitted(pca, rowsOf([[1, 2]]))).rejects.toEqual(refusal('data', /at least 2/))
    await expect(fitted(pca, far, { components: 3 })).rejects.toEqual(
      refusal('argument', /'components' must be at most 2 for 2 rows of 3 columns/),
    )
  })
})

describe('the principal basis', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await openEngine({ device: 'cpu', threads: 1 })
  })
  afterAll(() => engine.close())

  it('of fewer rows than columns is that of the covariance', async () => {
    const wide = hashedRows(3, 12, 20)
    const basis = await fitPrincipalBasis(trainingRows({ samples: wide }, 'test'), openReference())
    // The same rows three times have the same covariance, and are more than the columns.
    const repeated = rows64(
      takeSamples(
        wide,
        Array.from({ length: 36 }, (_, i) => i % 12),
      ),
    )
    const tall = await fitPrincipalBasis(trainingRows({ samples: repeated }, 'test'), openReference())
    expect([basis.variances.length, tall.variances.length]).toEqual([12, 20])
    expect(deviation(basis.variances, tall.variances.subarray(0, 12))).toBeLessThan(1e-14)
    expect(deviation(basis.directions.data, tall.directions.data.subarray(0, 12 * 20))).toBeLessThan(1e-12)
    expect([basis.variances[11], tall.variances[11]]).toEqual([0, 0])
  })

  it('keeps the fewest directions that exceed a share', () => {
    const basis = {
      variances: Float64Array.of(5, 3, 2),
      total: 10,
      mean: new Float64Array(3),
      directions: { shape: [3, 3], data: new Float64Array(9) },
    }
    expect([0.3, 0.5, 0.79, 0.8, 0.99, 1].map((share) => directionsFor(basis, share))).toEqual([1, 2, 2, 3, 3, 3])
  })

  it(
    'gives uncorrelated coordinates of the variances found, in the engine, for more columns than Jacobi ' +
      'rotations take',
    async () => {
      const random = Random.seeded(4)
      const [n, d, k] = [900, 130, 5]
      const data = Float64Array.from({ length: n * d }, (_, i) => random.normal() * (1 + 100 / (1 + (i % d))) + 1e4)
      const basis = await fitPrincipalBasis(trainingRows({ samples: { shape: [n, d], data } }, 'test'), engine)
      const { data: coordinates } = await projectRows({ shape: [n, d], data }, basis, k, engine)
      const products = Array.from({ length: k * k }, (_, at) => {
        let sum = 0
        for (let row = 0; row < n; row++)
          sum += coordinates[row * k + Math.floor(at / k)] * coordinates[row * k + (at % k)]
        return sum / n
      })
      expect(
        deviation(
          products,
          Array.from({ length: k * k }, (_, at) => (at % (k + 1) === 0 ? basis.variances[at / (k + 1)] : 0)),
        ),
      ).toBeLessThan(1e-12)
    },
  )

  it('stops when told to', async () => {
    const stop = AbortSignal.abort()
    await expect(
      fitPrincipalBasis(trainingRows({ samples: hashedRows(1, 30, 4) }, 'test'), openReference(), stop),
    ).rejects.toEqual(refusal('aborted', /stopped/))
  })
})
