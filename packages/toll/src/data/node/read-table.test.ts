// One table, read through DuckDB and read as a browser does: the same columns, and the same errors.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { TollError, type Table } from '../../base/index.js'
import { readTable as readInBrowser } from '../read-table.js'
import type { ReadTableOptions } from '../table-location.js'
import { readTable } from './read-table.js'

const folder = mkdtempSync(join(tmpdir(), 'toll-read-table-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The table that both readers give, or what both refuse. */
async function both(name: string, content: string | Uint8Array, options: ReadTableOptions = {}) {
  const path = join(folder, name)
  writeFileSync(path, content)
  const outcome = (reading: Promise<Table>) =>
    reading.catch((error: unknown) => {
      if (!(error instanceof TollError)) throw error
      const { file: _file, expected: _expected, ...details } = error.details
      return { reason: error.reason, ...details }
    })
  const bytes = new File([typeof content === 'string' ? content : new Uint8Array(content)], path)
  const [there, here] = [await outcome(readTable(path, options)), await outcome(readInBrowser(bytes, options))]
  expect(here).toEqual(there)
  return there
}

const described = (table: unknown) =>
  (table as Table).columns.map((column) => [
    column.name,
    column.kind,
    [...column.values],
    ...(column.kind === 'category' ? [column.categories] : []),
  ])

const mixed = [
  'id;when;ok;kind;amount;note',
  '1;2024-05-31;true;north;1.5;"a;b"',
  '2;2024-05-31T12:00:00Z;FALSE; south ;-2e3;"say ""hi"""',
  '3;;;NA;;',
  '4;2024-06-01;true;north;1e3;"two',
  'lines"',
]

describe('cells of text', () => {
  it('are numbers, times, booleans and categories', async () => {
    for (const end of ['\n', '\r\n']) {
      const table = await both('mixed.csv', mixed.join(end) + end)
      expect(described(table)).toEqual([
        ['id', 'number', [1, 2, 3, 4]],
        ['when', 'time', [1717113600, 1717156800, NaN, 1717200000]],
        ['ok', 'boolean', [1, 0, NaN, 1]],
        ['kind', 'category', [0, 1, NaN, 0], ['north', 'south']],
        ['amount', 'number', [1.5, -2000, NaN, 1000]],
        ['note', 'category', [0, 1, NaN, 2], ['a;b', 'say "hi"', `two${end}lines`]],
      ])
    }
  })

  it('are numbers only in the notation of the file', async () => {
    const underscores = await both('underscore.csv', 'unit,v\n19_1,1\n1_91,2\n20_7,3\n')
    expect(described(underscores)[0]).toEqual(['unit', 'category', [0, 1, 2], ['19_1', '1_91', '20_7']])
    const thousands = await both('thousands.csv', 'a;b\n1.234;1,5\n2.345;+2,5e1\n', { decimal: ',', delimiter: ';' })
    expect(described(thousands)).toEqual([
      ['a', 'category', [0, 1], ['1.234', '2.345']],
      ['b', 'number', [1.5, 25]],
    ])
  })

  it.each<[string, string, ReadTableOptions, unknown]>([
    ['a comma in a header of semicolons', 'p (bar, abs);t\n0,99;20\n1,01;21\n', {}, [['p (bar, abs)'], ['t']]],
    ['a tabulator beside commas', 'a\tb, c\n1\t2\n3\t4\n', {}, [['a'], ['b, c']]],
    ['a line that says the delimiter', 'sep=;\r\na;b\r\n1;2\r\n', {}, [['a'], ['b']]],
    ['mixed line ends', 'a,b\r\n1,"x\ny"\n2,"z ""q"""\r3,w\n', {}, [['a'], ['b']]],
    ['a title', 'Report\n\na,b\n1,2\n', { skip: 2 }, [['a'], ['b']]],
    ['a title and no header', 'Report\n1,2\n', { skip: 1, header: false }, [['x0'], ['x1']]],
    ['comments', '# x, y, z\n\na,b\n 1,2\n  # late\n3,"#4\n#5"\n', { comment: '#' }, [['a'], ['b']]],
    ['comments beyond ASCII', '§ x\na,b\n1,2\n§\n3,4 §\n', { comment: '§' }, [['a'], ['b']]],
    ['comments in one column', '# x\n\nname\n# y\nu\n\nv\n', { comment: '#' }, [['name']]],
    ['a last delimiter', 'a,b,\n1,2,\n3,4,\n', {}, [['a'], ['b'], ['column2']]],
    ['a delimiter that is told', 'a;b,c\nx;y,z\n', { delimiter: ';' }, [['a'], ['b,c']]],
    ['a time that is none', 'at\n2024-01-01\nNaT\n2024-01-02\n', {}, [['at', 'time']]],
  ])('are found in a file with %s', async (_, content, options, names) => {
    const table = await both('dialect.csv', content, options)
    expect(described(table).map((column, i) => column.slice(0, (names as string[][])[i].length))).toEqual(names)
    expect(described(await both('dialect.csv.gz', gzipSync(content), options))).toEqual(described(table))
  })

  it.each<[string, string, object]>([
    ['two delimiters that would do', 'a;b,c\nx;y,z\n', { reason: 'ambiguous-delimiter', option: 'delimiter' }],
    ['a title', 'Report\n\na,b\n1,2\n3,4\n', { option: 'skip', suggestion: 2 }],
    [
      'settings above it',
      `Length,A:10\nUnits,V,\nModel,X\ns,V\n${'-1E-3,+2.5\n'.repeat(9)}`,
      { reason: 'lines-outside-table', option: 'skip', suggestion: 3 },
    ],
    ['comments', '# x\na,b\n1,2\n3,4\n', { option: 'comment', suggestion: '#' }],
    ['late comments', 'a,b\n1,2\n% x\n3,4\n', { option: 'comment', suggestion: '%' }],
    ['names of rows without a name', 'a,b\nr,1,2\ns,3,4\n', { reason: 'ragged-row' }],
    ['a date that is none', 'at\n2024-01-01\nsoon\n2024-01-02\n', { reason: 'not-a-time' }],
  ])('are not guessed in a file with %s', async (_, content, error) => {
    expect(await both('dialect.csv', content)).toMatchObject(error)
  })

  it('are missing where a text, a number or a time is said to be', async () => {
    const rows = [
      ['n', 'at', 't', 'f'],
      ['-999', '1970-01-01T00:00:00Z', '-999', 'true'],
      ['-9.99e2', '2024-01-01', 'x', '?'],
      ['1', '1970-01-01', '?', 'false'],
    ]
    const missing = ['-999', '?', '1970-01-01']
    const expected = [
      ['n', 'number', [NaN, NaN, 1]],
      ['at', 'time', [NaN, 1704067200, NaN]],
      ['t', 'category', [NaN, 0, NaN], ['x']],
      ['f', 'boolean', [1, NaN, 0]],
    ]
    const table = await both('missing.csv', rows.map((row) => row.join()).join('\n'), { missing })
    expect(described(table)).toEqual(expected)
    // Typed columns, too.
    const values = rows.slice(1).map((row) => `(${row.map((cell) => `'${cell}'`).join()})`)
    const sql =
      `SELECT CAST(n AS DOUBLE) n, CAST("at" AS TIMESTAMP) "at", t, CAST(nullif(f, '?') AS BOOLEAN) f ` +
      `FROM (VALUES ${values.join()}) v(n, "at", t, f)`
    expect(described(await readTable({ sql }, { missing }))).toEqual(expected)
  })

  it('are read as those that a model learned from', async () => {
    const learned = { header: false, decimal: ',', missing: ['-999', 'x'], delimiter: ';' } as const
    const table = await both('learned.csv', '1,5;-999\nx;2,5\n', { learned })
    expect(described(table)).toEqual([
      ['x0', 'number', [1.5, NaN]],
      ['x1', 'number', [NaN, 2.5]],
    ])
    const same = { header: false, missing: ['x', '-999'] }
    expect(await both('learned.csv', '1,5;-999\nx;2,5\n', { learned, ...same })).toEqual(table)
    for (const [option, value] of Object.entries({ header: true, decimal: '.', missing: ['x'], delimiter: ',' }))
      expect(await both('learned.csv', '1,5;-999\nx;2,5\n', { learned, [option]: value })).toMatchObject({
        reason: 'conflicting-options',
        option,
      })
    // Other formats need no delimiter; one that is given for them is refused.
    const objects = '{"a": "1,5"}\n{"a": "x"}\n'
    expect(described(await both('learned.ndjson', objects, { learned }))).toEqual([['a', 'number', [1.5, NaN]]])
    expect(await both('learned.ndjson', objects, { skip: 1 })).toMatchObject({
      reason: 'not-applicable',
      option: 'skip',
    })
  })

  it('of JSON are, too', async () => {
    const objects = [
      { a: 1, b: 'x', c: true, d: null },
      { a: 2.5, c: false, b: 'y', e: [1, 2] },
      { a: null, b: 'x', c: null, e: { f: 'g' } },
    ]
    await both('rows.json', JSON.stringify(objects))
    await both('rows.ndjson', objects.map((object) => JSON.stringify(object)).join('\n'))
    await both('rows.jsonl', `${objects.map((object) => JSON.stringify(object)).join('\n')}\n\n`)
    await both('no-extension', JSON.stringify(objects))
  })

  it.each<[string, string, ReadTableOptions]>([
    ['tabs', 'a\tb\n1\t2\n', {}],
    ['tabs.tsv', 'a b\tb\n1\t2,5\n', { decimal: ',' }],
    ['no end of the last line', 'a,b\n1,2', {}],
    ['a byte order mark', '\ufeffa,b\n1,2\n', {}],
    ['no header', '1,2\n3,4\n', { header: false }],
    ['row labels', ',a\n0,1\n1,2\n', {}],
    ['missing values of its own', 'a,b\n-,x\n1,?\n', { missing: ['-'] }],
    ['chosen columns', 'a,b,c\n1,2,3\n', { columns: ['c', { name: 'a', kind: 'category' }] }],
    ['excluded columns', 'a,b,c\n1,2,3\n', { exclude: ['b'] }],
    ['an infinity among gaps', 'a,b\n1,nan\n2,inf\n', { columns: ['a'] }],
    ['blank lines', 'a,b\n1,2\n\n3,4\n\n', {}],
    ['a blank line of one column', 'a\n1\n\n3\n', {}],
    ['empty quotes', 'a,b\n"","x"\n1,""\n', {}],
  ])('has %s', async (name, content, options) => {
    expect(await both(name, content, options)).toHaveProperty('kind', 'table')
  })

  it.each<[string, string, ReadTableOptions]>([
    ['a text among numbers', 'a,b\n1,2\n2,2\n3,2\n4,x\n', {}],
    ['a decimal comma', 'a;b\n1;2\n1;2\n2;2,5\n', {}],
    ['infinity', 'a,b\n1,2\n2,-inf\n', {}],
    ['a number that is true', 'a,b\n1,2\ntrue,2\n3,2\n4,2\n', {}],
    ['booleans where numbers are asked for', 'a\ntrue\nfalse\n', { columns: [{ name: 'a', kind: 'number' }] }],
    ['no boolean', 'a\n0\n1\n2\n', { columns: [{ name: 'a', kind: 'boolean' }] }],
    ['no time', 'a\n2024-01-01\nx\n', { columns: [{ name: 'a', kind: 'time' }] }],
    ['a short row', 'a,b\n1,2\n3\n', {}],
    ['a long row', 'a,b\n1,2\n1,2,3\n', {}],
    ['no such column', 'a,b\n1,2\n', { columns: ['A'] }],
    ['a column twice', 'a,b\n1,2\n', { columns: ['a', 'a'] }],
    ['no column', 'a,b\n1,2\n', { exclude: ['a', 'b'] }],
    ['equal names', 'a,a\n1,2\n', {}],
    ['numbers for names', 'a,7\n1,2\n', {}],
    ['no rows', 'a,b\n', {}],
    ['nothing', '', {}],
    ['another delimiter', 'a;b\n1;2\n', { delimiter: ',' }],
    ['a delimiter of two characters', 'a;b\n1;2\n', { delimiter: ';;' }],
    ['an image', '\x89PNG', {}],
  ])('has %s, which is refused alike', async (name, content, options) => {
    expect(await both(name, content, options)).toHaveProperty('reason')
  })

  it.each<[string, string]>([
    ['text after a quote', 'a,b\n1,"x"y\n2,3\n'],
    ['an open quote', 'a,b\n1,"x\n2,3\n'],
    ['broken.json', '[{"a": 1}'],
    ['broken.ndjson', '{"a": 1}\n{"a"\n'],
    ['no objects.json', '[1, 2]'],
  ])('has %s, which is refused', async (name, content) => {
    const file = new File([content], name)
    await expect(readInBrowser(file)).rejects.toMatchObject({ code: 'format', details: { file: name } })
  })
})

describe('files', () => {
  it('may be packed', async () => {
    expect(described(await both('rows.csv.gz', gzipSync('a,b\n1,x\n')))).toEqual([
      ['a', 'number', [1]],
      ['b', 'category', [0], ['x']],
    ])
    const cut = gzipSync('a,b\n1,x\n').subarray(0, 20)
    await expect(readInBrowser(new File([cut], 'cut.csv.gz'))).rejects.toMatchObject({ reason: 'damaged-file' })
  })

  it('may be arrays', async () => {
    const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }`.padEnd(117) + '\n'
    const head = [...'\x93NUMPY\x01\x00', String.fromCharCode(header.length), '\x00', ...header]
    const npy = Buffer.concat([
      Buffer.from(head.join(''), 'latin1'),
      Buffer.from(Float64Array.of(1, 2, 3, 4, 5, 6).buffer),
    ])
    expect(described(await both('rows.npy', npy, { exclude: ['x1'] }))).toEqual([
      ['x0', 'number', [1, 4]],
      ['x2', 'number', [3, 6]],
    ])
  })

  it('that only Node reads are named', async () => {
    const parquet = new File(['PAR1....'], 'rows.parquet')
    await expect(readInBrowser(parquet)).rejects.toMatchObject({ reason: 'unsupported-format' })
    await expect(readTable(parquet)).rejects.toMatchObject({ reason: 'unsupported-format' })
    await expect(readInBrowser({ sql: 'select 1' })).rejects.toMatchObject({ reason: 'unsupported-input' })
    await expect(readInBrowser(['a.csv'])).rejects.toMatchObject({ reason: 'unsupported-input' })
  })

  it('in Node are several, a glob or a query', async () => {
    for (const [name, row] of [
      ['part-1.csv', 1],
      ['part-2.csv', 2],
    ])
      writeFileSync(join(folder, name as string), `a,b\n${row},x\n`)
    const paths = [join(folder, 'part-1.csv'), join(folder, 'part-2.csv')]
    const expected = [
      ['a', 'number', [1, 2]],
      ['b', 'category', [0, 0], ['x']],
    ]
    expect(described(await readTable(paths))).toEqual(expected)
    expect(described(await readTable(join(folder, 'part-*.csv')))).toEqual(expected)
    expect(described(await readTable({ sql: `select 1 as a, 'x' as b union all select 2, 'x' order by a` }))).toEqual(
      expected,
    )
  })
})
