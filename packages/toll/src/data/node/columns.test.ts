// Columns of texts, times and booleans, from every kind of source: each value as it should arrive, each refusal with
// its row.

import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Table, TableColumn } from '../../base/index.js'
import { openTable, type ReadOptions, type TableInput, type TableOptions } from './index.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-columns-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function file(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(join(folder, name), content)
  return join(folder, name)
}

async function read(input: TableInput, columns?: ReadOptions['columns'], options: TableOptions & ReadOptions = {}) {
  await using source = await openTable(input, options)
  return source.readBatch({ ...options, columns })
}

const valuesOf = ({ columns }: Table) => columns.map(({ values }) => values)
const categoriesOf = (column: TableColumn) => (column.kind === 'category' ? column.categories : undefined)

/** The texts of a column, row by row; null where one is missing. */
async function texts(input: TableInput, name: string, options?: TableOptions): Promise<(string | null)[]> {
  const { table } = await read(input, [{ name, kind: 'category' }], options)
  const [column] = table.columns
  return Array.from(column.values, (code) =>
    column.kind === 'category' && !Number.isNaN(code) ? column.categories[code] : null,
  )
}

const mixed =
  'city,amount,day,flag,zip\n' +
  '"Köln, Süd",1.5,2024-05-31,true,007\n 東京 ,2,2024-05-31 13:00,False,7\n"say ""hi""\nthere",,?,,\n' +
  '東京,3,2024-05-31T15:00:00.5+02:00,TRUE,007\n?,4,,false,1.0\n'

