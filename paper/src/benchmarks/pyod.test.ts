// PyOD's benchmark: the protocol against facts of NumPy and scikit-learn on rows from an integer hash, and the
// published table where the data are here.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ndarray, type Engine } from 'toll'
import type { PhaseProgress } from 'toll/base'
import { detectorNamed, runDetector } from 'toll/detectors'
import { closeEngines, openEngines } from 'toll/node'
import type { SweepOptions } from '../sweep/index.js'
import { memoryStore } from '../sweep/memory-store.harness.js'
import {
  pyodBenchmark,
  pyodMethod,
  pyodTableOf,
  renderPyod,
  reproducePyod,
  type PyodDataset,
  type PyodSweepTrial,
  type PyodTable,
  type PyodWanted,
  type StoredPyodTrial,
} from './index.js'
import { loadPyodDatasets } from './node/index.js'
import { publishedAuroc, pyodColumns } from './pyod-published.js'
import { readPyodTrial } from './pyod-record.js'
import { differenceOf } from './pyod-render.js'
import { pyodSplit } from './pyod.js'
import { fitStandardization, standardize } from './standardize.js'

let engines: Engine[]
beforeAll(async () => {
  engines = await openEngines({ threads: 1, workers: 2 })
})
afterAll(() => closeEngines(engines))

/** Uniform in [-1, 1) from two integers. */
function hashed(k: number, i: number): number {
  let h = (Math.imul(i, 0x9e3779b1) + Math.imul(k + 1, 0x85ebca77)) | 0
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad)
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97)
  return ((h ^ (h >>> 15)) >>> 0) / 2 ** 31 - 1
}

/** 50 rows of 3 columns; every fifth is an outlier, spread 2.5 times as wide. */
const small: PyodDataset = {
  name: 'small',
  y: Uint8Array.from({ length: 50 }, (_, i) => Number(i % 5 === 0)),
  x: ndarray(
    Float64Array.from(
      { length: 150 },
      (_, at) => hashed(7, at) * (Math.floor(at / 3) % 5 === 0 ? 2.5 : 1) + 10 * (at % 3),
    ),
    [50, 3],
  ),
}

type Options = Partial<PyodWanted & SweepOptions<PyodSweepTrial, StoredPyodTrial>>

const run = (more: Options = {}): Promise<PyodTable> =>
  reproducePyod({ datasets: [small], detectors: ['knn', 'mean-distance'], engines, splits: [0, 1, 2], ...more })

describe('the protocol', () => {
  it('tests the first 40 % of the permutation, rounded up', () => {
    const { train, test } = pyodSplit(10, 0)
    expect([[...test], [...train]]).toEqual([
      [2, 8, 4, 9],
      [1, 6, 7, 3, 0, 5],
    ])
    expect(pyodSplit(11, 0).test).toHaveLength(5)
  })

  it('standardises by the training rows, and leaves a constant column at zero', () => {
    const scaling = fitStandardization({ shape: [4, 2], data: Float64Array.of(1, 7, 2, 7, 3, 7, 6, 7) })
    expect([...scaling.centre]).toEqual([3, 7])
    expect([...scaling.divisor]).toEqual([Math.sqrt(3.5), 1])
    expect([...standardize({ shape: [1, 2], data: Float64Array.of(3, 8) }, scaling).data]).toEqual([0, 1])
  })

  it('gives the AUROC of scikit-learn on each split', async () => {
    const { cells } = await run()
    expect(cells.map(({ method, trials }) => [method.detector, trials.map(({ auroc }) => auroc)])).toEqual([
      ['knn', [0.9019607843137255, 1, 0.9166666666666666].map((value) => expect.closeTo(value, 12))],
      ['mean-distance', [0.9607843137254902, 1, 0.9444444444444444].map((value) => expect.closeTo(value, 12))],
    ])
    expect(cells[0].auroc!.mean).toBeCloseTo((0.9019607843137255 + 1 + 0.9166666666666666) / 3, 12)
  })

  it('knows the settings of every published detector', () => {
    const methods = [
      'abod',
      'cblof',
      'feature-bagging',
      'hbos',
      'isolation-forest',
      'knn',
      'lof',
      'mcd',
      'oc-svm',
      'pca',
    ].map(pyodMethod)
    expect(methods.map(({ column }) => column)).toEqual(pyodColumns)
    expect(pyodMethod('oc-svm').parameters(4)).toEqual({ nu: 0.5, gamma: 0.25 })
    expect(pyodMethod('pca').parameters(4)).toMatchObject({ score: 'weighted' })
    expect(pyodMethod('mean-distance')).toMatchObject({ detector: 'mean-distance' })
    expect(() => pyodMethod('nothing')).toThrow(expect.objectContaining({ code: 'not-found' }))
  })

  it('holds the published table', () => {
    expect(pyodBenchmark).toHaveLength(17)
    for (const { auroc, rerun } of pyodBenchmark) expect([auroc.length, rerun.length]).toEqual([10, 10])
    expect(publishedAuroc('vowels', 'PCA')).toEqual({ published: 0.6027, rerun: 0.6027 })
    expect(publishedAuroc('vowels', 'CBLOF')).toEqual({ published: 0.5856, rerun: 0.9301 })
    expect(publishedAuroc('nothing', 'PCA')).toBeUndefined()
  })
})

