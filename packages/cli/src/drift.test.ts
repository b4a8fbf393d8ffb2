// Drift: what has changed is found, what has not is left, and p-values are uniform when nothing has.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readManifest, type Drift } from 'toll'
import { Random, table } from 'toll/base'
import { countBins, profileColumns, type NumberProfile } from 'toll/data'
import { compareBins, countTest } from 'toll/metrics'
import { runToll } from './spawn.test.suite.js'

let folder = ''
const at = (name: string) => join(folder, name)
const toll = (...args: string[]) => runToll(args, { cwd: folder })
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)
const columns = ['a', 'b', 'c', 'flag', 'fixed', 'gaps']

/** Rows of which some columns can be moved. */
function lines(count: number, seed: number, { shift = 0, missing = 0.05, fixed = 3, spread = 1 } = {}): string[] {
  const random = Random.seeded(seed)
  return upTo(count).map(() => {
    const a = random.normal()
    return [
      a,
      2 * a + random.normal() + shift,
      spread * random.normal(),
      random.uniform() < 0.3 ? 1 : 0,
      fixed,
      random.uniform() < missing ? '' : random.uniform(),
    ].join(',')
  })
}
const save = (name: string, rows: readonly string[]) => writeFile(at(name), [columns.join(','), ...rows].join('\n'))
const drift = async (source: string, ...flags: string[]) => {
  const { code, out, err } = await toll('drift', 'model.onnx', source, '--json', '--threads', '1', ...flags)
  expect([code, err]).toEqual([0, ''])
  return JSON.parse(out) as Drift
}
const of = ({ columns: found }: Drift, name: string) => found.find(({ column }) => column === name)!

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-drift-'))
  await save('normal.csv', lines(2000, 1))
  expect(
    (
      await toll(
        'fit',
        'normal.csv',
        '-o',
        'model.onnx',
        '--detector',
        'mean-distance',
        '--types',
        'fixed=number',
        '--hold-out',
        '0.3',
        '--threads',
        '1',
        '--quiet',
      )
    ).code,
  ).toBe(0)
})
afterAll(() => rm(folder, { recursive: true }))

