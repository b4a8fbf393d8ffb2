// Commands about several detectors: their list, a fit by name, a comparison on a table, and the benchmark's refusals.

import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { autoSettings, detectors } from 'toll/detectors'
import { runToll, writeExample } from './spawn.test.suite.js'

let folder = ''
const at = (name: string) => join(folder, name)
const toll = (...args: string[]) => runToll(args, { cwd: folder })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-detectors-'))
  await writeExample(folder)
})
afterAll(() => rm(folder, { recursive: true }))

describe('toll detectors', () => {
  it('lists all of them, with title, idea and source', async () => {
    const { code, out } = await toll('detectors')
    expect(code).toBe(0)
    for (const { name, title, idea, reference } of detectors.values())
      for (const part of [`${name}: ${title}`, idea, reference]) expect(out).toContain(part)
    const { detectors: listed } = JSON.parse((await toll('detectors', '--json')).out) as {
      detectors: { name: string; parameters: object }[]
    }
    expect(listed.map(({ name }) => name)).toEqual([...detectors.keys()])
    expect(Object.keys(listed[0].parameters)).toEqual(Object.keys(detectors.get(listed[0].name)!.parameters))
  })

  it('says what can be set, its default and its domain', async () => {
    const { out } = await toll('detectors', 'knn')
    for (const part of ['knn: ', '\nk ', 'an integer at least 1', 'toll fit SOURCE -o MODEL.onnx --detector knn'])
      expect(out).toContain(part)
    const missing = await toll('detectors', 'nothing')
    expect([missing.code, missing.err]).toEqual([
      1,
      expect.stringContaining("there is no detector 'nothing'; known: toll"),
    ])
  })
})

describe('toll fit --detector', () => {
  const fit = (...more: string[]) => [
    'fit',
    'example.csv',
    '--id',
    'key',
    '--label',
    'label',
    '-o',
    'model.onnx',
    ...more,
  ]

  it('has the flags of the detector that is named, and no checkpoint where training does not go in steps', async () => {
    const { out } = await toll('fit', '--help', '--detector', 'knn')
    expect(out).toContain('--k <integer>')
    for (const other of ['--beta <number>', '--checkpoint <file>']) expect(out).not.toContain(other)
    expect((await toll('fit', '--detector=toll', '--help')).out).toContain('--beta <number>')
    const { code, out: json } = await toll(...fit('--detector', 'knn', '--k', '7', '--json'))
    expect(code).toBe(0)
    expect(JSON.parse(json)).toMatchObject({ detector: 'knn', parameters: { k: 7 }, rows: { trained: 353 } })
    expect((await readdir(folder)).filter((name) => name.includes('checkpoint'))).toEqual([])
    const again = await toll(...fit('--detector', 'knn', '--param', 'k=7', '--json'))
    expect(JSON.parse(again.out)).toEqual(JSON.parse(json))
  })

  it.each<[string[], RegExp]>([
    [['--detector', 'knn', '--beta', '3'], /unknown option '--beta'/],
    [['--detector', 'knn', '--checkpoint', 'c'], /unknown option '--checkpoint'/],
    [['--detector', 'knn', '--param', 'beta=3'], /detector 'knn' has no parameter 'beta'; it has k/],
    [['--detector', 'knn', '--k', '0'], /--k must be an integer at least 1/],
    [['--detector', 'nothing'], /'nothing' is invalid.*Allowed choices are toll/],
  ])('refuses %j', async (more, message) => {
    const { code, err } = await toll(...fit(...more))
    expect([code, err]).toEqual([2, expect.stringMatching(message)])
  })
})

