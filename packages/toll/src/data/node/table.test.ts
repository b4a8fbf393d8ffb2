// Tables of every format, in order and with every refusal named.

import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { namesOf, type Table } from '../../base/index.js'
import { openTable, type BatchOptions, type ReadOptions, type TableInput, type TableOptions } from './index.js'

let folder = ''
const at = (name: string) => join(folder, name)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "toll it's-"))
})
afterAll(() => rm(folder, { recursive: true }))

async function file(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(at(name), content)
  return at(name)
}

const valuesOf = ({ columns }: Table) => columns.map(({ values }) => values)

async function load(input: TableInput, options?: TableOptions, reading?: ReadOptions) {
  const source = await openTable(input, options)
  try {
    const { table, passthrough, invalid } = await source.readBatch(reading)
    return {
      kinds: source.columns.map(({ name, kind }) => `${name}:${kind}`),
      names: namesOf(table.columns),
      columns: valuesOf(table),
      passthrough: Object.fromEntries(passthrough),
      invalid: [...invalid],
    }
  } finally {
    await source.close()
  }
}

const text = 'id,a,flag,day\n007,1.5,true,2024-01-01\nx,-2e3,False,2024-01-02\n'
const expected = {
  names: ['a', 'flag'],
  columns: [Float64Array.of(1.5, -2000), Float64Array.of(1, 0)],
  passthrough: { id: ['007', 'x'] },
}
const kinds = ['id:category', 'a:number', 'flag:boolean', 'day:time']
const json =
  '{"id":"007","a":1.5,"flag":true,"day":"2024-01-01"}\n{"id":"x","a":-2e3,"flag":false,"day":"2024-01-02"}\n'

