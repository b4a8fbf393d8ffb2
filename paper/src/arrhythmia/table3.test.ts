// Table 3 in small: few steps on data of the same kind, with exact structure, equal numbers for equal seeds, resuming
// and stopping.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random, ndarray } from 'toll/base'
import type { Engine } from 'toll/runtime'
import {
  renderTable3Json,
  renderTable3Markdown,
  renderTable3Text,
  reproduceTable3,
  type ArrhythmiaData,
  type StoredTrial,
  type Table3,
  type Table3Options,
  type TrialStore,
} from './index.js'
import { type PhaseProgress as ExperimentProgress } from 'toll/base'
import { closeEngines, openEngines } from 'toll/evaluate/node'
import { readTrial } from './record.js'

let engines: Engine[]
let data: ArrhythmiaData
beforeAll(async () => {
  engines = await openEngines({ threads: 1, workers: 2 })
  data = makeData()
})
afterAll(() => closeEngines(engines))

/** 80 normal rows around 0 and 20 anomalous ones farther out, 12 columns. */
function makeData(): ArrhythmiaData {
  const random = Random.seeded(3)
  const y = Uint8Array.from({ length: 100 }, (_, row) => Number(row % 5 === 0))
  const x = Float64Array.from({ length: 1200 }, (_, i) => random.normal() * (y[Math.floor(i / 12)] === 1 ? 2 : 1))
  return { x: ndarray(x, [100, 12]), y, normalOrder: random.permutation(80), anomalousOrder: random.permutation(20) }
}

const small = (more: Partial<Table3Options> = {}): Promise<Table3> =>
  reproduceTable3({ data, engines, seeds: 2, splits: 2, steps: 40, ...more })

function memoryStore(): TrialStore & { readonly trials: StoredTrial[] } {
  const trials: StoredTrial[] = []
  return {
    trials,
    read: () => Promise.resolve([...trials]),
    append: (trial) => Promise.resolve(void trials.push(trial)),
  }
}

describe('reproduceTable3', () => {
  it('runs every seed and split once and summarises them beside the floor', async () => {
    const events: ExperimentProgress[] = []
    const result = await small({ plain: true, onProgress: (event) => void events.push(event) })
    expect(result.trials.map(({ split, beta, seed }) => [split, beta, seed])).toEqual([
      ['shipped', 10, 0],
      ['shipped', 10, 1],
      ['shipped', 0, 0],
      ['shipped', 0, 1],
      [0, 10, 0],
      [1, 10, 1],
      [0, 0, 0],
      [1, 0, 1],
    ])
    expect(result.settings.rows).toEqual({ train: 48, validation: 20, test: 20, testAnomalies: 4 })
    expect(result.machine).toMatchObject({ device: 'cpu', threads: 1 })
    expect(result.methods.map(({ method, shipped, random }) => [method, shipped.f1.count, random?.f1.count])).toEqual([
      ['toll', 2, 2],
      ['plain', 2, 2],
      ['distance', 1, 2],
    ])
    const [toll] = result.methods
    expect(toll.shipped.auroc.mean).toBeCloseTo((result.trials[0].auroc + result.trials[1].auroc) / 2, 12)
    expect(toll.aboveFloor!.f1.mean).toBeCloseTo(toll.random!.f1.mean - result.methods[2].random!.f1.mean, 12)
    for (const { step, validationF1 } of result.trials) {
      expect([20, 40]).toContain(step)
      // 3 of 20 rows are called, 4 are anomalies: F1 is 2 k / 7.
      expect([0, 2 / 7, 4 / 7, 6 / 7]).toContain(validationF1)
    }
    for (const phase of ['shipped split', 'random splits']) {
      const done = events.filter((event) => event.phase === phase)
      expect(done.every(({ total }) => total === 160)).toBe(true)
      expect(done.map((event) => event.done)).toEqual(done.map((event) => event.done).sort((a, b) => a - b))
      expect(done.at(-1)!.done).toBe(160)
    }
  })

  it('gives the same numbers again, whatever the number of engines', async () => {
    expect((await small({ engines: engines.slice(0, 1) })).trials).toEqual((await small()).trials)
  })

  it('takes finished runs from the store and adds the others', async () => {
    const whole = memoryStore()
    const expected = await small({ store: whole })
    expect(whole.trials).toHaveLength(4)
    const half = memoryStore()
    half.trials.push(...whole.trials.slice(0, 2), { ...whole.trials[3], settings: 'of another experiment' })
    expect(await small({ store: half })).toEqual(expected)
    expect(half.trials).toHaveLength(5)
    const changed = memoryStore()
    changed.trials.push(...whole.trials)
    await small({ store: changed, steps: 20 })
    expect(changed.trials).toHaveLength(8)
  })

  it('stops when it is told to, and keeps what was finished', async () => {
    const store = memoryStore()
    const stop = new AbortController()
    const running = small({
      steps: 2000,
      splits: 0,
      engines: engines.slice(0, 1),
      store,
      signal: stop.signal,
      onProgress: ({ done }) => done > 2200 && stop.abort(),
    })
    await expect(running).rejects.toMatchObject({ code: 'aborted' })
    expect(store.trials.map(({ seed }) => seed)).toEqual([0])
  })

  it.each([
    [{ seeds: 0 }, /'seeds' must be .* got 0/],
    [{ splits: -1 }, /'splits'/],
    [{ steps: 19 }, /'steps'/],
    [{ steps: 50 }, /multiple of 20, got 50/],
    [{ engines: [] }, /at least one engine/],
  ])('refuses %j', async (change, message) => {
    await expect(small(change)).rejects.toMatchObject({ code: 'argument', message: expect.stringMatching(message) })
  })
})

