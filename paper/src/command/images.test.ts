// The image experiments by command: tables from a log that is here, a dry run, and (where TOLL_DATA holds the data) a
// rehearsal of a real trial.

import { readdirSync } from 'node:fs'
import { copyFile, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readImageRecord, type ImageRecord } from '../images/index.js'
import { until } from 'toll-test/spawn'
import { runPaper, startPaper } from './paper.harness.js'

let folder = ''
let records: ImageRecord[] = []
const at = (name: string) => join(folder, name)
const toll = (...args: string[]) => runPaper(args, { cwd: folder })
/** The committed trials of MNIST. */
const log = new URL('../../results/trials/mnist.ndjson', import.meta.url)
const setting = ['--steps', '260', '--batch', '64', '--validation', '500', '--seeds', '1', '--trials', 'mnist.ndjson']

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-reproduce-'))
  await copyFile(log, at('mnist.ndjson'))
  records = (await readFile(log, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => readImageRecord(JSON.parse(line)))
})
afterAll(() => rm(folder, { recursive: true }))

describe('tables from a log', () => {
  it('writes a page, Markdown, CSV, JSON and charts, and prints the same numbers', async () => {
    const { code, out, err } = await toll('table1', ...setting, '--plain', '--render-only', '-o', 'out')
    expect([code, err]).toEqual([0, expect.stringMatching(/^wrote out.table1-mnist\.html and 8 files beside it\n$/)])
    const files = (await readdir(at('out'))).sort()
    expect(files.filter((name) => !name.endsWith('.svg'))).toEqual([
      'table1-mnist.csv',
      'table1-mnist.html',
      'table1-mnist.json',
      'table1-mnist.md',
    ])
    const markdown = await readFile(at('out/table1-mnist.md'), 'utf8')
    for (const name of files.filter((file) => file.endsWith('.svg'))) expect(markdown).toContain(name)
    const {
      test: { labelled },
      class: normal,
      beta,
    } = records[0]
    const csv = (await readFile(at('out/table1-mnist.csv'), 'utf8')).split('\n').map((line) => line.split(','))
    const row = csv.find(
      ([name, method, b, choice]) =>
        name === String(normal) && method === 'Toll here' && b === String(beta) && choice === 'labelled',
    )!
    const ours = records
      .filter((record) => record.class === normal && record.beta === beta && record.seed === 0)
      .map(({ test }) => 100 * test.labelled.auroc)
    expect(Number(row[5])).toBeCloseTo(ours.reduce((a, b) => a + b) / ours.length, 10)
    expect(out).toContain((100 * labelled.auroc).toFixed(1))
    expect(out).toContain('toll reproduce table1 --seeds 1 --plain --batch 64 --steps 260 --validation 500')
  })

  it('renders Table 4 and Figure 4 from the same trials, as text, Markdown or JSON', async () => {
    const table4 = await toll('table4', ...setting, '--render-only', '--markdown')
    expect([table4.code, table4.out]).toEqual([0, expect.stringContaining('| normal class')])
    const figure4 = await toll('figure4', ...setting, '--render-only', '--json')
    expect([figure4.code, figure4.err]).toEqual([0, ''])
    expect(JSON.parse(figure4.out)).toMatchObject({ dataset: 'mnist', setting: { steps: 260, batch: 64 } })
  })

  it('passes over a broken line with a remark, and reads a log in use', async () => {
    await writeFile(at('cut.ndjson'), `${JSON.stringify(records.find(({ beta }) => beta === 1000))}\n{"format":1,"cl`)
    const { code, err } = await toll('table1', ...setting.slice(0, -1), 'cut.ndjson', '--render-only')
    expect([code, err]).toEqual([0, expect.stringMatching(/cut\.ndjson, line 2 is passed over/)])
    await writeFile(at('cut.ndjson.lock'), JSON.stringify({ pid: process.pid, host: hostname() }))
    const list = await toll(
      'trials',
      'cut.ndjson',
      'mnist.ndjson',
      '--json',
      '--sql',
      'SELECT count(*) AS n FROM trials',
    )
    expect(JSON.parse(list.out)).toEqual([{ n: records.length }])
  })

  it('queries trials as a table and as CSV', async () => {
    const csv = await toll(
      'trials',
      'mnist.ndjson',
      '--csv',
      '--sql',
      'SELECT class, beta, seed, auroc FROM trials ORDER BY finished LIMIT 1',
    )
    const first = [...records].sort((a, b) => a.finished.localeCompare(b.finished))[0]
    expect(csv.out).toBe(
      `class,beta,seed,auroc\n${first.class},${first.beta},${first.seed},${first.test.labelled.auroc}\n`,
    )
    expect((await toll('trials', 'mnist.ndjson')).out.split('\n')).toHaveLength(records.length + 3)
    const wrong = await toll('trials', 'mnist.ndjson', '--sql', 'SELECT nothing FROM trials')
    expect([wrong.code, wrong.out, wrong.err]).toEqual([
      2,
      '',
      expect.stringMatching(/^toll: the query failed: .*"nothing" not found.*\n$/),
    ])
  })
})

