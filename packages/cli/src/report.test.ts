// toll report and toll fit --report in processes of their own: pages, JSON, and wrong use that is found before any
// work.

import { existsSync } from 'node:fs'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseHTML } from 'linkedom'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Evaluation } from 'toll'
import { runToll, writeExample } from './spawn.test.suite.js'

let folder = ''
const at = (name: string) => join(folder, name)
const toll = (...args: string[]) => runToll([...args, '--threads', '1'], { cwd: folder })
const textOf = async (name: string) =>
  parseHTML(await readFile(at(name), 'utf8'))
    .document.querySelector('body')!
    .textContent.replaceAll(/\s+/g, ' ')
const fitting = ['--id', 'key', '--label', 'label', '--detector', 'mean-distance', '--hold-out', '0.3', '--seed', '2']

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-report-'))
  await writeExample(folder)
  expect(
    (
      await toll(
        'fit',
        'example.csv',
        ...fitting,
        '-o',
        'model.onnx',
        '--report',
        'training.html',
        '--report-seeds',
        '2',
      )
    ).code,
  ).toBe(0)
  await writeFile(at('new.csv'), 'key,a,b,c\ngood,0.5,1.0,5\nodd,0.1,9,5\ntext,word,1,5\ngap,,1,5\n')
})
afterAll(() => rm(folder, { recursive: true }))

describe('toll fit --report', () => {
  test('writes the page of the training data beside the model, rows named by their key, refits measured', async () => {
    const text = await textOf('training.html')
    expect(text).toContain('model.onnx on its training data')
    expect(text).toContain('fitted to 274 rows of 3 columns')
    expect(text).toContain('8 labelled anomalies left out')
    expect(text).toMatch(/Row k\d+9 score/)
    expect(text).toContain(
      'fitted again with 2 other seeds, everything else the same, and each refit scored the 400 rows of the ' +
        'training data',
    )
    expect(text).toContain(
      'toll fit example.csv --id key --label label --detector mean-distance --hold-out 0.3 --seed 2 -o ' +
        'model.onnx --report training.html --report-seeds 2',
    )
  })

  test('finds out before the fit that the page cannot be written', async () => {
    for (const [args, code] of [
      [['--report', 'nowhere/page.html'], 1],
      [['--report', 'other.onnx'], 2],
      [['--report-seeds', '2'], 2],
      [['--report', '-'], 2],
    ] as const) {
      const { code: exit, err } = await toll('fit', 'example.csv', ...fitting, '-o', 'other.onnx', ...args)
      expect([args, exit, err.startsWith('toll: ')]).toEqual([args, code, true])
      expect(existsSync(at('other.onnx'))).toBe(false)
    }
  })
})

describe('toll report', () => {
  test('scores rows, names them, and says in JSON what it found', async () => {
    const { code, out, err } = await toll('report', 'model.onnx', 'new.csv', '--id', 'key', '-o', 'new.html', '--json')
    expect([code, err]).toEqual([0, ''])
    expect(JSON.parse(out)).toMatchObject({
      report: 'new.html',
      model: 'model.onnx',
      rows: 4,
      anomalies: 1,
      invalid: 1,
      bytes: (await readFile(at('new.html'))).length,
    })
    const text = await textOf('new.html')
    expect(text).toContain('model.onnx on new.csv')
    expect(text).toContain('Row odd score')
    expect(text).toContain('1 row could not be scored, the first: row text:')
    expect(text).toContain(
      'toll fit DATA -o model.onnx --columns a --columns b --columns c --detector mean-distance --scale ' +
        'standard --hold-out 0.3 --seed 2 --threshold-quantile 0.99 --label LABEL',
    )
  })

  test('measures the scores against labels of the rows, and judges by them', async () => {
    const rows = await readFile(at('example.csv'), 'utf8')
    await writeFile(at('labelled.csv'), rows)
    const args = ['report', 'model.onnx', 'labelled.csv', '--label', 'label', '-o', 'labelled.html']
    const { code, err } = await toll(...args)
    expect([code, err]).toEqual([0, ''])
    const evaluated = await toll('eval', 'model.onnx', 'labelled.csv', '--label', 'label', '--json')
    const { measures, counts } = JSON.parse(evaluated.out) as Evaluation
    const text = await textOf('labelled.html')
    expect(text).toContain(`Area under the ROC curve${measures.auroc.value.toFixed(4)}`)
    expect(text).toContain('What each threshold calls')
    const { truePositives, falseNegatives, falsePositives, trueNegatives } = counts
    const called = [truePositives, falseNegatives, falsePositives, trueNegatives].join('')
    expect(text).toContain(`${called}${measures.precision.value.toFixed(3)}${measures.recall.value.toFixed(3)}`)
    // The other way round the model is worse than chance, and the verdict says so.
    const turned = await toll(...args, '--normal', '1')
    expect([turned.code, await textOf('labelled.html')]).toEqual([
      0,
      expect.stringMatching(/Before you trust it.*do not tell the labelled anomalies from normal rows/),
    ])
    expect(await toll('report', 'model.onnx', '--label', 'label', '-o', 'x.html')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/--label .* rows of a SOURCE, and there is none/) as string,
    })
  })

  test('is about the model alone without rows, and measures stability with the training data', async () => {
    const { code, err } = await toll(
      'report',
      'model.onnx',
      '-o',
      'alone.html',
      '--training',
      'example.csv',
      '--seeds',
      '1',
      '--label',
      'label',
    )
    expect([code, err]).toEqual([0, ''])
    const text = await textOf('alone.html')
    expect(text).toContain('No rows were scored for this report. toll report model.onnx ROWS.csv -o report.html')
    expect(text).toContain('fitted again with 1 other seed')
  })

  test('refuses wrong use before any work, and leaves no page', async () => {
    await writeFile(at('other.csv'), 'a,b\n1,2\n')
    await writeFile(at('changed.csv'), (await readFile(at('example.csv'), 'utf8')).replace('k0,', 'k0,1'))
    const cases: [string[], number, string][] = [
      [['model.onnx', 'new.csv', '-o', 'nowhere/page.html'], 1, 'no such file or folder'],
      [['model.onnx', 'new.csv', '-o', '-'], 2, 'not to standard output'],
      [['model.onnx', 'other.csv', '-o', 'page.html'], 1, 'lacks column c'],
      [['model.onnx', 'missing.csv', '-o', 'page.html'], 1, 'missing.csv'],
      [['new.csv', 'new.csv', '-o', 'page.html'], 1, 'new.csv'],
      [['model.onnx', '-o', 'page.html', '--id', 'key'], 2, '--id names rows of a SOURCE'],
      [['model.onnx', '-o', 'page.html', '--seeds', '2'], 2, 'add --training FILE'],
      [['model.onnx', '-o', 'page.html', '--training', 'example.csv'], 2, '8 labelled anomalies'],
      [['model.onnx', '-o', 'page.html', '--training', 'changed.csv', '--label', 'label'], 1, 'fingerprint'],
      [['model.onnx', 'new.csv'], 2, '--output'],
    ]
    for (const [args, code, words] of cases) {
      const { code: exit, err } = await toll('report', ...args)
      expect([args, exit]).toEqual([args, code])
      expect(err).toContain(words)
      expect(err.trim().split('\n')).toHaveLength(1)
    }
    expect((await readdir(folder)).filter((name) => name.includes('page.html'))).toEqual([])
  }, 180_000)
})
