import { mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cannotWrite, openAtomic, writeFileAtomic } from './index.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-atomic-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('replaces a file in one step and leaves no temporary file', async () => {
  const path = join(folder, 'a.bin')
  await writeFile(path, 'old')
  await writeFileAtomic(path, new Uint8Array([1, 2, 3]))
  expect([...(await readFile(path))]).toEqual([1, 2, 3])
  expect(await readdir(folder)).toEqual(['a.bin'])
})

test('a discarded file leaves the old content', async () => {
  const path = join(folder, 'a.bin')
  await writeFile(path, 'old')
  const file = await openAtomic(path)
  await file.handle.writeFile('half')
  await file.discard()
  expect(await readFile(path, 'utf8')).toBe('old')
  expect(await readdir(folder)).toEqual(['a.bin'])
})

test('writes through a link instead of replacing it', async () => {
  await writeFile(join(folder, 'a.bin'), 'old')
  await symlink(join(folder, 'a.bin'), join(folder, 'link'))
  await writeFileAtomic(join(folder, 'link'), 'new')
  expect(await readFile(join(folder, 'a.bin'), 'utf8')).toBe('new')
})

test('names the reason when it cannot write', async () => {
  await expect(writeFileAtomic(join(folder, 'none', 'a.bin'), 'x')).rejects.toMatchObject({ code: 'not-found' })
  await expect(writeFileAtomic(folder, 'x')).rejects.toMatchObject({
    code: 'io',
    message: expect.stringContaining('is a folder'),
  })
  const full = cannotWrite(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }), 'x')
  expect(full).toMatchObject({
    code: 'io',
    message: 'cannot write x: no space is left on the device; free some or choose another folder',
  })
})

test.skipIf(process.platform !== 'linux')('a full device is an io error', async () => {
  await expect(writeFileAtomic('/dev/full', 'x')).rejects.toMatchObject({
    code: 'io',
    message: expect.stringContaining('no space'),
  })
})

test('a name as long as names may be is written', async () => {
  const path = join(folder, `${'é'.repeat(125)}.json`)
  await writeFileAtomic(path, 'x')
  expect(await readFile(path, 'utf8')).toBe('x')
})
