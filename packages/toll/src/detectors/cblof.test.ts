import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random, type NdArray } from '../base/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { cblof, largeClusters } from './cblof.js'
import { kMeans } from './k-means.js'
import { deviation, fitAndScore, hashedRows, joined, rowsOf } from './neighbours.harness.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

/** Forty rows about (0, 0), forty about (10, 0), four about (0, 50). */
const clumps = (() => {
  const about = (count: number, x: number, y: number, seed: number) => {
    const rows = hashedRows(count, 2, seed)
    return { ...rows, data: rows.data.map((value, i) => 0.1 * value + (i % 2 === 0 ? x : y)) }
  }
  return joined(about(40, 0, 0, 1), about(40, 10, 0, 11), about(4, 0, 50, 21))
})()

function meanOf(rows: NdArray, from: number, to: number): number[] {
  const d = rows.shape[1]
  return Array.from({ length: d }, (_, c) => {
    let total = 0
    for (let row = from; row < to; row++) total += rows.data[row * d + c]
    return total / (to - from)
  })
}

describe('large and small clusters', () => {
  it.each([
    // Both rules at 2; alpha alone at 3 of 4; beta alone; neither.
    [[50, 45, 3, 2], 0.9, 5, 2],
    [[50, 30, 15, 5], 0.9, 5, 3],
    [[60, 10, 10, 10, 10], 0.95, 5, 1],
    [[30, 30, 30, 30], 0.9, 5, 4],
    [[30], 0.9, 5, 1],
    [[90, 5, 5], 0.9, 5, 1],
  ])('%j with alpha %d and beta %d: %d are large', (sizes, alpha, beta, large) => {
    expect(largeClusters(sizes, alpha, beta)).toBe(large)
  })
})

it('is the distance to the nearest large centre', async () => {
  const queries = rowsOf([
    [0, 0],
    [10, 1],
    [0, 50],
    [5, 30],
  ])
  const { scores, summary } = await fitAndScore(engine, cblof, clumps, queries, { parameters: { clusters: 3 } })
  expect(summary).toMatchObject({ sizes: [40, 40, 4], large: 2, rows: 84, columns: 2 })
  const centres = [meanOf(clumps, 0, 40), meanOf(clumps, 40, 80)]
  const expected = Array.from({ length: 4 }, (_, i) =>
    Math.min(...centres.map(([x, y]) => Math.hypot(queries.data[2 * i] - x, queries.data[2 * i + 1] - y))),
  )
  expect(deviation(scores, expected)).toBeLessThan(1e-13)
  const weighted = await fitAndScore(engine, cblof, clumps, queries, { parameters: { clusters: 3, weighted: true } })
  expect(
    deviation(
      weighted.scores,
      expected.map((distance, i) => distance * [40, 40, 4, 4][i]),
    ),
  ).toBeLessThan(1e-13)
})

it(
  'is the same for the same seed, and keeps fewer clusters than asked for where there are fewer ' + 'distinct rows',
  async () => {
    const run = (seed: number) =>
      fitAndScore(engine, cblof, hashedRows(300, 4, 3), hashedRows(20, 4, 13), { seed, parameters: { starts: 2 } })
    expect(await run(4)).toEqual(await run(4))
    const { scores, summary } = await fitAndScore(
      engine,
      cblof,
      rowsOf([[1], [1], [1], [4], [1]]),
      rowsOf([[1], [4], [1e15]]),
    )
    expect(summary.sizes).toEqual([4, 1])
    // Neither rule splits before alpha = 0.9 of 5; 4 / 1 < 5: both are large.
    expect([...scores]).toEqual([0, 0, 1e15 - 4])
  },
)

it('stops when asked to', async () => {
  const signal = AbortSignal.abort()
  await expect(fitAndScore(engine, cblof, clumps, clumps, { signal })).rejects.toMatchObject({ code: 'aborted' })
})

describe('k-means', () => {
  const options = (clusters: number, starts = 10) => ({
    clusters,
    starts,
    random: Random.seeded(1),
    pause: async () => {},
    advance: () => {},
  })

  it('finds the best clusters of a small set, which all assignments confirm', async () => {
    const rows = hashedRows(10, 2, 41)
    let best = Infinity
    for (let mask = 1; mask < 2 ** 9; mask++) {
      let inertia = 0
      for (const side of [0, 1]) {
        const members = Array.from({ length: 10 }, (_, i) => i).filter((i) => ((mask >> i) & 1) === side)
        for (let c = 0; c < 2; c++) {
          const values = members.map((i) => rows.data[2 * i + c])
          const mean = values.reduce((total, value) => total + value, 0) / values.length
          inertia += values.reduce((total, value) => total + (value - mean) ** 2, 0)
        }
      }
      best = Math.min(best, inertia)
    }
    expect((await kMeans(rows, options(2))).inertia).toBeCloseTo(best, 12)
  })

  it('leaves no cluster empty and accounts for every row', async () => {
    const { sizes, centres } = await kMeans(hashedRows(500, 3, 51), options(40, 1))
    expect(centres.shape).toEqual([40, 3])
    expect(Math.min(...sizes)).toBeGreaterThan(0)
    expect(sizes.reduce((total, size) => total + size, 0)).toBe(500)
  })

  it('has one cluster per row when there are as many', async () => {
    const { inertia, sizes } = await kMeans(rowsOf([[0], [5], [9]]), options(8, 1))
    expect([inertia, ...sizes]).toEqual([0, 1, 1, 1])
  })
})
