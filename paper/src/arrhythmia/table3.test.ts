// Table 3 in small: few steps on data of the same kind, with exact structure, equal numbers for equal seeds, resuming
// and stopping.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ndarray, type Engine } from 'toll'
import { Random, type PhaseProgress } from 'toll/base'
import { closeEngines, openEngines } from 'toll/node'
import type { SweepOptions } from '../sweep/index.js'
import { memoryStore } from '../sweep/memory-store.harness.js'
import {
  renderTable3Json,
  renderTable3Markdown,
  renderTable3Text,
  reproduceTable3,
  resolveTable3,
  summarizeTable3,
  type ArrhythmiaData,
  type Table3,
  type Table3Record,
  type Table3Trial,
  type Table3Wanted,
} from './index.js'
import { readTable3Record, type StoredTrial } from './record.js'

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

type Options = Partial<Table3Wanted & SweepOptions<Table3Trial, Table3Record>>

const small = (more: Options = {}): Promise<Table3> =>
  reproduceTable3({ data, engines, seeds: [0, 1], splits: [0, 1], steps: 40, ...more })

describe('reproduceTable3', () => {
  it('runs every seed and split once and summarises them beside the floor', async () => {
    const events: PhaseProgress[] = []
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
    expect(result.methods.map(({ method, shipped, random }) => [method, shipped?.f1.count, random?.f1.count])).toEqual([
      ['toll', 2, 2],
      ['plain', 2, 2],
      ['distance', 1, 2],
    ])
    const [toll] = result.methods
    expect(toll.shipped!.auroc.mean).toBeCloseTo((result.trials[0].auroc + result.trials[1].auroc) / 2, 12)
    expect(toll.aboveFloor!.f1.mean).toBeCloseTo(toll.random!.f1.mean - result.methods[2].random!.f1.mean, 12)
    for (const { step, validationF1 } of result.trials) {
      expect([20, 40]).toContain(step)
      // 3 of 20 rows are called, 4 are anomalies: F1 is 2 k / 7.
      expect([0, 2 / 7, 4 / 7, 6 / 7]).toContain(validationF1)
    }
    expect(events.every(({ phase, total }) => phase === 'trials' && total === 8 * 40)).toBe(true)
    expect(events.map(({ done }) => done)).toEqual(events.map(({ done }) => done).sort((a, b) => a - b))
    expect(events.at(-1)).toMatchObject({ done: 320, message: expect.stringMatching(/; 8 of 8 trials done$/) })
  })

  it('gives the same numbers again, whatever the number of engines', async () => {
    expect((await small({ engines: engines.slice(0, 1) })).trials).toEqual((await small()).trials)
  })

  it('takes finished runs from the store and adds the others', async () => {
    const whole = memoryStore<Table3Record>()
    const expected = await small({ store: whole })
    expect(whole.trials).toHaveLength(4)
    const half = memoryStore<Table3Record>([
      ...whole.trials.slice(0, 2),
      { ...whole.trials[3], settings: 'of another experiment' },
    ])
    expect(await small({ store: half })).toEqual(expected)
    expect(half.trials).toHaveLength(5)
    const changed = memoryStore(whole.trials)
    await small({ store: changed, steps: 20 })
    expect(changed.trials).toHaveLength(8)
  })

  it('is shared by seeds and splits: the logs of two machines are the log of one', async () => {
    const [one, other] = [memoryStore<Table3Record>(), memoryStore<Table3Record>()]
    await small({ store: one, seeds: [0], splits: [1] })
    await small({ store: other, seeds: [1], splits: [0] })
    const joined = memoryStore([...one.trials, ...other.trials])
    const expected = await small()
    expect(await small({ store: joined })).toEqual(expected)
    expect(joined.trials).toHaveLength(4)
    // A table of one log alone has what ran.
    const setting = resolveTable3({ data, seeds: [0, 1], splits: [0, 1], steps: 40 })
    const half = summarizeTable3(setting, engines[0], one.trials)
    expect(half.settings).toMatchObject({ seeds: 1, splits: 1 })
    // A log has its trials in the order in which they ended.
    const ofOne = expected.trials.filter(({ split, seed }) => split === 1 || (split !== 0 && seed === 0))
    const bySplit = (a: { split: unknown }, b: { split: unknown }) => String(a.split).localeCompare(String(b.split))
    expect(half.trials.toSorted(bySplit)).toEqual(ofOne.toSorted(bySplit))
  })

  it('stops when it is told to, and keeps what was finished', async () => {
    const store = memoryStore<Table3Record>()
    const stop = new AbortController()
    const running = small({
      steps: 2000,
      splits: [],
      engines: engines.slice(0, 1),
      store,
      signal: stop.signal,
      onProgress: ({ done }) => done > 2200 && stop.abort(),
    })
    await expect(running).rejects.toMatchObject({ code: 'aborted' })
    expect(store.trials.map(({ seed }) => seed)).toEqual([0])
  })

  it.each([
    [{ seeds: [] }, /'seeds' must be .* got none/],
    [{ splits: [-1] }, /'splits' .* got -1/],
    [{ seeds: [1, 1] }, /'seeds' .* different .* got 1, 1/],
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
    const { f1 } = result.methods[0].shipped!
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
    const result = await small({ splits: [] })
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
      expect(() => readTable3Record({ ...trial, [field]: -1 })).toThrow(expect.objectContaining({ code: 'format' }))
    },
  )

  it.each(['f1', 'auroc', 'averagePrecision', 'detector', 'protocol', 'seed', 'settings'])(
    'refuses a trial of a detector with a wrong %s',
    (field) => {
      const { f1, auroc, averagePrecision } = trial
      const run = { settings: 's', detector: 'knn', protocol: 'half', seed: 3, f1, auroc, averagePrecision }
      expect(readTable3Record(run)).toEqual(run)
      expect(() => readTable3Record({ ...run, [field]: -1 })).toThrow(expect.objectContaining({ code: 'format' }))
    },
  )
})
