// toll explain in a process of its own: terminal, JSON, files, keys, neighbours, pictures, and wrong use.

import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseHTML } from 'linkedom'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ExplainedTable } from 'toll/report'
import { runToll, writeExample } from './spawn.test.suite.js'

let folder = ''
const at = (name: string) => join(folder, name)
const toll = (...args: string[]) => runToll(args, { cwd: folder })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-explain-'))
  await writeExample(folder)
  await toll(
    'fit',
    'example.csv',
    '--id',
    'key',
    '--label',
    'label',
    '--steps',
    '200',
    '--threads',
    '1',
    '-o',
    'model.onnx',
  )
  await writeFile(at('new.csv'), 'key,a,b,c\ngood,0.5,1.0,5\nodd,0.1,9,5\ntext,word,1,5\ngap,,1,5\n')
})
afterAll(() => rm(folder, { recursive: true }))

interface Printed extends ExplainedTable {
  readonly invalid: readonly { readonly row: string | number; readonly reason: string; readonly message: string }[]
  readonly neighbours?: readonly (readonly { readonly row: number }[])[]
}

describe('explain', () => {
  test('prints the highest scores first, their columns adding up, and lists rows that cannot be scored', async () => {
    const { code, out, err } = await toll(
      'explain',
      'model.onnx',
      'new.csv',
      '--id',
      'key',
      '--json',
      '--neighbours',
      'example.csv',
      '--neighbour-count',
      '2',
    )
    expect([code, err]).toEqual([0, ''])
    const printed = JSON.parse(out) as Printed
    expect(printed.rows[0]).toMatchObject({ row: 'odd', isAnomaly: true, columns: [{ column: 'b', value: 9 }, {}, {}] })
    expect(printed.rows.map(({ row }) => row).toSorted()).toEqual(['gap', 'good', 'odd'])
    for (const { score, base, columns } of printed.rows)
      expect(columns.reduce((sum, { contribution }) => sum + contribution, base)).toBeCloseTo(score, 9)
    expect(printed.invalid).toEqual([
      {
        row: 'text',
        reason: 'not-a-number',
        column: expect.any(String) as string,
        message: expect.stringContaining("'word'") as string,
      },
    ])
    expect(printed.neighbours!.map(({ length }) => length)).toEqual([2, 2, 2])
    expect(printed.rows.find(({ row }) => row === 'gap')!.columns.find(({ column }) => column === 'a')!.value).toBe(
      null,
    )
  })

  test('prints text for people, with the number of columns asked for', async () => {
    const { code, out, err } = await toll('explain', 'model.onnx', 'new.csv', '--row', '2', '--columns-shown', '1')
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^row 2: score [\d.]+, p [\d.]+, above the threshold/)
    expect(out).toMatch(/\nb +9 /)
    expect(out).toContain('2 other columns: ')
  })

  test('writes CSV, NDJSON, JSON and a page', async () => {
    for (const name of ['why.csv', 'why.ndjson', 'why.json', 'why.html'])
      expect((await toll('explain', 'model.onnx', 'new.csv', '--top', '2', '-o', name)).code).toBe(0)
    const lines = (await readFile(at('why.csv'), 'utf8')).trim().split('\n')
    expect(lines).toHaveLength(1 + 2 * 3)
    expect(lines[0]).toBe(
      'row,score,p_value,is_anomaly,base,remainder,rank,column,value,typical,contribution,reconstruction,latent',
    )
    expect(
      (await readFile(at('why.ndjson'), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { row: number }).row)[0],
    ).toBe(2)
    expect((JSON.parse(await readFile(at('why.json'), 'utf8')) as Printed).rows).toHaveLength(2)
    const { document } = parseHTML(await readFile(at('why.html'), 'utf8'))
    expect([...document.querySelectorAll('h2')].map(({ textContent }) => textContent)[0]).toBe('Row 2')
    expect(document.querySelectorAll('link, [src^="http"]')).toHaveLength(0)
    expect(document.querySelectorAll('script').length).toBe(1)
  })

  test('explains other detectors by Shapley values', async () => {
    await toll('fit', 'example.csv', '--id', 'key', '--label', 'label', '--detector', 'ecod', '-o', 'ecod.onnx')
    const { code, out } = await toll('explain', 'ecod.onnx', 'new.csv', '--row', '2', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      method: 'shapley',
      base: { name: 'score of a typical row' },
      rows: [{ row: 2, evaluations: 6, columns: [{ column: 'b' }, {}, {}] }],
    })
  })

  test('draws images', async () => {
    const pixels = Float32Array.from({ length: 60 * 64 }, (_, i) => ((i * 7919) % 13) / 13)
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (60, 8, 8), }".padEnd(117) + '\n'
    await writeFile(
      at('images.npy'),
      Buffer.concat([
        Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
        Buffer.from([header.length, 0]),
        Buffer.from(header),
        Buffer.from(pixels.buffer),
      ]),
    )
    expect((await toll('fit', 'images.npy', '--steps', '3', '--batch', '20', '-o', 'images.onnx')).code).toBe(0)
    const { code, err } = await toll(
      'explain',
      'images.onnx',
      'images.npy',
      '--top',
      '2',
      '--heat-maps',
      'maps',
      '-o',
      'images.html',
    )
    expect([code, err]).toEqual([0, ''])
    const files = await readdir(at('maps'))
    expect(files).toHaveLength(2)
    expect((await readFile(join(at('maps'), files[0]))).subarray(1, 4).toString()).toBe('PNG')
    expect(await readFile(at('images.html'), 'utf8')).toContain('contributions of image')
  })

  test.each([
    [['--row', '0'], /--row takes the number of a row, from 1, got '0'/],
    [['--row', '9'], /--row 9 is beyond the 4 rows/],
    [['-o', 'why.xml'], /cannot tell the format of why.xml/],
    [['--heat-maps', 'maps'], /--heat-maps draws images/],
    [['--top', '0'], /--top must be/],
  ])('%j is wrong use', async (flags, message) => {
    const { code, err } = await toll('explain', 'model.onnx', 'new.csv', ...flags)
    expect([code, err]).toEqual([2, expect.stringMatching(message)])
  })
})
