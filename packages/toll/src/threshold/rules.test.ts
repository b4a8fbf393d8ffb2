// The rules beyond a plain quantile: exact values on small samples, promises over many draws, and estimates against
// independent code.

import { describe, expect, it } from 'vitest'
import { Random } from '../base/index.js'
import { compileModel, fillSlots, input, interpret, readModel } from '../graph/index.js'
import { encodeModel } from '../onnx/index.js'
import { describeThreshold, discoveries, fitPareto, fitThreshold, pValue, pValueSlots, pValues } from './index.js'

const thrown = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

/** Uniform in [0, 1) from an integer hash: the same numbers in any language. */
function hashed(k: number, i: number): number {
  let h = (Math.imul(i, 0x9e3779b1) + Math.imul(k + 1, 0x85ebca77)) >>> 0
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad)
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97)
  return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32
}

describe('conformal', () => {
  it('takes the score that leaves floor(rate (n + 1)) - 1 rows above it', () => {
    expect(fitThreshold({ kind: 'conformal', rate: 0.1 }, upTo(99))).toMatchObject({ value: 90, heldBack: 99 })
    expect(fitThreshold({ kind: 'conformal', rate: 0.1 }, upTo(100))).toMatchObject({ value: 91 })
    expect(fitThreshold({ kind: 'conformal', rate: 0.01 }, upTo(99))).toMatchObject({ value: 99 })
    expect(describeThreshold(fitThreshold({ kind: 'conformal', rate: 0.1 }, upTo(99)))).toBe(
      '90 (at most a share of 0.1 false alarms, by 99 held-back normal rows)',
    )
  })

  it('refuses a rate that so few rows cannot promise, and says how many can', () => {
    expect(() => fitThreshold({ kind: 'conformal', rate: 0.01 }, upTo(98))).toThrow(
      thrown('data', /at least 99 held-back normal rows, got 98/),
    )
    expect(() => fitThreshold({ kind: 'conformal', rate: 0 }, upTo(98))).toThrow(
      thrown('argument', /'rate' must be .* above 0 and below 1/),
    )
  })

  it('calls exactly the rows whose p-value is at most the rate', () => {
    const heldBack = Float64Array.from(upTo(57), (i) => Math.floor(hashed(1, i) * 20)).sort()
    const scores = upTo(60).map((i) => i / 2 - 4)
    const p = pValues(scores, heldBack)
    for (const rate of [0.02, 0.05, 0.1, 0.3, 0.5]) {
      const { value } = fitThreshold({ kind: 'conformal', rate }, heldBack)
      expect(
        scores.map((score) => score > value),
        String(rate),
      ).toEqual([...p].map((value) => value <= rate))
    }
  })

  it('keeps its promise on average over draws of the held-back rows', () => {
    const random = Random.seeded(11)
    for (const [rate, n] of [
      [0.01, 150],
      [0.05, 60],
      [0.1, 35],
    ] as const) {
      const draws = 4000
      let alarms = 0
      for (let draw = 0; draw < draws; draw++) {
        const heldBack = Array.from({ length: n }, () => random.normal())
        alarms += Number(random.normal() > fitThreshold({ kind: 'conformal', rate }, heldBack).value)
      }
      // Exactly floor(rate (n + 1)) / (n + 1) for continuous scores; four standard errors around it.
      const exact = Math.floor(rate * (n + 1)) / (n + 1)
      expect(Math.abs(alarms / draws - exact)).toBeLessThan(4 * Math.sqrt((exact * (1 - exact)) / draws))
    }
  })
})

describe('p-values', () => {
  it('count the held-back scores that are at least as high', () => {
    expect([...pValues([0, 1, 2, 2.5, 4, 9, Infinity], [1, 2, 2, 4])]).toEqual([1, 1, 0.8, 0.4, 0.4, 0.2, 0.2])
  })

  it('are the same in the graph', () => {
    const heldBack = Float64Array.of(1, 2, 2, 4)
    const data = [0, 1, 2, 2.5, 4, 9, Infinity]
    const lowered = compileModel({ p: pValue(input('s', ['batch'], 'float64'), 4) })
    const { outputs } = readModel(encodeModel(fillSlots(lowered, pValueSlots(heldBack))))
    const { p } = interpret(outputs, { s: { shape: [7], data } })
    expect([...p.data]).toEqual([...pValues(data, heldBack)])
  })
})

