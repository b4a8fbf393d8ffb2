import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkFolder, makeFolder } from './index.js'

let root = ''
const at = (...names: string[]) => join(root, ...names)

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'toll-folder-'))
  await writeFile(at('file'), '')
})
afterAll(() => rm(root, { recursive: true }))

test('a folder is made with those above it, and is left as it is when it is there', async () => {
  await makeFolder(at('a', 'b'))
  await writeFile(at('a', 'b', 'kept'), '')
  await makeFolder(at('a', 'b'))
  expect(await readdir(at('a', 'b'))).toEqual(['kept'])
})

test('a check leaves nothing behind, and takes nothing away', async () => {
  await checkFolder(at('new', 'below', 'deeper'))
  expect(existsSync(at('new'))).toBe(false)
  await makeFolder(at('there'))
  await checkFolder(at('there', 'below'))
  await checkFolder(at('there'))
  expect(await readdir(at('there'))).toEqual([])
})

test('what cannot be made is an error that says why, and half of it is taken away', async () => {
  for (const make of [makeFolder, checkFolder]) {
    await expect(make(at('file'))).rejects.toMatchObject({
      code: 'io',
      message: `cannot make the folder ${at('file')}: a file of that name is in the way`,
    })
    await expect(make(at('file', 'below'))).rejects.toMatchObject({ code: 'io' })
    await expect(make(at('half', 'x'.repeat(300)))).rejects.toMatchObject({ code: 'io' })
    expect(existsSync(at('half'))).toBe(false)
  }
})

test.skipIf(!existsSync('/proc/self'))(
  'a file system that makes no folders is an error, not an endless wait',
  async () => {
    await expect(checkFolder('/proc/toll/results')).rejects.toMatchObject({
      message: expect.stringContaining('cannot make the folder /proc/toll/results') as string,
    })
  },
)
