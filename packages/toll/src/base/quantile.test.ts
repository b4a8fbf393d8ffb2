import { describe, expect, it } from 'vitest'
import { quantile, quantileOfSorted } from './index.js'

describe('quantile', () => {
  it('gives numpy.quantile exactly', () => {
    const values = [7, 1, 3.5, 2, 11]
    expect([0, 0.1, 0.25, 0.5, 0.9, 0.99, 1].map((q) => quantile(values, q))).toEqual([1, 1.4, 2, 3.5, 9.4, 10.84, 11])
    expect([0, 0.1, 0.25, 0.5, 0.9, 0.99, 1].map((q) => quantile(values, q, 'higher'))).toEqual([
      1, 2, 2, 3.5, 11, 11, 11,
    ])
    expect(values).toEqual([7, 1, 3.5, 2, 11])
  })

  it('is the value itself for one value', () => {
    expect(quantile([4], 0.99)).toBe(4)
    expect(quantile([4], 0, 'higher')).toBe(4)
  })

  it('stays inside its neighbours', () => {
    for (let i = 0; i <= 1000; i++)
      expect(quantileOfSorted([0.1, 0.7], i / 1000)).toSatisfy((v: number) => v >= 0.1 && v <= 0.7)
  })

  it('refuses shares outside [0, 1], empty samples and values that are not finite', () => {
    expect(() => quantile([1], 1.5)).toThrow(
      expect.objectContaining({ code: 'argument', message: expect.stringContaining('1.5') }),
    )
    expect(() => quantile([1], NaN)).toThrow(expect.objectContaining({ code: 'argument' }))
    expect(() => quantile([], 0.5)).toThrow(expect.objectContaining({ code: 'data' }))
    expect(() => quantile([1, NaN], 0.5)).toThrow(
      expect.objectContaining({ code: 'data', message: expect.stringContaining('value 1 is NaN') }),
    )
    expect(() => quantile([Infinity], 0.5)).toThrow(expect.objectContaining({ code: 'data' }))
  })
})
