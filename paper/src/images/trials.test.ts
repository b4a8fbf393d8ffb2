// Image trials in small: the protocol's networks on a few made images. Which rows go where, exactly; equal numbers
// whatever the workers and however often a run was stopped; and the published facts where TOLL_DATA holds the files.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from 'toll'
import { auroc } from 'toll/metrics'
import { closeEngines, openEngines } from 'toll/node'
import type { SweepOptions, TrialStore } from '../sweep/index.js'
import { openTrialStore, queryTrials, readTrials } from '../sweep/node/index.js'
import { greyImages, makeImages, numbersOf, smallSetting, sweep, testMachine } from './made-images.harness.js'
import {
  differencesFrom,
  imageFormat,
  imageProtocols,
  planImages,
  readImageRecord,
  resolveImageSetting,
  runImageTrials,
  type ImageData,
  type ImageRecord,
  type ImageSweepOptions,
  type ImageTrial,
  type LoggedRecord,
} from './index.js'
import { loadImageData } from './node/index.js'
import { oneClassProblem } from './one-class.js'

const { mnist, 'cifar-10': cifar, 'cifar-100': hundred } = imageProtocols
const [grey, setting] = [greyImages, smallSetting]

describe('one class against the rest', () => {
  it('trains on the class without the validation rows; everything is labelled by the class', () => {
    const { train, validation, test, preprocessing } = oneClassProblem(mnist, grey, 1, 30)
    const expected = Array.from({ length: 120 }, (_, row) => row).filter((row) => row % 3 === 1 && row % 4 !== 0)
    expect([...train.labels]).toEqual(new Array(expected.length).fill(1))
    expect(train.pixels.subarray(0, 784)).toEqual(
      grey.train.pixels.subarray(784 * expected[0], 784 * (expected[0] + 1)),
    )
    expect(train.shape[0]).toBe(expected.length)
    expect([...validation.labels]).toEqual(Array.from({ length: 30 }, (_, i) => Number((4 * i) % 3 !== 1)))
    expect([...test.labels]).toEqual(Array.from({ length: 30 }, (_, i) => Number(i % 3 !== 1)))
    expect([preprocessing.centre, preprocessing.divisor]).toEqual([255 * 0.1307, 255 * 0.3081])
  })

  it('draws the same subset of the validation rows for every class, in their order', () => {
    const [a, b, whole] = [
      oneClassProblem(mnist, grey, 0, 20),
      oneClassProblem(mnist, grey, 2, 20),
      oneClassProblem(mnist, grey, 0, 30),
    ].map(({ validation }) => validation)
    expect(a.images.labels).toEqual(b.images.labels)
    expect(a.images.shape[0]).toBe(20)
    const at = (pixels: Uint8Array, i: number) => pixels.subarray(784 * i, 784 * (i + 1)).join()
    const all = Array.from({ length: 30 }, (_, i) => at(whole.images.pixels, i))
    const drawn = Array.from({ length: 20 }, (_, i) => all.indexOf(at(a.images.pixels, i)))
    expect(drawn).toEqual([...new Set(drawn)].sort((x, y) => x - y))
    expect(drawn).not.toContain(-1)
  })

  it.each<[string, Partial<ImageData>, number, number, string, RegExp]>([
    ['a class that does not exist', {}, 3, 20, 'argument', /class 3 does not exist; MNIST has classes 0 to 2/],
    ['more validation rows than there are', {}, 0, 31, 'argument', /31 of 30/],
    [
      'rows of another data set',
      { validationRows: Int32Array.of(1, 120) },
      0,
      2,
      'data',
      /does not fit the data: entry 1 is 120, there are 120/,
    ],
    ['a row twice', { validationRows: Int32Array.of(5, 6, 5) }, 0, 2, 'data', /more than once/],
    [
      'rows that take a whole class away',
      { validationRows: Int32Array.from({ length: 39 }, (_, i) => 3 * i) },
      0,
      20,
      'data',
      /1 training images of class 0 are left/,
    ],
    [
      'validation rows of one class only',
      { validationRows: Int32Array.of(0, 3, 6) },
      0,
      3,
      'data',
      /of 3 validation images 3 are of the normal class 0/,
    ],
    [
      'test images of another size',
      { test: makeImages(30, 3, [1, 20], 2) },
      0,
      20,
      'shape',
      /1 x 28 x 28, test images 1 x 20 x 20/,
    ],
  ])('refuses %s', (_, change, normal, validation, code, message) => {
    expect(() => oneClassProblem(mnist, { ...grey, ...change }, normal, validation)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    )
  })
})

