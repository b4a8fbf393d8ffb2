import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { knn } from './knn.js'
import { classicalGolden, deviation, fitAndScore, hashedRows, joined, rowsOf } from './neighbours.harness.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

const train = hashedRows(60, 3, 1)
const queries = hashedRows(6, 3, 11, 1.5)

it('is the k-th distance, or the mean or median of k', async () => {
  const line = rowsOf([[0], [1], [3], [7]])
  const score = async (parameters: Parameters<typeof fitAndScore<typeof knn.parameters>>[4]) => [
    ...(await fitAndScore(engine, knn, line, rowsOf([[0], [10]]), parameters)).scores,
  ]
  expect(await score({ parameters: { k: 3 } })).toEqual([3, 9])
  expect(await score({ parameters: { k: 3, aggregate: 'mean' } })).toEqual([4 / 3, 19 / 3])
  expect(await score({ parameters: { k: 3, aggregate: 'median' } })).toEqual([1, 7])
  expect(await score({ parameters: { k: 4, aggregate: 'median' } })).toEqual([2, 8])
  expect(await score({ parameters: { k: 1 } })).toEqual([0, 3])
})

// NearestNeighbors(4) of scikit-learn 1.2.1 on the same hashed rows.
it.each([
  [
    'largest',
    [
      1.4636881991346324, 1.5553740935548737, 1.6643599375538225, 2.350980707262305, 1.0670085462043373,
      1.9893735572343798,
    ],
  ],
  [
    'mean',
    [
      1.3491307120508422, 1.2351755443158388, 1.4686038429658501, 2.0409886709552483, 0.8622370687925968,
      1.4997265405945748,
    ],
  ],
  [
    'median',
    [
      1.338470444103143, 1.2892726534393755, 1.4317717823855705, 1.985762874669973, 0.8758936533139106,
      1.5327739446265833,
    ],
  ],
] as const)('equals scikit-learn: %s', async (aggregate, expected) => {
  const { scores } = await fitAndScore(engine, knn, train, queries, { parameters: { k: 4, aggregate } })
  expect(deviation(scores, expected)).toBeLessThan(1e-14)
})

it('equals the golden scores', async ({ skip }) => {
  const golden = classicalGolden()
  if (!golden) return skip()
  const { scores } = await fitAndScore(engine, knn, golden.train, golden.test)
  expect(deviation(scores, golden.knn5)).toBeLessThan(1e-8)
})

describe('hard data', () => {
  it('takes all rows when k is larger than their number', async () => {
    const { scores, summary } = await fitAndScore(
      engine,
      knn,
      rowsOf([
        [0, 0],
        [3, 4],
      ]),
      rowsOf([[0, 0]]),
      { parameters: { k: 50 } },
    )
    expect([...scores]).toEqual([5])
    expect(summary).toEqual({ rows: 2, columns: 2, neighbours: 2 })
  })

  it('loses nothing to an offset', async () => {
    const moved = (rows: typeof train) => ({ shape: rows.shape, data: rows.data.map((value) => value + 1e4) })
    const [here, there] = [
      await fitAndScore(engine, knn, train, queries),
      await fitAndScore(engine, knn, moved(train), moved(queries)),
    ]
    expect(deviation(there.scores, [...here.scores])).toBeLessThan(1e-11)
  })

  it('gives a row the same bits alone, in any batch, on data full of ties', async () => {
    const grid = { shape: [400, 5], data: hashedRows(400, 5, 5).data.map(Math.round) }
    const probe = { shape: [50, 5], data: hashedRows(50, 5, 9).data.map(Math.round) }
    const whole = await fitAndScore(engine, knn, grid, probe, { parameters: { aggregate: 'mean' } })
    for (const batch of [1, 3, 16])
      expect(
        (await fitAndScore(engine, knn, grid, probe, { parameters: { aggregate: 'mean' }, batch })).scores,
      ).toEqual(whole.scores)
  })

  it('scores copies 0 and what is far by how far it is', async () => {
    const many = joined(...Array.from({ length: 10 }, () => rowsOf([[1, 2]])))
    const { scores } = await fitAndScore(
      engine,
      knn,
      many,
      rowsOf([
        [1, 2],
        [1, 5],
        [1e15, 2],
        [-1e15, 1e15],
      ]),
    )
    expect([...scores]).toEqual([0, 3, 1e15 - 1, Math.hypot(1e15 + 1, 1e15 - 2)])
  })

  it('refuses one row, and a table without columns', async () => {
    await expect(fitAndScore(engine, knn, rowsOf([[1, 2]]), queries)).rejects.toMatchObject({
      code: 'data',
      message: 'knn needs at least 2 normal rows, got 1',
    })
    await expect(fitAndScore(engine, knn, { shape: [3, 0], data: new Float64Array(0) }, queries)).rejects.toMatchObject(
      { code: 'shape' },
    )
  })

  it('trains on a seeded part when asked to', async () => {
    const part = (seed: number) => fitAndScore(engine, knn, train, queries, { parameters: { subsample: 20 }, seed })
    const [a, again, b] = [await part(1), await part(1), await part(2)]
    expect(a.summary.rows).toBe(20)
    expect(again.scores).toEqual(a.scores)
    expect(b.scores).not.toEqual(a.scores)
  })

  it('searches a hundred thousand rows', async () => {
    const n = 100_000
    const many = { shape: [n, 2], data: Float64Array.from({ length: 2 * n }, (_, i) => (i % 2 === 0 ? i / 2 : 0)) }
    const { scores } = await fitAndScore(
      engine,
      knn,
      many,
      rowsOf([
        [50_000, 0],
        [-1, 0],
      ]),
    )
    expect([...scores]).toEqual([2, 5])
  })
})