describe('toll drift', () => {
  test('compares columns by the bins in the file, and the score with the held-back scores', async () => {
    const rows = lines(500, 2)
    await save('same.csv', rows)
    const found = await drift('same.csv')
    expect([found.drifted, found.rows, found.fdr]).toEqual([false, { now: 500, invalid: 0, heldBack: 600 }, 0.05])
    expect(found.columns.map(({ column }) => column).sort()).toEqual([...columns].sort())
    const profile = readManifest(await readFile(at('model.onnx'))).profile as NumberProfile[]
    const a = profile.find(({ name }) => name === 'a')!
    expect([a.counts.length, a.counts.reduce((sum, count) => sum + count, 0), a.counts[0], a.missing]).toEqual([
      14, 2000, 20, 0,
    ])
    const { pValue, psi, distance } = compareBins(
      a.counts,
      countBins(
        rows.map((row) => Number(row.split(',')[0])),
        a.edges,
      ),
    )
    expect(of(found, 'a')).toMatchObject({ pValue, psi, distance, missing: { trained: 0, now: 0 } })
    expect(of(found, 'fixed')).toEqual({
      column: 'fixed',
      pValue: 1,
      drifted: false,
      psi: 0,
      distance: 0,
      missing: { trained: 0, now: 0 },
      outside: 0,
    })
    // Two tests: of the numbers, and of how many are missing.
    const gaps = profile.find(({ name }) => name === 'gaps')!
    const cells = rows.map((row) => row.split(',')[5])
    const missing = cells.filter((cell) => cell === '').length
    const values = compareBins(
      gaps.counts,
      countBins(cells.filter((cell) => cell !== '').map(Number), gaps.edges),
    ).pValue
    expect(of(found, 'gaps').pValue).toBe(
      Math.min(1, 2 * Math.min(values, countTest(gaps.missing, 2000, missing, 500))),
    )
    expect(found.score).toMatchObject({ exact: true, drifted: false })
  })

  test('finds a shift, a spread, missing numbers and a constant that changed, and leaves the others', async () => {
    await save('moved.csv', lines(400, 3, { shift: 2, spread: 2, missing: 0.4, fixed: 4 }))
    const found = await drift('moved.csv')
    expect(
      found.columns
        .filter(({ drifted }) => drifted)
        .map(({ column }) => column)
        .sort(),
    ).toEqual(['b', 'c', 'fixed', 'gaps'])
    expect(of(found, 'fixed')).toMatchObject({ outside: 1 })
    expect(of(found, 'gaps').missing.now).toBeGreaterThan(0.3)
    expect(of(found, 'b').psi).toBeGreaterThan(0.25)
    expect(found.score!.drifted).toBe(true)
    expect(found.score!.cliffsDelta).toBeGreaterThan(0.3)
    expect(found.score!.called.now).toBeGreaterThan(found.score!.called.heldBack)
    const { out } = await toll('drift', 'model.onnx', 'moved.csv', '--top', '2')
    expect(out).toContain('... and 4 more columns')
    expect(out).toMatch(/Drift in 4 of 6 columns and in the score, at a false discovery rate of 0\.05, by 400 rows\./)
  })

  test('leaves rows that cannot be read out, and refuses a source without the columns', async () => {
    await save('bad.csv', [...lines(50, 4), 'oops,1,2,0,3,0.5'])
    expect(await drift('bad.csv')).toMatchObject({ rows: { now: 51, invalid: 1 } })
    await writeFile(at('other.csv'), 'x\n1\n2\n')
    const refused = await toll('drift', 'model.onnx', 'other.csv')
    expect([refused.code, refused.out, refused.err]).toEqual([
      1,
      '',
      expect.stringContaining('other.csv lacks columns a, b'),
    ])
    expect((await toll('drift', 'model.onnx', 'bad.csv', '--fdr', '2')).code).toBe(2)
  })

  test('names columns that hold something else now, one readable row or none, and compares the others', async () => {
    const asTexts = lines(300, 6, { shift: 3 }).map((line) => line.replace(/^[^,]+/, 'low'))
    for (const rows of [asTexts, [lines(1, 6)[0], ...asTexts.slice(1)]]) {
      await save('words.csv', rows)
      const found = await drift('words.csv')
      expect(found).toMatchObject({
        drifted: true,
        rows: { now: 300, invalid: 300 },
        retyped: [{ column: 'a', trained: 'number', now: 'category' }],
      })
      expect([found.score, found.invalidCells]).toEqual([undefined, undefined])
      expect(found.columns.filter(({ drifted }) => drifted).map(({ column }) => column)).toEqual(['b'])
      expect(found.columns.map(({ column }) => column).sort()).toEqual(['b', 'c', 'fixed', 'flag', 'gaps'])
    }
    const { out } = await toll('drift', 'model.onnx', 'words.csv')
    expect(out).toContain('Column a holds texts now; in training it held numbers.')
    expect(out).toContain('Drift in 2 of 6 columns, at a false discovery rate of 0.05, by 300 rows.')
    await save(
      'dates.csv',
      lines(50, 6).map((line) => line.replace(/^[^,]+/, '2024-05-31')),
    )
    expect(await drift('dates.csv')).toMatchObject({ retyped: [{ column: 'a', trained: 'number', now: 'time' }] })
    await writeFile(at('none.csv'), `${columns.join(',')}\n${'x,x,x,x,x,x\n'.repeat(20)}`)
    expect(await drift('none.csv')).toMatchObject({ drifted: true, columns: [], rows: { now: 20 } })
  })

  test('takes one odd flag for one odd cell, and times for what goes on', async () => {
    const random = Random.seeded(11)
    const rowsOf = (count: number, day: number, flag: (i: number) => string) =>
      [
        'at,ok,x',
        ...upTo(count).map(
          (i) => `2024-0${day}-${String(1 + (i % 28)).padStart(2, '0')},${flag(i)},${random.normal()}`,
        ),
      ].join('\n')
    await writeFile(
      at('flags.csv'),
      rowsOf(400, 1, (i) => String(i % 3 === 0)),
    )
    expect((await toll('fit', 'flags.csv', '-o', 'flags.onnx', '--detector', 'mean-distance', '--quiet')).code).toBe(0)
    await writeFile(
      at('flags-new.csv'),
      rowsOf(300, 6, (i) => (i === 200 ? 'maybe' : String(i % 3 === 0))),
    )
    const found = JSON.parse((await toll('drift', 'flags.onnx', 'flags-new.csv', '--json')).out) as Drift
    expect(found).toMatchObject({ rows: { now: 300, invalid: 1 }, invalidCells: { rows: 1, drifted: false } })
    expect(found.columns.some(({ drifted }) => drifted)).toBe(false)
    expect(of(found, 'at')).toMatchObject({ pValue: 1, psi: 0, distance: 0, outside: 1 })
  })

  test('counts rows that cannot be read as drift when they are too many for chance', async () => {
    const first = lines(12_000, 8)
    await save('later.csv', [...first, ...lines(1000, 9).map((line) => line.replace(/^[^,]+/, 'low'))])
    const found = await drift('later.csv')
    expect(found).toMatchObject({
      drifted: true,
      rows: { now: 13_000, invalid: 1000 },
      invalidCells: { rows: 1000, drifted: true },
    })
    expect((await toll('drift', 'model.onnx', 'later.csv')).out).toContain(
      'Drift in 0 of 6 columns, and in rows that cannot be read, at',
    )
    await save('one.csv', [...first.slice(0, 300), 'low,1,2,0,3,0.5'])
    expect(await drift('one.csv')).toMatchObject({ drifted: false, invalidCells: { rows: 1, drifted: false } })
    // Numbers by their form, though no row has a finite one; with a column of texts beside it, nothing is left of the
    // others.
    await save(
      'infinite.csv',
      lines(30, 7).map((line) => line.replace(/^[^,]+/, 'inf')),
    )
    const { code, err } = await toll('drift', 'model.onnx', 'infinite.csv')
    expect([code, err]).toEqual([
      1,
      "toll: infinite.csv: no row could be scored; the first: infinite.csv, row 1: column 'a' holds " +
        "'infinity', which is not a finite number\n",
    ])
    await save(
      'both.csv',
      lines(30, 7).map((line) => line.replace(/^[^,]+,[^,]+/, 'inf,low')),
    )
    const both = await drift('both.csv')
    expect(both.columns.map(({ pValue, distance }) => [pValue, distance])).toEqual(
      Array.from({ length: 5 }, () => [1, 0]),
    )
  })

  test('works without held-back rows, and on windows', async () => {
    await save('few.csv', lines(40, 5))
    expect((await toll('fit', 'few.csv', '-o', 'few.onnx', '--detector', 'mean-distance', '--quiet')).code).toBe(0)
    const few = await toll('drift', 'few.onnx', 'few.csv')
    expect([few.code, few.out]).toEqual([
      0,
      expect.stringContaining('No rows were held back when the model was fitted: the score is not compared.'),
    ])
    expect(
      (
        await toll(
          'fit',
          'normal.csv',
          '-o',
          'windows.onnx',
          '--window',
          '4',
          '--detector',
          'mean-distance',
          '--types',
          'fixed=number',
          '--quiet',
        )
      ).code,
    ).toBe(0)
    const windows = JSON.parse((await toll('drift', 'windows.onnx', 'few.csv', '--json')).out) as Drift
    expect(windows.columns.map(({ column }) => column).sort()).toEqual([...columns].sort())
    expect(windows.rows).toEqual({ now: 40, invalid: 3, heldBack: 200 })
  })
})

describe('p-values of columns', () => {
  test.each([
    ['continuous', (random: Random) => random.normal()],
    ['of few values', (random: Random) => random.integer(5)],
  ] as const)('that are %s are uniform when nothing has changed', (_, draw) => {
    const random = Random.seeded(9)
    const sample = (n: number) => Float64Array.from({ length: n }, () => draw(random))
    const p = upTo(1000).map(() => {
      const [{ edges, counts }] = profileColumns(table(['x'], [sample(600)]), upTo(600)) as NumberProfile[]
      return compareBins(counts, countBins(sample(400), edges)).pValue
    })
    for (const level of [0.01, 0.05, 0.1, 0.3, 0.5]) {
      const share = p.filter((value) => value <= level).length / 1000
      expect(Math.abs(share - level), `${share} at ${level}`).toBeLessThan(
        3.3 * Math.sqrt((level * (1 - level)) / 1000),
      )
    }
  })
})
