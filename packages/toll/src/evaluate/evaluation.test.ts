// Scores against labels: exact measures, what intervals resample, and what is said of them.

import { describe, expect, it } from 'vitest'
import { Random } from '../base/index.js'
import { auroc, averagePrecision, bootstrapIntervals, aurocOf, confusionAt, f1Score } from '../metrics/index.js'
import { evaluateScores, type EvaluatedRows, type EvaluatedThresholds, type EvaluationOptions } from './index.js'

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)
const thrown = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error

/** Two days of four machines, in turn, every ten minutes; machine 2 breaks down for an hour. */
const steps = upTo(288).flatMap((step) => upTo(4).map((machine) => ({ step, machine })))
const broken = ({ step, machine }: { step: number; machine: number }) => machine === 2 && step >= 200 && step < 206
const random = Random.seeded(5)
const labels = steps.map((row) => Number(broken(row)))
const scores = steps.map((row) => (broken(row) ? 3 : Math.abs(random.normal())))
const groups = steps.map(({ machine }) => `m${machine}`)
const time = steps.map(({ step }) => 600 * step)
const threshold = { kind: 'fixed', value: 2 } as const
const evaluate = (
  { threshold: at = threshold, thresholds, ...rows }: Partial<EvaluatedRows & EvaluatedThresholds> = {},
  options: EvaluationOptions = {},
) => evaluateScores({ scores, labels, ...rows }, { threshold: at, thresholds }, { replicates: 100, ...options })

describe('evaluateScores', () => {
  it('measures what ranks and what the threshold decides', () => {
    const result = evaluate()
    const counts = confusionAt(scores, labels, 2)
    expect(result.counts).toEqual(counts)
    expect(Object.keys(result.measures)).toEqual(['auroc', 'averagePrecision', 'f1', 'precision', 'recall'])
    expect(result.measures.auroc).toEqual(
      bootstrapIntervals({ auroc: aurocOf }, scores, labels, { replicates: 100 }).auroc,
    )
    expect(result.measures.auroc.value).toBe(auroc(scores, labels))
    expect(result.measures.averagePrecision.value).toBe(averagePrecision(scores, labels))
    expect(result.measures.f1).toMatchObject({ value: f1Score(counts), level: 0.95, replicates: 100 })
    expect(result).toMatchObject({
      rows: { normal: 1146, anomalies: 6, invalid: 0, imputedNumbers: 0 },
      warnings: [],
      resampled: { unit: 'rows', count: 1152, withAnomalies: 6 },
      precisionAt: [{ rows: 10 }],
      threshold,
    })
    expect(result.alerts).toBeUndefined()
    // Plain data.
    expect(JSON.parse(JSON.stringify(result))).toEqual(result)
  })

  it('resamples whole groups, and warns of few', () => {
    const byGroups = evaluate({ groups }, { top: [6, 12, 6, 5000] })
    expect(byGroups.resampled).toEqual({ unit: 'groups', count: 4, withAnomalies: 1 })
    expect(byGroups.warnings).toEqual([{ code: 'few-clusters', unit: 'groups', count: 4, withAnomalies: 1, min: 10 }])
    expect(byGroups.measures.auroc.value).toBe(evaluate().measures.auroc.value)
    expect(byGroups.precisionAt.map(({ rows }) => rows)).toEqual([6, 12, 1152])
    expect(byGroups.precisionAt[2].value).toBeCloseTo(6 / 1152, 12)
  })

  it('resamples blocks of time, and counts alerts a day for each threshold', () => {
    const byTime = evaluate({ time, thresholds: { strict: { kind: 'fixed', value: 2.9 } } }, { blocks: 24 })
    expect(byTime.resampled).toMatchObject({ unit: 'blocks', count: 24 })
    const { truePositives, falsePositives } = byTime.counts
    expect(byTime.alerts).toMatchObject([
      { output: 'is_anomaly', alerts: truePositives + falsePositives, falsePerDay: falsePositives / 2 },
      { output: 'is_anomaly_strict' },
    ])
    // 288 times, ten minutes apart.
    expect(byTime.alerts![0].days).toBeCloseTo(2, 12)
    // With groups and times, groups are what is resampled.
    expect(evaluate({ groups, time })).toMatchObject({ resampled: { unit: 'groups' }, alerts: [{}] })
    // Rows without times may still depend on those before them.
    const inOrder = evaluate({ inOrder: true }, { blocks: 24 })
    expect(inOrder).toMatchObject({ resampled: { unit: 'blocks', count: 24 } })
    expect(inOrder.alerts).toBeUndefined()
    expect(evaluate({}, { resample: 'blocks', blocks: 24 })).toEqual(inOrder)
  })

  it('leaves rows without a score out, and counts them', () => {
    const holes = scores.map((score, row) => (row % 3 === 1 ? NaN : score))
    const kept = upTo(scores.length).filter((row) => row % 3 !== 1)
    const of = <T>(values: readonly T[]) => kept.map((row) => values[row])
    const { rows, ...measured } = evaluate({ scores: holes, groups, time })
    const { rows: keptRows, ...expected } = evaluate({
      scores: of(scores),
      labels: of(labels),
      groups: of(groups),
      time: of(time),
    })
    expect(measured).toEqual(expected)
    expect(rows).toEqual({ ...keptRows, invalid: 384 })
    expect(evaluate({ invalid: 7, imputed: 3, ofTraining: true })).toMatchObject({
      rows: { invalid: 7, imputedNumbers: 3 },
      warnings: [{ code: 'training-rows' }],
    })
  })

  it.each<[string, Partial<EvaluatedRows & EvaluatedThresholds>, EvaluationOptions, string, RegExp]>([
    ['no score', { scores: scores.map(() => NaN) }, {}, 'data', /no row could be scored/],
    ['another number of labels', { labels: [0, 1] }, {}, 'shape', /expected 1152 labels, one per score, got 2/],
    ['labels that are none', { labels: labels.map((label) => label / 2) }, {}, 'data', /label \d+ is 0\.5/],
    ['one class', { labels: labels.map(() => 0) }, {}, 'data', /rows of both classes/],
    ['a threshold that is none', { threshold: { kind: 'fixed', value: NaN } }, {}, 'argument', /NaN/],
    ['an option outside its domain', {}, { level: 1 }, 'argument', /'level'/],
    ['no highest score', {}, { top: [0] }, 'argument', /'top'/],
    ['groups to resample, without any', {}, { resample: 'groups' }, 'argument', /the group of each row/],
  ])('refuses %s', (_, rows, options, code, message) => {
    expect(() => evaluate(rows, options)).toThrow(thrown(code, message))
  })
})
