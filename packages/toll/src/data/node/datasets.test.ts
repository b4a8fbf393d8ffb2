// Data sets on disk and over HTTP, against a server of this test: resumption, broken connections, wrong content, no
// server.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Dataset, DatasetDownload } from '../index.js'
import { downloadDataset, findDataset, loadImages, locateDataset, readDatasetFile } from './index.js'

const digest = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest('hex')
const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251))

let folder = ''
let base = ''
let cache = ''
let respond: (request: IncomingMessage, response: ServerResponse) => void = () => undefined
const ranges: (string | undefined)[] = []
const server = createServer((request, response) => {
  ranges.push(request.headers.range)
  respond(request, response)
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-datasets-'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true })
})
beforeEach(async () => {
  cache = await mkdtemp(join(folder, 'cache-'))
  ranges.length = 0
  respond = serve(content)
})

/** Serves bytes with range requests; `cutAfter` breaks the connection after that many bytes. */
function serve(bytes: Uint8Array, { cutAfter = Infinity, ignoreRange = false } = {}) {
  return (request: IncomingMessage, response: ServerResponse) => {
    const from = ignoreRange ? 0 : Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    if (from >= bytes.length) {
      response.writeHead(416).end()
      return
    }
    const headers = {
      'content-length': bytes.length - from,
      ...(from > 0 ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}),
    }
    response.writeHead(from > 0 ? 206 : 200, headers)
    if (cutAfter === Infinity) response.end(bytes.subarray(from))
    else response.write(bytes.subarray(from, from + cutAfter), () => setTimeout(() => response.destroy(), 20))
  }
}

function dataset(download: Partial<DatasetDownload> = {}): Dataset {
  return {
    name: 'probe',
    title: 'Probe',
    kind: 'table',
    homepage: base,
    licence: 'none',
    citation: 'none',
    folders: ['elsewhere'],
    downloads: [
      {
        urls: [`${base}/probe.bin`],
        packing: 'plain',
        files: [{ path: 'probe.bin', bytes: content.length, sha256: digest('sha256', content) }],
        ...download,
      },
    ],
  }
}
const folders = () => ({ cache, data: '' })
const get = (download: Partial<DatasetDownload> = {}) => downloadDataset(dataset(download), folders())
const parts = async () => (await readdir(join(cache, 'probe')).catch(() => [])).sort()

describe('downloads', () => {
  test('fetch, check, name, and are found afterwards', async () => {
    const seen: number[] = []
    const { files, missing } = await downloadDataset(dataset(), {
      ...folders(),
      onProgress: ({ received, total, file }) => {
        expect([total, file]).toEqual([content.length, 'probe.bin'])
        seen.push(received)
      },
    })
    expect(seen.at(-1)).toBe(content.length)
    expect([missing, await parts()]).toEqual([[], ['probe.bin']])
    expect(await readFile(files.get('probe.bin') ?? '')).toEqual(content)
    await get()
    expect(ranges).toEqual([undefined])
    expect(Buffer.from(await readDatasetFile(dataset(), 'probe.bin', folders()))).toEqual(content)
  })

  test('a broken connection is resumed where it stopped', async () => {
    respond = serve(content, { cutAfter: 100_000 })
    await expect(get()).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('run it again to go on where it stopped'),
    })
    expect(await parts()).toEqual(['probe.bin.part'])
    const { size } = await stat(join(cache, 'probe', 'probe.bin.part'))
    expect(size).toBe(100_000)
    respond = serve(content)
    await get()
    expect(ranges).toEqual([undefined, 'bytes=100000-'])
    expect(await readFile(join(cache, 'probe', 'probe.bin'))).toEqual(content)
    expect(await parts()).toEqual(['probe.bin'])
  })

  test('a server without ranges starts anew', async () => {
    await mkdir(join(cache, 'probe'), { recursive: true })
    await writeFile(join(cache, 'probe', 'probe.bin.part'), 'old bytes')
    respond = serve(content, { ignoreRange: true })
    await get()
    expect(await readFile(join(cache, 'probe', 'probe.bin'))).toEqual(content)
  })

  test('a part that was already whole needs no more bytes', async () => {
    await mkdir(join(cache, 'probe'), { recursive: true })
    await writeFile(join(cache, 'probe', 'probe.bin.part'), content)
    await get()
    expect(ranges).toEqual([`bytes=${content.length}-`])
    expect(await parts()).toEqual(['probe.bin'])
  })

  test('wrong content is refused and removed', async () => {
    const other = Buffer.from(content)
    other[5] ^= 1
    respond = serve(other)
    await expect(get()).rejects.toMatchObject({
      code: 'checksum',
      message: expect.stringContaining(digest('sha256', other)),
    })
    expect(await parts()).toEqual([])
    respond = serve(content.subarray(1))
    await expect(get()).rejects.toMatchObject({
      code: 'checksum',
      message: expect.stringContaining('should have 300000 bytes unpacked, it has 299999'),
    })
    expect(await parts()).toEqual([])
  })

  test('a second address is tried; without any the reasons are told', async () => {
    respond = (request, response) =>
      request.url === '/probe.bin' ? response.writeHead(404).end() : serve(content)(request, response)
    await get({ urls: [`${base}/probe.bin`, `${base}/mirror`] })
    expect(await parts()).toEqual(['probe.bin'])
    await rm(join(cache, 'probe'), { recursive: true })
    await expect(get()).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('the server answered 404'),
    })
    await expect(get({ urls: ['http://127.0.0.1:9/probe.bin'] })).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('127.0.0.1:9'),
    })
  })

  test('more bytes than allowed are refused', async () => {
    respond = serve(Buffer.alloc(8_000_000))
    await expect(get()).rejects.toMatchObject({ code: 'network', message: expect.stringContaining('is larger than') })
    expect(await parts()).toEqual([])
  })

  test('abort keeps what came', async () => {
    const stop = new AbortController()
    respond = (_, response) => {
      response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 1000))
    }
    const download = downloadDataset(dataset(), { ...folders(), signal: stop.signal, onProgress: () => stop.abort() })
    await expect(download).rejects.toMatchObject({ code: 'aborted' })
    expect(await parts()).toEqual(['probe.bin.part'])
  })

  test('gzip is unpacked and checked by its content', async () => {
    respond = serve(gzipSync(content, { level: 1 }))
    await get({ packing: 'gzip', urls: [`${base}/probe.bin.gz`] })
    expect(await readFile(join(cache, 'probe', 'probe.bin'))).toEqual(content)
    await rm(join(cache, 'probe'), { recursive: true })
    respond = serve(gzipSync(content).subarray(0, 500))
    await expect(get({ packing: 'gzip' })).rejects.toMatchObject({ code: 'format' })
    expect(await parts()).toEqual([])
  })
})

