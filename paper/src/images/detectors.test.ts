// OC-SVM, KDE and isolation forest on small made images: records, the log that they share with networks, and their
// columns.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from 'toll'
import { closeEngines, openEngines } from 'toll/node'
import { paperTables, renderImageTable, tabulateOthers } from '../image-tables/index.js'
import type { SweepOptions } from '../sweep/index.js'
import { openTrialStore, queryTrials, readTrials } from '../sweep/node/index.js'
import { greyImages, testMachine } from './made-images.harness.js'
import {
  imageFormat,
  imageProtocols,
  isDetectorRecord,
  planImages,
  readLoggedRecord,
  resolveImageSetting,
  runImageTrials,
  svmGrid,
  type DetectorRecord,
  type ImageSweepOptions,
  type ImageTrial,
  type LoggedRecord,
} from './index.js'

let engines: Engine[]
let folder: string
let records: DetectorRecord[]
const at = (name: string) => join(folder, name)

const warn = (text: string) => {
  throw new Error(text)
}
const protocol = imageProtocols.mnist
const setting = resolveImageSetting(protocol)
const only = (detectors: readonly string[], classes: readonly number[], seeds: readonly number[]) => ({
  betas: [],
  detectors,
  classes,
  seeds,
})

async function run(
  log: string,
  more: Partial<ImageSweepOptions & SweepOptions<ImageTrial, LoggedRecord>> = {},
): Promise<DetectorRecord[]> {
  const store = await openTrialStore([at(log)], { format: imageFormat, warn })
  try {
    const all = await runImageTrials({
      protocol,
      setting,
      wanted: only(['oc-svm', 'kde', 'isolation-forest'], [0, 1, 2], [0, 1]),
      data: greyImages,
      engines,
      store,
      machine: testMachine,
      versions: { test: '1' },
      ...more,
    })
    return all.filter(isDetectorRecord)
  } finally {
    await store.close()
  }
}

beforeAll(async () => {
  engines = await openEngines({ threads: 1, workers: 2 })
  folder = await mkdtemp(join(tmpdir(), 'toll-baselines-'))
  records = await run('log.ndjson')
})
afterAll(async () => {
  await closeEngines(engines)
  await rm(folder, { recursive: true })
})