describe('the tail', () => {
  const excesses = (shape: number) =>
    Float64Array.from({ length: 200 }, (_, i) => {
      const v = 1 - hashed(5, i)
      return shape === 0 ? -2 * Math.log(v) : (2 * (v ** -shape - 1)) / shape
    }).sort()

  it.each([
    [0.3, 0.381245294207, 1.943715408515],
    [-0.2, -0.195656707332, 2.057568345121],
    [0, 0.035183617224, 2.011588041116],
  ])('has the shape and scale that independent code gives (shape %d)', (shape, expected, scale) => {
    const fitted = fitPareto(excesses(shape))
    expect(fitted.shape).toBeCloseTo(expected, 10)
    expect(fitted.scale).toBeCloseTo(scale, 10)
  })

  it('extrapolates a rate that the rows themselves do not resolve', () => {
    const random = Random.seeded(3)
    const heldBack = Array.from({ length: 2000 }, () => -Math.log(1 - random.uniform()))
    // An exponential score has its 1e-5 quantile at 11.51.
    const { value } = fitThreshold({ kind: 'tail', rate: 1e-5 }, heldBack)
    expect(value).toBeGreaterThan(8.5)
    expect(value).toBeLessThan(16)
    // Within the tail it agrees with the rows.
    const inside = fitThreshold({ kind: 'tail', rate: 0.02 }, heldBack).value
    expect(Math.abs(heldBack.filter((score) => score > inside).length / 2000 - 0.02)).toBeLessThan(0.003)
    expect(fitThreshold({ kind: 'tail', rate: 0.3 }, heldBack).value).toBe(
      fitThreshold({ kind: 'quantile', quantile: 0.7 }, heldBack).value,
    )
  })

  it('refuses too few and too equal scores', () => {
    expect(() => fitThreshold({ kind: 'tail' }, upTo(100))).toThrow(
      thrown('data', /at least 20 held-back scores above the rest \(some 200 rows.*got 10/),
    )
    expect(() => fitThreshold({ kind: 'tail' }, new Array<number>(1000).fill(3))).toThrow(thrown('data', /got 0/))
  })
})

describe('mad', () => {
  it('is the median plus robust standard deviations', () => {
    const { value } = fitThreshold({ kind: 'mad', deviations: 2 }, [1, 2, 3, 4, 1000])
    expect(value).toBeCloseTo(3 + 2 * 1.482602218505602, 12)
    expect(() => fitThreshold({ kind: 'mad' }, [1, 1, 1, 9])).toThrow(
      thrown('data', /half of the 4 held-back scores are equal/),
    )
  })
})

describe('rules about labels', () => {
  const labelled = { scores: [9, 8, 7, 6, 5, 4], labels: [1, 1, 0, 1, 0, 0] }

  it('find the best F score, between two scores', () => {
    // Above 5.5: three of four called are anomalies, all found.
    expect(fitThreshold({ kind: 'f-score' }, [], labelled)).toMatchObject({ value: 5.5, score: 6 / 7, labelled: 6 })
    // Precision counts more: the two highest.
    expect(fitThreshold({ kind: 'f-score', beta: 0.1 }, [], labelled)).toMatchObject({ value: 7.5 })
  })

  it('find the lowest cost, at any share of anomalies', () => {
    // Missing one anomaly of three costs 1/3 of 1/2, calling one normal row of three costs 1/3 of 1/2: the higher
    // threshold wins a tie.
    expect(fitThreshold({ kind: 'cost' }, [], labelled)).toMatchObject({
      value: 7.5,
      cost: expect.closeTo(1 / 6, 12) as number,
    })
    expect(fitThreshold({ kind: 'cost', miss: 10 }, [], labelled)).toMatchObject({ value: 5.5 })
    // So few anomalies that calling none is cheapest: above every score.
    const none = fitThreshold({ kind: 'cost', anomalies: 1e-9, falseAlarm: 1, miss: 1 }, [], {
      scores: [9, 8, 7],
      labels: [0, 1, 0],
    })
    expect(none.value).toBeGreaterThan(9)
    const all = fitThreshold({ kind: 'cost', falseAlarm: 0 }, [], { scores: [9, 8, 7], labels: [0, 1, 1] })
    expect(all.value).toBeLessThan(7)
  })

  it('keep equal scores together', () => {
    const { value } = fitThreshold({ kind: 'f-score' }, [], { scores: [2, 2, 1, 1], labels: [1, 0, 0, 0] })
    expect(value).toBe(1.5)
  })

  it('refuse to be found without labels, or with one class', () => {
    expect(() => fitThreshold({ kind: 'f-score' }, upTo(100))).toThrow(
      thrown(
        'data',
        /needs rows with labels.*choose a rule that does without \(quantile, conformal, tail, mad, fixed\)/,
      ),
    )
    expect(() => fitThreshold({ kind: 'cost' }, [], { scores: [1, 2], labels: [0, 0] })).toThrow(
      thrown('data', /both classes, got normal rows only/),
    )
    expect(() => fitThreshold({ kind: 'cost' }, [], { scores: [1, 2], labels: [0] })).toThrow(
      thrown('shape', /1 labels for 2 scores/),
    )
    expect(() => fitThreshold({ kind: 'cost', miss: 0, falseAlarm: 0 }, [], labelled)).toThrow(
      thrown('argument', /both 0/),
    )
  })
})

describe('discoveries', () => {
  it('are those of Benjamini and Hochberg', () => {
    // Their own example: 15 p-values at 0.05, the first four are called.
    const p = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
    ]
    expect([...discoveries(p, 0.05)]).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    expect([...discoveries(p.toReversed(), 0.05)].slice(11)).toEqual([1, 1, 1, 1])
    expect([...discoveries([0.9, 0.8], 0.05)]).toEqual([0, 0])
    expect(discoveries([], 0.05)).toHaveLength(0)
  })

  it('refuse wrong rates and wrong p-values', () => {
    expect(() => discoveries([0.5], 1)).toThrow(thrown('argument', /above 0 and below 1/))
    expect(() => discoveries([0.5, NaN], 0.1)).toThrow(thrown('data', /p-value 1 is NaN/))
  })
})
