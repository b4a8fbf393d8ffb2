// Thresholds on the command line: each rule by its flag, kept under names, moved in the file, and left alone when
// refused.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readManifest, type Manifest, type ThresholdRule } from 'toll'
import { discoveries, fitThreshold } from 'toll/metrics'
import { runToll, writeExample } from './spawn.test.suite.js'

let folder = ''
const at = (name: string) => join(folder, name)
const toll = (...args: string[]) => runToll(args, { cwd: folder })
const fitArgs = [
  'fit',
  'example.csv',
  '--id',
  'key',
  '--label',
  'label',
  '--detector',
  'mean-distance',
  '--hold-out',
  '0.6',
  '--threads',
  '1',
  '--quiet',
]
const manifestOf = async (name: string) => readManifest(await readFile(at(name)))
let fitted: Manifest

interface Row {
  readonly score: number
  readonly p_value: number
  readonly is_anomaly: boolean
  readonly is_anomaly_page?: boolean
  readonly is_discovery?: boolean | null
}

async function scoresOf(model: string, source = 'example.csv', ...flags: string[]): Promise<Row[]> {
  const { code, out, err } = await toll(
    'score',
    model,
    source,
    '--format',
    'ndjson',
    '--threads',
    '1',
    '--quiet',
    ...flags,
  )
  expect([code, err]).toEqual([0, ''])
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-threshold-'))
  await writeExample(folder)
  const { code, err } = await toll(...fitArgs, '-o', 'model.onnx')
  expect([code, err]).toEqual([0, ''])
  fitted = await manifestOf('model.onnx')
  expect(fitted.heldBack.scores).toHaveLength(235)
})
afterAll(() => rm(folder, { recursive: true }))

