// A table of texts, dates, gaps and keys through the commands, as its owner would use them.

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readManifest } from 'toll'
import { Random } from 'toll/base'
import { runToll } from './spawn.test.suite.js'

let folder = ''
const at = (name: string) => join(folder, name)
const toll = (...args: string[]) => runToll(args, { cwd: folder })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-mixed-'))
  for (const name of ['payments.csv', 'payments-new.csv'])
    await cp(fileURLToPath(new URL(`../../../docs/examples/${name}`, import.meta.url)), at(name))
  const { code, err } = await toll(
    'fit',
    'payments.csv',
    '-o',
    'm.onnx',
    '--id',
    'id',
    '--seed',
    '1',
    '--steps',
    '800',
    '--threads',
    '1',
  )
  expect([code, err]).toEqual([
    0,
    'note: the same value in every row: test is left out (--types test=category keeps it)\nnote: texts ' +
      'became categories: channel (3), country (4)\n' +
      'note: missing numbers became the median of their column, and that they were missing counts: 36 in fee\n',
  ])
})
afterAll(() => rm(folder, { recursive: true }))

describe('a mixed table', () => {
  test('becomes inputs of strings and doubles', async () => {
    const { input } = readManifest(await readFile(at('m.onnx')))
    expect(input.kind === 'table' && input.columns.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'at time',
      'channel category',
      'country category',
      'amount number',
      'fee number',
      'retries number',
    ])
    expect(input.kind === 'table' && input.leftOut).toEqual([{ name: 'test', reason: 'constant' }])
    const { out } = await toll('inspect', 'm.onnx')
    expect(out).toMatch(/^at +time +0 +2025-03-03T/m)
    expect(out).toMatch(/^channel: card \(\d+\), transfer \(\d+\), wallet \(\d+\)$/m)
    expect(out).toContain('left out: test (constant)')
  })

  test('is scored and explained: what is odd about a row comes first', async () => {
    const { out } = await toll('eval', 'm.onnx', 'payments-new.csv', '--label', 'odd', '--json')
    expect((JSON.parse(out) as { measures: { auroc: { value: number } } }).measures.auroc.value).toBeGreaterThan(0.95)
    const explained = JSON.parse(
      (await toll('explain', 'm.onnx', 'payments-new.csv', '--row', '6', '--row', '33', '--json')).out,
    ) as {
      rows: { score: number; base: number; columns: { column: string; value: unknown; contribution: number }[] }[]
    }
    for (const { score, base, columns } of explained.rows) {
      expect(columns).toHaveLength(6)
      expect(Math.abs(columns.reduce((sum, { contribution }) => sum + contribution, base) - score)).toBeLessThan(
        1e-5 * score,
      )
    }
    expect(explained.rows[0].columns[0]).toMatchObject({ column: 'channel', value: 'cheque' })
    expect(explained.rows[1].columns[0]).toMatchObject({ column: 'at', value: '1970-01-01' })
  })

  test('tells of texts that training did not have, and of dates that are none', async () => {
    const [header, first] = (await readFile(at('payments.csv'), 'utf8')).split('\n')
    const cells = first.split(',')
    const changed = (place: number, value: string) => cells.map((cell, i) => (i === place ? value : cell)).join(',')
    await writeFile(at('two.csv'), [header, changed(2, 'barter'), changed(1, '2025-02-30'), changed(2, '')].join('\n'))
    const { out, err } = await toll('score', 'm.onnx', 'two.csv')
    expect(err).toContain('2 texts that training had not, or rarely, 1 row could not be scored')
    expect(out.split('\n')[2]).toMatch(/^2,,,,,,"two\.csv, row 2: column 'at' holds '2025-02-30'/)
    expect((await toll('score', 'm.onnx', 'two.csv', '--strict')).code).toBe(1)
  })

  test('warns of dates that it took as texts, and takes them as times by a query', async () => {
    const lines = (await readFile(at('payments.csv'), 'utf8')).trim().split('\n')
    const turned = lines.map((line) => line.replace(/(\d{4})-(\d\d)-(\d\d)T[^,]*/, '$3/$2/$1'))
    await writeFile(at('days.csv'), turned.join('\n'))
    const cheap = ['--id', 'id', '--detector', 'mean-distance', '-o', 'days.onnx']
    expect((await toll('fit', 'days.csv', ...cheap)).err).toContain(
      "warning: column at seems to hold dates ('03/03/2025'), but is read as texts",
    )
    expect((await toll('fit', 'days.csv', ...cheap, '--types', 'at=category')).err).not.toContain('seems to hold dates')
    const query = ['--sql', "from read_csv('days.csv', dateformat = '%d/%m/%Y')"]
    const { code, err } = await toll('fit', ...query, ...cheap)
    expect([code, err.includes('seems to hold dates')]).toEqual([0, false])
    const { input } = readManifest(await readFile(at('days.onnx')))
    expect(input.kind === 'table' && input.columns.find(({ name }) => name === 'at')?.kind).toBe('time')
    expect((await toll('score', 'days.onnx', ...query, '--id', 'id')).err).not.toContain('could not be scored')
  })

  test('warns of numbers that it took as texts, and of columns that count the rows', async () => {
    const random = Random.seeded(3)
    const lines = Array.from({ length: 100 }, (_, i) =>
      [
        i + 1000,
        random.normal().toFixed(2).replace('.', ','),
        `$${random.integer(2000)}.50`,
        random.normal().toFixed(3),
      ].join(';'),
    )
    await writeFile(at('semi.csv'), ['id;load;price;noise', ...lines].join('\n'))
    const cheap = ['--detector', 'mean-distance', '-o', 'semi.onnx']
    const { err } = await toll('fit', 'semi.csv', ...cheap)
    const [load, price] = ['load', 'price'].map((name) => {
      const start = `warning: column ${name} seems to hold numbers (`
      return err
        .split('\n')
        .find((line) => line.startsWith(start))
        ?.slice(start.length)
    })
    expect(load).toMatch(/^'-?\d,\d+'\), but is read as texts; --decimal , reads decimal commas$/)
    expect(price).toMatch(/^'\$\d+\.50'\), but is read as texts; make numbers of them in a query \(--sql\)$/)
    expect(err).toMatch(/^warning: column id rises from row to row, .* --exclude id$/m)
    const told = await toll('fit', 'semi.csv', '--decimal', ',', '--types', 'price=category,id=number', ...cheap)
    expect([told.code, told.err.includes('warning')]).toEqual([0, false])
    // A model of numbers with points cannot read one of these rows: that is no result.
    await writeFile(at('points.csv'), ['id;load;price;noise', ...lines].join('\n').replaceAll(',', '.'))
    await toll('fit', 'points.csv', '--exclude', 'price', '--types', 'id=number', ...cheap)
    const scored = await toll('score', 'semi.onnx', 'semi.csv', '-o', 'semi-scores.csv')
    expect([scored.code, scored.err]).toEqual([
      1,
      expect.stringMatching(
        new RegExp(
          "semi\\.csv: no row could be scored; the first: semi\\.csv, row 1: column 'load' holds '.*', " +
            'which is not a finite number; with a decimal comma it is one \\(--decimal ,\\)\\n$',
        ),
      ),
    ])
    await expect(readFile(at('semi-scores.csv'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('is read as it was learned from, and contradicted by nobody', async () => {
    const numbers = Array.from({ length: 200 }, (_, i) => [
      (Math.sin(i) + 5).toFixed(2),
      i % 9 === 0 ? '-999' : String(i % 9),
    ])
    const text = numbers.map((row) => row.join(';').replaceAll('.', ',')).join('\n')
    await writeFile(at('told.csv'), text)
    const told = ['--no-header', '--decimal', ',', '--missing', '-999']
    const { code } = await toll('fit', 'told.csv', '-o', 'told.onnx', '--detector', 'mean-distance', ...told)
    expect(code).toBe(0)
    const scored = await toll('score', 'told.onnx', 'told.csv')
    expect(scored.err).toMatch(/^200 rows, .*23 missing numbers/)
    expect(await toll('score', 'told.onnx', 'told.csv', ...told)).toEqual(scored)
    for (const flags of [['--header'], ['--decimal', '.'], ['--missing', 'x']]) {
      const refused = await toll('score', 'told.onnx', 'told.csv', ...flags)
      expect([refused.code, refused.out]).toEqual([2, ''])
      expect(refused.err).toContain('but the model learned from a table that was read with')
    }
    expect((await toll('drift', 'told.onnx', 'told.csv')).code).toBe(0)
    const skipped = await toll('score', 'told.onnx', '--sql', 'select 1 x0, 2 x1', '--skip', '1')
    expect(skipped.err).toContain('skip is for delimited text, and the source is a query')
  })

  test('is compared with what was trained on, texts by their shares', async () => {
    const lines = (await readFile(at('payments.csv'), 'utf8')).trim().split('\n')
    await writeFile(
      at('moved.csv'),
      lines
        .map((line, i) => (i > 0 && i % 2 === 0 ? line.replace(/,(card|transfer|wallet),/, ',cheque,') : line))
        .join('\n'),
    )
    const { columns } = JSON.parse((await toll('drift', 'm.onnx', 'moved.csv', '--json')).out) as {
      columns: { column: string; drifted: boolean; outside: number; distance: number }[]
    }
    expect(columns[0]).toMatchObject({ column: 'channel', drifted: true, outside: 0.5 })
    expect(columns[0].distance).toBeCloseTo(0.5, 1)
    expect(columns.filter(({ drifted }) => drifted)).toHaveLength(1)
  })

  test('is reported on, and fitted again from the same file, whatever was left out', async () => {
    const fitted = await toll(
      'fit',
      'payments.csv',
      '-o',
      'r.onnx',
      '--id',
      'id',
      '--types',
      'retries=category',
      '--steps',
      '30',
      '--report',
      'fit.html',
      '--report-seeds',
      '1',
      '--quiet',
      '--threads',
      '1',
    )
    expect(fitted).toEqual({ code: 0, out: '', err: '' })
    const again = await toll(
      'report',
      'r.onnx',
      'payments-new.csv',
      '--id',
      'id',
      '--training',
      'payments.csv',
      '--seeds',
      '1',
      '-o',
      'again.html',
      '--threads',
      '1',
    )
    expect([again.code, again.out]).toEqual([0, expect.stringMatching(/^again\.html: 60 rows, \d+ anomalies/)])
    const page = await readFile(at('again.html'), 'utf8')
    for (const words of [
      'card 67',
      'positions card, transfer, wallet, others',
      'tensor(string)',
      'pandas.to_datetime',
      'phases of day, week',
      'Rank correlation',
    ])
      expect(page.toLowerCase()).toContain(words.toLowerCase())
    expect(page).not.toMatch(/undefined|\[object/)
  })

  test('marks a word that is neither true nor false, and that row alone', async () => {
    await writeFile(
      at('flags.csv'),
      ['x,flag', ...Array.from({ length: 60 }, (_, i) => `${i},${i % 3 === 0}`)].join('\n'),
    )
    await writeFile(
      at('one.csv'),
      ['x,flag', ...Array.from({ length: 20 }, (_, i) => `${i},${i === 5 ? 'maybe' : i % 3 === 0}`)].join('\n'),
    )
    expect((await toll('fit', 'flags.csv', '-o', 'f.onnx', '--steps', '5', '--quiet')).code).toBe(0)
    const { err, out } = await toll('score', 'f.onnx', 'one.csv')
    expect(err).toContain('1 row could not be scored')
    expect(out.split('\n')[6]).toMatch(/^6,.*column 'flag' holds 'maybe'/)
    expect(
      (await toll('fit', 'flags.csv', '-o', 'f.onnx', '--types', 'flag=boolean,x=category', '--steps', '5', '--quiet'))
        .code,
    ).toBe(0)
  })

  test('warns of columns that give the label away', async () => {
    const lines = (await readFile(at('payments-new.csv'), 'utf8')).trim().split('\n')
    await writeFile(
      at('leak.csv'),
      lines
        .map((line, i) => {
          if (i === 0) return `${line},refund,state,label`
          return `${line},${line.endsWith(',1') ? '5,bad,1' : `${(i % 5) - 5},${i % 2 ? 'fine' : 'good'},0`}`
        })
        .join('\n'),
    )
    const fitted = await toll('fit', 'leak.csv', '-o', 'leak.onnx', '--id', 'id', '--label', 'odd', '--steps', '2')
    expect(fitted.err.split('\n').filter((line) => line.startsWith('warning'))).toEqual(
      ['refund', 'state', 'label'].map(
        (name) =>
          `warning: column ${name} alone tells every label; if it is known only afterwards, leave it out with ` +
          `--exclude ${name}`,
      ),
    )
    const unnamed = await toll('fit', 'leak.csv', '-o', 'leak.onnx', '--id', 'id', '--exclude', 'odd', '--steps', '2')
    expect(unnamed.err).toContain(
      'warning: column label looks like a label, and is learned from; say --label label, or --exclude label',
    )
  })
})
