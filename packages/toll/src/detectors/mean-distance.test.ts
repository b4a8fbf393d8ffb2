import { describe, expect, it } from 'vitest'
import { meanDistance } from './mean-distance.js'
import { deviation, fitted, hashedRows, rowsOf, scoresOf, shifted } from './moments.harness.js'

const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error

describe('the distance to the mean', () => {
  const rows = rowsOf([
    [0, 0],
    [2, 4],
    [4, 2],
  ])

  it('is Euclidean', async () => {
    const detector = await fitted(meanDistance, rows)
    expect(detector.summary).toEqual({ rows: 3 })
    expect(
      (
        await scoresOf(
          detector,
          rowsOf([
            [2, 2],
            [5, 6],
            [2, 2],
            [-1e15, 2],
          ]),
        )
      ).score,
    ).toEqual([0, 5, 0, 1e15 + 2])
  })

  it('leaves anomalies and rows of weight 0 out, and takes weights', async () => {
    const labelled = await fitted(meanDistance, { samples: rows, labels: Uint8Array.of(0, 0, 1) })
    expect((await scoresOf(labelled, rowsOf([[1, 2]]))).score).toEqual([0])
    const weighted = await fitted(meanDistance, { samples: rows, weights: Float32Array.of(3, 1, 0) })
    expect(weighted.summary).toEqual({ rows: 2 })
    expect((await scoresOf(weighted, rowsOf([[0.5, 1]]))).score).toEqual([0])
  })

  it('of rows with a large offset loses nothing', async () => {
    const data = hashedRows(1, 400, 8)
    const [near, far] = await Promise.all(
      [0, 1e4].map(
        async (by) =>
          (await scoresOf(await fitted(meanDistance, shifted(data, by)), shifted(hashedRows(11, 100, 8), by))).score,
      ),
    )
    expect(deviation(far, near)).toBeLessThan(1e-11)
  })

  it('of equal rows to their mean is exactly 0, whatever they are', async () => {
    const equal = rowsOf(Array.from({ length: 7 }, () => [0.1, 1e15 / 3]))
    expect((await scoresOf(await fitted(meanDistance, equal), equal)).score).toEqual(new Array(7).fill(0))
  })

  it('stops when told to', async () => {
    await expect(
      meanDistance.fit({ samples: rows }, {}, { engine: undefined as never, seed: 0, signal: AbortSignal.abort() }),
    ).rejects.toEqual(refusal('aborted', /stopped/))
  })

  it('needs a table, two normal rows and weights that are numbers', async () => {
    await expect(fitted(meanDistance, { samples: rowsOf([[1, 2]]) })).rejects.toEqual(
      refusal('data', /at least 2 normal rows .* got 1 of 1/),
    )
    await expect(fitted(meanDistance, { samples: rows, labels: Uint8Array.of(1, 1, 0) })).rejects.toEqual(
      refusal('data', /got 1 of 3/),
    )
    await expect(fitted(meanDistance, { samples: { ...rows, shape: [3, 2, 1, 1] } })).rejects.toEqual(
      refusal('shape', /table/),
    )
    await expect(fitted(meanDistance, { samples: rows, weights: Float32Array.of(1, -1, 1) })).rejects.toEqual(
      refusal('data', /weight 1 is -1/),
    )
  })
})