describe('tar.gz archives', () => {
  function member(name: string, bytes: Uint8Array): Buffer {
    const header = Buffer.alloc(512)
    header.write(name, 0)
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124)
    header.fill(' ', 148, 156)
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    )
    return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)])
  }
  const second = Buffer.from('second')
  const archive = gzipSync(
    Buffer.concat([
      member('x/', Buffer.alloc(0)),
      member('x/readme', Buffer.alloc(700)),
      member('x/a.bin', content),
      member('x/b.bin', second),
      Buffer.alloc(1024),
    ]),
  )
  const files = [
    { path: 'a.bin', bytes: content.length, sha256: undefined },
    { path: 'b.bin', bytes: 6, sha256: undefined },
  ]
  const download = (changes: Partial<DatasetDownload> = {}) =>
    get({ packing: 'tar.gz', urls: [`${base}/all.tar.gz`], md5: digest('md5', archive), files, ...changes })

  test('give their members, checked by the archive sum', async () => {
    respond = serve(archive)
    await download()
    expect(await parts()).toEqual(['a.bin', 'b.bin'])
    expect(await readFile(join(cache, 'probe', 'a.bin'))).toEqual(content)
    expect(await readFile(join(cache, 'probe', 'b.bin'))).toEqual(second)
  })

  test('are refused with a wrong sum, a missing or an oversized member, or a cut', async () => {
    respond = serve(archive)
    await expect(download({ md5: '0'.repeat(32) })).rejects.toMatchObject({ code: 'checksum' })
    const sha256 = digest('sha256', content)
    const known = [{ path: 'a.bin', bytes: content.length, sha256 }]
    await expect(
      download({ md5: undefined, files: [...known, { path: 'c.bin', bytes: 3, sha256 }] }),
    ).rejects.toMatchObject({ code: 'format', message: expect.stringContaining('lacks c.bin') })
    await expect(download({ md5: undefined, files: [{ path: 'a.bin', bytes: 10, sha256 }] })).rejects.toMatchObject({
      code: 'format',
      message: expect.stringContaining("'a.bin' has 300000 bytes, expected 10"),
    })
    respond = serve(archive.subarray(0, archive.length >> 1))
    await expect(download({ md5: undefined, files: known })).rejects.toMatchObject({ code: 'format' })
    respond = serve(gzipSync(member('x/a.bin', content).subarray(0, 90_000)))
    await expect(download({ md5: undefined, files: known })).rejects.toMatchObject({
      code: 'format',
      message: expect.stringContaining('the archive is cut off'),
    })
    respond = serve(gzipSync(Buffer.alloc(1024, 1)))
    await expect(download({ md5: undefined, files: known })).rejects.toMatchObject({
      code: 'format',
      message: expect.stringContaining('no tar header'),
    })
    expect(await parts()).toEqual([])
  })
})