describe('a text file', () => {
  test('gives each column as what it holds', async () => {
    const { table } = await read(await file('mixed.csv', mixed), ['day', 'city', 'flag', 'amount'])
    expect(table).toEqual({
      kind: 'table',
      rows: 5,
      columns: [
        { name: 'day', kind: 'time', values: Float64Array.of(1717113600, 1717160400, NaN, 1717160400.5, NaN) },
        {
          name: 'city',
          kind: 'category',
          values: Float64Array.of(0, 1, 2, 1, NaN),
          categories: ['Köln, Süd', '東京', 'say "hi"\nthere'],
        },
        { name: 'flag', kind: 'boolean', values: Float64Array.of(1, 0, NaN, 1, 0) },
        { name: 'amount', kind: 'number', values: Float64Array.of(1.5, 2, NaN, 3, 4) },
      ],
    })
  })

  test('gives numbers and nothing else when no column is named', async () => {
    const { table } = await read(await file('default.csv', mixed))
    expect(table).toEqual({
      kind: 'table',
      rows: 5,
      columns: [
        { name: 'amount', kind: 'number', values: expect.anything() },
        { name: 'flag', kind: 'number', values: Float64Array.of(1, 0, NaN, 1, 0) },
        { name: 'zip', kind: 'number', values: Float64Array.of(7, 7, NaN, 7, 1) },
      ],
    })
  })

  test('gives any column as text, as it stands', async () => {
    const path = await file('text.csv', mixed)
    expect(await texts(path, 'zip')).toEqual(['007', '7', null, '007', '1.0'])
    expect(await texts(path, 'amount')).toEqual(['1.5', '2', null, '3', '4'])
    expect(await texts(path, 'flag')).toEqual(['true', 'False', null, 'TRUE', 'false'])
    expect(await texts(path, 'day')).toEqual([
      '2024-05-31',
      '2024-05-31 13:00',
      null,
      '2024-05-31T15:00:00.5+02:00',
      null,
    ])
    expect(await texts(path, 'city', { missing: ['東京'] })).toEqual(['Köln, Süd', null, 'say "hi"\nthere', null, '?'])
  })

  test('tells texts apart whatever their bytes', async () => {
    const words = [
      'a',
      'b',
      'A',
      'ab',
      'a\0',
      'twelve bytes',
      'thirteen byte',
      'thirteen bytf',
      '😀😀😀',
      'é',
      'e\u0301',
      ...Array.from({ length: 20_000 }, (_, i) => `k${i}`),
    ]
    const column = [...words, ...words.toReversed()]
    expect(
      await texts(await file('bytes.ndjson', column.map((word) => `${JSON.stringify({ word })}\n`).join('')), 'word'),
    ).toEqual(column)
  })

  test('names the row of a cell that is no time or no boolean', async () => {
    const path = await file('bad.csv', 'when,flag\n2024-02-28,true\n2024-02-30,yes\nNA,2\n31.05.2024,1\n')
    const columns = [
      { name: 'when', kind: 'time' },
      { name: 'flag', kind: 'boolean' },
    ] as const
    await expect(read(path, columns)).rejects.toMatchObject({
      code: 'data',
      message:
        `${path}, row 2: column 'when' holds '2024-02-30', which is not a date or time such as 2024-05-31 or ` +
        '2024-05-31T13:00:00Z; correct it, leave the column out, or declare the text as missing',
    })
    const { table, invalid } = await read(path, columns, { invalidRows: 'mark' })
    expect(valuesOf(table)).toEqual([Float64Array.of(1709078400, NaN, NaN, NaN), Float64Array.of(1, NaN, NaN, 1)])
    expect([...invalid].map(([row, { message }]) => [row, message.replace(path, '')])).toEqual([
      [
        1,
        ", row 2: column 'when' holds '2024-02-30', which is not a date or time such as 2024-05-31 or " +
          '2024-05-31T13:00:00Z',
      ],
      [2, ", row 3: column 'flag' holds '2', which is not true or false"],
      [
        3,
        ", row 4: column 'when' holds '31.05.2024', which is not a date or time such as 2024-05-31 or " +
          '2024-05-31T13:00:00Z',
      ],
    ])
  })

  test('kinds follow more than half of the numbers, and all of the rest', async () => {
    const source = await openTable(
      await file(
        'kinds.csv',
        'most,half,times,none\n1,1,2024-05-31,\n2,x,2024-05-31T13:00:00Z,NA\n3,2,2024-05-31 ' +
          '13:00:00.123456+0530,?\nx,y,2024-13-01,\n',
      ),
    )
    expect(source.columns.map(({ kind }) => kind)).toEqual(['number', 'category', 'time', 'number'])
    await expect(source.read({ columns: ['most'] })).rejects.toMatchObject({
      code: 'data',
      message: expect.stringContaining("row 4: column 'most' holds 'x', which is not a finite number"),
    })
    await expect(source.read({ columns: ['times'] })).rejects.toMatchObject({
      code: 'data',
      message: expect.stringContaining("row 4: column 'times' holds '2024-13-01'"),
    })
    expect(valuesOf(await source.read({ columns: ['none'] }))).toEqual([new Float64Array(4).fill(NaN)])
    expect(await texts(source.name, 'none')).toEqual([null, null, null, null])
    await expect(source.read({ columns: ['half', { name: 'half', kind: 'number' }] })).rejects.toMatchObject({
      code: 'argument',
      message: expect.stringContaining("'half' of"),
    })
    await expect(source.read({ columns: [{ name: 'half', kind: 'number' }] })).rejects.toMatchObject({
      code: 'data',
      message: expect.stringContaining("row 2: column 'half' holds 'x'"),
    })
  })

  test('text that is not UTF-8, in a quoted cell, an NDJSON string and a packed file', async () => {
    const bytes = (before: string, after: string) =>
      Buffer.concat([Buffer.from(before), Buffer.of(0xe9), Buffer.from(after)])
    const csv = bytes('a,b\nx,1\n"caf', '",2\n')
    for (const [name, content, where] of [
      ['q.csv', csv, /q\.csv, line 3: the text is not UTF-8/],
      ['q.csv.gz', gzipSync(csv), /line 3: the text is not UTF-8/],
      ['q.ndjson', bytes('{"a":"x"}\n{"a":"caf', '"}\n'), /q\.ndjson/],
    ] as const) {
      await expect(read(await file(name, content), ['a'])).rejects.toMatchObject({
        code: 'format',
        message: expect.stringMatching(where),
      })
    }
  })

  test('NDJSON texts, numbers, booleans and nested parts', async () => {
    const path = await file(
      't.ndjson',
      '{"a":"x\\u00e9","n":1,"b":true,"o":{"k":[1]}}\n{"a":" x\\u00e9 ' +
        '","n":2.5,"b":null}\n{"a":"","n":"3","b":false}\n',
    )
    expect(await texts(path, 'a')).toEqual(['xé', 'xé', null])
    expect(await texts(path, 'n')).toEqual(['1', '2.5', '3'])
    expect(await texts(path, 'o')).toEqual(['{"k":[1]}', null, null])
    expect((await read(path, ['b'])).table).toMatchObject({
      columns: [{ name: 'b', kind: 'boolean', values: Float64Array.of(1, NaN, 0) }],
    })
  })
})

