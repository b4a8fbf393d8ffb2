import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { densityOf } from './local-density.js'
import { lof } from './lof.js'
import { classicalGolden, deviation, fitAndScore, hashedRows, joined, rowsOf } from './neighbours.harness.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

const train = hashedRows(60, 3, 1)
const queries = hashedRows(6, 3, 11, 1.5)

it('takes densities from reachability distances', () => {
  // Rows 0, 1, 3, 7 on a line with k = 2: k-distances 3, 2, 3, 6.
  const { kDistance, density } = densityOf({
    k: 2,
    distances: Float64Array.of(1, 3, 1, 2, 2, 3, 4, 6),
    places: Int32Array.of(1, 2, 0, 2, 1, 0, 2, 1),
  })
  expect([...kDistance]).toEqual([3, 2, 3, 6])
  // Reachabilities: 0: 2, 3; 1: 3, 3; 2: 2, 3; 3: 4, 6.
  const expected = [2.5, 3, 2.5, 5].map((mean) => 1 / (mean + 1e-10))
  expect([...density]).toEqual(expected)
})

it('is the mean density of the neighbours over the own', async () => {
  // At 10: neighbours 7 and 3 at 3 and 7, reachabilities max(3, 6) = 6 and max(7, 3) = 7.
  const { scores } = await fitAndScore(engine, lof, rowsOf([[0], [1], [3], [7]]), rowsOf([[10]]), {
    parameters: { k: 2 },
  })
  expect(scores[0]).toBeCloseTo(((1 / 5 + 1 / 2.5) / 2) * 6.5, 8)
})

it('equals scikit-learn', async () => {
  // LocalOutlierFactor(7, novelty=True) of scikit-learn 1.2.1 on the same hashed rows.
  const expected = [
    1.1667089228085084, 1.4429499259133052, 1.1994425872515286, 1.409191886188527, 1.1316791778450088,
    1.4711102389031243,
  ]
  const { scores } = await fitAndScore(engine, lof, train, queries, { parameters: { k: 7 } })
  expect(deviation(scores, expected)).toBeLessThan(1e-13)
})

it('equals the golden scores', async ({ skip }) => {
  const golden = classicalGolden()
  if (!golden) return skip()
  const { scores } = await fitAndScore(engine, lof, golden.train, golden.test)
  expect(
    deviation(
      scores.map((factor) => factor - 1.5),
      golden.lof20,
    ),
  ).toBeLessThan(1e-7)
})

describe('hard data', () => {
  it('takes all other rows when k is larger than their number', async () => {
    const { scores, summary } = await fitAndScore(engine, lof, rowsOf([[0], [2]]), rowsOf([[0], [1], [8]]))
    expect(summary.neighbours).toBe(1)
    // Densities 1 / 2; reachability of either row is at least 2.
    expect([...scores].map((score) => Math.round(score * 1e6) / 1e6)).toEqual([1, 1, 3])
  })

  it('stays finite where rows have more than k copies', async () => {
    const many = joined(...Array.from({ length: 30 }, () => rowsOf([[0, 0]])), hashedRows(10, 2, 31))
    const { scores } = await fitAndScore(
      engine,
      lof,
      many,
      rowsOf([
        [0, 0],
        [1, 0],
      ]),
      { parameters: { k: 5 } },
    )
    // As scikit-learn gives.
    expect(scores[0]).toBeCloseTo(1, 12)
    expect(scores[1] / 10000000001).toBeCloseTo(1, 12)
  })

  it('scores copies only as 1', async () => {
    const many = joined(...Array.from({ length: 30 }, () => rowsOf([[5, -1]])))
    const { scores } = await fitAndScore(
      engine,
      lof,
      many,
      rowsOf([
        [5, -1],
        [5, 1e15],
      ]),
    )
    expect(scores[0]).toBe(1)
    expect(scores[1] / 1e25).toBeCloseTo(1, 12)
  })

  it('loses nothing to an offset', async () => {
    const moved = (rows: typeof train) => ({ shape: rows.shape, data: rows.data.map((value) => value + 1e4) })
    const [here, there] = [
      await fitAndScore(engine, lof, train, queries),
      await fitAndScore(engine, lof, moved(train), moved(queries)),
    ]
    expect(deviation(there.scores, [...here.scores])).toBeLessThan(1e-11)
  })

  it('gives a row the same bits alone, in any batch, on data full of ties', async () => {
    const grid = { shape: [400, 5], data: hashedRows(400, 5, 5).data.map(Math.round) }
    const probe = { shape: [50, 5], data: hashedRows(50, 5, 9).data.map(Math.round) }
    const whole = await fitAndScore(engine, lof, grid, probe)
    for (const batch of [1, 3, 16])
      expect((await fitAndScore(engine, lof, grid, probe, { batch })).scores).toEqual(whole.scores)
  })

  it('reports progress, and refuses a million rows before it begins', async () => {
    const steps: number[] = []
    await fitAndScore(engine, lof, hashedRows(9000, 2, 3), queries2, {
      onProgress: ({ step, steps: all }) => steps.push(step / all),
    })
    expect(steps.at(-1)).toBe(1)
    expect(steps.length).toBeGreaterThan(10)
    const million = { shape: [1e6, 1], data: new Float64Array(1e6) }
    await expect(fitAndScore(engine, lof, million, rowsOf([[0]]))).rejects.toMatchObject({ code: 'memory' })
    const { summary } = await fitAndScore(engine, lof, million, rowsOf([[0]]), { parameters: { subsample: 100 } })
    expect(summary.rows).toBe(100)
  })
})

const queries2 = hashedRows(2, 2, 11)
