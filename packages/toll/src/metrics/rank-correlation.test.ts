// Rank correlation against scipy's numbers.

import { describe, expect, it } from 'vitest'
import { rankCorrelation } from './index.js'

describe('rankCorrelation', () => {
  it('agrees with scipy, ties included', () => {
    expect(rankCorrelation([1, 2, 2, 5, 3, -1], [2, 1, 4, 4, 3, 0])).toBeCloseTo(0.75, 14)
    expect(rankCorrelation([1, 2, 3], [10, 100, 1000])).toBeCloseTo(1, 15)
    expect(rankCorrelation([1, 2, Infinity], [3, 2, 1])).toBeCloseTo(-1, 15)
  })

  it('refuses what has no ranks', () => {
    expect(() => rankCorrelation([1], [1])).toThrow(expect.objectContaining({ code: 'shape' }))
    expect(() => rankCorrelation([1, 2], [1, 2, 3])).toThrow(expect.objectContaining({ code: 'shape' }))
    expect(() => rankCorrelation([1, NaN], [1, 2])).toThrow(
      expect.objectContaining({ code: 'data', message: expect.stringContaining('value 1 is NaN') }),
    )
    expect(() => rankCorrelation([1, 1], [1, 2])).toThrow(
      expect.objectContaining({ code: 'data', message: expect.stringContaining('all of one side are equal') }),
    )
  })
})
