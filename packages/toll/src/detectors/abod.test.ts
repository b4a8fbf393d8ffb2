import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { abod, distinctRows } from './abod.js'
import { deviation, fitAndScore, hashedRows, joined, rowsOf } from './neighbours.harness.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

const train = hashedRows(60, 3, 1)
const queries = hashedRows(6, 3, 11, 1.5)

it('is minus the variance of weighted cosines', async () => {
  // From the origin to (1, 0), (0, 2), (-4, 0): f = 0, -1/4, 0; mean -1/12, variance 1/48 - 1/144 = 1/72.
  const { scores } = await fitAndScore(
    engine,
    abod,
    rowsOf([
      [1, 0],
      [0, 2],
      [-4, 0],
    ]),
    rowsOf([[0, 0]]),
    { parameters: { k: 3 } },
  )
  expect(scores[0]).toBeCloseTo(-1 / 72, 14)
})

it('equals the formula summed pair by pair in numpy', async () => {
  const expected = [
    -0.04123695508458736, -0.06267552530850728, -0.022258135417960814, -0.001525056322850464, -0.42183945026372116,
    -0.014785660488766205,
  ]
  const { scores } = await fitAndScore(engine, abod, train, queries)
  expect(deviation(scores, expected)).toBeLessThan(1e-12)
})

describe('rows at the query', () => {
  it('are passed over for the next neighbour', async () => {
    const rows = [
      [1, 0],
      [0, 2],
      [-4, 0],
    ]
    const { scores } = await fitAndScore(engine, abod, rowsOf([...rows, [0, 0], [9, 9]]), rowsOf([[0, 0]]), {
      parameters: { k: 3 },
    })
    expect(scores[0]).toBeCloseTo(-1 / 72, 14)
  })

  it('and copies of rows count once', async () => {
    const [once, twice] = [
      await fitAndScore(engine, abod, train, queries),
      await fitAndScore(engine, abod, joined(train, train, train), queries),
    ]
    expect(twice.summary).toEqual({ rows: 180, columns: 3, distinctRows: 60, neighbours: 5 })
    expect(deviation(twice.scores, [...once.scores])).toBeLessThan(1e-12)
    const { scores } = await fitAndScore(engine, abod, train, train)
    expect(scores.every((score) => Number.isFinite(score) && score < 0)).toBe(true)
  })

  it('leave finite scores when next to nothing else is there', async () => {
    const same = joined(...Array.from({ length: 9 }, () => rowsOf([[1, 2]])))
    expect(
      [
        ...(
          await fitAndScore(
            engine,
            abod,
            same,
            rowsOf([
              [1, 2],
              [4, 4],
              [1e15, -1e15],
            ]),
          )
        ).scores,
      ].map(Math.abs),
    ).toEqual([0, 0, 0])
    const close = rowsOf([[0], [1e-300], [-1e-200], [1e-40], [1], [2], [3]])
    expect(
      (await fitAndScore(engine, abod, close, rowsOf([[0], [1e-300], [1e-35], [1e15]]))).scores.every(Number.isFinite),
    ).toBe(true)
  })
})

it('works in one column, and ranks what is far above what is within', async () => {
  const line = rowsOf(Array.from({ length: 40 }, (_, i) => [Math.sin(i)]))
  const { scores } = await fitAndScore(engine, abod, line, rowsOf([[0.05], [0.3], [6], [60]]))
  expect(scores[2]).toBeGreaterThan(Math.max(scores[0], scores[1]))
  expect(scores[3]).toBeGreaterThan(scores[2])
})

it('loses nothing to an offset', async () => {
  const moved = (rows: typeof train) => ({ shape: rows.shape, data: rows.data.map((value) => value + 1e4) })
  const [here, there] = [
    await fitAndScore(engine, abod, train, queries),
    await fitAndScore(engine, abod, moved(train), moved(queries)),
  ]
  expect(deviation(there.scores, [...here.scores])).toBeLessThan(1e-10)
})

it('finds distinct rows in the order of their first appearance', () => {
  const { shape, data } = distinctRows(
    rowsOf([
      [2, 1],
      [0, 0],
      [2, 1],
      [-0, 0],
      [2, 0],
    ]),
  )
  expect(shape).toEqual([3, 2])
  expect([...data]).toEqual([2, 1, 0, 0, 2, 0])
})