describe('a run', () => {
  it('takes what the store holds and adds the rest, in any order of engines', async () => {
    const store = memoryStore<StoredPyodTrial>()
    const events: PhaseProgress[] = []
    const whole = await run({ store, onProgress: (event) => void events.push(event) })
    expect(store.trials).toHaveLength(6)
    expect([events.at(-1)!.done, events.at(-1)!.total]).toEqual([6, 6])
    const before = store.trials.length
    const again = await run({ store, engines: engines.slice(0, 1) })
    expect(store.trials).toHaveLength(before)
    expect(again).toEqual(whole)
    // Other parameters, data or detectors are other trials.
    await run({
      store,
      datasets: [
        {
          ...small,
          x: ndarray(
            small.x.data.map((value) => 2 * value),
            [50, 3],
          ),
        },
      ],
      splits: [0],
    })
    expect(store.trials).toHaveLength(before + 2)
  })

  it('is shared by splits, and made of its log alone', async () => {
    const [one, other] = [memoryStore<StoredPyodTrial>(), memoryStore<StoredPyodTrial>()]
    await run({ store: one, splits: [0, 2] })
    await run({ store: other, splits: [1] })
    const joined = memoryStore([...one.trials, ...other.trials])
    const whole = await run({ store: joined })
    expect(joined.trials).toHaveLength(6)
    expect(whole.cells.map(({ trials }) => trials.map(({ split }) => split))).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ])
    // By names the table knows the published data sets alone, and not where trials ran.
    const named = joined.trials.map((trial) => ({ ...trial, dataset: 'cardio' }))
    const table = pyodTableOf([...named, { ...named[0], auroc: 0 }], { detectors: ['knn', 'lof'] })
    expect(table).toMatchObject({ splits: 3, datasets: [{ name: 'cardio', rows: 1831, columns: 21, outliers: 176 }] })
    expect(table.machine).toBeUndefined()
    expect(table.cells).toHaveLength(1)
    expect(table.cells[0].trials.find(({ split }) => split === named[0].split)!.auroc).toBe(0)
    expect(pyodTableOf(named, { splits: [1] }).cells.map(({ trials }) => trials.length)).toEqual([1, 1])
  })

  it('goes on where a detector fails, and says why', async () => {
    const { cells } = await run({
      detectors: ['mean-distance', 'toll'],
      datasets: [
        {
          ...small,
          x: ndarray(
            small.x.data.map((value) => value * 1e200),
            [50, 3],
          ),
        },
      ],
      splits: [0],
    })
    expect(cells[0]).toMatchObject({ method: { detector: 'mean-distance' } })
    const table = await run({
      splits: [0],
      datasets: [{ name: 'two', x: ndarray(Float64Array.of(1, 2, 3), [3, 1]), y: Uint8Array.of(0, 0, 1) }],
      detectors: ['knn'],
    })
    expect(table.cells[0].failure).toMatch(/./)
    expect(renderPyod(table).text).toContain(`knn on two has no numbers: ${table.cells[0].failure}`)
  })

  it('stops when it is told to', async () => {
    const stop = new AbortController()
    stop.abort()
    await expect(run({ signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' })
  })

  it.each<[string, Options, string, RegExp]>([
    ['no data set', { datasets: [] }, 'argument', /at least one data set/],
    ['no detector', { detectors: [] }, 'argument', /at least one data set and one detector/],
    ['an unknown detector', { detectors: ['nothing'] }, 'not-found', /nothing/],
    ['no split', { splits: [] }, 'argument', /'splits'/],
    [
      'another table of a published name',
      { datasets: [{ ...small, name: 'cardio' }] },
      'shape',
      /should be 1831 x 21 .* got 50 x 3/,
    ],
    ['labels that do not fit', { datasets: [{ ...small, y: new Uint8Array(3) }] }, 'shape', /3/],
  ])('refuses %s', async (_, change, code, message) => {
    await expect(run(change)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })
})

describe('one detector on one split', () => {
  it('scores any number of sets, each row by itself', async () => {
    const train = { shape: [2, 2], data: Float64Array.of(0, 0, 2, 2) }
    const { scores } = await runDetector({
      detector: detectorNamed('mean-distance'),
      train,
      engine: engines[0],
      seed: 0,
      scored: [
        { shape: [2, 2], data: Float64Array.of(1, 1, 4, 5) },
        { shape: [0, 2], data: new Float64Array(0) },
      ],
    })
    expect(scores.map((list) => [...list])).toEqual([[0, 5], []])
  })

  it('refuses rows of another width', async () => {
    await expect(
      runDetector({
        detector: detectorNamed('mean-distance'),
        train: { shape: [2, 2], data: new Float64Array(4) },
        engine: engines[0],
        seed: 0,
        scored: [{ shape: [1, 3], data: new Float64Array(3) }],
      }),
    ).rejects.toMatchObject({ code: 'shape' })
  })
})

describe('the table', () => {
  it('shows ours, the published value and the difference', async () => {
    const table = await run()
    const published: PyodTable = {
      ...table,
      cells: table.cells.map((cell) => (cell.method.column ? { ...cell, published: 0.9, rerun: 0.94 } : cell)),
    }
    expect(differenceOf(published.cells[0])).toBeCloseTo(table.cells[0].auroc!.mean - 0.9, 12)
    const { text, csv, json } = renderPyod(published, 'toll reproduce pyod')
    expect(text).toContain('KNN is beyond its tolerance on small +0.0395 (−0.0005)')
    expect(text).toContain('Data sets of the published table that are not in this one: arrhythmia, cardio')
    expect(csv.split('\n')[1]).toMatch(/^small,knn,KNN,3,0\.939/)
    expect((JSON.parse(json) as PyodTable).cells).toHaveLength(2)
  })

  it.each([
    ['mcd', /MCD is beyond .* smaller determinant/],
    ['cblof', /CBLOF is beyond .* older k-means/],
    ['abod', /ABOD is beyond .* copies count once/],
  ])('explains what is known of %s', async (detector, known) => {
    const table = await run({ detectors: [detector], splits: [0] })
    const moved: PyodTable = {
      ...table,
      cells: table.cells.map((cell) => ({ ...cell, published: cell.auroc!.mean - 0.03, rerun: cell.auroc!.mean })),
    }
    expect(renderPyod(moved).markdown.replaceAll('\n', ' ')).toMatch(known)
    const met: PyodTable = {
      ...table,
      cells: table.cells.map((cell) => ({ ...cell, published: cell.auroc!.mean - 0.019, rerun: cell.auroc!.mean })),
    }
    expect(renderPyod(met).markdown).not.toMatch(known)
  })

  it.each(['settings', 'dataset', 'detector', 'split', 'auroc', 'averagePrecision', 'fitSeconds', 'experiment'])(
    'refuses a line of a log with a wrong %s',
    (field) => {
      const trial: StoredPyodTrial = {
        experiment: 'pyod',
        settings: 's',
        dataset: 'cardio',
        detector: 'knn',
        split: 0,
        auroc: 0.5,
        averagePrecision: 0.5,
        fitSeconds: 1,
        scoreSeconds: 1,
      }
      expect(readPyodTrial(trial)).toEqual(trial)
      expect(() => readPyodTrial({ ...trial, [field]: -1 })).toThrow(expect.objectContaining({ code: 'format' }))
    },
  )
})

describe('the published table', () => {
  const data = process.env.TOLL_DATA
  if (!data) console.log('skipped: TOLL_DATA does not name a folder with the .mat files of ODDS')
  it.skipIf(!data)('is met by the exact detectors to its last digit on two small sets', async () => {
    const { cells } = await run({
      datasets: await loadPyodDatasets(['lympho', 'vertebral']),
      detectors: ['knn', 'lof', 'pca', 'hbos', 'oc-svm'],
      splits: Array.from({ length: 10 }, (_, split) => split),
    })
    for (const cell of cells)
      expect({ on: `${cell.dataset} ${cell.method.detector}`, off: Math.abs(differenceOf(cell)!) < 0.0002 }).toEqual({
        on: expect.any(String),
        off: true,
      })
    await expect(loadPyodDatasets(['nothing'])).rejects.toMatchObject({ code: 'argument' })
    await expect(loadPyodDatasets(['cardio'], { data: '/nowhere', cache: '/nowhere' })).rejects.toMatchObject({
      code: 'not-found',
    })
  })
})
