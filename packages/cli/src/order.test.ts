// Groups, times and windows on the command line.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readManifest, type Evaluation } from 'toll'
import { Random } from 'toll/base'
import { runToll } from './spawn.test.suite.js'

let folder = ''
const at = (name: string) => join(folder, name)
const toll = (...args: string[]) => runToll(args, { cwd: folder })
const manifestOf = async (name: string) => readManifest(await readFile(at(name)))
const cheap = ['--detector', 'mean-distance', '--threads', '1', '--quiet']
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)

/** Two days of four pumps, in turn, every ten minutes; one pump breaks its rhythm for an hour. */
function pumpLines(): string[] {
  const random = Random.seeded(5)
  return upTo(288).flatMap((step) =>
    upTo(4).map((pump) => {
      const broken = pump === 2 && step >= 200 && step < 206
      const level = broken ? 3 : Math.sin(step / 4 + pump) + 0.05 * random.normal()
      const time = new Date(Date.UTC(2024, 0, 1) + 600_000 * step).toISOString()
      return `p${pump},${time},${level.toFixed(4)},${Number(broken)}`
    }),
  )
}
const header = 'pump,at,level,fault'

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-order-'))
  await writeFile(at('pumps.csv'), [header, ...pumpLines()].join('\n'))
  await writeFile(
    at('plain.csv'),
    ['level,load', ...upTo(120).map((i) => `${Math.sin(i / 3).toFixed(4)},${(i % 7) / 7}`)].join('\n'),
  )
})
afterAll(() => rm(folder, { recursive: true }))

describe('fit and eval', () => {
  test('hold whole groups back and say what that promises', async () => {
    const { code, out, err } = await toll(
      'fit',
      'pumps.csv',
      '-o',
      'group.onnx',
      '--group',
      'pump',
      '--time',
      'at',
      '--label',
      'fault',
      ...cheap.slice(0, -1),
      '--hold-out',
      '0.25',
      '--json',
    )
    expect([code, err]).toEqual([0, ''])
    const { notes } = JSON.parse(out) as { notes: string[] }
    expect(notes).toContainEqual(
      expect.stringContaining(
        'held-back rows of 1 whole groups: promises on false alarms are about rows of new groups',
      ),
    )
    const { heldBack, input } = await manifestOf('group.onnx')
    expect(heldBack).toMatchObject({ by: 'groups', groups: 1 })
    expect(input.kind === 'table' && input.columns.map(({ name }) => name)).toEqual(['level'])
    expect((await toll('inspect', 'group.onnx')).out).toContain('held back (1 whole groups)')
  })

  test('hold the latest rows back; intervals draw groups or blocks, and alerts are counted a day', async () => {
    expect(
      (await toll('fit', 'pumps.csv', '-o', 'time.onnx', '--exclude', 'pump,fault', '--time', 'at', ...cheap)).code,
    ).toBe(0)
    expect((await manifestOf('time.onnx')).heldBack).toMatchObject({ by: 'time', scores: { length: 116 } })
    const evaluate = async (...flags: string[]) =>
      JSON.parse(
        (await toll('eval', 'time.onnx', 'pumps.csv', '--label', 'fault', '--replicates', '200', '--json', ...flags))
          .out,
      ) as Evaluation
    const rows = await evaluate()
    expect([rows.resampled, rows.alerts]).toEqual([{ unit: 'rows', count: 1152, withAnomalies: 6 }, undefined])
    expect(rows.precisionAt).toMatchObject([{ rows: 10, value: 0.6 }])
    const groups = await evaluate('--group', 'pump', '--top', '6', '--top', '12')
    expect(groups.resampled).toEqual({ unit: 'groups', count: 4, withAnomalies: 1 })
    expect(groups.measures.auroc.value).toBe(rows.measures.auroc.value)
    expect(groups.precisionAt).toMatchObject([
      { rows: 6, value: 1 },
      { rows: 12, value: 0.5 },
    ])
    const blocks = await evaluate('--time', 'at', '--blocks', '24')
    expect(blocks.resampled).toMatchObject({ unit: 'blocks', count: 24 })
    const { truePositives, falsePositives } = blocks.counts
    expect(blocks.alerts).toMatchObject([
      {
        output: 'is_anomaly',
        alerts: truePositives + falsePositives,
        falsePerDay: falsePositives / blocks.alerts![0].days,
      },
    ])
    // 288 times, ten minutes apart.
    expect(blocks.alerts![0].days).toBeCloseTo(2, 12)
    const text = await toll(
      'eval',
      'time.onnx',
      'pumps.csv',
      '--label',
      'fault',
      '--replicates',
      '20',
      '--group',
      'pump',
      '--time',
      'at',
    )
    expect(text.out).toContain(
      'whole groups drawn: 4, 1 with anomalies.\n' +
        'Fewer than 10 groups with anomalies make intervals that are too narrow',
    )
    expect(text.out).toMatch(/Alerts in 2 days/)
  })

  test('refuse what does not go together', async () => {
    for (const [args, code, message] of [
      [['fit', 'pumps.csv', '-o', 'no.onnx', '--group', 'pum', ...cheap], 1, /has no column 'pum'/],
      [
        ['fit', 'pumps.csv', '-o', 'no.onnx', '--stride', '2', ...cheap],
        2,
        /--stride is of windows: add --window ROWS/,
      ],
      [
        ['fit', 'pumps.csv', '-o', 'no.onnx', '--exclude', 'at,fault', '--time', 'pump', ...cheap],
        1,
        /row 1: column 'pump' holds 'p0', which is no time/,
      ],
      [
        ['fit', 'plain.csv', '-o', 'no.onnx', '--window', '121', ...cheap],
        1,
        /windows of 121 rows need as many rows in order, got 120/,
      ],
      [['eval', 'time.onnx', 'pumps.csv', '--label', 'fault', '--time', 'gone'], 1, /gone/],
    ] as const) {
      const refused = await toll(...args)
      expect([refused.code, refused.out, refused.err]).toEqual([code, '', expect.stringMatching(message)])
    }
    await expect(readFile(at('no.onnx'))).rejects.toThrow(/ENOENT/)
  })
})