describe('a dry run', () => {
  it('counts operations from the programs, and runs nothing', async () => {
    const before = await readdir(folder)
    const { code, out, err } = await toll(
      'table2',
      '--validation',
      '1000',
      '--seeds',
      '2',
      '--dry-run',
      '--json',
      '--workers',
      '1',
    )
    expect([code, err]).toEqual([0, ''])
    const { trials, trial, step, seconds, bytes } = JSON.parse(out) as {
      trials: object
      trial: { operations: number; seconds: number }
      step: { operations: number }
      seconds: number
      bytes: number
    }
    expect(trials).toEqual({ total: 20, missing: 20 })
    // 79.8 million multiply-adds an image and pass, three passes less the pictures' gradient, 50 images; elementwise
    // work comes on top.
    expect(step.operations / (3 * 2 * 79.8e6 * 50)).toBeGreaterThan(0.97)
    expect(step.operations / (3 * 2 * 79.8e6 * 50)).toBeLessThan(1.1)
    expect(trial.operations).toBeGreaterThan(2000 * step.operations)
    expect(seconds / trial.seconds).toBeCloseTo(20, 6)
    expect(bytes).toBeGreaterThan(1e8)
    expect(await readdir(folder)).toEqual(before)
  })
})

const published = process.env.TOLL_DATA
if (!published) console.log('skipped: a rehearsal on CIFAR-10 needs TOLL_DATA, a folder with the data sets')
describe.skipIf(!published)('a rehearsal on CIFAR-10', () => {
  const args = [
    'table2',
    '--classes',
    'truck',
    '--seeds',
    '1',
    '--steps',
    '2',
    '--validate-every',
    '1',
    '--validation',
    '20',
    '--trials',
    'cifar.ndjson',
  ]
  it('runs a trial into the log, and takes it from there the next time', async () => {
    const env = { TOLL_DATA: published! }
    const { process: running, outcome } = startPaper([...args, '--steps', '400', '--validate-every', '20'], {
      cwd: folder,
      env,
    })
    await until(() => readdirSync(folder).some((name) => name.startsWith('cifar') && name.endsWith('.lock')))
    running.kill('SIGINT')
    const stopped = await outcome
    expect(stopped).toMatchObject({ out: '', err: expect.stringContaining('the same command goes on') })
    expect(stopped.code).toBe(130)
    expect((await readdir(folder)).filter((name) => name.startsWith('cifar') && name.endsWith('.lock'))).toEqual([])

    const first = await runPaper(args, { cwd: folder, env })
    expect([first.code, first.err]).toEqual([0, expect.stringMatching(/^truck, beta 10, seed 0: AUROC \d/)])
    const line = await readFile(at('cifar.ndjson'), 'utf8')
    expect(readImageRecord(JSON.parse(line))).toMatchObject({
      dataset: 'cifar-10',
      className: 'truck',
      images: { test: 10_000, testAnomalies: 9000 },
    })
    const again = await runPaper(args, { cwd: folder, env })
    expect([again.code, again.out]).toEqual([0, first.out])
    expect(await readFile(at('cifar.ndjson'), 'utf8')).toBe(line)
    const dry = await runPaper([...args, '--dry-run', '--workers', '1'], { cwd: folder, env })
    expect(dry.out).toContain('0 of 1 trials are missing in cifar.ndjson')
  }, 240_000)
})