describe('typed columns', () => {
  const select = (type: string, ...values: string[]) => ({
    sql: `SELECT CAST(v AS ${type}) AS v FROM (VALUES ${values.map((value) => `(${value})`).join(', ')}) t(v)`,
  })

  test.each<[string, string[], (string | null)[]]>([
    ['DOUBLE', ['1', '2.5', "'nan'", 'NULL', '-0.0', '1e20', '10'], ['1', '2.5', null, null, '0', '1e+20', '10']],
    ['FLOAT', ['1', '0.1'], ['1', '0.1']],
    ['BIGINT', ['9007199254740993', '7'], ['9007199254740993', '7']],
    ['BOOLEAN', ['true', 'NULL'], ['true', null]],
    ["ENUM('low', 'high')", ["'low'", "'high'", 'NULL', "'low'"], ['low', 'high', null, 'low']],
    ['UUID', ["'6f0c6bd2-0a6e-4b0e-9d8e-0d5b3a1f2c4d'"], ['6f0c6bd2-0a6e-4b0e-9d8e-0d5b3a1f2c4d']],
    ['DATE', ["'2024-05-31'"], ['2024-05-31']],
    ['TIME', ["'12:30:00'"], ['12:30:00']],
    ['VARCHAR', ["' a '", "'NA'", "''", "'a'"], ['a', null, null, 'a']],
    ['INTEGER[]', ['[1, 2]'], ['[1, 2]']],
  ])('%s as text', async (type, values, expected) => {
    expect(await texts(select(type, ...values), 'v')).toEqual(expected)
  })

  test.each<[string, string[], number[]]>([
    ['DATE', ["'2024-05-31'", 'NULL'], [1717113600, NaN]],
    ['TIMESTAMP', ["'2024-05-31 13:00:00.25'"], [1717160400.25]],
    ['TIMESTAMP_S', ["'2024-05-31 13:00:00'"], [1717160400]],
    ['TIMESTAMP_MS', ["'2024-05-31 13:00:00.25'"], [1717160400.25]],
    ['TIMESTAMP_NS', ["'2024-05-31 13:00:00.25'", "'1969-12-31 23:59:59.5'"], [1717160400.25, -0.5]],
    ['TIMESTAMPTZ', ["'2024-05-31 15:00:00+02'"], [1717160400]],
    ['VARCHAR', ["'2024-05-31T15:00+02'"], [1717160400]],
  ])('%s as time', async (type, values, expected) => {
    const { table } = await read(select(type, ...values), [{ name: 'v', kind: 'time' }])
    expect(table).toMatchObject({
      columns: [{ name: 'v', kind: 'time', values: Float64Array.from(expected) }],
    })
  })

  test('an infinite time is bad, not missing', async () => {
    for (const type of ['DATE', 'TIMESTAMP', 'TIMESTAMPTZ']) {
      await expect(read(select(type, "'2024-05-31'", "'-infinity'"), ['v'])).rejects.toMatchObject({
        code: 'data',
        message: expect.stringMatching(/row 2: column 'v' holds 'infinity', which is not a date/),
      })
    }
  })

  test.each<[string, string, 'time' | 'number' | 'boolean', RegExp]>([
    [
      'TIME',
      "'12:00:00'",
      'time',
      /holds times of day \(TIME\); make seconds since midnight of them first, with epoch\("v"\)/,
    ],
    ['TIMETZ', "'12:00:00+02'", 'number', /holds times of day \(TIME WITH TIME ZONE\)/],
    ['INTERVAL', "'1 day'", 'time', /holds durations \(INTERVAL\); make seconds of them first, with epoch\("v"\)/],
    ['BIGINT', '5', 'time', /holds numbers \(BIGINT\); make times of them first, with to_timestamp\("v"\)/],
    ['BOOLEAN', 'true', 'time', /holds booleans \(BOOLEAN\); read them as booleans/],
    ['TIMESTAMP_NS', "'2024-05-31'", 'number', /holds times \(TIMESTAMP_NS\); read them as times/],
    ['DATE', "'2024-05-31'", 'boolean', /holds times \(DATE\); read them as times/],
    ['BIGINT', '2', 'boolean', /row 1: column 'v' holds '2', which is not true or false/],
  ])('%s %s as %s is refused', async (type, value, kind, message) => {
    await expect(read(select(type, value), [{ name: 'v', kind }])).rejects.toMatchObject({
      code: 'data',
      message: expect.stringMatching(message),
    })
  })

  test('Parquet gives the texts that the CSV has', async () => {
    const csv = await file('same.csv', 'word,level,mixed\nü,1,1.5\n?,2,\n"a ""b"",\nc",1,2\n')
    const parquet = join(folder, 'same.parquet')
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    await connection.run(
      'COPY (SELECT word, CAST(level AS DOUBLE) AS level, CAST(mixed AS FLOAT) AS mixed FROM ' +
        `read_csv('${csv}', quote = '"', escape = '"', nullstr = ['?', ''])) TO '${parquet}'`,
    )
    connection.closeSync()
    for (const name of ['word', 'level', 'mixed']) expect(await texts(parquet, name)).toEqual(await texts(csv, name))
  })

  test('files whose types differ give the same texts', async () => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const paths = ['BIGINT', 'DOUBLE', 'DECIMAL(5, 0)', 'FLOAT'].map((type) => [
      type,
      join(folder, `${type.slice(0, 5)}.parquet`),
    ])
    for (const [type, path] of paths) await connection.run(`COPY (SELECT CAST(7 AS ${type}) AS v) TO '${path}'`)
    connection.closeSync()
    for (const order of [paths, paths.toReversed()])
      expect(
        await texts(
          order.map(([, path]) => path),
          'v',
        ),
      ).toEqual(['7', '7', '7', '7'])
  })

  test('times and texts do not depend on the zone of the machine', () => {
    const script = `import { openTable } from ${JSON.stringify(new URL('./index.js', import.meta.url).href)}
      const source = await openTable({ sql: "SELECT TIMESTAMPTZ '2024-05-31 00:00:00' AS t, '2024-05-31' AS s" })
      const { columns } = await source.read({ columns: ['t', { name: 's', kind: 'time' }] })
      const strings = await source.read({ columns: [{ name: 't', kind: 'category' }] })
      console.log(JSON.stringify([columns[0].values[0], columns[1].values[0], strings.columns[0].categories]))`
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, TZ: 'America/New_York' },
    })
    expect(JSON.parse(String(output))).toEqual([1717113600, 1717113600, ['2024-05-31 00:00:00+00']])
  })
})

