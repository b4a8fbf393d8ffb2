// Toll without settings: which networks it trains, and how its score comes of theirs.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random } from '../base/index.js'
import { auroc } from '../metrics/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { autoNetworks, autoSettings, tollAuto } from './index.js'
import { fitted, scoresOf } from './moments.harness.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

describe('its networks', () => {
  it('are one network per setting and repeat, all trimmed, with a rate that falls to 0', () => {
    const members = autoNetworks({ trim: 0.2, repeats: 2 })
    expect(members).toHaveLength(2 * autoSettings.length)
    members.forEach(({ detector, group, parameters }, i) => {
      const { beta, latent, steps } = autoSettings[i % autoSettings.length]
      expect([detector.name, group, parameters]).toEqual([
        'toll',
        steps,
        { beta, latent, steps, trim: 0.2, schedule: 'cosine' },
      ])
    })
    expect(new Set(autoSettings.map((setting) => JSON.stringify(setting))).size).toBe(autoSettings.length)
  })

  it('train longer or shorter, never less than a step', () => {
    const steps = (length: number) =>
      autoNetworks({ trim: 0, repeats: 1, length }).map(({ parameters }) => parameters!.steps)
    expect(steps(2)).toEqual(autoSettings.map((setting) => 2 * setting.steps))
    expect(steps(0.01)).toEqual(autoSettings.map((setting) => Math.max(1, Math.round(setting.steps / 100))))
  })
})

describe('a fit', () => {
  const random = Random.seeded(6)
  /** 200 rows near a plane; the first 20 far from it. */
  const rows = {
    shape: [200, 4],
    data: Float64Array.from(
      Array.from({ length: 200 }, (_, i) => {
        const [a, b] = [random.normal(), random.normal()]
        return (i < 20 ? [2 * a, -2 * a, 2 * b, -2 * b] : [a, a, b, b]).map((value) => value + 0.1 * random.normal())
      }).flat(),
    ),
  }

  const settings = { trim: 0.1, classical: true, repeats: 1, length: 1, standardiseBy: 0.2 }
  const networkNames = ['toll', ...autoSettings.slice(1).map((_, i) => `toll_${i + 2}`)]

  it(
    'takes the highest average of short training, long training and classical detectors, and finds ' +
      'anomalies among the rows that it learned from',
    async () => {
      const progress: number[] = []
      const detector = await tollAuto.fit({ samples: rows }, settings, {
        engine,
        seed: 3,
        onProgress: ({ step, steps }) => progress.push(step / steps),
      })
      const { score, ...parts } = await scoresOf(detector, rows, engine)
      expect(Object.keys(parts)).toEqual([...networkNames, 'isolation-forest', 'hbos'])
      const columns = Object.values(parts)
      const averageOf = (steps: number, i: number) => {
        const members = columns.filter((_, member) => (autoSettings[member]?.steps ?? 0) === steps)
        return members.reduce((sum, column) => sum + column[i], 0) / members.length
      }
      score.forEach((value, i) =>
        expect(value).toBeCloseTo(Math.max(...[60, 500, 0].map((steps) => averageOf(steps, i))), 12),
      )
      expect(
        auroc(
          Float64Array.from(score),
          Uint8Array.from(score, (_, i) => Number(i < 20)),
        ),
      ).toBeGreaterThan(0.9)
      expect(progress.at(-1)).toBe(1)
      expect(progress).toEqual(progress.toSorted((a, b) => a - b))
      expect(detector.summary).toMatchObject({
        choice: expect.stringContaining('without labels'),
        rows: { learning: 160, standardising: 40 },
      })
    },
  )

  it('is of networks alone where that is asked for, and where rows have weights', async () => {
    const short = { ...settings, length: 0.05 }
    const partsOf = async (given: Parameters<typeof tollAuto.fit>[0], parameters = short) => {
      const { score: _, ...parts } = await scoresOf(
        await tollAuto.fit(given, parameters, { engine, seed: 3 }),
        rows,
        engine,
      )
      return parts
    }
    const [without, weighted] = [
      await partsOf({ samples: rows }, { ...short, classical: false }),
      await partsOf({ samples: rows, weights: new Float32Array(200).fill(1) }),
    ]
    expect(Object.keys(without)).toEqual(networkNames)
    expect(Object.keys(weighted)).toEqual(networkNames)
  })

  it('standardises by held-back scores whose outer ones are drawn in', async () => {
    const spread = async (trim: number) => {
      const { summary } = await tollAuto.fit(
        { samples: rows },
        { ...settings, length: 0.05, trim },
        { engine, seed: 3 },
      )
      return (summary.members as { detector: string; sd: number }[]).find(({ detector }) => detector === 'hbos')!.sd
    }
    expect(await spread(0.4)).toBeLessThan(await spread(0))
  })

  it('says less than two rows are too few', async () => {
    await expect(
      fitted(tollAuto, { shape: [1, 2], data: Float64Array.of(1, 2) }, {}, { engine }),
    ).rejects.toMatchObject({ code: 'data' })
  })
})