describe('looking', () => {
  test('the data folder comes before the cache, under every known name, plain or gzip', async () => {
    const data = join(cache, 'data')
    await mkdir(join(data, 'elsewhere'), { recursive: true })
    await writeFile(join(data, 'elsewhere', 'probe.bin.gz'), gzipSync(content))
    const { files } = await locateDataset(dataset(), { data, cache })
    expect(files.get('probe.bin')).toBe(join(data, 'elsewhere', 'probe.bin.gz'))
    expect(Buffer.from(await readDatasetFile(dataset(), 'probe.bin', { data, cache }))).toEqual(content)
    await writeFile(join(data, 'elsewhere', 'probe.bin.gz'), gzipSync(content.subarray(1)))
    await expect(readDatasetFile(dataset(), 'probe.bin', { data, cache })).rejects.toMatchObject({ code: 'checksum' })
  })

  test('a file that is cut off is named with both sizes', async () => {
    const data = join(cache, 'data')
    await mkdir(join(data, 'elsewhere'), { recursive: true })
    await writeFile(join(data, 'elsewhere', 'probe.bin'), content.subarray(1))
    await expect(readDatasetFile(dataset(), 'probe.bin', { data, cache })).rejects.toMatchObject({
      code: 'checksum',
      message: expect.stringMatching(
        new RegExp(
          "elsewhere/probe\\.bin has 299999 bytes, 'probe\\.bin' of data set '[^']+' has 300000; " +
            'get it with "toll datasets get',
        ),
      ),
    })
  })

  test('what is not there says how to get it', async () => {
    await expect(readDatasetFile('cifar-100', 'train.bin', folders())).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('toll datasets get cifar-100'),
    })
    expect((await locateDataset('cifar-100', folders())).missing.map(({ path }) => path)).toEqual([
      'train.bin',
      'test.bin',
    ])
    expect(() => findDataset('mnits')).toThrow("data set 'mnits' does not exist; known: mnist, fashion-mnist")
  })

  test('MNIST comes with the installed packages', async () => {
    const { train, test: held } = await loadImages('mnist', folders())
    expect([train.shape, held.shape]).toEqual([
      [60_000, 1, 28, 28],
      [10_000, 1, 28, 28],
    ])
    const counts = new Array<number>(10).fill(0)
    for (const label of held.labels) counts[label]++
    expect(counts).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
  })

  test('both CIFAR layouts load, in file order', async () => {
    const layouts: [string, number, string[], string[]][] = [
      ['ten', 10, ['data_1.bin', 'data_2.bin'], ['test.bin']],
      ['hundred', 100, ['train.bin'], ['test.bin']],
    ]
    for (const [name, count, train, held] of layouts) {
      const record = (label: number) =>
        Buffer.concat([Buffer.from(count > 10 ? [0, label] : [label]), Buffer.alloc(3072, label)])
      await mkdir(join(cache, name))
      const paths = [...train, ...held]
      for (const [i, path] of paths.entries()) await writeFile(join(cache, name, path), record(i + 1))
      const files = paths.map((path) => ({ path, bytes: record(0).length, sha256: undefined }))
      const probe: Dataset = {
        ...dataset({ files }),
        name,
        kind: 'images',
        classes: Array.from({ length: count }, String),
      }
      const sets = await loadImages(probe, folders())
      expect([...sets.train.labels]).toEqual(train.map((_, i) => i + 1))
      expect([...sets.test.labels, sets.test.pixels[0]]).toEqual([paths.length, paths.length])
    }
    await expect(loadImages('arrhythmia', folders())).rejects.toMatchObject({ code: 'argument' })
  })

  test('CIFAR-100 loads by its fine or its coarse classes', async () => {
    const record = (coarse: number, fine: number) =>
      Buffer.concat([Buffer.from([coarse, fine]), Buffer.alloc(3072, fine)])
    const parts = { 'train.bin': Buffer.concat([record(19, 99), record(0, 4)]), 'test.bin': record(7, 24) }
    await mkdir(join(cache, 'cifar-100'), { recursive: true })
    for (const [path, content] of Object.entries(parts)) await writeFile(join(cache, 'cifar-100', path), content)
    const files = Object.entries(parts).map(([path, content]) => ({ path, bytes: content.length, sha256: undefined }))
    const probe: Dataset = { ...findDataset('cifar-100'), downloads: dataset({ files }).downloads }
    const labels = async (kind: 'fine' | 'coarse') => {
      const { train, test: held } = await loadImages(probe, { ...folders(), labels: kind })
      return [[...train.labels, ...held.labels].map((label) => train.classes[label]), train.classes.length]
    }
    expect(await labels('fine')).toEqual([['worm', 'beaver', 'cockroach'], 100])
    expect(await labels('coarse')).toEqual([['vehicles 2', 'aquatic mammals', 'insects'], 20])
    await expect(loadImages('cifar-10', { ...folders(), labels: 'coarse' })).rejects.toMatchObject({
      code: 'argument',
      message: expect.stringContaining('no coarse labels'),
    })
  })
})