describe('batches', () => {
  test('share one list of texts, over files too', async () => {
    const paths = [await file('one.csv', 'k,n\nb,1\na,2\nb,3\n'), await file('two.csv', 'n,k\n4,c\n5,a\n')]
    await using source = await openTable(paths)
    const seen: [number[], unknown][] = []
    for await (const { table } of source.batches({ columns: ['k'], batchRows: 2 }))
      seen.push([[...table.columns[0].values], categoriesOf(table.columns[0])])
    expect(seen.map(([codes]) => codes)).toEqual([[0, 1], [0, 2], [1]])
    expect(seen.every(([, list]) => list === seen[0][1])).toBe(true)
    expect(seen[0][1]).toEqual(['b', 'a', 'c'])
    expect(valuesOf(await source.read({ columns: ['k'] }))).toEqual([Float64Array.of(0, 1, 0, 2, 1)])
  })

  test('a million ids are read; more begin another list in batches and are refused in a table', async () => {
    const rows = 1_100_000
    await using source = await openTable({ sql: `SELECT 'user-' || i AS id FROM range(${rows}) t(i)` })
    await expect(source.read({ columns: ['id'] })).rejects.toMatchObject({
      code: 'data',
      message:
        "column 'id' of the SQL query holds more than 1048576 different texts, so it seems to name the rows; " +
        'leave it out',
    })
    // More than two lists of texts.
    const many = 2 ** 21 + rows
    await using mixed = await openTable({
      sql: `SELECT 'user-' || i AS id, i % 7 AS n, 'kind-' || i % 3 AS kind FROM range(${many}) t(i)`,
    })
    const { table: rest, leftOut } = await mixed.readBatch({ columns: ['id', 'n', 'kind'], keys: 'leave out' })
    expect([leftOut, rest.rows, rest.columns.map(({ name, kind }) => [name, kind])]).toEqual([
      ['id'],
      many,
      [
        ['n', 'number'],
        ['kind', 'category'],
      ],
    ])
    expect(rest.columns.map(({ values }) => values.slice(-3))).toEqual(
      [7, 3].map((period) => Float64Array.of(many - 3, many - 2, many - 1).map((i) => i % period)),
    )
    // A list that fills up late is not one of keys.
    await using repeated = await openTable({ sql: `SELECT 'user-' || (i // 3) AS id FROM range(${3 * rows}) t(i)` })
    await expect(repeated.readBatch({ columns: ['id'], keys: 'leave out' })).rejects.toMatchObject({ code: 'data' })
    const lists = new Set<readonly string[]>()
    let right = 0
    for await (const { table, firstRow } of source.batches({ columns: ['id'] })) {
      const categories = categoriesOf(table.columns[0])!
      lists.add(categories)
      right += table.columns[0].values.reduce(
        (sum, code, i) => sum + Number(categories[code] === `user-${firstRow + i}`),
        0,
      )
    }
    expect([right, [...lists].map((list) => list.length)]).toEqual([rows, [1_064_960, 35_040]])
  })
})