describe('the table', () => {
  it('is the same in text and Markdown, and whole in JSON', async () => {
    const result = await small()
    const { f1 } = result.methods[0].shipped
    const shown = `${(100 * f1.mean).toFixed(1)} ± ${(100 * f1.populationSd).toFixed(1)}`
    const [text, markdown, json] = [renderTable3Text(result), renderTable3Markdown(result), renderTable3Json(result)]
    for (const rendered of [text, markdown]) {
      expect(rendered).toContain(shown)
      expect(rendered).toContain('distance to the training mean')
      expect(rendered).toContain('65.4 ± 6.2')
      expect(rendered).toContain('Nadeau and Bengio')
      expect(rendered).toContain('rehearsal')
      for (const paper of [
        '60.00',
        '55.72',
        '54.14',
        '53.03',
        '52.00',
        '51.52',
        '51.13',
        '49.83',
        '46.01',
        '45.18',
        '42.42',
        '34.79',
      ])
        expect(rendered).toContain(paper)
    }
    expect(
      Math.max(
        ...text
          .split('\n')
          .slice(0, 20)
          .map((line) => line.length),
      ),
    ).toBeLessThan(110)
    const parsed = JSON.parse(json) as Table3 & { published: { paper: unknown[] } }
    expect(parsed.trials).toEqual(result.trials)
    expect(parsed.published.paper).toHaveLength(12)
  })

  it('leaves the random splits out when none ran', async () => {
    const result = await small({ splits: 0 })
    expect(result.methods.every(({ random, aboveFloor }) => random === undefined && aboveFloor === undefined)).toBe(
      true,
    )
    expect(renderTable3Text(result)).not.toContain('random splits')
  })
})

describe('a trial read from a log', () => {
  const trial: StoredTrial = {
    settings: 's',
    split: 3,
    beta: 10,
    seed: 3,
    f1: 0.5,
    auroc: 0.75,
    averagePrecision: 0.25,
    step: 20,
    validationF1: 1,
  }

  it.each(['f1', 'auroc', 'averagePrecision', 'validationF1', 'split', 'beta', 'seed', 'step', 'settings'])(
    'refuses a trial with a wrong %s',
    (field) => {
      expect(() => readTrial({ ...trial, [field]: -1 })).toThrow(expect.objectContaining({ code: 'format' }))
    },
  )
})