describe('windows', () => {
  test('are made again from raw rows: a rhythm that breaks, each pump by itself', async () => {
    const fit = await toll(
      'fit',
      'pumps.csv',
      '-o',
      'windows.onnx',
      '--group',
      'pump',
      '--time',
      'at',
      '--label',
      'fault',
      '--window',
      '6',
      '--hold-out',
      '0.25',
      ...cheap,
    )
    expect([fit.code, fit.err]).toEqual([0, ''])
    const { window, rows } = await manifestOf('windows.onnx')
    expect(window).toEqual({ size: 6, stride: 1, columns: ['level'], group: 'pump', time: 'at' })
    // 283 windows of each pump; the fault of 6 rows is in 11 of them.
    expect(rows).toEqual({ given: 4 * 283, trained: 4 * 283 - 11 - 283, anomalies: 11 })
    expect((await toll('inspect', 'windows.onnx')).out).toContain(
      'of 6 rows within each pump in order of at, 1 columns, every row in training; inputs are named ' +
        'column@rows-before',
    )

    const score = await toll(
      'score',
      'windows.onnx',
      'pumps.csv',
      '--id',
      'pump',
      '--format',
      'ndjson',
      '--threads',
      '1',
    )
    expect(score.err).toMatch(/^1152 rows, \d+ anomalies, 20 rows before the first full window have no score\n$/)
    const scored = score.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { score: number | null; error: string | null })
    expect(scored.slice(0, 20).every((row) => row.score === null)).toBe(true)
    expect(scored[19].error).toBe('row 20 has 4 of the 5 rows before it that its window needs')
    expect(scored.slice(20).every((row) => row.score !== null && row.error === null)).toBe(true)

    // A row's score is that of its window alone: the pump's own rows, cut off from the others, score the same.
    const alone = pumpLines().filter((line) => line.startsWith('p2'))
    await writeFile(at('alone.csv'), [header, ...alone].join('\n'))
    const own = (await toll('score', 'windows.onnx', 'alone.csv', '--format', 'ndjson', '--threads', '1')).out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { score: number | null }).score)
    expect(own).toEqual(scored.filter((_, i) => i % 4 === 2).map((row) => row.score))

    const evaluation = await toll(
      'eval',
      'windows.onnx',
      'pumps.csv',
      '--label',
      'fault',
      '--replicates',
      '20',
      '--json',
    )
    expect(JSON.parse(evaluation.out)).toMatchObject({
      rows: { anomalies: 11, normal: 1152 - 20 - 11, invalid: 20 },
      resampled: { unit: 'groups', count: 4 },
      alerts: [{ output: 'is_anomaly' }],
    })
  })

  test('with a row that cannot be read have no score, and with rows out of order are refused', async () => {
    const lines = pumpLines()
      .filter((line) => line.startsWith('p1'))
      .slice(0, 20)
    await writeFile(
      at('bad.csv'),
      [header, ...lines.map((line, i) => (i === 9 ? line.replace(/,[^,]*,0$/, ',oops,0') : line))].join('\n'),
    )
    const rows = (await toll('score', 'windows.onnx', 'bad.csv', '--format', 'ndjson')).out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { error: string | null }).error)
    expect(
      rows
        .map((error) =>
          error === null ? '' : error.includes('oops') ? 'bad' : error.includes('could not be read') ? 'near' : 'wait',
        )
        .join(),
    ).toBe(
      [
        'wait',
        'wait',
        'wait',
        'wait',
        'wait',
        '',
        '',
        '',
        '',
        'bad',
        'near',
        'near',
        'near',
        'near',
        'near',
        '',
        '',
        '',
        '',
        '',
      ].join(),
    )
    await writeFile(at('mixed.csv'), [header, lines[1], lines[0], ...lines.slice(2)].join('\n'))
    const refused = await toll('score', 'windows.onnx', 'mixed.csv')
    expect([refused.code, refused.out, refused.err]).toEqual([
      1,
      '',
      expect.stringContaining(
        "mixed.csv, row 2: 'at' is earlier than in a row above of its group; windows need rows in the order of their " +
          'times (--sql "select',
      ),
    ])
    const other = await toll('eval', 'windows.onnx', 'pumps.csv', '--label', 'fault', '--group', 'at')
    expect([other.code, other.err]).toEqual([
      2,
      expect.stringContaining("follow the groups of 'pump'; leave the groups of 'at' out (--group at)"),
    ])
  })

  test('need no group and no time, and stride in training only', async () => {
    expect((await toll('fit', 'plain.csv', '-o', 'plain.onnx', '--window', '3', '--stride', '2', ...cheap)).code).toBe(
      0,
    )
    expect((await manifestOf('plain.onnx')).rows).toEqual({ given: 59, trained: 59 - 6 - 1, anomalies: 0 })
    const out = (await toll('score', 'plain.onnx', 'plain.csv', '--quiet')).out.trim().split('\n')
    expect(out).toHaveLength(121)
    expect(out.slice(1).filter((line) => /^\d+,,/.test(line))).toHaveLength(2)
    // With --strict too, rows that no window ends in are no failure.
    const strict = await toll('score', 'plain.onnx', 'plain.csv', '--quiet', '--strict')
    expect([strict.code, strict.err]).toEqual([0, ''])
    expect(
      strict.out
        .trim()
        .split('\n')
        .slice(1, 4)
        .map((line) => line.split(',')[1] === ''),
    ).toEqual([true, true, false])
  })

  test('of an array are of its rows as they come', async () => {
    const values = upTo(240).map((i) => (i % 2 === 0 ? Math.sin(i / 6) : (i % 14) / 14))
    const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (120, 2), }".padEnd(117) + '\n'
    await writeFile(
      at('rows.npy'),
      Buffer.concat([
        Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]),
        Buffer.from(header),
        Buffer.from(Float64Array.from(values).buffer),
      ]),
    )
    expect((await toll('fit', 'rows.npy', '-o', 'array.onnx', '--window', '5', ...cheap)).code).toBe(0)
    expect((await toll('score', 'array.onnx', 'rows.npy')).err).toMatch(
      /^120 rows, \d+ anomal\w+, 4 rows before the first full window have no score\n$/,
    )
    const refused = await toll('fit', 'rows.npy', '-o', 'no.onnx', '--time', 'x0', ...cheap)
    expect([refused.code, refused.err]).toEqual([
      2,
      expect.stringContaining('--time names a column of a table; rows.npy is an array'),
    ])
  })
})

