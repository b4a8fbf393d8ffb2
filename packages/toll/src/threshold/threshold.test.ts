import { describe, expect, it } from 'vitest'
import {
  decide,
  defaultThresholdRule,
  describeThreshold,
  fitThreshold,
  listThresholdKinds,
  readThreshold,
  type Threshold,
  type ThresholdRule,
} from './index.js'

const thrown = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })
const scores = Array.from({ length: 201 }, (_, i) => ((i * 68) % 201) / 2)

describe('fit', () => {
  it('takes the 0.99 quantile of the held-back scores by default', () => {
    const expected = { kind: 'quantile', quantile: 0.99, value: 99, heldBack: 201 }
    expect(fitThreshold(defaultThresholdRule, scores)).toEqual(expected)
    expect(fitThreshold({ kind: 'quantile' }, Float32Array.from(scores))).toEqual(expected)
  })

  it('can be moved to another quantile or to a value, on the same scores', () => {
    expect(fitThreshold({ kind: 'quantile', quantile: 0.5 }, scores).value).toBe(50)
    expect(fitThreshold({ kind: 'quantile', quantile: 1 }, scores).value).toBe(100)
    expect(fitThreshold({ kind: 'fixed', value: 7.5 }, scores)).toEqual({ kind: 'fixed', value: 7.5 })
    expect(fitThreshold({ kind: 'fixed', value: -1 }, [])).toEqual({ kind: 'fixed', value: -1 })
  })

  it('with few scores lies between the two largest, and says so', () => {
    const few = fitThreshold(defaultThresholdRule, [1, 3, 2])
    expect(few).toEqual({ kind: 'quantile', quantile: 0.99, value: 2.98, heldBack: 3 })
    expect(describeThreshold(few)).toBe(
      '2.98 (quantile 0.99 of 3 held-back scores; 100 or more would resolve that quantile)',
    )
    expect(describeThreshold(fitThreshold(defaultThresholdRule, scores))).toBe(
      '99 (quantile 0.99 of 201 held-back scores)',
    )
    expect(describeThreshold(fitThreshold({ kind: 'quantile', quantile: 1 }, [4]))).toBe(
      '4 (quantile 1 of 1 held-back scores)',
    )
    expect(describeThreshold({ kind: 'fixed', value: 2 })).toBe('2 (fixed)')
    expect(fitThreshold(defaultThresholdRule, [5]).value).toBe(5)
  })

  it('refuses bad rules and bad scores', () => {
    expect(() => fitThreshold(defaultThresholdRule, [])).toThrow(thrown('data', /there are none.*fixed threshold/))
    expect(() => fitThreshold(defaultThresholdRule, [1, NaN])).toThrow(thrown('data', /score 1 is NaN/))
    expect(() => fitThreshold({ kind: 'quantile', quantile: 1.01 }, scores)).toThrow(
      thrown('argument', /'quantile'.*at most 1, got 1.01/),
    )
    expect(() => fitThreshold({ kind: 'fixed', value: Infinity }, scores)).toThrow(
      thrown('argument', /'value'.*Infinity/),
    )
    expect(() => fitThreshold({ kind: 'fixed' }, scores)).toThrow(thrown('argument', /'value'.*NaN/))
    expect(() => fitThreshold({ kind: 'fixed', value: 1, quantile: 0.9 } as ThresholdRule, scores)).toThrow(
      thrown('argument', /'quantile' does not exist/),
    )
    expect(() => fitThreshold({ kind: 'toString' } as unknown as ThresholdRule, scores)).toThrow(
      thrown('argument', /'toString'; known: quantile, conformal, tail, mad, fixed, f-score, cost/),
    )
  })
})

describe('read', () => {
  const labelled = { scores: [5, 1, 4, 2, 3], labels: [1, 0, 1, 0, 0] }
  const fitted: Threshold[] = [
    fitThreshold(defaultThresholdRule, scores),
    fitThreshold({ kind: 'fixed', value: 1 / 3 }, []),
    ...(['conformal', 'tail', 'mad', 'f-score', 'cost'] as const).map((kind) =>
      fitThreshold({ kind }, scores, labelled),
    ),
  ]

  it('gives back what was saved, to the bit', () => {
    for (const threshold of fitted) expect(readThreshold(JSON.parse(JSON.stringify(threshold)))).toEqual(threshold)
  })

  it('refuses every other value with a format error', () => {
    for (const wrong of [undefined, null, 3, 'x', [], {}, { kind: 'hasOwnProperty' }]) {
      expect(() => readThreshold(wrong)).toThrow(thrown('format', /no threshold kind/))
    }
    for (const threshold of fitted) {
      for (const key of Object.keys(threshold).filter((name) => name !== 'kind')) {
        for (const value of [undefined, null, '1', NaN, Infinity, -Infinity]) {
          expect(() => readThreshold({ ...threshold, [key]: value })).toThrow(thrown('format', /damaged/))
        }
      }
    }
    expect(() => readThreshold({ ...fitted[0], quantile: 2 })).toThrow(thrown('format', /damaged/))
    expect(() => readThreshold({ ...fitted[0], heldBack: 0 })).toThrow(thrown('format', /damaged/))
  })
})

describe('decide', () => {
  it('calls what is strictly above', () => {
    const threshold = { value: 2 }
    expect([...decide([1, 2, 2.0000000001, Infinity, -Infinity], threshold)]).toEqual([0, 0, 1, 1, 0])
    expect([...decide(Float32Array.of(2, 3), threshold)]).toEqual([0, 1])
  })

  it('refuses NaN', () => {
    expect(() => decide([1, NaN], { value: 0 })).toThrow(thrown('data', /score 1/))
  })
})

it('lists its kinds', () => {
  expect(listThresholdKinds().map(({ kind }) => kind)).toEqual([
    'quantile',
    'conformal',
    'tail',
    'mad',
    'fixed',
    'f-score',
    'cost',
  ])
})
