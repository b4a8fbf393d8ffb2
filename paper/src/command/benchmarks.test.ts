// The benchmarks by command: where data are looked for, and tables made of logs alone.

import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runPaper } from './paper.harness.js'

let folder = ''
const at = (name: string) => join(folder, name)
const paper = (...args: string[]) => runPaper(args, { cwd: folder })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-benchmarks-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('pyod', () => {
  it('says where data sets are looked for, and which there are', async () => {
    const none = await runPaper(['pyod'], { cwd: folder, env: { TOLL_DATA: folder, TOLL_CACHE: folder } })
    expect([none.code, none.err]).toEqual([
      1,
      expect.stringContaining('no data set of the benchmark is here; put .mat files of ODDS'),
    ])
    const unknown = await paper('pyod', '--datasets', 'nothing')
    expect([unknown.code, unknown.err]).toEqual([
      2,
      expect.stringMatching(/has no data set 'nothing'; it has arrhythmia, cardio/),
    ])
    expect((await readdir(folder)).filter((name) => name.endsWith('.ndjson'))).toEqual([])
  })

  const data = process.env.TOLL_DATA
  if (!data) console.log('skipped: TOLL_DATA does not name a folder with the .mat files of ODDS')
  it.skipIf(!data)('makes the table, and again from its log', async () => {
    const args = [
      'pyod',
      '--datasets',
      'lympho',
      '--detectors',
      'knn,pca',
      '--splits',
      '10',
      '--trials',
      'p.ndjson',
      '--json',
    ]
    const first = await runPaper(args, { cwd: folder, env: { TOLL_DATA: data! } })
    expect([first.code, first.err]).toEqual([0, ''])
    const table = JSON.parse(first.out) as { cells: { auroc: { mean: number }; published: number }[] }
    for (const { auroc, published } of table.cells) expect(Math.abs(auroc.mean - published)).toBeLessThan(0.0002)
    expect((await readFile(at('p.ndjson'), 'utf8')).trim().split('\n')).toHaveLength(20)
    expect((await runPaper(args, { cwd: folder, env: { TOLL_DATA: data! } })).out).toBe(first.out)
    expect((await readFile(at('p.ndjson'), 'utf8')).trim().split('\n')).toHaveLength(20)
  })
})

describe('auto', () => {
  it('makes its tables of a log alone', async () => {
    const trial = (dataset: string, split: number, more: number) =>
      JSON.stringify({
        experiment: 'auto',
        settings: 'x',
        dataset,
        split,
        networks: { 'beta 0': 0.5, 'beta 1': 0.6 + more },
        others: { knn: 0.4 },
        chosen: { 'heavy tail': 0.5 },
        combined: { 'average rank': 0.7 + more },
        pools: { 'toll-auto': 0.65 + more },
        fitSeconds: 1,
      })
    await writeFile(at('auto.ndjson'), `${trial('cardio', 0, 0)}\n${trial('cardio', 1, 0.1)}\n${trial('pima', 0, 0)}\n`)
    const { code, out } = await paper('auto', '--trials', 'auto.ndjson', '--render-only', '-o', 'auto')
    expect(code).toBe(0)
    // Cardio 0.65 and pima 0.6 by the best setting, 0.75 and 0.7 by the combination; isolation forest's published
    // 0.9213 and 0.6806.
    expect(out).toMatch(/^labels, one setting for all data sets +0\.6250 +0\.0000 /m)
    expect(out).toMatch(/^average rank +0\.7250 +\+0\.1000 /m)
    expect(out).toMatch(/^toll-auto +0\.6750 +\+0\.0500 /m)
    expect(out).toMatch(/^knn +0\.4000 /m)
    expect(out).toMatch(/^IForest +0\.8010 +\+0\.1760 /m)
    expect((await readdir(at('auto'))).sort()).toEqual(['auto.csv', 'auto.html', 'auto.json', 'auto.md'])
    // The other tables of the same log are a table of their own.
    await writeFile(at('both.ndjson'), `${trial('cardio', 0, 0)}\n${trial('digit 0 rare', 0, 0.1)}\n`)
    const others = await paper('auto', '--others', '--trials', 'both.ndjson', '--render-only', '-o', 'auto')
    expect(others.out).toMatch(/^toll-auto +0\.7500 /m)
    expect(others.out).not.toContain('IForest')
    expect((await readdir(at('auto'))).filter((name) => name.startsWith('auto-others'))).toHaveLength(4)
    // Part of it is a table, too.
    const first = await paper(
      'auto',
      '--trials',
      'auto.ndjson',
      '--render-only',
      '--splits',
      '1',
      '--datasets',
      'cardio',
    )
    expect(first.out).toMatch(/^toll-auto +0\.6500 /m)
    expect(first.out).toContain('"toll reproduce auto --datasets cardio --splits 1"')
    const both = await paper('auto', '--others', '--datasets', 'pima')
    expect([both.code, both.err]).toEqual([2, expect.stringContaining('--others takes none of them')])
    const empty = await paper('auto', '--trials', 'none.ndjson', '--render-only')
    expect([empty.code, empty.err]).toEqual([1, expect.stringContaining('holds no comparison of choices')])
  })
})

describe('classical columns of the image tables', () => {
  it('are counted before they run, and refused by name', async () => {
    const dry = await paper(
      'table1',
      '--detectors',
      'oc-svm,isolation-forest',
      '--classes',
      '0,1',
      '--seeds',
      '3',
      '--dry-run',
      '--json',
    )
    expect(JSON.parse(dry.out)).toEqual({
      dataset: 'mnist',
      detectors: ['oc-svm', 'isolation-forest'],
      trials: { total: 8, missing: 8 },
    })
    const wrong = await paper('table1', '--detectors', 'knn')
    expect([wrong.code, wrong.err]).toEqual([
      2,
      expect.stringContaining("--detectors: there is no 'knn'; known: toll, oc-svm, kde, isolation-forest"),
    ])
  })
})
