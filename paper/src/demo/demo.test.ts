// The demo in small: a few steps on a few hundred real digits, with the exact structure of what it returns and writes.

import { existsSync } from 'node:fs'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseHTML } from 'linkedom'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel, type Engine } from 'toll'
import { takeImages, type ImageSet } from 'toll/data'
import { auroc, rocCurve } from 'toll/metrics'
import { loadImages } from 'toll/node'
import { compareOnDigits, renderDemoReport, tabulateDemo, toSamples, type Comparison } from './index.js'
import type { PhaseProgress as ExperimentProgress } from 'toll/base'
import { closeEngines, openEngines } from 'toll/node'
import { runDemo } from './node/index.js'

let engines: Engine[]
let train: ImageSet
let test: ImageSet
let compared: Comparison
const events: ExperimentProgress[] = []
beforeAll(async () => {
  engines = await openEngines({ threads: 1, workers: 2 })
  const whole = await loadImages('mnist')
  const head = (set: ImageSet, count: number) =>
    takeImages(
      set,
      Array.from({ length: count }, (_, i) => i),
    )
  train = head(whole.train, 1500)
  test = head(whole.test, 400)
  compared = await compareOnDigits({ train, test, engines, steps: 30, onProgress: (event) => void events.push(event) })
})
afterAll(() => closeEngines(engines))