describe('formats', () => {
  test.each([
    ['t.csv', text],
    ['t.tsv', text.replaceAll(',', '\t')],
    ['semicolons.csv', text.replaceAll(',', ';')],
    ['pipes.txt', text.replaceAll(',', '|')],
    ['crlf.csv', `\ufeff${text.replaceAll('\n', '\r\n')}`],
    ['t.ndjson', json],
    ['t.json', `[${json.trim().replace('\n', ',')}]`],
  ])('%s, plain and gzip', async (name, content) => {
    for (const path of [await file(name, content), await file(`${name}.gz`, gzipSync(content))]) {
      expect(await load(path, {}, { passthrough: ['id'] })).toMatchObject({ ...expected, kinds })
    }
  })

  test('Parquet keeps its types and knows its rows', async () => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const path = at('t.parquet')
    const values = "(7, 1.5::FLOAT, true, DATE '2024-01-01', 'u', 3::HUGEINT), (8, NULL, false, NULL, NULL, 4)"
    await connection.run(
      `COPY (SELECT * FROM (VALUES ${values}) t(id, a, flag, day, word, huge)) TO '${path.replaceAll("'", "''")}'`,
    )
    connection.closeSync()
    const source = await openTable(path)
    expect(source.rowCount).toBe(2)
    expect(source.columns.map(({ kind }) => kind)).toEqual([
      'number',
      'number',
      'boolean',
      'time',
      'category',
      'number',
    ])
    const batch = await source.readBatch({ columns: ['a', 'flag', 'huge'], passthrough: ['id', 'word', 'flag', 'day'] })
    expect(valuesOf(batch.table)).toEqual([Float64Array.of(1.5, NaN), Float64Array.of(1, 0), Float64Array.of(3, 4)])
    expect(Object.fromEntries(batch.passthrough)).toEqual({
      id: [7, 8],
      word: ['u', null],
      flag: [true, false],
      day: ['2024-01-01', null],
    })
    expect(valuesOf(await source.read({ columns: ['day'] }))).toEqual([Float64Array.of(1704067200, NaN)])
    await expect(source.read({ columns: [{ name: 'day', kind: 'number' }] })).rejects.toMatchObject({
      code: 'data',
      message: expect.stringContaining('holds times (DATE)'),
    })
  })

  test('SQL queries, with a semicolon and a comment', async () => {
    const path = await file('q.csv', 'a,b\n3,x\n1,y\n2,z\n')
    const sql = `SELECT a * 2 AS twice, b FROM '${path.replaceAll("'", "''")}' ORDER BY a -- by value\n;`
    const query = await openTable({ sql })
    expect(query.columns).toEqual([
      { name: 'twice', kind: 'number', type: 'BIGINT' },
      { name: 'b', kind: 'category', type: 'VARCHAR' },
    ])
    expect(valuesOf(await query.read())).toEqual([Float64Array.of(2, 4, 6)])
    await expect(openTable({ sql: 'SELEC 1' })).rejects.toMatchObject({
      code: 'data',
      message: expect.stringContaining('the SQL query'),
    })
    await expect(openTable({ sql: 'DROP TABLE x' })).rejects.toMatchObject({ code: 'data' })
  })

  describe('a query over text', () => {
    const read = async (sql: string, options?: TableOptions) => {
      const source = await openTable({ sql }, options)
      try {
        const { table } = await source.readBatch({ columns: source.columns.map(({ name }) => name) })
        return Object.fromEntries(table.columns.map(({ name, values }) => [name, values.at(-1)]))
      } finally {
        await source.close()
      }
    }
    const inFile = async (name: string, content: string) => (await file(name, content)).replaceAll("'", "''")

    test('has the types of whole files, and all else as it is written', async () => {
      const late = await inFile('late.csv', `a,b\n${'1,2\n'.repeat(25_000)}9007199254740993,7.75\n`)
      for (const from of [
        `'${late}'`,
        `read_csv('${late}' /* ) */)`,
        `read_csv_auto('${late}', HEADER = true)`,
        `"${at('late.csv')}"`,
      ])
        expect(await read(`select b, 'ü)' "é" from ${from} where a = 9007199254740993 -- from 'x.csv'`)).toEqual({
          b: 7.75,
          é: 0,
        })
      expect(
        await read(`with t as (from '${late}') select late.b from t join '${late}' using (a, b) where a > 1`),
      ).toEqual({ b: 7.75 })
      const json = await inFile('late-key.ndjson', `${'{"a":1}\n'.repeat(25_000)}{"a":7.75,"late":3}\n`)
      expect(await read(`from '${json}'`)).toEqual({ a: 7.75, late: 3 })
    })

    test('passes over no line without a word', async () => {
      const width = await inFile('width.csv', `a,b\n${'1,2\n'.repeat(100)}${'3,4,5\n'.repeat(300)}`)
      await expect(read(`from '${width}'`)).rejects.toMatchObject({
        reason: 'lines-outside-table',
        details: { suggestion: 101 },
      })
      expect(await read(`select count(*) n from read_csv('${width}', skip = 101, header = false)`)).toEqual({ n: 300 })
      const longer = await inFile('longer.csv', `a,b\n${'1,2\n'.repeat(25_000)}3,4,5\n`)
      await expect(read(`from '${longer}'`)).rejects.toMatchObject({ reason: 'ragged-row' })
    })

    test('has numbers with a plus sign', async () => {
      const plus = await inFile('plus.csv', `a,phone,t\n+1.5E-02,+1,x\n${'NA,2,+3\n'.repeat(9)}-2,+4e1,x\n`)
      expect(await read(`from '${plus}'`)).toEqual({ a: -2, phone: 40, t: 0 })
    })

    test('reaches no address', async () => {
      for (const sql of ["from 'https://example.com/x.csv'", "from read_parquet(['a.parquet', 's3://b/x.parquet'])"])
        await expect(read(sql)).rejects.toMatchObject({
          reason: 'network-refused',
          details: { option: 'allowNetwork' },
        })
      await expect(openTable('https://example.com/x.csv')).rejects.toMatchObject({ reason: 'network-refused' })
      await expect(read('install httpfs')).rejects.toMatchObject({ reason: 'query-failed' })
    })
  })

  test('globs and lists are one table, in order, columns by name', async () => {
    await mkdir(at('many'))
    await file('many/b.csv', 'y,x\n10,3\n')
    await file('many/a.csv', 'x,y\n1,8\n2,9\n')
    expect((await load(at('many/*.csv'))).columns).toEqual([Float64Array.of(1, 2, 3), Float64Array.of(8, 9, 10)])
    expect((await load([at('many/b.csv'), at('many/a.csv')], {}, { columns: ['x'] })).columns).toEqual([
      Float64Array.of(3, 1, 2),
    ])
    await file('many/c.csv', 'x\n1\n')
    await expect(openTable(at('many/*.csv'))).rejects.toMatchObject({
      code: 'format',
      message: expect.stringMatching(/c\.csv lacks column 'y' that .*a\.csv has/),
    })
    await expect(openTable([at('many/c.csv'), at('many/b.csv')])).rejects.toMatchObject({
      reason: 'schema-mismatch',
      message: expect.stringMatching(/b\.csv has a column 'y' that .*c\.csv lacks/),
      details: { file: at('many/b.csv'), column: 'y' },
    })
  })

  test('every key of a JSON file is a column, however late or rare it is', async () => {
    const late = '{"a":1}\n'.repeat(30_000) + '{"a":2,"late":7}\n'
    expect(await load(await file('late.ndjson', late))).toMatchObject({ kinds: ['a:number', 'late:number'] })
    const sparse = Array.from({ length: 500 }, (_, i) => `{"k${i}":${i}}\n`).join('')
    const { names, columns } = await load(await file('sparse.ndjson', sparse))
    expect(names).toEqual(Array.from({ length: 500 }, (_, i) => `k${i}`))
    expect(columns[499].at(-1)).toBe(499)
  })

  test('an underscore is no part of a number, wherever it is', async () => {
    for (const [name, above, options] of [
      ['late_.csv', 'a_1,b\n', {}],
      ['late_2.csv', '# x_y\r\n\r\na_1,b\r\n', { comment: '#' }],
      ['late_3.csv', '', { header: false }],
    ] as const) {
      const content = `${above}${'1,2\n'.repeat(30_000)}1_0,3\n`
      const source = await openTable(await file(name, content), options)
      await expect(source.read()).rejects.toMatchObject({
        reason: 'not-a-number',
        details: { value: '1_0', row: 30_000 },
      })
      await source.close()
    }
  })

  test('keys that differ in case only are refused, and a key that looks renamed is not', async () => {
    await expect(openTable(await file('case.ndjson', '{"id":1,"Id":2,"id_1":3}\n'))).rejects.toMatchObject({
      reason: 'duplicate-column',
      message: expect.stringMatching(/'Id' and 'id', which differ in case only/),
    })
    await expect(openTable(await file('unnamed.ndjson', '{"":1,"b":2}\n'))).rejects.toMatchObject({
      reason: 'unnamed-column',
    })
    const beyondAscii = await load(await file('letters.ndjson', '{"É":1,"é":2,"x":5,"x_1":6}\n'))
    expect(beyondAscii.names).toEqual(['É', 'é', 'x', 'x_1'])
    expect((await load(await file('numbered.ndjson', '{"id":1,"id_1":2}\n'))).names).toEqual(['id', 'id_1'])
  })

  test('paths are names, not patterns or SQL', async () => {
    expect((await load(await file("w[1]*;'--.csv", 'a\n5\n'))).columns).toEqual([Float64Array.of(5)])
  })

  test('standard input is told by content and its spool is removed', async () => {
    for (const content of [text, json, gzipSync(text)]) {
      const source = await openTable('-', { stdin: Readable.from([Buffer.from(content)]) })
      expect(valuesOf(await source.read())).toEqual(expected.columns)
      await source.close()
    }
    const script = `import { openTable } from ${JSON.stringify(new URL('./index.js', import.meta.url).href)}
      const source = await openTable('-')
      console.log([...(await source.read({ columns: ['a'] })).columns[0].values].join(' '), source.name)
      await source.close()`
    const spools = at('spools')
    await mkdir(spools)
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, TMPDIR: spools },
    })
    child.stdin.end(text)
    let output = ''
    for await (const part of child.stdout) output += String(part)
    expect(output).toBe('1.5 -2000 standard input\n')
    expect((await readdir(spools)).filter((name) => name.startsWith('toll-'))).toEqual([])
  })

  test.skipIf(process.platform === 'win32')('named pipes are read once', async () => {
    const pipe = at('pipe')
    execFileSync('mkfifo', [pipe])
    const writer = spawn('sh', ['-c', 'printf "a\\n1\\n2\\n" > "$0"', pipe])
    expect((await load(pipe)).columns).toEqual([Float64Array.of(1, 2)])
    writer.kill()
  })
})