describe('compare', () => {
  test('splits by groups, and by time once', async () => {
    const compare = async (...flags: string[]) =>
      JSON.parse(
        (await toll('compare', 'pumps.csv', '--label', 'fault', '--detectors', 'mean-distance', '--json', ...flags))
          .out,
      ) as { settings: object; rows: object }
    await writeFile(
      at('faults.csv'),
      [header, ...pumpLines().map((line, i) => (i % 97 === 0 ? line.replace(/0$/, '1') : line))].join('\n'),
    )
    expect(await compare('--exclude', 'pump', '--time', 'at')).toMatchObject({
      settings: { by: 'time', splits: 1 },
      rows: { test: 464 },
    })
    const groups = JSON.parse(
      (
        await toll(
          'compare',
          'faults.csv',
          '--label',
          'fault',
          '--detectors',
          'mean-distance',
          '--json',
          '--exclude',
          'at',
          '--group',
          'pump',
          '--splits',
          '2',
        )
      ).out,
    ) as object
    expect(groups).toMatchObject({ settings: { by: 'groups', splits: 2 }, rows: { test: 576 } })
    const refused = await toll(
      'compare',
      'pumps.csv',
      '--label',
      'fault',
      '--exclude',
      'pump',
      '--time',
      'at',
      '--splits',
      '3',
    )
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('with times there is one split')])
  })
})
