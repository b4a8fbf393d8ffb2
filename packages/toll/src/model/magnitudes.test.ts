// Numbers far from zero and far apart: a column's unit and origin change no score, as far as float64 holds its
// differences; columns whose numbers are too large to learn from are named by the error.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random, tableFromColumns } from '../base/index.js'
import { detectorNamed } from '../detectors/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { fit } from './index.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

const rows = Array.from({ length: 60 }, (_, i) => i)
const a = rows.map(Math.sin)

it.each(['toll', 'pca', 'knn'])('of a fit of %s', async (name) => {
  const huge = rows.map((i) => Math.cos(i) * 1e308)
  const parameters = name === 'toll' ? { steps: 3 } : {}
  await expect(
    fit(tableFromColumns({ a, huge, also: huge }), { engine, detector: detectorNamed(name), parameters }),
  ).rejects.toMatchObject({
    reason: 'overflow',
    message:
      'columns huge, also hold numbers beyond 1e+150, which cannot be scaled; correct them, or leave the columns out',
    details: { columns: ['huge', 'also'], limit: 1e150 },
  })
})

it('but not where the reason is another', async () => {
  const toll = { engine, detector: detectorNamed('toll'), parameters: { steps: 3, learningRate: 1e30 } }
  await expect(fit(tableFromColumns({ a }), toll)).rejects.toMatchObject({ reason: 'loss-not-finite' })
  const infinite = tableFromColumns({ a: rows.map((i) => (i === 7 ? Infinity : i)) })
  await expect(fit(infinite, { engine, detector: detectorNamed('pca') })).rejects.toMatchObject({
    reason: 'not-finite',
    details: { column: 'a' },
  })
})

it('but not where only one number is: then all numbers of the model are finite, and that row stands out', async () => {
  const huge = tableFromColumns({ a, b: rows.map((i) => (i === 9 ? Number.MAX_VALUE : i)) })
  for (const scale of ['standard', 'robust', 'minmax', 'quantile']) {
    const model = await fit(huge, { engine, detector: 'mean-distance', scale })
    const { score } = await model.score(huge)
    expect(score.indexOf(score.reduce((most, value) => Math.max(most, value)))).toBe(9)
    expect(score.every(Number.isFinite)).toBe(true)
    expect(JSON.stringify({ ...model.manifest, training: {} })).not.toContain('null')
  }
})

describe.each(['mean-distance', 'pca', 'knn', 'ecod'])('%s', (name) => {
  const random = Random.seeded(11)
  const [x, y] = [1, 2].map(() => Array.from({ length: 120 }, () => random.normal()))
  const scoresOf = async (column: readonly number[]) => {
    const table = tableFromColumns({ x: column, y })
    const model = await fit(table, { engine, detector: detectorNamed(name), seed: 1 })
    const { score } = await model.score(table)
    return { model, score: [...score] }
  }

  it('gives the same scores in every unit, over sixty orders of magnitude', async () => {
    const { score } = await scoresOf(x)
    for (const unit of [1e-30, 1e-12, 3e-5, 7, 1e9, 1e30, -1e-30, -1e30])
      if (unit > 0 || name !== 'ecod') expectAlike((await scoresOf(x.map((value) => value * unit))).score, score, 1e-9)
  })

  it('gives the same scores from every origin, as far as the differences are held', async () => {
    const { score } = await scoresOf(x)
    // 2^-52 of the origin is what is lost of a difference.
    for (const [origin, unit] of [
      [1e3, 1],
      [-1e9, 1],
      [1.7e9, 1e-3],
      [1e30, 1e20],
      [-1e-20, 1e-30],
      [1.7e18, 1e6],
    ]) {
      const lost = (Math.abs(origin) * Number.EPSILON) / unit
      expectAlike((await scoresOf(x.map((value) => origin + value * unit))).score, score, 1e-9 + 20 * lost)
    }
  })

  it('sees a row far from the others where the differences are small', async () => {
    const { model } = await scoresOf(x.map((value) => 1.7e9 + value * 1e-3))
    const far = tableFromColumns({ x: [1.7e9 + 0.1, 1.7e9], y: [0, 0] })
    const { score, isAnomaly } = await model.score(far)
    expect(score[0]).toBeGreaterThan(score[1])
    // Tail probabilities of one column do not go beyond all of training.
    if (name !== 'ecod') expect([...isAnomaly]).toEqual([1, 0])
    if (name === 'mean-distance') expect(score[0]).toBeGreaterThan(90)
  })
})

it('does not let rounding of large numbers drown other columns', async () => {
  // Steps of 256, the least that there are here.
  const clock = rows.map((i) => 1.7e18 + 256 * (i % 3))
  const detector = detectorNamed('mean-distance')
  const { score } = await (
    await fit(tableFromColumns({ a, clock }), { engine, detector })
  ).score(tableFromColumns({ a: [50], clock: [1.7e18] }))
  expect(score[0]).toBeGreaterThan(50)
})

function expectAlike(found: readonly number[], expected: readonly number[], tolerance: number): void {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  found.forEach((value, i) => expect(Math.abs(value - expected[i]) / largest).toBeLessThan(tolerance))
}