describe('trials', () => {
  it('are one a class where nothing is drawn, and one a seed where it is', () => {
    expect(records.map(({ detector, class: normal, seed }) => `${detector} ${normal} ${seed}`)).toEqual([
      'oc-svm 0 0',
      'oc-svm 1 0',
      'oc-svm 2 0',
      'kde 0 0',
      'kde 1 0',
      'kde 2 0',
      'isolation-forest 0 0',
      'isolation-forest 1 0',
      'isolation-forest 2 0',
      'isolation-forest 0 1',
      'isolation-forest 1 1',
      'isolation-forest 2 1',
    ])
  })

  it('train on all images of the class and test all test images', () => {
    for (const { images } of records) expect(images).toEqual({ train: 40, test: 30, testAnomalies: 20 })
    const [svm, kde, forest] = [records[0], records[3], records[6]]
    expect([svm.scale, kde.scale, forest.scale]).toEqual(['minmax', 'minmax', 'contrast'])
    expect(forest.variance).toBe(0.95)
    expect(svm.features).toBe(kde.features)
    expect(svm.features).toBeLessThan(40)
  })

  it('tell bright corners apart', () => {
    for (const {
      tested: { unlabelled },
    } of records)
      expect(unlabelled.auroc).toBeGreaterThan(0.9)
  })

  it('choose by labels only where the recipe does, once for each draw', () => {
    for (const {
      detector,
      tested: { labelled, unlabelled },
    } of records) {
      expect(labelled).toHaveLength(detector === 'oc-svm' ? svmGrid.draws : 0)
      for (const { parameters } of labelled) {
        expect(svmGrid.gammas).toContain(parameters.gamma)
        expect(svmGrid.nus).toContain(parameters.nu)
      }
      if (detector === 'oc-svm') expect(unlabelled.parameters).toMatchObject({ nu: 0.1, kernel: 'rbf' })
    }
  })

  it('are taken from the log when they are there, and are the same again', async () => {
    const fresh: string[] = []
    expect(await run('log.ndjson', { onTrial: ({ id }) => void fresh.push(id) })).toEqual(records)
    expect(fresh).toEqual([])
    const again = await run('again.ndjson', {
      wanted: only(['oc-svm'], [2], [0]),
      engines: engines.slice(0, 1),
    })
    expect(again[0].tested).toEqual(records[2].tested)
  })

  it('stop when they are told to; a class without images is refused by name', async () => {
    const stop = new AbortController()
    stop.abort()
    await expect(run('stopped.ndjson', { signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' })
    await expect(
      planImages({ protocol, setting, wanted: only(['knn'], [0], [0]), classNames: greyImages.train.classes }),
    ).rejects.toMatchObject({ code: 'argument' })
    await expect(run('none.ndjson', { wanted: only(['kde'], [7], [0]) })).rejects.toMatchObject({
      code: 'data',
      message: expect.stringContaining('class 7'),
    })
  })
})

describe('the log', () => {
  it('holds lines of both kinds', async () => {
    const text = await readFile(at('log.ndjson'), 'utf8')
    const lines = text
      .trim()
      .split('\n')
      .map((line) => readLoggedRecord(JSON.parse(line)))
    expect(lines.every(isDetectorRecord)).toBe(true)
    const network = await readFile(new URL('../../results/trials/mnist.ndjson', import.meta.url), 'utf8')
    await writeFile(at('both.ndjson'), `${network.split('\n')[0]}\n${text}`)
    const both = await readTrials([at('both.ndjson')], { format: imageFormat, warn })
    expect(both.filter((record) => !isDetectorRecord(record))).toHaveLength(1)
    expect(both).toHaveLength(13)
    const sql =
      'SELECT (SELECT count(*) FROM trials), (SELECT count(*) FROM baselines), (SELECT ' +
      'count(auroc_labelled) FROM baselines)'
    expect((await queryTrials(imageFormat, both, sql)).rows).toEqual([[1, 12, 3]])
    expect((await queryTrials(imageFormat, records)).columns).toContain('auroc_labelled')
  })

  it.each(['id', 'detector', 'class', 'seed', 'tested', 'images', 'seconds', 'machine', 'versions', 'features'])(
    'refuses a line with a wrong %s',
    (field) => {
      expect(() => readLoggedRecord({ ...records[0], [field]: field === 'versions' ? null : -1 })).toThrow(
        expect.objectContaining({ code: 'format' }),
      )
    },
  )
})

describe('the columns', () => {
  it("stand beside the paper's, with and without labels", async () => {
    const classes = greyImages.train.classes
    const table = tabulateOthers('MNIST', records, classes, paperTables.mnist)!
    expect(table.columns.map(({ title }) => title)).toEqual([
      'normal class',
      'OC-SVM, labels',
      'OC-SVM, no labels',
      'paper',
      'KDE',
      'paper',
      'IF',
      'paper',
    ])
    expect(table.rows[0].slice(3, 4)).toEqual(['98.6 ± 0.0'])
    expect(table.rows.at(-1)![0]).toBe('average')
    expect(tabulateOthers('MNIST', [], classes)).toBeUndefined()
    const { text, csv, json } = await renderImageTable({
      records: [],
      others: records,
      protocol,
      setting,
      classes,
      name: 'table1-mnist',
    })
    expect(text).toContain('AUROC (%) of detectors without training steps')
    expect(text).toContain('OC-SVM, labels: as published')
    expect(csv).toMatch(/^class 0,OC-SVM here,,labelled,10,/m)
    expect((JSON.parse(json) as { others: unknown[] }).others).toHaveLength(12)
  })
})
