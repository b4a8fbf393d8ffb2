// Criteria on networks whose choice is known, and the comparison on a small table: what it runs, stores and shows.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from 'toll'
import { Random } from 'toll/base'
import { autoSettings } from 'toll/detectors'
import { closeEngines, openEngines } from 'toll/node'
import { memoryStore } from '../sweep/memory-store.harness.js'
import { chosenBy, combinations, criteria, type ScoredMember } from './auto-criteria.js'
import { readAutoTrial } from './auto-record.js'
import { against, waysOf } from './auto-render.js'
import {
  compareChoices,
  renderAuto,
  tableOfTrials,
  type AutoTable,
  type PyodDataset,
  type StoredAutoTrial,
} from './index.js'
import { loadOtherTables } from './node/index.js'

const list = (...values: number[]) => Float64Array.of(...values)

function network(
  setting: string,
  repeat: number,
  scores: Partial<ScoredMember['scores']>,
  ranks = { test: list(0.5, 0.5), held: list(0.1, 0.3, 0.5, 0.9) },
): ScoredMember {
  const held = list(1, 2, 3, 4)
  return {
    setting,
    beta: setting === 'a' ? 0 : 1,
    steps: 60,
    repeat,
    trim: 0.1,
    ranks,
    scores: { test: list(1, 2), held, learned: held, shuffled: held, uniform: held, ...scores },
  }
}

const choose = (name: string, candidates: ScoredMember[], all = candidates) =>
  chosenBy(
    criteria.find((criterion) => criterion.name === name)!,
    candidates,
    all,
  ).setting

describe('a criterion', () => {
  it('chooses by the agreement of seeds', () => {
    const all = [
      network('a', 0, {}),
      network('b', 0, {}),
      network('a', 1, { held: list(4, 3, 2, 1) }),
      network('b', 1, { held: list(1, 2, 4, 3) }),
    ]
    expect(choose('agreement of seeds', all.slice(0, 2), all)).toBe('b')
  })

  it('chooses by the agreement with the consensus', () => {
    expect(
      choose('agreement with the consensus', [network('a', 0, { held: list(1, 3, 2, 4) }), network('b', 0, {})]),
    ).toBe('b')
  })

  it.each<[string, Partial<ScoredMember['scores']>, Partial<ScoredMember['scores']>]>([
    ['held-back loss', { shuffled: list(3, 3, 3, 3) }, { shuffled: list(9, 9, 9, 9) }],
    ['least overfitting', { learned: list(1, 1, 1, 1) }, { learned: list(2, 2, 2, 2) }],
    ['heavy tail', { held: list(1, 1, 2, 2) }, { held: list(1, 1, 1, 9) }],
    ['light tail', { held: list(1, 1, 1, 9) }, { held: list(1, 1, 2, 2) }],
    ['against shuffled rows', { shuffled: list(0, 1, 5, 5) }, { shuffled: list(3, 5, 5, 5) }],
    ['mass-volume', { uniform: list(1, 1, 5, 5) }, { uniform: list(1, 5, 5, 5) }],
    ['excess-mass', { uniform: list(1, 1, 1, 5) }, { uniform: list(1, 5, 5, 5) }],
  ])('%s', (name, worse, better) => {
    expect(choose(name, [network('worse', 0, worse), network('better', 0, better)])).toBe('better')
    expect(choose(name, [network('better', 0, better), network('worse', 0, worse)])).toBe('better')
  })

  it('never takes a value that is not a number, and the first at a tie', () => {
    expect(
      choose('heavy tail', [network('equal', 0, { held: list(2, 2, 2, 2) }), network('a', 0, {}), network('b', 0, {})]),
    ).toBe('a')
  })
})

describe('a combination', () => {
  const pair = [
    network(
      'a',
      0,
      { test: list(3, 5), held: list(1, 1, 3, 3) },
      { test: list(0.5, 0.9), held: list(0.1, 0.3, 0.5, 0.9) },
    ),
    network(
      'b',
      0,
      { test: list(0, 40), held: list(0, 0, 20, 20) },
      { test: list(0.1, 0.99), held: list(0.1, 0.3, 0.5, 0.9) },
    ),
  ]

  it.each<[string, number[]]>([
    // Means 2 and 10, deviations 1 and 10: 1 and 3 by the first network, -1 and 3 by the second.
    ['highest average over beta', [0, 3]],
    ['average over beta of the highest', [0, 3]],
    ['average standardised score', [0, 3]],
    ['highest standardised score', [1, 3]],
    ['average rank', [0.3, 0.945]],
    ['median rank', [0.3, 0.945]],
    ['highest rank', [0.5, 0.99]],
    ['average tail probability', [-(Math.log(0.5) + Math.log(0.9)) / 2, -(Math.log(0.1) + Math.log(0.01)) / 2]],
  ])('%s', (name, expected) => {
    const combined = combinations.find((combination) => combination.name === name)!.combine(pair)
    expect([...combined]).toEqual(expected.map((value) => expect.closeTo(value, 12)))
  })
})

