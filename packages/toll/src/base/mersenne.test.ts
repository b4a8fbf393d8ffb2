// The permutations that NumPy draws, as its own `RandomState` printed them.

import { expect, it } from 'vitest'
import { legacyPermutation } from './index.js'

it.each([
  [0, 10, [2, 8, 4, 9, 1, 6, 7, 3, 0, 5]],
  [1, 5, [2, 1, 4, 0, 3]],
  [9, 20, [3, 6, 7, 5, 16, 15, 2, 4, 9, 10, 18, 11, 14, 0, 12, 13, 19, 17, 8, 1]],
  [0, 2, [1, 0]],
  [3, 1, [0]],
  [5, 0, []],
])('RandomState(%i).permutation(%i)', (seed, n, expected) => {
  expect([...legacyPermutation(seed, n)]).toEqual(expected)
})

it('agrees over many words of the generator', () => {
  const order = legacyPermutation(7, 49_097)
  expect([...order.subarray(0, 5)]).toEqual([27726, 15293, 4217, 3143, 34486])
  expect([...order.subarray(-5)]).toEqual([34140, 13927, 919, 38467, 10742])
  expect(order.reduce((sum, row, i) => sum + row * i, 0)).toBe(29_526_243_707_070)
})

it.each([
  [-1, 3],
  [2 ** 32, 3],
  [0.5, 3],
  [0, -1],
  [0, 1.5],
])('refuses seed %d and %d items', (seed, n) => {
  expect(() => legacyPermutation(seed, n)).toThrow(expect.objectContaining({ code: 'argument' }))
})
