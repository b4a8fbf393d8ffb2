import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Column } from '../../base/index.js'
import { openRowWriter, openTable, type OutputValues } from './index.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-rows-'))
})
afterAll(() => rm(folder, { recursive: true }))

const columns: Column[] = [
  { name: 'id', kind: 'category' },
  { name: 'a "score"', kind: 'number' },
  { name: 'bad', kind: 'boolean' },
]
const first: OutputValues[] = [['x', 'a,b', null], Float64Array.of(0.1, NaN, -1e-7), [true, false, null]]
const second: OutputValues[] = [['say "hi"\n'], Float64Array.of(1e21), [true]]

async function write(format: 'csv' | 'ndjson' | 'parquet', target: string | Writable): Promise<void> {
  const writer = await openRowWriter(target, { format, columns })
  await writer.write(first)
  await writer.write(second)
  await writer.close()
}

/** A stream that is full after every byte and empties later. */
function slowStream(): Writable & { text(): string } {
  const parts: Buffer[] = []
  const stream = new Writable({
    highWaterMark: 1,
    write: (chunk: Buffer, _, done) => {
      setTimeout(() => {
        parts.push(chunk)
        done()
      }, 1)
    },
  })
  return Object.assign(stream, { text: () => Buffer.concat(parts).toString() })
}

const csv = 'id,"a ""score""",bad\nx,0.1,true\n"a,b",,false\n,-1e-7,\n"say ""hi""\n",1e+21,true\n'
const ndjson = [
  '{"id":"x","a \\"score\\"":0.1,"bad":true}',
  '{"id":"a,b","a \\"score\\"":null,"bad":false}',
  '{"id":null,"a \\"score\\"":-1e-7,"bad":null}',
  '{"id":"say \\"hi\\"\\n","a \\"score\\"":1e+21,"bad":true}',
  '',
].join('\n')

test.each([
  ['csv', csv],
  ['ndjson', ndjson],
] as const)('%s, byte for byte, to a file and to a slow stream', async (format, expected) => {
  const path = join(folder, `out.${format}`)
  await write(format, path)
  expect(await readFile(path, 'utf8')).toBe(expected)
  const stream = slowStream()
  await write(format, stream)
  expect(stream.text()).toBe(expected)
})

test('Parquet reads back as written, in order', async () => {
  const path = join(folder, 'out.parquet')
  const writer = await openRowWriter(path, { format: 'parquet', columns })
  await writer.write(first)
  for (let from = 0; from < 20_000; from += 5000) {
    const index = Array.from({ length: 5000 }, (_, i) => from + i)
    await writer.write([index, Float64Array.from(index), index.map((i) => i % 2 === 0)])
  }
  await writer.close()
  const source = await openTable(path)
  expect(source.columns.map(({ type }) => type)).toEqual(['VARCHAR', 'DOUBLE', 'BOOLEAN'])
  const { table, passthrough } = await source.readBatch({ columns: ['a "score"'], passthrough: ['id', 'bad'] })
  expect(table.columns[0].values.subarray(0, 4)).toEqual(Float64Array.of(0.1, NaN, -1e-7, 0))
  expect(table.columns[0].values.subarray(3).every((value, i) => value === i)).toBe(true)
  expect(passthrough.get('id')?.slice(0, 5)).toEqual(['x', 'a,b', null, '0', '1'])
  expect(passthrough.get('id')?.at(-1)).toBe('19999')
  expect(passthrough.get('bad')?.slice(0, 5)).toEqual([true, false, null, true, false])
})

test.each(['csv', 'ndjson', 'parquet'] as const)(
  '%s: an aborted or failed output leaves the old file and nothing else',
  async (format) => {
    const place = await mkdtemp(join(folder, 'abort-'))
    const path = join(place, 'out')
    await writeFile(path, 'old')
    const writer = await openRowWriter(path, { format, columns })
    await writer.write(first)
    await expect(writer.write([['x'], Float64Array.of(Infinity), [true]])).rejects.toMatchObject({
      code: 'data',
      message: expect.stringContaining('infinite'),
    })
    await expect(writer.write([['x'], Float64Array.of(1)])).rejects.toMatchObject({ code: 'shape' })
    await expect(writer.write([['x'], Float64Array.of(1, 2), [true]])).rejects.toMatchObject({ code: 'shape' })
    await writer.abort()
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(place)).toEqual(['out'])
  },
)

test.skipIf(process.platform !== 'linux').each(['csv', 'parquet'] as const)(
  '%s: a full disk is an io error with a hint',
  async (format) => {
    const attempt = (async () => {
      const writer = await openRowWriter('/dev/full', { format, columns })
      await writer.write(first)
      await writer.close()
    })()
    await expect(attempt).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('no space is left on the device'),
    })
  },
)

test('a stream whose reader went away is an io error', async () => {
  const broken = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('EPIPE'), { code: 'EPIPE' })),
  })
  await expect(write('csv', broken)).rejects.toMatchObject({
    code: 'io',
    message: expect.stringContaining('the reader closed the pipe'),
  })
})

test('a folder that does not exist', async () => {
  await expect(openRowWriter(join(folder, 'none', 'x.csv'), { format: 'csv', columns })).rejects.toMatchObject({
    code: 'not-found',
  })
  await expect(openRowWriter(join(folder, 'x.csv'), { format: 'csv', columns: [] })).rejects.toMatchObject({
    code: 'argument',
  })
})