describe('cells', () => {
  test('missing numbers are NaN; other texts can be declared', async () => {
    const path = await file('missing.csv', 'a,b\n1,\nNA,2\n?,NaN\n null ,4\n-,5\n7,8\n')
    await expect(load(path)).rejects.toMatchObject({
      code: 'data',
      message: expect.stringContaining("missing.csv, row 5: column 'a' holds '-', which is not a finite number"),
    })
    expect((await load(path, { missing: ['NA', '?', 'null', 'NaN', '-'] })).columns).toEqual([
      Float64Array.of(1, NaN, NaN, NaN, NaN, 7),
      Float64Array.of(NaN, 2, NaN, 4, 5, 8),
    ])
  })

  test('marked rows carry their error and the others their numbers', async () => {
    const path = await file('bad.csv', 'id,a,b\nx,1,2\ny,oops,3\nz,?,inf\nw,4,1e999\n')
    const { columns, invalid, passthrough } = await load(
      path,
      {},
      { columns: ['b', 'a'], passthrough: ['id'], invalidRows: 'mark' },
    )
    expect(columns).toEqual([Float64Array.of(2, 3, NaN, NaN), Float64Array.of(1, NaN, NaN, 4)])
    expect(passthrough.id).toEqual(['x', 'y', 'z', 'w'])
    expect(invalid.map(([row, { reason, column }]) => [row, reason, column])).toEqual([
      [1, 'not-a-number', 'a'],
      [2, 'not-finite', 'b'],
      [3, 'not-finite', 'b'],
    ])
    expect(invalid.map(([row, { message }]) => [row, message.replace(folder, '')])).toEqual([
      [1, "/bad.csv, row 2: column 'a' holds 'oops', which is not a finite number"],
      [2, "/bad.csv, row 3: column 'b' holds 'infinity', which is not a finite number"],
      [3, "/bad.csv, row 4: column 'b' holds 'infinity', which is not a finite number"],
    ])
  })

  test('a bad cell far behind the sampled rows is found, in the right file', async () => {
    const good = await file('good.csv', `a\n${'1\n'.repeat(30)}`)
    const late = await file('late.csv', `a\n${'1\n'.repeat(50_000)}word\n`)
    await expect(load([good, late])).rejects.toMatchObject({
      code: 'data',
      message: expect.stringContaining("late.csv, row 50001: column 'a' holds 'word'"),
    })
  })

  test('quoted values, names that differ in case, decimal commas, large numbers', async () => {
    expect(
      await load(
        await file('quoted.csv', 'a,A,"b ""c"", d"\n1,"x\ny",3\n'),
        {},
        { columns: ['a', 'b "c", d'], passthrough: ['A'] },
      ),
    ).toMatchObject({ columns: [Float64Array.of(1), Float64Array.of(3)], passthrough: { A: ['x\ny'] } })
    expect((await load(await file('comma.csv', 'a;b\n1,5;2\n'), { decimal: ',' })).columns).toEqual([
      Float64Array.of(1.5),
      Float64Array.of(2),
    ])
    expect((await load(await file('large.csv', 'a,b\n1e308,1e308\n9007199254740993,-1e308\n'))).columns).toEqual([
      Float64Array.of(1e308, 2 ** 53),
      Float64Array.of(1e308, -1e308),
    ])
  })

  test('files without a header', async () => {
    const path = await file('bare.csv', '1.5,2\n3,4\n')
    await expect(load(path)).rejects.toMatchObject({
      code: 'data',
      message: expect.stringContaining('set header to true or false'),
    })
    expect(await load(path, { header: false })).toMatchObject({
      names: ['x0', 'x1'],
      columns: [Float64Array.of(1.5, 3), Float64Array.of(2, 4)],
    })
    expect(
      (await load(await file('counted.csv', ',0,1\nr1,5,6\n'), {}, { columns: ['0', '1'], passthrough: ['column0'] }))
        .passthrough,
    ).toEqual({ column0: ['r1'] })
  })

  test('many columns at once', async () => {
    const names = Array.from({ length: 1500 }, (_, i) => `c${i}`)
    const { columns } = await load(await file('wide.csv', `${names.join(',')}\n${names.map((_, i) => i).join(',')}\n`))
    expect(columns.map(([value]) => value)).toEqual(names.map((_, i) => i))
  })
})

