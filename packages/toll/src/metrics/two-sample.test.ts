import { describe, expect, it } from 'vitest'
import { Random } from '../base/index.js'
import { chiSquaredTail, compareBins, countTest, kolmogorovSmirnov, outsideTest, superiority } from './index.js'

const thrown = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)

/** Largest distance of p-values from uniform, as a multiple of what Kolmogorov's 1 % level allows. */
function unevenness(pValues: readonly number[]): number {
  const sorted = pValues.toSorted((a, b) => a - b)
  return (
    Math.max(
      ...sorted.map((p, i) => Math.max(Math.abs(p - i / sorted.length), Math.abs(p - (i + 1) / sorted.length))),
    ) /
    (1.63 / Math.sqrt(sorted.length))
  )
}

describe('Kolmogorov and Smirnov', () => {
  it('is exact on small samples: by hand, and as independent code has it', () => {
    // Of the six orders of two and two, two put all of one sample first.
    expect(kolmogorovSmirnov([1, 2], [3, 4])).toEqual({
      distance: 1,
      pValue: expect.closeTo(1 / 3, 14) as number,
      exact: true,
    })
    expect(kolmogorovSmirnov([1, 3], [2, 4])).toMatchObject({ distance: 0.5, pValue: 1 })
    const { distance, pValue } = kolmogorovSmirnov([1, 2, 3, 4], [6.5, 2.5, 5.5, 3.5, 4.5])
    expect([distance, pValue]).toEqual([0.6, expect.closeTo(0.2857142857142857, 12)])
    expect(kolmogorovSmirnov([1, 1], [1, 1, 1])).toMatchObject({ distance: 0, pValue: 1 })
  })

  it('passes over to the limit without a step', () => {
    // Just below and just above the bound of exact counting, at the same distance.
    const sample = (n: number, shift: number) => upTo(n).map((i) => (i + 0.5) / n + shift)
    const exact = kolmogorovSmirnov(sample(3160, 0), sample(3160, 0.03))
    const limit = kolmogorovSmirnov(sample(3170, 0), sample(3170, 0.03))
    expect([exact.exact, limit.exact]).toEqual([true, false])
    expect(Math.abs(exact.pValue - limit.pValue)).toBeLessThan(0.01)
  })

  it('has uniform p-values when nothing has moved', () => {
    const random = Random.seeded(6)
    const p = upTo(1000).map(
      () =>
        kolmogorovSmirnov(
          upTo(113).map(() => random.normal()),
          upTo(89).map(() => random.normal()),
        ).pValue,
    )
    expect(unevenness(p)).toBeLessThan(1)
  })

  it('refuses empty samples and NaN', () => {
    expect(() => kolmogorovSmirnov([], [1])).toThrow(thrown('data', /one is empty/))
    expect(() => superiority([1], [NaN])).toThrow(thrown('data', /one is NaN/))
  })
})

it('superiority counts pairs, ties half', () => {
  expect(superiority([3, 1], [2, 1])).toBe((1 + 1 + 0 + 0.5) / 4)
  expect(superiority([5, 6], [1, 2, 3])).toBe(1)
})

describe('bins', () => {
  it('give the chi-squared test, the stability index and the distance', () => {
    const { pValue, psi, distance } = compareBins([10, 20, 30], [25, 15, 40])
    expect(pValue).toBeCloseTo(0.05411376622282158, 12)
    expect(distance).toBeCloseTo(25 / 80 - 10 / 60, 14)
    const index = [
      [10.5, 25.5],
      [20.5, 15.5],
      [30.5, 40.5],
    ].reduce((sum, [r, o]) => sum + (o / 81.5 - r / 61.5) * Math.log(o / 81.5 / (r / 61.5)), 0)
    expect(psi).toBeCloseTo(index, 14)
    expect(compareBins([50, 50], [50, 50])).toEqual({ pValue: 1, psi: 0, distance: 0 })
  })

  it('are joined until both samples may expect five rows', () => {
    // Of ten new rows, the reference expects one in each of its bins: five are joined each time.
    const ten = new Array<number>(10).fill(100)
    const joined = compareBins(ten, [4, 0, 0, 0, 0, 6, 0, 0, 0, 0]).pValue
    expect(joined).toBeCloseTo(compareBins([500, 500], [4, 6]).pValue, 14)
    expect(compareBins([100, 100], [1, 1]).pValue).toBeNaN()
    expect(() => compareBins([1, 2], [0, 0])).toThrow(thrown('data', /rows in both samples/))
    expect(() => compareBins([1, 2], [0])).toThrow(thrown('shape', /2 bins of the reference, 1 of the other/))
  })

  it.each([
    [0.5, 1, 0.47950012218695337],
    [3, 4, 0.5578254003710748],
    [20, 13, 0.09521025607809176],
    [200, 150, 0.003973185970821635],
  ])('the tail above %d with %d degrees of freedom', (x, freedom, expected) => {
    expect(chiSquaredTail(x, freedom) / expected).toBeCloseTo(1, 11)
    expect(chiSquaredTail(0, freedom)).toBe(1)
  })
})

describe('counts', () => {
  it('by the exact test of Fisher', () => {
    expect(countTest(3, 100, 12, 100)).toBeCloseTo(0.028671314973177094, 11)
    expect(countTest(0, 1000, 5, 100) / 5.661015424159783e-6).toBeCloseTo(1, 9)
    expect(countTest(2, 4, 2, 4)).toBeCloseTo(1, 12)
  })

  it('beyond all that was seen', () => {
    // That the one new row is the highest of ten; that two of two new ones are the highest of five.
    expect(outsideTest(1, 1, 9)).toBeCloseTo(0.1, 12)
    expect(outsideTest(2, 2, 3)).toBeCloseTo(1 / 10, 12)
    expect(outsideTest(0, 5, 5)).toBe(1)
  })
})