describe('the protocol', () => {
  it('has the settings of the reference implementation, and says what differs', () => {
    expect(
      [mnist, imageProtocols['fashion-mnist'], cifar, hundred].map(
        ({ beta, setting: { latent, batch, learningRate, steps } }) => [latent, batch, learningRate, beta, steps],
      ),
    ).toEqual([
      [128, 1000, 1e-4, 1000, 2000],
      [256, 500, 1e-4, 100, 2000],
      [64, 50, 1e-2, 10, 2000],
      [64, 100, 1e-3, 100, 2000],
    ])
    expect(resolveImageSetting(cifar)).toEqual(cifar.setting)
    expect(differencesFrom(cifar, cifar.setting)).toEqual([])
    expect(differencesFrom(mnist, { ...mnist.setting, batch: 64, validation: 500 })).toEqual([
      'batch 64 (paper 1000)',
      'validation 500 (paper 10000)',
    ])
  })

  it.each([
    [{ steps: 30 }, /multiple/],
    [{ batch: 1 }, /batch/],
    [{ validation: 10_001 }, /validation/],
    [{ learningRate: 0 }, /learningRate/],
  ])('refuses %j', (change, message) => {
    expect(() => resolveImageSetting(mnist, change)).toThrow(
      expect.objectContaining({ code: 'argument', message: expect.stringMatching(message) }),
    )
  })
})

