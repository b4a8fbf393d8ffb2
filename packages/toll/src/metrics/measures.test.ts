import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  auroc,
  aurocOf,
  averagePrecision,
  averagePrecisionOf,
  confusion,
  confusionAt,
  confusionOf,
  countByScore,
  f1Score,
  precision,
  precisionRecallCurve,
  predictShare,
  recall,
  rocCurve,
} from './index.js'

// Expected numbers are scikit-learn's (1.2.1), unless they are derived in the test.
const scores = [0.1, 0.4, 0.35, 0.8, 0.4, 0.4, 0.9, 0.2, 0.8, 0.05]
const labels = [0, 0, 1, 1, 1, 0, 1, 0, 0, 0]

/** 1000 rows with 135 distinct scores and 272 anomalies. */
const many = Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 11 < 3 ? 1 : 0))
const manyScores = many.map((label, i) => Math.floor(((i * 104729) % 997) / 10) + 35 * label)

const thrown = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })

describe('area under the ROC curve', () => {
  it('equals scikit-learn, with ties', () => {
    expect(auroc(scores, labels)).toBe(18.5 / 24)
    expect(auroc(manyScores, many)).toBe(0.7977890675500969)
  })

  it('is the share of pairs in the right order, ties counting half', () => {
    let right = 0
    let pairs = 0
    manyScores.forEach((a, i) =>
      manyScores.forEach((b, j) => {
        if (many[i] === 1 && many[j] === 0) {
          pairs += 2
          right += a > b ? 2 : a === b ? 1 : 0
        }
      }),
    )
    expect(auroc(manyScores, many)).toBe(right / pairs)
  })

  it('is 1, 0 and one half for perfect, reversed and constant scores', () => {
    expect(auroc([1, 2, 3, 4], [0, 0, 1, 1])).toBe(1)
    expect(auroc([1, 2, 3, 4], [1, 1, 0, 0])).toBe(0)
    expect(auroc([7, 7, 7, 7], [1, 0, 0, 0])).toBe(0.5)
    expect(auroc([0, -0], [1, 0])).toBe(0.5)
    expect(auroc([Infinity, 1, -Infinity], Uint8Array.of(1, 0, 0))).toBe(1)
  })

  it('does not depend on the order of rows and leaves its input alone', () => {
    const backwards = Float32Array.from(manyScores).reverse()
    const copy = backwards.slice()
    expect(auroc(backwards, [...many].reverse())).toBe(0.7977890675500969)
    expect(backwards).toEqual(copy)
  })
})

describe('curves', () => {
  it('ROC: one vertex per distinct score, from (0, 0) to (1, 1)', () => {
    const curve = rocCurve(scores, labels)
    expect([...curve.thresholds]).toEqual([Infinity, 0.9, 0.8, 0.4, 0.35, 0.2, 0.1, 0.05])
    expect([...curve.truePositiveRate]).toEqual([0, 0.25, 0.5, 0.75, 1, 1, 1, 1])
    expect([...curve.falsePositiveRate]).toEqual([0, 0, 1 / 6, 0.5, 0.5, 4 / 6, 5 / 6, 1])
  })

  it('precision and recall: one vertex per distinct score', () => {
    const curve = precisionRecallCurve(scores, labels)
    expect([...curve.thresholds]).toEqual([0.9, 0.8, 0.4, 0.35, 0.2, 0.1, 0.05])
    expect([...curve.precision]).toEqual([1, 2 / 3, 0.5, 4 / 7, 0.5, 4 / 9, 0.4])
    expect([...curve.recall]).toEqual([0.25, 0.5, 0.75, 1, 1, 1, 1])
  })

  it('the trapezoids under the ROC curve add up to the area', () => {
    const { falsePositiveRate: x, truePositiveRate: y } = rocCurve(manyScores, many)
    let area = 0
    for (let i = 1; i < x.length; i++) area += ((x[i] - x[i - 1]) * (y[i] + y[i - 1])) / 2
    expect(area).toBeCloseTo(auroc(manyScores, many), 14)
  })
})

describe('average precision', () => {
  it('equals scikit-learn, with ties', () => {
    expect(averagePrecision(scores, labels)).toBeCloseTo(0.6845238095238095, 15)
    expect(averagePrecision(manyScores, many)).toBeCloseTo(0.6787347900643791, 14)
  })

  it('is the share of anomalies for a constant score', () => {
    expect(averagePrecision([3, 3, 3, 3], [1, 0, 0, 0])).toBe(0.25)
  })
})

