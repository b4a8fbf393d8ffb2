import { describe, expect, it } from 'vitest'
import { Random } from '../base/index.js'
import {
  alertRate,
  aurocOf,
  bootstrapIntervals,
  clusterIntervals,
  countByScore,
  precisionAtOf,
  timeBlocks,
} from './index.js'

const thrown = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)

describe('intervals over clusters', () => {
  it('with one row per cluster are those over rows', () => {
    const random = Random.seeded(2)
    const labels = upTo(300).map((i) => Number(i % 6 === 0))
    const scores = labels.map((label) => label + random.normal())
    const rows = bootstrapIntervals({ auroc: aurocOf }, scores, labels, { replicates: 4000 }).auroc
    const clusters = clusterIntervals({ auroc: aurocOf }, scores, labels, upTo(300), { replicates: 4000 }).auroc
    expect(clusters.value).toBe(rows.value)
    // Two different streams of draws: the ends agree to the noise of 4000 replicates.
    expect(Math.abs(clusters.low - rows.low)).toBeLessThan(0.006)
    expect(Math.abs(clusters.high - rows.high)).toBeLessThan(0.006)
  })

  it('of rows that are copies do not shrink with the copies', () => {
    const random = Random.seeded(4)
    const labels = upTo(60).map((i) => Number(i % 4 === 0))
    const scores = labels.map((label) => label + random.normal())
    const copies = <T>(values: readonly T[]) => values.flatMap((value) => new Array<T>(9).fill(value))
    const options = { replicates: 2000 }
    const once = clusterIntervals({ auroc: aurocOf }, scores, labels, upTo(60), options).auroc
    const nine = clusterIntervals({ auroc: aurocOf }, copies(scores), copies(labels), copies(upTo(60)), options).auroc
    expect(nine).toEqual(once)
    const asRows = bootstrapIntervals({ auroc: aurocOf }, copies(scores), copies(labels), options).auroc
    expect((asRows.high - asRows.low) / (once.high - once.low)).toBeLessThan(0.45)
  })

  it('of two clusters are the values of their draws', () => {
    // Cluster a has AUROC 1, cluster b 0; both have anomalies. Draws: aa 1, bb 0, ab the value.
    const scores = [2, 1, 10, 11]
    const labels = [1, 0, 1, 0]
    const { value, low, high } = clusterIntervals({ auroc: aurocOf }, scores, labels, ['a', 'a', 'b', 'b'], {
      replicates: 500,
    }).auroc
    expect([value, low, high]).toEqual([0.5, 0, 1])
  })

  it('refuse one cluster and another length; a draw of one class is made again', () => {
    expect(() => clusterIntervals({ auroc: aurocOf }, [1, 2], [0, 1], [5, 5])).toThrow(
      thrown('data', /at least 2 clusters, got 1/),
    )
    expect(() => clusterIntervals({ auroc: aurocOf }, [1, 2], [0, 1], [5])).toThrow(
      thrown('shape', /2 clusters, one per row, got 1/),
    )
    const many = upTo(2000)
    const labels = many.map((i) => Number(i > 0))
    // The one normal row shares its cluster with an anomaly, one of a thousand clusters: a draw misses it a third of
    // the time, and is made again.
    expect(
      clusterIntervals(
        { auroc: aurocOf },
        many,
        labels,
        many.map((i) => i >> 1),
        { replicates: 20 },
      ).auroc.value,
    ).toBe(1)
  })
})

describe('blocks of time', () => {
  it('are consecutive and equal, whatever the order of the rows; equal times stay together', () => {
    expect([...timeBlocks([5, 1, 4, 2, 3, 0], 3)]).toEqual([2, 0, 2, 1, 1, 0])
    expect([...timeBlocks([0, 0, 0, 0, 1, 2], 3)]).toEqual([0, 0, 0, 0, 2, 2])
  })
})

describe('precision at k', () => {
  const counts = countByScore([9, 8, 8, 8, 5, 1], [1, 1, 0, 0, 1, 0])
  it('is the share of anomalies among the highest, ties in random order', () => {
    expect(precisionAtOf(counts, 1)).toBe(1)
    expect(precisionAtOf(counts, 2)).toBeCloseTo((1 + 1 / 3) / 2, 14)
    expect(precisionAtOf(counts, 4)).toBe(0.5)
    expect(precisionAtOf(counts, 5)).toBe(0.6)
    expect(precisionAtOf(counts, 100)).toBe(0.5)
    expect(() => precisionAtOf(counts, 0)).toThrow(thrown('argument', /at least 1, got 0/))
  })
})

describe('alerts a day', () => {
  it('count called rows over the time that rows cover', () => {
    // 48 hourly rows: two days.
    const time = upTo(48).map((hour) => 3600 * hour)
    const decisions = upTo(48).map((hour) => Number(hour % 12 === 0 || hour === 1))
    const labels = upTo(48).map((hour) => Number(hour === 12))
    expect(alertRate(decisions, labels, time)).toEqual({
      days: 2,
      alerts: 5,
      perDay: 2.5,
      falsePerDay: 2,
      busiestDay: 3,
    })
    expect(alertRate(new Uint8Array(48), labels, time)).toMatchObject({ perDay: 0, busiestDay: 0 })
  })

  it('need time to pass, and lists of one length', () => {
    expect(() => alertRate([1, 0], [0, 0], [7, 7])).toThrow(thrown('data', /different times, got 2 at the same time/))
    expect(() => alertRate([1], [0, 0], [7, 8])).toThrow(thrown('shape', /2 times but 1 decisions/))
  })
})
