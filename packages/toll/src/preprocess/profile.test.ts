import { describe, expect, it } from 'vitest'
import { Random, table } from '../base/index.js'
import { countBins, profileColumns, type NumberProfile } from './index.js'

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)
const profileOf = (values: readonly number[], rows = upTo(values.length)) =>
  profileColumns(table(['x'], [Float64Array.from(values)]), rows)[0] as NumberProfile

describe('a profile', () => {
  it('counts between quantiles, finer in the tails', () => {
    expect(profileOf(upTo(101))).toEqual({
      name: 'x',
      kind: 'number',
      edges: [1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99],
      counts: [2, 4, 5, 10, 10, 10, 10, 10, 10, 10, 10, 5, 4, 1],
      range: [0, 100],
      missing: 0,
    })
  })

  it('has one bin for equal quantiles, and counts what is missing', () => {
    expect(profileOf([1, 0, 0, 1, NaN, 0, 0, 1, 0, 0, 0, 1])).toEqual({
      name: 'x',
      kind: 'number',
      edges: [0],
      counts: [7, 4],
      range: [0, 1],
      missing: 1,
    })
    expect(profileOf([7, 7])).toEqual({ name: 'x', kind: 'number', edges: [], counts: [2], range: [7, 7], missing: 0 })
    expect(profileOf([NaN])).toEqual({ name: 'x', kind: 'number', edges: [], counts: [0], missing: 1 })
  })

  it('is of the rows that count alone', () => {
    expect(profileOf([1, 100, 2, NaN], [0, 2])).toMatchObject({ range: [1, 2], missing: 0 })
  })

  it('cuts many rows by some of them, and counts all', () => {
    const random = Random.seeded(1)
    const values = upTo(200_000).map(() => random.uniform())
    const { edges, counts } = profileOf(values)
    expect(counts).toEqual([...countBins(values, edges)])
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(200_000)
    // The 1 % quantile of 50,000 rows is within four of its standard errors of 0.01.
    expect(Math.abs(edges[0] - 0.01)).toBeLessThan(4 * Math.sqrt((0.01 * 0.99) / 50_000))
  })

  it('puts a value at an end into the bin below it', () => {
    expect([...countBins([-1, 0, 0.5, 1, 2, NaN], [0, 1])]).toEqual([2, 2, 1])
  })
})