describe('compareOnDigits', () => {
  it('trains both on the normal digits alone and measures both on all test digits', () => {
    const normal = Array.from(train.labels).filter((label) => label === 8).length
    expect(compared).toMatchObject({ digit: 8, seed: 0, trainingImages: normal })
    expect(Array.from(compared.labels)).toEqual(Array.from(test.labels, (label) => Number(label !== 8)))
    for (const [detector, beta] of [
      [compared.toll, 1000],
      [compared.plain, 0],
    ] as const) {
      expect(detector.beta).toBe(beta)
      const { manifest } = detector.model
      expect(manifest.parameters).toMatchObject({ beta, steps: 30, network: 'auto', latent: 128 })
      expect(manifest.rows).toEqual({ given: normal, trained: normal - Math.round(normal / 10), anomalies: 0 })
      expect(detector.auroc.value).toBe(auroc(detector.scores, compared.labels))
      expect(Array.from(detector.isAnomaly)).toEqual(
        Array.from(detector.scores, (score) => Number(score > manifest.threshold.value)),
      )
      expect(detector.aurocByClass.map((value) => value === undefined)).toEqual(
        Array.from({ length: 10 }, (_, label) => label === 8),
      )
      // The AUROC against all is the mean of those against each class, weighted by its digits.
      const counts = Array.from(
        { length: 10 },
        (_, label) => test.labels.filter((other) => other === label && label !== 8).length,
      )
      const weighted =
        counts.reduce((sum, count, label) => sum + count * (detector.aurocByClass[label] ?? 0), 0) /
        counts.reduce((a, b) => a + b)
      expect(weighted).toBeCloseTo(detector.auroc.value, 10)
    }
  })

  it('tells how far it is', () => {
    const training = events.filter(({ phase }) => phase === 'training')
    expect(training.map(({ done }) => done)).toEqual(training.map(({ done }) => done).sort((a, b) => a - b))
    expect(training.at(-1)).toMatchObject({ done: 60, total: 60 })
    expect(
      events
        .filter(({ phase }) => phase === 'scoring')
        .map(({ message }) => message)
        .sort(),
    ).toEqual(['Toll scores 400 digits', 'plain autoencoder scores 400 digits'])
  })

  it('gives the same scores again on one engine', async () => {
    const again = await compareOnDigits({ train, test, engines: engines.slice(0, 1), steps: 30 })
    expect(again.toll.scores).toEqual(compared.toll.scores)
    expect(again.plain.scores).toEqual(compared.plain.scores)
  })

  it.each([
    [{ digit: 10 }, 'argument', /'digit'/],
    [{ steps: 0 }, 'argument', /'steps'/],
    [{ seed: -1 }, 'argument', /'seed'/],
  ])('refuses %j', async (change, code, message) => {
    await expect(compareOnDigits({ train, test, engines, ...change })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })

  it('refuses training images without the class', async () => {
    const sevens = takeImages(
      train,
      Array.from(train.labels.keys()).filter((i) => train.labels[i] === 7),
    )
    await expect(compareOnDigits({ train: sevens, test, engines })).rejects.toMatchObject({
      code: 'data',
      message: expect.stringMatching(/0 of class 8/),
    })
  })
})

describe('the report', () => {
  it('shows both detectors, all charts and every picture in words', async () => {
    const page = await renderDemoReport(compared, test)
    const { document } = parseHTML(page)
    expect([...document.querySelectorAll('h2')].map(({ textContent }) => textContent)).toEqual([
      'Result',
      'Scores',
      'Pictures',
      'Training',
      'The model file',
    ])
    expect(document.querySelectorAll('img')).toHaveLength(6 * 3 * 8)
    expect(document.querySelectorAll('svg')).toHaveLength(5 * 2)
    const { value } = compared.toll.auroc
    expect(document.querySelector('.tiles .emphasis .value')!.textContent).toBe(`${(100 * value).toFixed(1)}\u00a0%`)
    expect(page.split('<script>')).toHaveLength(2)
    expect(page.replace(/<script>.*<\/script>/s, '')).not.toMatch(/<script|https?:\/\//)
    const lowest = Array.from(compared.toll.scores)
      .filter((_, row) => compared.labels[row] === 0)
      .sort((a, b) => a - b)[0]
    const shown = lowest >= 100 ? lowest.toFixed(0) : lowest.toPrecision(3)
    expect(document.querySelector('.strip thead th[scope=col]')!.textContent).toBe(`8 · ${shown}`)
  })

  it('has the same numbers in its table', () => {
    const { decisions, averagePrecision } = compared.plain
    const row = tabulateDemo(compared).rows[1]
    expect(row[0]).toBe('plain autoencoder')
    expect(row[3]).toBe(100 * averagePrecision)
    expect(row[4]).toBe((100 * decisions.truePositives) / (decisions.truePositives + decisions.falseNegatives))
    const { falsePositiveRate } = rocCurve(compared.plain.scores, compared.labels)
    expect(falsePositiveRate.some((rate) => Math.abs(100 * rate - (row[5] as number)) < 1e-9)).toBe(true)
  })
})

describe('runDemo', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'toll-demo-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('writes a model that scores as it did, and a report', async () => {
    const result = await runDemo({ folder: join(folder, 'new', 'folder'), engines, steps: 2 })
    expect(await readdir(join(folder, 'new', 'folder'))).toEqual(['model.onnx', 'report.html'])
    expect(await readFile(result.reportPath, 'utf8')).toContain(`${(100 * result.toll.auroc.value).toFixed(1)}\u00a0%`)
    const model = await loadModel(result.modelPath, { engine: engines[0] })
    const all = (await loadImages('mnist')).test
    const { score } = await model.score({ kind: 'images', ...toSamples(all) })
    expect(model.manifest.threshold.value).toBe(result.toll.threshold)
    expect(
      auroc(
        score,
        Array.from(all.labels, (label) => Number(label !== 8)),
      ),
    ).toBe(result.toll.auroc.value)
    await model.close()
  })

  it('writes nothing when it is stopped', async () => {
    const stop = new AbortController()
    const stopped = join(folder, 'stopped')
    const running = runDemo({
      folder: stopped,
      engines,
      signal: stop.signal,
      onProgress: ({ phase, done }) => phase === 'training' && done > 4 && stop.abort(),
    })
    await expect(running).rejects.toMatchObject({ code: 'aborted' })
    expect(existsSync(stopped)).toBe(false)
  })

  it('says so before any work when the folder cannot be made', async () => {
    const file = join(folder, 'file')
    await writeFile(file, '')
    await expect(runDemo({ folder: file, engines })).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining(file),
    })
  })
})
