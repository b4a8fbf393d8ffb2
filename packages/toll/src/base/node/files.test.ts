import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { nameOfSource, readBytes, writeBytes } from '../index.js'

const folder = mkdtempSync(join(tmpdir(), 'toll-files-'))
afterAll(() => rmSync(folder, { recursive: true }))
const content = Uint8Array.of(1, 2, 3)
const path = join(folder, 'a b.bin')
writeFileSync(path, content)

it('reads paths, addresses, blobs, answers and bytes', async () => {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/there' ? 200 : request.url === '/gone' ? 404 : 500).end(content)
  })
  await new Promise<void>((done) => server.listen(0, done))
  const address = `http://localhost:${(server.address() as AddressInfo).port}`
  const sources = [
    path,
    pathToFileURL(path),
    `${address}/there`,
    new URL(`${address}/there`),
    await fetch(`${address}/there`),
    new Blob([content]),
    content,
    content.buffer,
  ]
  for (const source of sources) expect([...(await readBytes(source))]).toEqual([1, 2, 3])
  await expect(readBytes(`${address}/gone`)).rejects.toMatchObject({
    reason: 'unknown-file',
    message: `cannot fetch ${address}/gone: the server answers with status 404`,
    details: { file: `${address}/gone` },
  })
  await expect(readBytes(await fetch(`${address}/broken`))).rejects.toMatchObject({ reason: 'download-failed' })
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
  await expect(readBytes(`${address}/there`)).rejects.toMatchObject({ reason: 'download-failed' })
  await expect(readBytes(join(folder, 'nothing'))).rejects.toMatchObject({ reason: 'unknown-file' })
  await expect(readBytes(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({ reason: 'aborted' })
})

it('names a source as its owner knows it', () => {
  expect(nameOfSource(new File([content], 'rows.csv'))).toBe('rows.csv')
  expect(nameOfSource(new URL('https://example.org/rows.csv'))).toBe('https://example.org/rows.csv')
  expect(nameOfSource(new Blob([content]))).toBe('the file')
})

it('writes to a path and to a file that was chosen', async () => {
  await writeBytes(join(folder, 'written.bin'), content)
  expect([...readFileSync(join(folder, 'written.bin'))]).toEqual([1, 2, 3])
  const written: ArrayBuffer[] = []
  const chosen = {
    write: async (bytes: ArrayBuffer) => written.push(bytes),
    close: async () => written.push(new ArrayBuffer()),
  }
  await writeBytes({ createWritable: async () => chosen }, content)
  expect(written).toEqual([content.buffer, new ArrayBuffer()])
  const refusing = { createWritable: () => Promise.reject(new Error('no permission')) }
  await expect(writeBytes(refusing, content)).rejects.toMatchObject({ reason: 'cannot-write' })
})
