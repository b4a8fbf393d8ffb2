import { describe, expect, it } from 'vitest'
import { chiSquareBelow, chiSquareQuantile } from './chi-square.js'

describe('the chi-square distribution', () => {
  it('with two degrees of freedom is 1 - exp(-x / 2)', () => {
    for (const x of [1e-9, 0.3, 2, 5, 40]) {
      const exact = -Math.expm1(-x / 2)
      expect(Math.abs(chiSquareBelow(x, 2) / exact - 1)).toBeLessThan(1e-14)
    }
    for (const p of [1e-6, 0.5, 0.975])
      expect(Math.abs(chiSquareQuantile(p, 2) / (-2 * Math.log1p(-p)) - 1)).toBeLessThan(1e-10)
  })

  // Computed with SciPy 1.10: chi2(k).cdf(x) and chi2(k).ppf(p).
  it.each([
    [1, 3.841458820694124, 0.95],
    [3, 0.5843743741551835, 0.1],
    [20, 34.16960690283833, 0.975],
    [784, 862.6, 0.9737459498768469],
    [5, 4.351460191095526, 0.5],
  ])('with %i degrees of freedom is below %f with probability %f', (degrees, x, probability) => {
    expect(Math.abs(chiSquareBelow(x, degrees) / probability - 1)).toBeLessThan(1e-12)
    expect(Math.abs(chiSquareQuantile(probability, degrees) / x - 1)).toBeLessThan(1e-11)
  })

  it('is 0 at 0 and 1 at infinity', () =>
    expect([chiSquareBelow(0, 3), chiSquareBelow(Infinity, 3), chiSquareBelow(1e9, 3)]).toEqual([0, 1, 1]))

  it('refuses what is no probability and no number of degrees', () => {
    for (const p of [0, 1, NaN, -1])
      expect(() => chiSquareQuantile(p, 2)).toThrow(expect.objectContaining({ code: 'argument' }))
    for (const k of [0, 1.5, NaN])
      expect(() => chiSquareBelow(1, k)).toThrow(expect.objectContaining({ code: 'argument' }))
  })
})
