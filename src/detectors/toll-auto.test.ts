// Toll without settings: which networks it trains, and how its score comes of theirs.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random } from '../base/index.js'
import { auroc } from '../metrics/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { autoMembers, autoSettings, tollAuto } from './index.js'
import { fitted, scoresOf } from './moments.harness.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

describe('its members', () => {
  it('are one network per setting and repeat, all trimmed, with a rate that falls to 0', () => {
    const members = autoMembers({ trim: 0.2, repeats: 2 })
    expect(members).toHaveLength(2 * autoSettings.length)
    members.forEach(({ detector, group, parameters }, i) => {
      const { beta, latent, steps } = autoSettings[i % autoSettings.length]
      expect([detector.name, group, parameters]).toEqual(['toll', steps, { beta, latent, steps, trim: 0.2, schedule: 'cosine' }])
    })
    expect(new Set(autoSettings.map((setting) => JSON.stringify(setting))).size).toBe(autoSettings.length)
  })

  it('train longer or shorter, never less than a step', () => {
    const steps = (length: number) => autoMembers({ trim: 0, repeats: 1, length }).map(({ parameters }) => parameters!.steps)
    expect(steps(2)).toEqual(autoSettings.map((setting) => 2 * setting.steps))
    expect(steps(0.01)).toEqual(autoSettings.map((setting) => Math.max(1, Math.round(setting.steps / 100))))
  })
})

describe('a fit', () => {
  const random = Random.seeded(6)
  /** 200 rows near a plane; the first 20 far from it. */
  const rows = {
    shape: [200, 4],
    data: Float64Array.from(Array.from({ length: 200 }, (_, i) => {
      const [a, b] = [random.normal(), random.normal()]
      return (i < 20 ? [2 * a, -2 * a, 2 * b, -2 * b] : [a, a, b, b]).map((value) => value + 0.1 * random.normal())
    }).flat()),
  }

  it('takes the higher average of short and long training, and finds anomalies among the rows that it learned from', async () => {
    const progress: number[] = []
    const detector = await tollAuto.fit({ samples: rows }, { trim: 0.1, repeats: 1, length: 1, standardiseBy: 0.2 }, { engine, seed: 3, onProgress: ({ step, steps }) => progress.push(step / steps) })
    const { score, ...parts } = await scoresOf(detector, rows, engine)
    const columns = Object.values(parts)
    expect(Object.keys(parts)).toEqual(['toll', ...autoSettings.slice(1).map((_, i) => `toll_${i + 2}`)])
    const averageOf = (steps: number, i: number) => {
      const members = columns.filter((_, member) => autoSettings[member].steps === steps)
      return members.reduce((sum, column) => sum + column[i], 0) / members.length
    }
    score.forEach((value, i) => expect(value).toBeCloseTo(Math.max(averageOf(60, i), averageOf(500, i)), 12))
    expect(auroc(Float64Array.from(score), Uint8Array.from(score, (_, i) => Number(i < 20)))).toBeGreaterThan(0.9)
    expect(progress.at(-1)).toBe(1)
    expect(progress).toEqual(progress.toSorted((a, b) => a - b))
    expect(detector.summary).toMatchObject({ choice: expect.stringContaining('without labels'), rows: { learning: 160, standardising: 40 } })
  })

  it('says less than two rows are too few', async () => {
    await expect(fitted(tollAuto, { shape: [1, 2], data: Float64Array.of(1, 2) }, {}, { engine })).rejects.toMatchObject({ code: 'data' })
  })
})
