import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readArrayFile } from './index.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-arrays-'))
})
afterAll(() => rm(folder, { recursive: true }))

const npy = Buffer.from(
  "\x93NUMPY\x01\x00\x36\x00{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}\x05\x06",
  'latin1',
)
const idx = Buffer.of(0, 0, 8, 1, 0, 0, 0, 2, 5, 6)

test('the content decides, not the name; gzip is unpacked', async () => {
  npy[8] = npy.length - 12
  const contents = {
    'a.dat': npy,
    'b.npy': gzipSync(npy),
    'c.bin': zipSync({ 'x.npy': npy }),
    'd.npy': idx,
    'e.gz': gzipSync(idx),
  }
  for (const [name, bytes] of Object.entries(contents)) {
    await writeFile(join(folder, name), bytes)
    expect(await readArrayFile(join(folder, name))).toEqual({ shape: [2], type: 'uint8', data: Uint8Array.of(5, 6) })
  }
  await expect(readArrayFile(join(folder, 'c.bin'), { variable: 'y' })).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringContaining('it holds x'),
  })
})

test('what cannot be read is named', async () => {
  const refuse = async (name: string, bytes: Uint8Array | string, code: string, message: RegExp) => {
    await writeFile(join(folder, name), bytes)
    await expect(readArrayFile(join(folder, name))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  }
  await refuse('empty.npy', '', 'format', /seems to be empty$/)
  await refuse('text.npy', 'a,b\n', 'format', /seems to be text data$/)
  await refuse(
    'cut.npy',
    npy.subarray(0, -1),
    'format',
    /cut\.npy: npy file, byte \d+: an array of shape \(2\) needs 2 bytes, 1 are left/,
  )
  await refuse('cut.gz', gzipSync(idx).subarray(0, 20), 'format', /the gzip data is damaged, cut off/)
  await refuse('new.mat', 'MATLAB 7.3 MAT-file'.padEnd(200), 'format', /version 7\.3 \(HDF5\) is not read/)
  await expect(readArrayFile(join(folder, 'none.npy'))).rejects.toMatchObject({ code: 'not-found' })
  await expect(readArrayFile(folder)).rejects.toMatchObject({ code: 'io' })
})