describe('decisions', () => {
  it('counts and rates equal scikit-learn; the threshold itself is normal', () => {
    const at = (threshold: number) => {
      const c = confusionAt(scores, labels, threshold)
      expect(confusionOf(countByScore(scores, labels), threshold)).toEqual(c)
      return [c.trueNegatives, c.falsePositives, c.falseNegatives, c.truePositives, precision(c), recall(c), f1Score(c)]
    }
    expect(at(0.35)).toEqual([3, 3, 1, 3, 0.5, 0.75, 0.6])
    expect(at(0.4)).toEqual([5, 1, 2, 2, 2 / 3, 0.5, 4 / 7])
    expect(at(0.8)).toEqual([6, 0, 3, 1, 1, 0.25, 0.4])
    expect(at(0.9)).toEqual([6, 0, 4, 0, 0, 0, 0])
    expect(f1Score(confusionAt(manyScores, many, 70))).toBeCloseTo(0.5331278890600925, 15)
  })

  it('a share of 0.854 calls 13 of 90 rows, so that precision, recall and F1 agree', () => {
    const rows = Array.from({ length: 90 }, (_, i) => (i * 37) % 90)
    const truth = rows.map((_, i) => (i % 7 === 0 ? 1 : 0))
    const c = confusion(predictShare(rows, 0.854), truth)
    expect(c.truePositives + c.falsePositives).toBe(13)
    expect(precision(c)).toBe(recall(c))
    expect(f1Score(c)).toBe(c.truePositives / 13)
  })

  it('a share rounds halves to even and calls the later of equal scores', () => {
    expect([...predictShare([5, 5, 5, 5, 5], 0.5)]).toEqual([0, 0, 1, 1, 1])
    expect([...predictShare([5, 5, 5], 0.5)]).toEqual([0, 0, 1])
    expect([...predictShare([3, 1, 2, 1], 0.5)]).toEqual([1, 0, 1, 0])
    expect([...predictShare([Infinity, -Infinity, Infinity], 2 / 3)]).toEqual([0, 0, 1])
    expect([...predictShare([1, 2], 1)]).toEqual([0, 0])
    expect([...predictShare([1, 2], 0)]).toEqual([1, 1])
    expect(predictShare([], 0.5)).toHaveLength(0)
  })
})

describe('bad input', () => {
  it('is refused by every measure, with what and where', () => {
    for (const measure of [
      auroc,
      averagePrecision,
      rocCurve,
      precisionRecallCurve,
      (s: number[], l: number[]) => confusionAt(s, l, 0),
    ]) {
      expect(() => measure([1, NaN, 2], [0, 1, 0])).toThrow(thrown('data', /score 1 is NaN/))
      expect(() => measure([1, 2], [0])).toThrow(thrown('shape', /2 rows but 1 labels/))
      expect(() => measure([1, 2], [0, 2])).toThrow(thrown('data', /label 1 is 2/))
      expect(() => measure([1, 2], [0, NaN])).toThrow(thrown('data', /label 1 is NaN/))
      expect(() => measure([1, 2], [0, 0])).toThrow(thrown('data', /both classes.*all 2 rows are normal/))
      expect(() => measure([1, 2], [1, 1])).toThrow(thrown('data', /both classes.*all 2 rows are anomalies/))
      expect(() => measure([], [])).toThrow(thrown('data', /no rows/))
    }
    expect(() => confusion([0, 0.5], [0, 1])).toThrow(thrown('data', /decision 1 is 0.5/))
    expect(() => confusionAt([0, 1], [0, 1], NaN)).toThrow(thrown('argument', /NaN/))
    expect(() => predictShare([0, NaN], 0.5)).toThrow(thrown('data', /score 1/))
    expect(() => predictShare([0, 1], 1.1)).toThrow(thrown('argument', /1\.1/))
  })
})

const golden = join(process.env.TOLL_GOLDEN ?? '', 'classical.json')
const reason =
  process.env.TOLL_GOLDEN === undefined
    ? 'TOLL_GOLDEN is not set'
    : existsSync(golden)
      ? ''
      : 'TOLL_GOLDEN has no classical.json'

if (reason) console.info(`golden measures skipped: ${reason}`)

it.skipIf(reason)('equals the golden measures', () => {
  const { metrics } = JSON.parse(readFileSync(golden, 'utf8')) as {
    metrics: Record<string, number> & { tiedScores: number[]; labels: number[] }
  }
  const counts = countByScore(metrics.tiedScores, metrics.labels)
  expect(aurocOf(counts)).toBeCloseTo(metrics.aurocWithTies, 15)
  expect(averagePrecisionOf(counts)).toBeCloseTo(metrics.averagePrecisionWithTies, 15)
})
