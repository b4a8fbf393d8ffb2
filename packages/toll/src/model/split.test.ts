// Rows held back by groups and by time, and windows whose held-back rows no training window has seen.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random, tableFromRows, type Table } from '../base/index.js'
import { detectorNamed } from '../detectors/index.js'
import { slideWindows } from '../preprocess/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { split, type SplitOptions } from './split.js'
import { fit, Model } from './index.js'

const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)
const splitOf = (n: number, options: Partial<SplitOptions>) =>
  split(n, { holdOut: 0.2, random: Random.seeded(1), ...options })

describe('by groups', () => {
  const groups = upTo(100).map((row) => `g${row % 10}`)

  it('holds back whole groups, at random', () => {
    const { by, groups: count, heldOut, training, anomalies } = splitOf(100, { groups })
    expect([by, count, heldOut.length, training.length, anomalies]).toEqual(['groups', 2, 20, 80, []])
    expect(training.filter((row) => heldOut.some((held) => groups[held] === groups[row]))).toEqual([])
    const other = splitOf(100, { groups, random: Random.seeded(2) })
    expect(other.heldOut).not.toEqual(heldOut)
  })

  it('counts normal rows only, and leaves labelled anomalies of all groups out', () => {
    const labels = Uint8Array.from(groups, (group) => Number(group === 'g3'))
    const { heldOut, training, anomalies } = splitOf(100, { groups, labels })
    expect([heldOut.length, training.length, anomalies.length]).toEqual([20, 70, 10])
  })

  it('with times holds back those that start latest', () => {
    // Group g starts at -g: g0 and g1 start latest.
    const time = upTo(100).map((row) => (row < 10 ? -(row % 10) : 100 + row))
    expect([...new Set(splitOf(100, { groups, time }).heldOut.map((row) => groups[row]))].sort()).toEqual(['g0', 'g1'])
  })

  it('prefers groups that do not hold back much more than asked for; else the smallest', () => {
    const uneven = upTo(100).map((row) => (row < 90 ? 'large' : row < 96 ? 'middle' : 'small'))
    for (const seed of [1, 2, 3, 4]) {
      expect(splitOf(100, { groups: uneven, holdOut: 0.1, random: Random.seeded(seed) }).heldOut).toEqual(
        upTo(10).map((row) => row + 90),
      )
      expect(splitOf(100, { groups: uneven, holdOut: 0.01, random: Random.seeded(seed) }).heldOut).toEqual([
        96, 97, 98, 99,
      ])
    }
  })

  it('needs two groups', () => {
    expect(() => splitOf(60, { groups: upTo(60).map(() => 'all') })).toThrow(
      refusal('data', /at least 2 groups, got 1/),
    )
  })
})

describe('by time', () => {
  it('holds back the latest rows, whatever their order, equal times together', () => {
    const time = upTo(100).map((row) => (row * 37) % 100)
    const { by, heldOut, training } = splitOf(100, { time })
    expect(by).toBe('time')
    expect(heldOut.map((row) => time[row]).sort((a, b) => a - b)).toEqual(upTo(20).map((i) => i + 80))
    expect(training).toHaveLength(80)
    // The row at the cut has time 8: all of that time are held back.
    expect(splitOf(100, { time: upTo(100).map((row) => Math.floor(row / 9)) }).heldOut).toEqual(
      upTo(28).map((i) => i + 72),
    )
  })

  it('refuses one time for all, and a time that is none', () => {
    expect(() => splitOf(60, { time: upTo(60).map(() => 5) })).toThrow(
      refusal('data', /holding out 60 of 60 normal rows by time leaves 0 to train on/),
    )
    expect(() => splitOf(60, { time: upTo(60).map((row) => (row === 7 ? Infinity : row)) })).toThrow(
      refusal('data', /time of row 8 is Infinity/),
    )
  })
})

describe('windows', () => {
  const source = tableFromRows(
    upTo(200).map((i) => [i]),
    ['a'],
  )

  it('that are held back share no row with those that train', () => {
    const windows = slideWindows(source, { size: 10 })
    const { by, heldOut, training } = splitOf(191, { windows })
    expect([by, heldOut.length, training.length]).toEqual(['time', 38, 191 - 38 - 9])
    expect(Math.max(...training.flatMap((w) => [...windows.members[w]]))).toBeLessThan(
      Math.min(...heldOut.flatMap((w) => [...windows.members[w]])),
    )
    expect(() => splitOf(101, { windows: slideWindows(source, { size: 100 }) })).toThrow(
      refusal('data', /leaves 0 to train on; hold fewer out, or choose smaller windows/),
    )
  })

  it('follow whole groups where there are some', () => {
    const groups = upTo(200).map((row) => row % 5)
    const windows = slideWindows(source, { size: 10 }, { groups })
    const { by, heldOut, training } = splitOf(155, { windows, groups })
    expect([by, heldOut.length, training.length]).toEqual(['groups', 31, 124])
    const rowsOf = (samples: readonly number[]) => new Set(samples.flatMap((w) => [...windows.members[w]]))
    expect([...rowsOf(heldOut)].filter((row) => rowsOf(training).has(row))).toEqual([])
  })
})