describe('the comparison', () => {
  let engines: Engine[]
  let table: AutoTable
  const store = memoryStore<StoredAutoTrial>()
  const { trials } = store
  const random = Random.seeded(5)
  /** 150 rows near a plane, ten of them far from it, under the name and the shape of none of the published sets. */
  const planted: PyodDataset = {
    name: 'planted',
    y: Uint8Array.from({ length: 150 }, (_, i) => Number(i < 10)),
    x: {
      shape: [150, 4],
      data: Float64Array.from(
        Array.from({ length: 150 }, (_, i) => {
          const [a, b] = [random.normal(), random.normal()]
          return [a, b, a + b + (i < 10 ? 4 : 0), a - b - (i < 10 ? 4 : 0)].map(
            (value) => value + 0.1 * random.normal(),
          )
        }).flat(),
      ),
    },
  }
  beforeAll(async () => {
    engines = await openEngines({ threads: 1, workers: 1 })
    table = await compareChoices({ datasets: [planted], engines, splits: [0], store })
  })
  afterAll(() => closeEngines(engines))

  it('measures every network, criterion and combination once', async () => {
    const [trial] = table.trials
    expect(table.trials).toHaveLength(1)
    expect(Object.keys(trial.networks)).toHaveLength(5 * autoSettings.length + 6)
    expect(Object.keys(trial.others)).toEqual(['isolation-forest', 'hbos', 'pca', 'knn', 'ecod', 'loda'])
    expect(Object.keys(trial.chosen)).toEqual(criteria.map(({ name }) => name))
    expect(Object.keys(trial.combined)).toEqual(combinations.map(({ name }) => name))
    for (const chosen of Object.values(trial.chosen)) expect(Object.values(trial.networks)).toContain(chosen)
    expect(trial.combined['highest average over beta']).toBeGreaterThan(0.9)
    expect(trials.map((stored) => readAutoTrial(JSON.parse(JSON.stringify(stored))))).toEqual(trials)
    expect(trials).toHaveLength(1)
    expect(trial.pools['its networks alone']).toBe(trial.combined['highest average over beta'])
    expect(trial.pools['toll-auto']).toBeGreaterThan(0.9)
    expect(tableOfTrials([trials[0], trials[0]])).toEqual(table)
    expect(() => tableOfTrials([])).toThrow(expect.objectContaining({ code: 'data' }))
    expect(await compareChoices({ datasets: [planted], engines, splits: [0], store })).toEqual(table)
    expect(trials).toHaveLength(1)
  })

  it('shows the choice by labels first, and differences to it', () => {
    const { ways, best } = waysOf(table)
    expect(ways[0]).toMatchObject({ kind: 'labels', means: best.means })
    expect(Math.max(...ways.filter(({ kind }) => kind === 'setting').map(({ means }) => means[0]))).toBe(best.means[0])
    expect(against(best, best)).toMatchObject({ mean: best.means[0], difference: { mean: 0 } })
    const { text, csv } = renderAuto(table)
    for (const { name } of [...criteria, ...combinations]) expect(text).toContain(name)
    expect(csv.split('\n')[0]).toBe('kind,choice,mean,planted')
  })

  it('refuses what is no trial', () => {
    expect(() => readAutoTrial({ ...trials[0], chosen: { a: 2 } })).toThrow(expect.objectContaining({ code: 'format' }))
    expect(() => readAutoTrial(null)).toThrow(expect.objectContaining({ code: 'format' }))
  })
})

describe('other tables', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'toll-others-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('hold one rare digit, or one normal digit, the same rows every time', async () => {
    const [tables, again] = [
      await loadOtherTables({ data: folder, cache: folder }),
      await loadOtherTables({ data: folder, cache: folder }),
    ]
    expect(tables.map(({ name }) => name)).toEqual(
      Array.from({ length: 10 }, (_, digit) => [`digit ${digit} rare`, `digit ${digit} normal`]).flat(),
    )
    for (const [i, { name, x, y }] of tables.entries()) {
      expect([name, x.shape[0], y.length, y.reduce((sum, label) => sum + label, 0)]).toEqual(
        name.endsWith('rare') ? [name, 1550, 1550, 50] : [name, 540, 540, 40],
      )
      // Sums of 16 bytes, whole and within their range; no column of one value.
      expect(x.data.every((value) => Number.isInteger(value) && value >= 0 && value <= 16 * 255)).toBe(true)
      for (let j = 0; j < x.shape[1]; j++)
        expect(new Set(x.data.filter((_, k) => k % x.shape[1] === j)).size).toBeGreaterThan(1)
      expect(again[i].x.data).toEqual(x.data)
    }
  })

  it('hold connections of one service, attacks among them, where the file is there', async () => {
    const line = (i: number) =>
      [
        i % 5,
        'tcp',
        i % 2 ? 'http' : 'smtp',
        'SF',
        ...Array.from({ length: 37 }, (_, j) => (j === 0 ? i : 7)),
        i % 10 === 0 || i % 10 === 3 ? 'back.' : 'normal.',
      ].join(',')
    await writeFile(
      join(folder, 'kddcup.data_10_percent.gz'),
      gzipSync(Array.from({ length: 400 }, (_, i) => line(i)).join('\n')),
    )
    const found = (await loadOtherTables({ data: folder, cache: folder })).filter(({ name }) =>
      name.startsWith('connections'),
    )
    // Nobody uses ftp_data here: no table; columns of one value are gone.
    expect(found.map(({ name, x, y }) => [name, x.shape, y.reduce((sum, label) => sum + label, 0)])).toEqual([
      ['connections http', [200, 2], 40],
      ['connections smtp', [200, 2], 40],
      ['connections all', [400, 2], 80],
    ])
    const [{ x, y }] = found
    y.forEach((label, row) => expect(x.data[2 * row + 1] % 10 === 3).toBe(label === 1))
  })
})