describe('trials', () => {
  let engines: Engine[]
  let folder: string
  let whole: ImageRecord[]
  const warnings: string[] = []
  const warn = (message: string) => void warnings.push(message)
  const wanted = { classes: [2], seeds: [0, 1], betas: [10], detectors: [] }
  const run = async (
    log: string,
    change: Partial<ImageSweepOptions & SweepOptions<ImageTrial, LoggedRecord>> = {},
  ): Promise<ImageRecord[]> => {
    const store = await openTrialStore([join(folder, log)], { format: imageFormat, warn })
    try {
      const records = await runImageTrials({
        protocol: mnist,
        setting,
        wanted,
        data: grey,
        engines,
        store,
        machine: testMachine,
        versions: { test: '1' },
        ...change,
      })
      return records as ImageRecord[]
    } finally {
      await store.close()
    }
  }
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'toll-images-'))
    engines = await openEngines({ threads: 1, workers: 2 })
    whole = await run('whole.ndjson')
  })
  afterAll(async () => {
    await closeEngines(engines)
    await rm(folder, { recursive: true })
  })

  it('records what ran, a curve over the checkpoints, and both choices', () => {
    expect(
      whole.map(({ class: normal, beta, seed, className, network }) => [normal, beta, seed, className, network]),
    ).toEqual([
      [2, 10, 0, 'class 2', 'mnist'],
      [2, 10, 1, 'class 2', 'mnist'],
    ])
    for (const record of whole) {
      expect(readImageRecord(JSON.parse(JSON.stringify(record)))).toEqual(record)
      expect(record.images).toEqual({ train: 30, validation: 20, test: 30, testAnomalies: 20 })
      expect(record.curve.step).toEqual([2, 4, 6])
      const best = Math.max(...record.curve.validationAuroc)
      expect(record.test.labelled.step).toBe(record.curve.step[record.curve.validationAuroc.indexOf(best)])
      expect(record.test.last.step).toBe(6)
      for (const { normal, anomalous } of Object.values(record.histograms)) {
        expect([normal, anomalous].map((counts) => counts.reduce((a, b) => a + b, 0))).toEqual([10, 20])
      }
    }
    expect(whole[0].test).not.toEqual(whole[1].test)
    expect(warnings).toEqual([])
  })

  it('repeats nothing that the log has, and adds what it lacks', async () => {
    const finished: number[] = []
    const more = await run('whole.ndjson', {
      wanted: { ...wanted, betas: [0, 10] },
      onTrial: (record) => finished.push((record as ImageRecord).beta),
    })
    expect(finished).toEqual([0, 0])
    expect(more.map(({ beta, seed }) => [beta, seed])).toEqual([
      [0, 0],
      [10, 0],
      [0, 1],
      [10, 1],
    ])
    expect([more[1], more[3]]).toEqual(whole)
    const twice = [join(folder, 'whole.ndjson'), join(folder, 'whole.ndjson')]
    expect(await readTrials(twice, { format: imageFormat, warn })).toHaveLength(4)
    const { rows } = await queryTrials(
      imageFormat,
      more,
      'SELECT beta, max(step) FROM checkpoints GROUP BY beta ORDER BY beta',
    )
    expect(rows).toEqual([
      [0, 6],
      [10, 6],
    ])
    expect(
      (await queryTrials(imageFormat, more, 'SELECT auroc FROM trials WHERE beta = 10 ORDER BY seed')).rows.flat(),
    ).toEqual(whole.map(({ test }) => test.labelled.auroc))
  })

  it('gives the same numbers with another number of workers, after a stop, and from a checkpoint', async () => {
    const stop = new AbortController()
    const seen: number[] = []
    const onProgress = ({ done }: { done: number }) => {
      seen.push(done)
      if (done >= 4) stop.abort()
    }
    // The store writes no checkpoint in the first minute: one that does stands in for a long run.
    const kept = new Map<string, Uint8Array>()
    const lines: LoggedRecord[] = []
    const store: TrialStore<LoggedRecord> = {
      read: () => Promise.resolve(lines),
      append: async (record) => void lines.push(record),
      checkpoint: (id) => ({
        location: id,
        read: async () => kept.get(id),
        write: async (bytes) => void kept.set(id, bytes),
        remove: async () => undefined,
        finish: async () => void kept.delete(id),
      }),
    }
    const one = { engines: engines.slice(0, 1), store }
    await expect(run('other.ndjson', { ...one, signal: stop.signal, onProgress })).rejects.toMatchObject({
      code: 'aborted',
    })
    expect([kept.size, lines.length]).toEqual([1, 0])
    const resumed: number[] = []
    expect(numbersOf(await run('other.ndjson', { ...one, onProgress: ({ done }) => resumed.push(done) }))).toEqual(
      numbersOf(whole),
    )
    expect(Math.min(...resumed)).toBeGreaterThan(2)
    expect([kept.size, lines.length]).toEqual([0, 2])
    expect(await readdir(folder)).not.toContain('other.ndjson.running')
  })

  it('gives the same log after kill -9 and a restart', async () => {
    const log = join(folder, 'killed.ndjson')
    const harness = new URL('./made-images.harness.js', import.meta.url).href
    // Steps reached are printed: the second trial is killed after its first checkpoint and before its end.
    const child = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { sweep } from ${JSON.stringify(harness)}
      await sweep(${JSON.stringify(log)}, { onProgress: ({ done }) => console.log(done) })`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (text.split('\n').some((line) => Number(line) >= 9)) child.kill('SIGKILL')
    })
    const [, signal] = (await once(child, 'close')) as unknown[]
    expect(signal).toBe('SIGKILL')
    expect((await readFile(log, 'utf8')).trim().split('\n')).toHaveLength(1)
    expect(await readdir(`${log}.running`)).toEqual([expect.stringMatching(/\.safetensors$/)])

    const reached: number[] = []
    await sweep(log, { onProgress: ({ done }) => reached.push(done) })
    expect(reached[0]).toBeGreaterThan(6 + 2)
    const lines = (await readFile(log, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => readImageRecord(JSON.parse(line)))
    expect(numbersOf(lines)).toEqual(numbersOf(whole))
    expect((await readdir(folder)).filter((name) => name.startsWith('killed'))).toEqual(['killed.ndjson'])
  }, 240_000)

  it('has another identity for every setting that changes its numbers', async () => {
    const changes = [
      [setting, grey.validationRows],
      [{ ...setting, batch: 9 }, grey.validationRows],
      [setting, grey.validationRows.map((row) => row + 1)],
    ] as const
    const ids = await Promise.all(
      changes.map(async ([changed, validationRows]) => {
        const plan = { protocol: mnist, setting: changed, wanted, classNames: grey.train.classes, validationRows }
        return (await planImages(plan)).trials[0].id
      }),
    )
    expect(new Set([whole[0].id, ...ids]).size).toBe(3)
    expect(ids[0]).toBe(whole[0].id)
  })

  it.each([
    'format',
    'id',
    'dataset',
    'class',
    'beta',
    'seed',
    'test',
    'curve',
    'setting',
    'images',
    'histograms',
    'seconds',
    'versions',
    'machine',
    'finished',
  ])('refuses a line with a wrong %s', (field) => {
    for (const value of [undefined, field === 'versions' ? null : {}])
      expect(() => readImageRecord({ ...whole[0], [field]: value })).toThrow(
        expect.objectContaining({ code: 'format' }),
      )
  })

  it('refuses curves and histograms that do not fit themselves', () => {
    const { curve, histograms } = whole[0]
    const [short, flat] = [
      { ...curve, validationAuroc: [0.5] },
      { ...histograms, latentNorm: { ...histograms.latentNorm, range: [1, 1] } },
    ]
    expect(() => readImageRecord({ ...whole[0], curve: short })).toThrow(/curve\.validationAuroc/)
    expect(() => readImageRecord({ ...whole[0], histograms: flat })).toThrow(/histograms\.latentNorm/)
  })
})

const published = process.env.TOLL_DATA
if (!published) console.log('skipped: the facts of the image sets need TOLL_DATA, a folder with the data sets')
describe.skipIf(!published)('on the published data', () => {
  it('has the published contrast range of airplanes, and the published sizes', async () => {
    const data = await loadImageData(cifar)
    const {
      preprocessing: { centre, divisor },
      train,
      validation,
      test,
    } = oneClassProblem(cifar, data, 0, 10_000)
    expect([centre, centre + divisor]).toEqual([
      expect.closeTo(-28.94083453598571, 5),
      expect.closeTo(13.802961825439636, 5),
    ])
    expect([validation.labels.length, test.labels.length, auroc(test.labels, test.labels)]).toEqual([10_000, 10_000, 1])
    expect(train.shape[0] + validation.labels.filter((label) => label === 0).length).toBe(5000)
  }, 120_000)

  it('finds MNIST with its published validation rows', async () => {
    const data = await loadImageData(mnist)
    const { train, validation } = oneClassProblem(mnist, data, 8, 10_000)
    expect(train.shape[0] + validation.labels.filter((label) => label === 0).length).toBe(5851)
  })
})
