import { afterAll, beforeAll, expect, it } from 'vitest'
import { Random } from '../base/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { featureBagging, featureSubsets } from './feature-bagging.js'
import { lof } from './lof.js'
import { deviation, fitAndScore, hashedRows } from './neighbours.harness.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

const train = hashedRows(60, 3, 1)
const queries = hashedRows(6, 3, 11, 1.5)

/** Column `column` alone. */
const only = ({ shape: [n, d], data }: typeof train, columns: readonly number[]) => ({
  shape: [n, columns.length],
  data: Float64Array.from(
    { length: n * columns.length },
    (_, i) => data[Math.floor(i / columns.length) * d + columns[i % columns.length]],
  ),
})

it.each(['average', 'maximum'] as const)('is the %s of LOFs on the drawn columns', async (combination) => {
  const { scores, summary } = await fitAndScore(engine, featureBagging, train, queries, {
    parameters: { members: 4, k: 7, combination },
    seed: 2,
  })
  const subsets = summary.subsets as number[][]
  expect(new Set(subsets.map(String)).size).toBeGreaterThan(2)
  const members = await Promise.all(
    subsets.map((columns) =>
      fitAndScore(engine, lof, only(train, columns), only(queries, columns), { parameters: { k: 7 } }),
    ),
  )
  const expected = Array.from(scores, (_, i) => {
    const factors = members.map((member) => member.scores[i])
    return combination === 'maximum' ? Math.max(...factors) : factors.reduce((total, factor) => total + factor, 0) / 4
  })
  expect(deviation(scores, expected)).toBeLessThan(1e-13)
})

it('draws from half to all of the columns, every number of them alike', () => {
  const subsets = featureSubsets(5, 4000, Random.seeded(1))
  const sizes = new Map<number, number>()
  for (const columns of subsets) {
    expect([...columns]).toEqual([...new Set(columns)].sort((a, b) => a - b))
    sizes.set(columns.length, (sizes.get(columns.length) ?? 0) + 1)
  }
  // Binomial with p = 1/4: standard deviation 27.
  for (const size of [2, 3, 4, 5]) expect(Math.abs(sizes.get(size)! - 1000)).toBeLessThan(110)
  const taken = subsets.filter((columns) => columns.includes(4)).length
  // Each column with probability (2 + 3 + 4 + 5) / 20 = 0.7: standard deviation 29.
  expect(Math.abs(taken - 2800)).toBeLessThan(120)
  expect(featureSubsets(1, 3, Random.seeded(1)).map((columns) => [...columns])).toEqual([[0], [0], [0]])
})

it('is the same for the same seed', async () => {
  const run = (seed: number) => fitAndScore(engine, featureBagging, train, queries, { seed })
  const [a, again, b] = [await run(5), await run(5), await run(6)]
  expect(again).toEqual(a)
  expect(b.summary.subsets).not.toEqual(a.summary.subsets)
})