describe('toll fit --auto', () => {
  const fit = (...more: string[]) => [
    'fit',
    'example.csv',
    '--id',
    'key',
    '--label',
    'label',
    '-o',
    'auto.onnx',
    ...more,
  ]

  it('is --detector toll-auto, and inspect shows what was trained and why', async () => {
    expect((await toll('fit', '--auto', '--help')).out).toMatch(
      /Parameters of --detector toll-auto:\n.*--trim <number>/,
    )
    const { code, out } = await toll(...fit('--auto', '--length', '0.2', '--json'))
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      detector: 'toll-auto',
      parameters: { trim: 0.1, repeats: 1, length: 0.2 },
      rows: { trained: 353, anomalies: 8 },
    })
    expect(JSON.parse((await toll(...fit('--detector', 'toll-auto', '--length', '0.2', '--json'))).out)).toEqual(
      JSON.parse(out),
    )
    const inspected = (await toll('inspect', 'auto.onnx')).out
    expect(inspected).toMatch(/^training: choice +no single setting: without labels none is known to be best/m)
    expect(inspected).toMatch(/^Member +beta +steps +mean score +sd$/m)
    expect(inspected.match(/^toll +(0|1|10) +(12|100) +\d/gm)).toHaveLength(autoSettings.length)
    expect((await toll('score', 'auto.onnx', 'example.csv', '--id', 'key', '-o', 'auto.csv')).code).toBe(0)
    expect((await readFile(at('auto.csv'), 'utf8')).split('\n')[0]).toMatch(/^key,score,/)
  })

  it.each<[string[], RegExp]>([
    [['--auto', '--detector', 'knn'], /option '--auto' cannot be used with option '--detector <name>'/],
    [['--auto', '--beta', '3'], /unknown option '--beta'/],
    [['--auto', '--trim', '0.5'], /--trim must be a finite number at least 0 and below 0.5/],
    [['--auto', '--checkpoint', 'c'], /unknown option '--checkpoint'/],
  ])('refuses %j', async (more, message) => {
    const { code, err } = await toll(...fit(...more))
    expect([code, err]).toEqual([2, expect.stringMatching(message)])
  })
})

describe('toll compare', () => {
  const compare = (...more: string[]) => ['compare', 'example.csv', '--id', 'key', '--label', 'label', ...more]

  it('ranks detectors, writes a page, and prints the same numbers', async () => {
    const { code, out, err } = await toll(
      ...compare('--detectors', 'mean-distance,pca,toll', '--splits', '2', '--param', 'toll.steps=20', '-o', 'out'),
    )
    expect([code, err]).toEqual([0, expect.stringMatching(/^wrote out.compare\.html and 4 files beside it\n$/)])
    expect((await readdir(at('out'))).sort()).toEqual([
      'compare-roc.svg',
      'compare.csv',
      'compare.html',
      'compare.json',
      'compare.md',
    ])
    const json = JSON.parse(await readFile(at('out/compare.json'), 'utf8')) as {
      ranking: { detector: string; auroc: { mean: number } }[]
      rows: object
    }
    expect(json.rows).toMatchObject({ all: 400, anomalies: 8, columns: 3, test: 160, testAnomalies: 3 })
    const [best] = json.ranking
    expect(json.ranking.map(({ auroc }) => auroc.mean)).toEqual(
      json.ranking.map(({ auroc }) => auroc.mean).sort((a, b) => b - a),
    )
    expect(out).toMatch(new RegExp(`^1 +${best.detector} +${best.auroc.mean.toFixed(4)} `, 'm'))
    expect(await readFile(at('out/compare.csv'), 'utf8')).toContain(`${best.detector},2,${best.auroc.mean},`)
  })

  it.each<[string[], number, RegExp]>([
    [['--detectors', 'nothing'], 2, /--detectors: there is no 'nothing'; known: toll/],
    [['--detectors', 'knn', '--param', 'k=3'], 2, /--param takes detector.key=value/],
    [['--detectors', 'knn', '--param', 'toll.steps=3'], 2, /'toll' is not among the detectors knn/],
    [['--detectors', 'knn', '--param', 'knn.k=0'], 2, /--param knn\.k must be an integer/],
    [['--detectors', 'knn', '--param', 'knn.k'], 2, /--param takes knn\.key=value, got 'knn\.k'; the keys are k, /],
    [['--splits', '0'], 2, /--splits must be an integer at least 1/],
    [['--columns', 'nothing'], 1, /has no column 'nothing'/],
  ])('refuses %j', async (more, exit, message) => {
    const { code, err } = await toll(...compare(...more))
    expect([code, err]).toEqual([exit, expect.stringMatching(message)])
  })

  it('refuses a table of one class', async () => {
    await writeFile(at('normal.csv'), 'a,label\n1,0\n2,0\n3,0\n')
    const { code, err } = await toll('compare', 'normal.csv', '--label', 'label', '--anomaly', '1')
    expect([code, err]).toEqual([1, expect.stringMatching(/label/)])
  })
})
