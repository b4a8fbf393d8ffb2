// Splits of a labelled table by groups and by time.

import { describe, expect, it } from 'vitest'
import { splitTable, type SplitOptions } from './split-table.js'

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)
const thrown = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error
const labels = Uint8Array.from(upTo(100), (row) => Number(row % 10 === 0))
const split = (options: Partial<SplitOptions>, number = 0) =>
  splitTable(100, { labels, testShare: 0.3, seed: 1, trainOn: 'normal', ...options }, number)

describe('a split', () => {
  it('at random keeps the share of each class, and leaves anomalies out of training', () => {
    const { train, test } = split({})
    expect([train.length, test.length, test.filter((row) => labels[row] === 1).length]).toEqual([63, 30, 3])
    expect(train.some((row) => labels[row] === 1)).toBe(false)
    expect(split({}, 1).test).not.toEqual(test)
    expect(split({ trainOn: 'all' }).train).toHaveLength(70)
  })

  it('by groups shares whole ones out, those with anomalies by themselves', () => {
    // Groups of 5 rows: every second one holds an anomaly.
    const groups = upTo(100).map((row) => `g${Math.floor(row / 5)}`)
    const { train, test } = split({ groups })
    expect([test.length, test.filter((row) => labels[row] === 1).length]).toEqual([30, 3])
    expect(
      new Set(train.map((row) => Math.floor(row / 5))).size + new Set(test.map((row) => Math.floor(row / 5))).size,
    ).toBe(20)
    expect(split({ groups }, 1).test).not.toEqual(test)
  })

  it('by time takes the latest rows, equal times together; with groups those that start latest', () => {
    const time = upTo(100).map((row) => 99 - row)
    expect(split({ time }).test).toEqual(Int32Array.from(upTo(30)))
    expect(split({ time: upTo(100).map((row) => Math.floor(row / 20)) }).test).toEqual(
      Int32Array.from(upTo(40), (i) => 60 + i),
    )
    const groups = upTo(100).map((row) => Math.floor(row / 5))
    expect([...new Set(split({ groups, time }).test.map((row) => groups[row]))]).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('refuses parts without both classes', () => {
    expect(() => split({ time: upTo(100), testShare: 0.05 })).toThrow(
      thrown('data', /5 latest rows that test hold no anomaly.*try another share$/),
    )
    expect(() => split({ groups: upTo(100).map((row) => labels[row]) })).toThrow(
      thrown('data', /leaves 0 rows to train on/),
    )
    expect(() => split({ labels: new Uint8Array(100) })).toThrow(thrown('data', /at least 1 anomalies, got 0 of 100/))
  })
})