describe('toll threshold', () => {
  test.each<[string[], ThresholdRule]>([
    [['--quantile', '0.9'], { kind: 'quantile', quantile: 0.9 }],
    [['--fpr', '0.05'], { kind: 'conformal', rate: 0.05 }],
    [['--tail-rate', '1e-5'], { kind: 'tail', rate: 1e-5 }],
    [['--mad', '3.5'], { kind: 'mad', deviations: 3.5 }],
    [['--value', '-2.5'], { kind: 'fixed', value: -2.5 }],
  ])('moves the threshold by %s, from the scores in the file alone', async (flags, rule) => {
    const output = `${rule.kind}.onnx`
    const { code, out } = await toll('threshold', 'model.onnx', ...flags, '-o', output, '--json')
    const expected = fitThreshold(rule, fitted.heldBack.scores)
    expect([code, JSON.parse(out)]).toEqual([
      0,
      { model: output, threshold: expected, thresholds: {}, heldBack: { source: 'held-back', scores: 235 } },
    ])
    expect(await manifestOf(output)).toEqual({ ...fitted, threshold: expected })
    for (const { score, is_anomaly } of await scoresOf(output)) expect(is_anomaly).toBe(score > expected.value)
  })

  test.each<[string[], ThresholdRule]>([
    [['--f-score', '2'], { kind: 'f-score', beta: 2 }],
    [['--cost', '20'], { kind: 'cost', miss: 20 }],
  ])('moves the threshold by %s, with labels', async (flags, rule) => {
    const output = `${rule.kind}.onnx`
    const { code, err } = await toll(
      'threshold',
      'model.onnx',
      ...flags,
      'example.csv',
      '--label',
      'label',
      '-o',
      output,
      '--threads',
      '1',
    )
    expect([code, err]).toEqual([0, `wrote ${output}\n`])
    const scores = (await scoresOf('model.onnx')).map(({ score }) => score)
    expect((await manifestOf(output)).threshold).toEqual(
      fitThreshold(rule, [], { scores, labels: scores.map((_, i) => Number(i % 50 === 49)) }),
    )
  })

  test('rewrites the file, keeps further thresholds under names, and takes them out', async () => {
    await writeFile(at('own.onnx'), await readFile(at('model.onnx')))
    expect((await toll('threshold', 'own.onnx', '--fpr', '0.1')).code).toBe(0)
    expect((await toll('threshold', 'own.onnx', '--tail-rate', '0.001', '--name', 'page')).code).toBe(0)
    const { threshold, thresholds } = await manifestOf('own.onnx')
    expect([threshold.kind, thresholds]).toEqual([
      'conformal',
      { page: fitThreshold({ kind: 'tail', rate: 0.001 }, fitted.heldBack.scores) },
    ])
    const rows = await scoresOf('own.onnx')
    for (const { score, is_anomaly, is_anomaly_page } of rows)
      expect([is_anomaly, is_anomaly_page]).toEqual([score > threshold.value, score > thresholds!.page.value])
    expect(rows.some(({ is_anomaly, is_anomaly_page }) => is_anomaly !== is_anomaly_page)).toBe(true)

    const shown = await toll('threshold', 'own.onnx')
    expect(shown.out).toMatch(
      /^is_anomaly +\S+ \(at most a share of 0\.1 false alarms, by 235 held-back normal rows\) +22 of 235$/m,
    )
    expect(shown.out).toMatch(/^is_anomaly_page +\S+ \(rate 0\.001, extrapolated .*\) +\d of 235$/m)
    expect(shown.out).toContain('Smallest p-value that 235 held-back rows resolve: 0.00424.')
    const inspected = await toll('inspect', 'own.onnx')
    expect(inspected.out).toMatch(/^outputs +score, p_value, is_anomaly, is_anomaly_page$/m)
    expect(inspected.out).toMatch(/^threshold +\S+ \(at most a share of 0\.1/m)
    expect(inspected.out).toMatch(/^threshold page +\S+ \(rate 0\.001/m)

    expect((await toll('threshold', 'own.onnx', '--remove', 'page')).code).toBe(0)
    expect((await manifestOf('own.onnx')).thresholds).toEqual({})
    expect(Object.keys((await scoresOf('own.onnx'))[0])).not.toContain('is_anomaly_page')
  })

  test.each<[string[], number, RegExp]>([
    [
      ['--fpr', '0.001'],
      1,
      /at least 999 held-back normal rows, got 235; keep more rows back when fitting, or choose another rule/,
    ],
    [['--fpr', '1.5'], 2, /--fpr must be .*above 0 and below 1, got '1\.5'/],
    [['--fpr', '0.1', '--mad', '3'], 2, /one rule, got --fpr and --mad/],
    [['--f-score', '1'], 2, /needs labels: add a source and --label COLUMN/],
    [['--fpr', '0.1', 'example.csv'], 2, /needs no source/],
    [['--name', 'page'], 2, /name a rule/],
    [['--fpr', '0.1', '--name', 'a b'], 2, /1 to 40 letters, digits/],
    [['--remove', 'page'], 1, /no threshold 'page'; it has none beside its own/],
    [['--remove', 'page', '--fpr', '0.1'], 2, /goes with no rule/],
    [['--f-score', '1', 'example.csv', '--label', 'nothing'], 1, /nothing/],
  ])('refuses %s and leaves the file as it is', async (flags, code, message) => {
    await writeFile(at('kept.onnx'), await readFile(at('model.onnx')))
    const refused = await toll('threshold', 'kept.onnx', ...flags)
    expect([refused.code, refused.out, refused.err]).toEqual([code, '', expect.stringMatching(message)])
    expect(refused.err.trim().split('\n')).toHaveLength(1)
    expect(Buffer.compare(await readFile(at('kept.onnx')), await readFile(at('model.onnx')))).toBe(0)
  })
})

describe('fit', () => {
  test.each<[string[], ThresholdRule]>([
    [['--threshold-quantile', '0.5'], { kind: 'quantile', quantile: 0.5 }],
    [['--threshold-fpr', '0.05'], { kind: 'conformal', rate: 0.05 }],
    [['--threshold-tail-rate', '0.0001'], { kind: 'tail', rate: 0.0001 }],
    [['--threshold-mad', '4'], { kind: 'mad', deviations: 4 }],
    [['--threshold-value', '7'], { kind: 'fixed', value: 7 }],
  ])('sets the threshold by %s', async (flags, rule) => {
    expect((await toll(...fitArgs, '-o', 'set.onnx', ...flags)).code).toBe(0)
    expect(await manifestOf('set.onnx')).toEqual({ ...fitted, threshold: fitThreshold(rule, fitted.heldBack.scores) })
  })

  test.each(['f-score', 'cost'])(
    'sets the threshold by %s from the labelled anomalies and the held-back rows',
    async (kind) => {
      expect((await toll(...fitArgs, '-o', 'set.onnx', `--threshold-${kind}`, '1')).code).toBe(0)
      expect((await manifestOf('set.onnx')).threshold).toMatchObject({ kind, labelled: 235 + 8 })
    },
  )

  test('refuses two rules, and a rate that so few rows cannot promise, and writes no file', async () => {
    const two = await toll(...fitArgs, '-o', 'none.onnx', '--threshold-fpr', '0.1', '--threshold-mad', '3')
    expect([two.code, two.err]).toEqual([
      2,
      expect.stringContaining('one rule, got --threshold-fpr and --threshold-mad'),
    ])
    const few = await toll(...fitArgs, '-o', 'none.onnx', '--threshold-fpr', '0.0001')
    expect([few.code, few.err]).toEqual([1, expect.stringContaining('at least 9999 held-back normal rows, got 235')])
    await expect(readFile(at('none.onnx'))).rejects.toThrow(/ENOENT/)
  })
})

describe('score --fdr', () => {
  test('calls what Benjamini and Hochberg call over the whole source; unscored rows are no hypotheses', async () => {
    const lines = (await readFile(at('example.csv'), 'utf8')).trim().split('\n')
    // 20 batches and more, one bad row, and 40 far ones.
    const many = Array.from({ length: 15 }, () => lines.slice(1)).flat()
    const far = Array.from({ length: 400 }, (_, i) => `far${i},${30 + i},0,5,1`)
    await writeFile(
      at('many.csv'),
      [lines[0], ...many.slice(0, 10), 'bad,oops,1,2,0', ...many.slice(10), ...far].join('\n'),
    )
    const rows = await scoresOf('model.onnx', 'many.csv', '--fdr', '0.1')
    expect(rows).toHaveLength(6401)
    expect(rows[10]).toMatchObject({ score: null, p_value: null, is_discovery: null })
    const scored = rows.filter((_, i) => i !== 10)
    const expected = discoveries(
      scored.map(({ p_value }) => p_value),
      0.1,
    )
    expect(scored.map(({ is_discovery }) => is_discovery)).toEqual([...expected].map(Boolean))
    expect(expected.reduce((sum, flag) => sum + flag, 0)).toBeGreaterThanOrEqual(400)
  })

  test('refuses a rate outside its range, and a model without p-values', async () => {
    const wrong = await toll('score', 'model.onnx', 'example.csv', '--fdr', '0')
    expect([wrong.code, wrong.out, wrong.err]).toEqual([
      2,
      '',
      expect.stringMatching(/--fdr must be .* above 0 and below 1, got '0'/),
    ])
    const few = (await readFile(at('example.csv'), 'utf8')).split('\n').slice(0, 31).join('\n')
    await writeFile(at('few.csv'), few)
    expect(
      (
        await toll(
          'fit',
          'few.csv',
          '--id',
          'key',
          '--exclude',
          'label',
          '--detector',
          'mean-distance',
          '-o',
          'few.onnx',
        )
      ).code,
    ).toBe(0)
    const none = await toll('score', 'few.onnx', 'few.csv', '--fdr', '0.1')
    expect([none.code, none.out, none.err]).toEqual([
      1,
      '',
      expect.stringContaining('needs p-values, and no rows were held back'),
    ])
    expect((await toll('threshold', 'few.onnx')).out).toContain('No rows were held back')
  })
})