describe('fit', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await openEngine({ device: 'cpu', threads: 1 })
  })
  afterAll(() => engine.close())
  const detector = detectorNamed('mean-distance')

  /** A slow wave with noise. */
  const wave = (n: number): Table => {
    const random = Random.seeded(3)
    return tableFromRows(
      upTo(n).map((i) => [Math.sin(i / 5) + 0.05 * random.normal(), Math.cos(i / 5)]),
      ['a', 'b'],
    )
  }

  it('of windows keeps them in the file, and takes their columns', async () => {
    const data = wave(300)
    const labels = Uint8Array.from(upTo(300), (row) => Number(row === 100))
    const model = await fit(data, { engine, detector, labels, window: { size: 4, time: 'clock' }, time: upTo(300) })
    const { window, rows, heldBack, input } = new Model(model.bytes, engine).manifest
    expect(window).toEqual({ size: 4, stride: 1, columns: ['a', 'b'], time: 'clock' })
    // 297 windows, 4 of which hold the anomaly; 29 held back, 3 in the gap.
    expect(rows).toEqual({ given: 297, trained: 297 - 4 - 29 - 3, anomalies: 4 })
    expect([heldBack.by, heldBack.scores.length]).toEqual(['time', 29])
    expect(input.kind === 'table' && input.columns.map(({ name }) => name)).toEqual([
      'a@3',
      'b@3',
      'a@2',
      'b@2',
      'a@1',
      'b@1',
      'a@0',
      'b@0',
    ])
    const { score } = await model.score(slideWindows(data, window!).table)
    expect(score).toHaveLength(297)
    await model.close()
  })

  it('keeps how rows were held back', async () => {
    const groups = upTo(120).map((row) => Math.floor(row / 12))
    const model = await fit(wave(120), { engine, detector, groups, holdOut: 0.2 })
    expect(model.manifest.heldBack).toMatchObject({ source: 'held-back', by: 'groups', groups: 2 })
    expect(model.manifest.heldBack.scores).toHaveLength(24)
    await model.close()
  })

  it('by groups keeps the promised rate of false alarms on new groups, which rows at random do not', async () => {
    /** Groups of 20 rows whose centres differ. */
    const patients = (count: number, random: Random) => {
      const groups = upTo(20 * count).map((row) => Math.floor(row / 20))
      const centres = upTo(count).map(() => upTo(4).map(() => 2 * random.normal()))
      return {
        groups,
        table: tableFromRows(
          groups.map((group) => centres[group].map((centre) => centre + random.normal())),
          ['a', 'b', 'c', 'd'],
        ),
      }
    }
    const realised = async (byGroups: boolean) => {
      let sum = 0
      for (let seed = 0; seed < 10; seed++) {
        const random = Random.seeded(seed)
        const { table, groups } = patients(60, random)
        const model = await fit(table, {
          engine,
          detector: detectorNamed('knn'),
          seed,
          holdOut: 0.3,
          threshold: { kind: 'conformal', rate: 0.05 },
          ...(byGroups && { groups }),
        })
        const { isAnomaly } = await model.score(patients(100, random).table)
        sum += isAnomaly.reduce((called, flag) => called + flag, 0) / isAnomaly.length
        await model.close()
      }
      return sum / 10
    }
    const byGroups = await realised(true)
    // 18 groups are held back each time: the rate of one model scatters by some 0.03.
    expect(Math.abs(byGroups - 0.05)).toBeLessThan(0.03)
    expect(await realised(false)).toBeGreaterThan(0.12)
  })

  it('refuses windows of images, weights with windows, and lists of another length', async () => {
    const images = { shape: [60, 1, 2, 2], data: new Float32Array(240).map((_, i) => i % 7) }
    await expect(fit({ kind: 'images', ...images }, { engine, window: { size: 2 } })).rejects.toThrow(
      refusal('argument', /windows are made of the rows of tables/),
    )
    await expect(fit(wave(60), { engine, window: { size: 2 }, weights: new Float64Array(60).fill(1) })).rejects.toThrow(
      refusal('argument', /weights of rows do not go with windows/),
    )
    await expect(fit(wave(60), { engine, groups: [1, 2] })).rejects.toThrow(
      refusal('shape', /60 groups, one per row, got 2/),
    )
    await expect(fit(wave(60), { engine, time: [1, 2] })).rejects.toThrow(
      refusal('shape', /60 times, one per row, got 2/),
    )
  })
})