describe('batches', () => {
  test('keep file order, count rows and cross files', async () => {
    const rows = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => `${from + i},r${from + i},${'x'.repeat(60)}`).join('\n')
    const paths = [
      await file('one.csv', `n,key,pad\n${rows(0, 100_000)}\n`),
      await file('two.csv', `n,key,pad\n${rows(100_000, 70_000)}\n`),
    ]
    const source = await openTable(paths)
    let seen = 0
    const sizes = new Set<number>()
    for await (const { table, passthrough, firstRow } of source.batches({
      columns: ['n'],
      passthrough: ['key'],
      batchRows: 5000,
    })) {
      expect(firstRow).toBe(seen)
      expect(table.columns[0].values[0]).toBe(seen)
      expect(table.columns[0].values.every((value, i) => value === seen + i)).toBe(true)
      expect(passthrough.get('key')?.every((value, i) => value === `r${seen + i}`)).toBe(true)
      // A slow consumer must not change the order.
      if (seen === 0) await new Promise((done) => setTimeout(done, 200))
      seen += table.rows
      sizes.add(table.rows)
    }
    expect([seen, ...sizes]).toEqual([170_000, 5000])
  })

  test.each(['deep.json', 'deep.ndjson', 'deep.json.gz'])(
    '%s: nesting that would end the process is refused',
    async (name) => {
      const text = `{"a":1}\n{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}\n`
      const path = await file(name, name.endsWith('.gz') ? gzipSync(text) : text)
      const refused = { reason: 'malformed-json', details: { file: path, limit: 200 } }
      await expect(openTable(path)).rejects.toMatchObject(refused)
      await expect(openTable({ sql: `select * from '${path.replaceAll("'", "''")}'` })).rejects.toMatchObject(refused)
    },
  )

  test('can be left early, twice, and aborted', async () => {
    const source = await openTable(await file('long.csv', `a\n${'1\n'.repeat(200_000)}`))
    for (let round = 0; round < 2; round++) {
      for await (const { table } of source.batches({ batchRows: 100 })) {
        expect(table.rows).toBe(100)
        break
      }
    }
    const stop = new AbortController()
    const reading = (async () => {
      for await (const { firstRow } of source.batches({ batchRows: 100, signal: stop.signal }))
        if (firstRow === 300) stop.abort()
    })()
    await expect(reading).rejects.toMatchObject({ code: 'aborted' })
    await expect(source.read({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' })
    const none: BatchOptions = { batchRows: 0 }
    await expect(
      (async () => {
        for await (const batch of source.batches(none)) expect(batch).toBeUndefined()
      })(),
    ).rejects.toMatchObject({ code: 'argument' })
  })
})

describe('refusals', () => {
  test.each<[string, string | Uint8Array, TableOptions, string, RegExp]>([
    ['empty.csv', '', {}, 'format', /empty\.csv is empty$/],
    ['header.csv', 'a,b\n', {}, 'format', /has a header but no rows/],
    ['double.csv', 'a,b,a\n1,2,3\n', {}, 'format', /line 1: columns 1 and 3 are both called 'a'/],
    ['unnamed.csv', 'a,,column1\n1,2,3\n', {}, 'format', /line 1: columns 2 and 3 are both called 'column1'/],
    [
      'wrong.csv',
      'a;b\n1;2\n',
      { delimiter: ',' },
      'format',
      /one column with delimiter ',', but its first line 'a;b' splits at ';'; set the delimiter to ';'/,
    ],
    ['wrong.tsv', 'a,b\n1,2\n', {}, 'format', /set the delimiter to ','/],
    ['long.csv', 'a,b\n1,2\n', { delimiter: ',,' }, 'argument', /the delimiter must be one character/],
    ['ragged.csv', 'a,b\n1,2\n3\n4,5\n', {}, 'format', /ragged\.csv, line 3: expected 2 values, found 1/],
    ['broad.csv', 'a,b\n1,2\n3,4,5\n', {}, 'format', /broad\.csv, line 3: expected 2 values, found 3/],
    ['open.csv', 'a,b\n1,2\n"3,4\n', {}, 'format', /line 3: a quoted value is never closed/],
    ['latin.csv', Uint8Array.of(97, 10, 49, 10, 0xff, 10), {}, 'format', /line 3: the text is not UTF-8/],
    [
      'latin-header.csv',
      Uint8Array.of(97, 0xe9, 10, 49, 10),
      {},
      'format',
      /latin-header\.csv, line 1: the text is not UTF-8; convert it, for example with iconv/,
    ],
    [
      'wide.csv',
      Uint8Array.of(0xff, 0xfe, 97, 0, 10, 0),
      {},
      'format',
      /should be CSV but seems to be utf-16 text data; convert it to UTF-8/,
    ],
    [
      'sheet.csv',
      Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0),
      {},
      'format',
      /should be CSV but seems to be a zip archive; unpack it/,
    ],
    ['fake.csv', 'PAR1xxxx', {}, 'format', /should be CSV but seems to be parquet data/],
    ['text.parquet', 'a,b\n1,2\n', {}, 'format', /should be PARQUET but seems to be text data/],
    ['cut.parquet', 'PAR1xxxxxxxxxxxx', {}, 'format', /damaged, cut off or of another kind/],
    ['cut.csv.gz', gzipSync('a\n1\n2\n').subarray(0, 15), {}, 'format', /gzip data is damaged or cut off/],
    ['bad.ndjson', '{"a":1}\n{"a":tru\n', {}, 'format', /the JSON is malformed/],
    ['none.json', '[]', {}, 'data', /no rows/],
  ])('%s', async (name, content, options, code, message) => {
    await expect(load(await file(name, content), options)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })

  // A streaming result of DuckDB ends at damage as if the table did: none of the rows after it may get lost without a
  // word.
  const many = 60_000
  const rows = (line: string) => line.repeat(many)
  // More than the first MiB, which is unpacked when the file is opened.
  const distinct = (line: (i: number) => string) => Array.from({ length: 4 * many }, (_, i) => `${line(i)}\n`).join('')
  const cut = (text: string) => {
    const packed = gzipSync(text)
    return packed.subarray(0, Math.floor(0.8 * packed.length))
  }
  const damage: readonly [string, () => string | Uint8Array, string, RegExp][] = [
    [
      'ragged.csv',
      () => `a,b\n${rows('1,2\n')}1,2,3\n${rows('1,2\n')}`,
      'format',
      /line 60002: expected 2 values, found 3/,
    ],
    ['short.csv', () => `a,b\n${rows('1,2\n')}1\n${rows('1,2\n')}`, 'format', /line 60002: expected 2 values, found 1/],
    ['open.csv', () => `a,b\n${rows('1,2\n')}"1,2\n`, 'format', /line 60002: a quoted value is never closed/],
    [
      'latin.csv',
      () => Buffer.from(`a,b\n${rows('1,2\n')}\xe9,2\n1,2\n`, 'latin1'),
      'format',
      /line 60002: the text is not UTF-8/,
    ],
    [
      'ragged.csv.gz',
      () => gzipSync(`a,b\n${rows('1,2\n')}1,2,3\n`),
      'format',
      /line 60002: expected 2 values, found 3/,
    ],
    [
      'cut.csv.gz',
      () => cut(`a,b\n${distinct((i) => `${i},${(i * 7919) % 10_007}`)}`),
      'format',
      /damaged or cut off|line \d+: expected 2 values, found/,
    ],
    [
      'flipped.csv.gz',
      () => {
        const packed = gzipSync(`a,b\n${distinct((i) => `${i},2`)}`)
        packed[packed.length - 6] ^= 1
        return packed
      },
      'format',
      /the gzip data is damaged or cut off/,
    ],
    ['number.ndjson', () => `${rows('{"a":1,"b":2}\n')}5\n`, 'format', /row 60001: the JSON is no object/],
    ['broken.ndjson', () => `${rows('{"a":1,"b":2}\n')}{"a":1,\n{"a":1,"b":2}\n`, 'format', /the JSON is malformed/],
    [
      'cut.ndjson.gz',
      () => cut(distinct((i) => `{"a":${i},"b":${(i * 7919) % 10_007}}`)),
      'format',
      /damaged or cut off|the JSON is malformed/,
    ],
  ]
  test.each(damage)('%s: damage after many rows', async (name, content, code, message) => {
    const path = await file(`late-${name}`, content())
    const refused = { code, message: expect.stringMatching(message) }
    const read = async () => {
      await using source = await openTable(path)
      await source.read()
    }
    await expect(read()).rejects.toMatchObject(refused)
    const streamed = async () => {
      await using source = await openTable(path)
      for await (const { table } of source.batches({ invalidRows: 'mark' }))
        expect(namesOf(table.columns)).toEqual(['a', 'b'])
    }
    await expect(streamed()).rejects.toMatchObject(refused)
  })

  test('a query that fails after many rows', async () => {
    await using source = await openTable({
      sql:
        `SELECT CAST(CASE WHEN i = ${2 * many} THEN 'oops' ELSE CAST(i AS VARCHAR) END AS INTEGER) AS a FROM ` +
        `range(${3 * many}) t(i)`,
    })
    await expect(source.read()).rejects.toMatchObject({
      code: 'data',
      message: expect.stringMatching(/the SQL query: Could not convert string 'oops' to INT32/),
    })
    await expect(openTable({ sql: `SELECT nope FROM read_parquet('${at('x.parquet')}')` })).rejects.toMatchObject({
      message: expect.not.stringContaining('damaged'),
    })
  })

  test('a last line of gzip that is longer than DuckDB reads', async () => {
    const long = gzipSync(
      Buffer.concat([Buffer.from('a,b\n1,2\n'), Buffer.alloc(40_000_000, 49), Buffer.from(',2\n')]),
      { level: 1 },
    )
    await using source = await openTable(await file('long-last.csv.gz', long))
    await expect(source.read()).rejects.toMatchObject({
      code: 'format',
      message: expect.stringMatching(/line is longer than 2 MB/),
    })
  })

  test('missing files, folders, globs and columns', async () => {
    await expect(openTable(at('nope.csv'))).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('nope.csv: no such file'),
    })
    await expect(openTable(at('*.nope'))).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('no file matches'),
    })
    await expect(openTable(folder)).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('it is a folder; name its files'),
    })
    await expect(openTable([])).rejects.toMatchObject({ code: 'argument' })
    await expect(openTable('https://example.invalid/a.csv')).rejects.toMatchObject({ code: 'network' })
    const source = await openTable(await file('some.csv', 'Age,b\n1,2\n'))
    await expect(source.read({ columns: ['age'] })).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining("did you mean 'Age'?"),
    })
    await expect(source.read({ columns: ['z'] })).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('it has Age, b'),
    })
  })

  test('a spool is removed when the input is refused', async () => {
    const before = (await readdir(tmpdir())).filter(
      (name) => name.startsWith('toll-') && existsSync(join(tmpdir(), name, 'input')),
    )
    await expect(openTable('-', { stdin: Readable.from([]) })).rejects.toMatchObject({
      code: 'format',
      message: 'standard input is empty',
    })
    const after = (await readdir(tmpdir())).filter(
      (name) => name.startsWith('toll-') && existsSync(join(tmpdir(), name, 'input')),
    )
    expect(after.filter((name) => !before.includes(name))).toEqual([])
  })
})
