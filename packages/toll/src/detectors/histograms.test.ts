// HBOS, LODA, ECOD and COPOD: exact values by hand and by NumPy, and data at the edge.

import { describe, expect, it } from 'vitest'
import { Random, resolveParameters, type NdArray } from '../base/index.js'
import { input, interpret } from '../graph/index.js'
import type { Engine } from '../runtime/index.js'
import type { Detector } from './contract.js'
import { copod } from './copod.js'
import { ecod } from './ecod.js'
import { countPerBin, equalWidthEdges } from './equal-width.js'
import { hbos } from './hbos.js'
import { loda } from './loda.js'

/** None of these runs an engine while it fits. */
const engine = {} as Engine

const rowsOf = (...rows: number[][]): NdArray<Float64Array> => ({
  shape: [rows.length, rows[0].length],
  data: Float64Array.from(rows.flat()),
})

async function scored(
  detector: unknown,
  samples: NdArray,
  rows: NdArray<Float64Array>,
  given: Record<string, number> = {},
): Promise<number[]> {
  const chosen = detector as Detector
  const fitted = await chosen.fit({ samples }, resolveParameters(chosen.parameters, given), { engine, seed: 4 })
  const x = input('x', ['batch', rows.shape[1]], 'float64')
  return [...interpret({ score: fitted.score(x).score }, { x: rows }).score.data]
}

const normals = (n: number, d: number, seed: number, offset = 0): NdArray<Float64Array> => {
  const random = Random.seeded(seed)
  return { shape: [n, d], data: Float64Array.from({ length: n * d }, () => random.normal() + offset) }
}

describe('bins', () => {
  it('hold their left edge, the last one its right edge too', () => {
    const edges = equalWidthEdges(0, 4, 4)
    expect([...edges]).toEqual([0, 1, 2, 3, 4])
    expect([...countPerBin(Float64Array.of(0, 0.5, 1, 3, 4, -1, 5), edges)]).toEqual([2, 1, 0, 2])
  })
})

describe('HBOS', () => {
  const samples = rowsOf([0, 10], [1, 10], [2, 11], [3, 12], [10, 12])

  it('has the values that NumPy gives: inside, in the half bin of grace, beyond it', async () => {
    const rows = rowsOf([0, 10], [10, 12], [-0.4, 9.85], [-0.6, 9.8], [10.5, 12.3], [5, 11], [1, 10.1])
    const expected = [
      1.599462070416272, 2.1844245711374284, 1.599462070416272, 1.599462070416272, 5.643856189774724, 4.058893689053564,
      1.599462070416272,
    ]
    const score = await scored(hbos, samples, rows, { bins: 5 })
    score.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 12))
  })

  it('hears nothing from a constant column', async () => {
    expect(await scored(hbos, rowsOf([1, 0], [1, 1]), rowsOf([1, 0], [99, 0]))).toEqual([
      -Math.log2(5.1),
      -Math.log2(5.1),
    ])
  })
})

describe('ECOD and COPOD', () => {
  // Tails among 1, 2, 3, 10 and the row itself, in fifths; the long tail is on the right.
  const samples = rowsOf([1], [2], [3], [10])
  const rows = rowsOf([0], [2], [2.5], [11])
  const [left, right] = [
    [1, 3, 3, 5],
    [5, 4, 3, 1],
  ].map((ranks) => ranks.map((rank) => -Math.log(rank / 5)))

  it('have the values that follow from ranks', async () => {
    const byEcod = await scored(ecod, samples, rows)
    const byCopod = await scored(copod, samples, rows)
    rows.data.forEach((_, i) => {
      expect(byEcod[i]).toBeCloseTo(Math.max(left[i], right[i]), 14)
      expect(byCopod[i]).toBeCloseTo(Math.max((left[i] + right[i]) / 2, right[i]), 14)
    })
  })

  it('take both tails of a column without skewness', async () => {
    const [score] = await scored(copod, rowsOf([-1], [0], [1]), rowsOf([5]))
    expect(score).toBeCloseTo(Math.log(4), 14)
  })

  it('rank among as many rows as asked for', async () => {
    const far = rowsOf([100, 100, 100])
    expect((await scored(ecod, normals(50, 3, 1), far, { subsample: 9 }))[0]).toBeCloseTo(3 * Math.log(10), 12)
    await expect(scored(ecod, normals(50, 3, 1), far, { subsample: 1 })).rejects.toMatchObject({ code: 'argument' })
  })
})

describe('LODA', () => {
  it('has the mean surprise of the bins, by hand in one column', async () => {
    // 4 rows in two bins of a range of 3, one pseudo-row per bin and side: (2 + 1) / 8 inside, 1 / 8 beyond.
    const score = await scored(loda, rowsOf([0], [1], [2], [3]), rowsOf([0], [3], [50], [-50]), { bins: 2 })
    const expected = [3 / 8, 3 / 8, 1 / 8, 1 / 8].map((share) => -Math.log(share))
    score.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 12))
  })
})

describe.each([
  ['hbos', hbos],
  ['ecod', ecod],
  ['copod', copod],
  ['loda', loda],
] as const)('%s', (name, detector) => {
  it('has no use for an offset', async () => {
    const plain = await scored(detector, normals(300, 4, 7), normals(40, 4, 8))
    const shifted = await scored(detector, normals(300, 4, 7, 1e4), normals(40, 4, 8, 1e4))
    shifted.forEach((score, i) => expect(Math.abs(score - plain[i])).toBeLessThanOrEqual(1e-6 * Math.abs(plain[i])))
  })

  it('gives finite scores for absurd numbers and for duplicates alone', async () => {
    const same = rowsOf([2, 2], [2, 2], [2, 2])
    for (const samples of [same, normals(30, 2, 1), rowsOf([1e15, -1e15], [-1e15, 1e15], [1e15, 1e15 + 1])]) {
      for (const score of await scored(detector, samples, rowsOf([1e15, -1e15], [2, 2], [5e-324, 0])))
        expect(Number.isFinite(score)).toBe(true)
    }
  })

  it('refuses one row by name', async () => {
    await expect(scored(detector, rowsOf([1, 2]), rowsOf([1, 2]))).rejects.toMatchObject({
      code: 'data',
      message: `${name} needs at least 2 normal rows, got 1`,
    })
  })
})
