// Tables that are very wide, and lines that are very long.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { namesOf } from '../../base/index.js'
import { openTable } from './index.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-sizes-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function file(name: string, content: string): Promise<string> {
  await writeFile(join(folder, name), content)
  return join(folder, name)
}

/** Cell c of row r is r + c; the last column is a text. */
async function wideFile(
  name: string,
  width: number,
  rows: number,
  cells: Readonly<Record<string, string>> = {},
): Promise<string> {
  const names = Array.from({ length: width }, (_, c) => `c${c}`)
  const lines = Array.from({ length: rows }, (_, r) =>
    names.map((column, c) => cells[`${r + 1} ${column}`] ?? (c === width - 1 ? 'xy'[r % 2] : r + c)).join(','),
  )
  return file(name, `${[names.join(','), ...lines].join('\n')}\n`)
}

test('ten thousand columns', async () => {
  await using source = await openTable(await wideFile('wide.csv', 10_000, 3))
  const columns = source.columns.map(({ name }) => name)
  expect(source.columns.findIndex(({ kind }) => kind !== 'number')).toBe(9_999)
  const { table, passthrough } = await source.readBatch({ columns, passthrough: ['c5'] })
  expect(passthrough.get('c5')).toEqual(['5', '6', '7'])
  const numbers = table.columns.filter(({ kind }) => kind === 'number')
  expect([namesOf(table.columns), numbers.length]).toEqual([columns, 9_999])
  expect(table.columns[9_999]).toMatchObject({ kind: 'category', categories: ['x', 'y'] })
  expect(
    table.columns.every(
      ({ values }, c) => values.length === 3 && values.every((value, r) => value === (c === 9_999 ? r % 2 : c + r)),
    ),
  ).toBe(true)
}, 240_000)

test('columns of several passes: batches, and the first bad cell of a row', async () => {
  const path = await wideFile('passes.csv', 2100, 3, { '2 c0': 'p', '2 c2090': 'q', '3 c2090': '?', '3 c2091': 'r' })
  await using source = await openTable(path)
  const columns = source.columns.map(({ name }) => ({ name, kind: name === 'c2099' ? 'category' : 'number' }) as const)
  const whole = await source.readBatch({ columns, invalidRows: 'mark' })
  expect([...whole.invalid].map(([row, { message }]) => [row, message.replace(path, '')])).toEqual([
    [1, ", row 2: column 'c0' holds 'p', which is not a finite number"],
    [2, ", row 3: column 'c2091' holds 'r', which is not a finite number"],
  ])
  for await (const { table, invalid } of source.batches({ columns, invalidRows: 'mark' }))
    expect([table, invalid]).toEqual([whole.table, whole.invalid])
  await expect(source.read({ columns })).rejects.toMatchObject({
    code: 'data',
    message: expect.stringContaining("row 2: column 'c0' holds 'p'"),
  })
})

test.each(['first', 'middle', 'last', 'unterminated'] as const)('a line of 33 MB, %s', async (where) => {
  const long = `1,${'x'.repeat(33_000_000)}${where === 'unterminated' ? '' : '\n'}`
  const path = await file(
    'long.csv',
    `a,b\n${where === 'first' ? '' : '1,2\n'}${long}${['first', 'middle'].includes(where) ? '3,4\n' : ''}`,
  )
  const reading = openTable(path).then((source) => source.read({ columns: ['a', { name: 'b', kind: 'category' }] }))
  await expect(reading).rejects.toMatchObject({
    code: 'format',
    message: expect.stringMatching(/long\.csv.* line is longer than 2 MB/),
  })
})

test('a JSON object of 34 MB', async () => {
  await expect(
    openTable(await file('long.ndjson', `{"a":1}\n{"a":"${'x'.repeat(34_000_000)}"}\n`)),
  ).rejects.toMatchObject({ code: 'format', message: expect.stringContaining('a JSON object is longer than 16 MB') })
})
