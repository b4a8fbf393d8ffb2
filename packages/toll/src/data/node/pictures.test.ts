// Pictures: exact pixels of files that another library wrote, folders, sizes, depths, and what is no picture.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { encode } from 'fast-png'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { readPictures } from './pictures.js'

const folder = mkdtempSync(join(tmpdir(), 'toll-pictures-'))
const at = (name: string) => join(folder, name)
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, content: Uint8Array): string {
  mkdirSync(dirname(at(name)), { recursive: true })
  writeFileSync(at(name), content)
  return at(name)
}

interface Raw {
  readonly width: number
  readonly height: number
  readonly channels: 1 | 2 | 3 | 4
  readonly data: Uint8Array | Uint16Array
}

const png = (name: string, raw: Raw) => write(name, encode({ ...raw, depth: raw.data instanceof Uint16Array ? 16 : 8 }))
const pixelsOf = async (...args: Parameters<typeof readPictures>) => {
  const { images } = await readPictures(...args)
  return { shape: images.shape, pixels: [...images.data] }
}

describe('a picture', () => {
  const colours = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30)

  it('of colours is its channels, one after the other', async () => {
    const path = png('colour.png', { width: 2, height: 2, channels: 3, data: colours })
    expect(await pixelsOf([path])).toEqual({
      shape: [1, 3, 2, 2],
      pixels: [255, 0, 0, 10, 0, 255, 0, 20, 0, 0, 255, 30],
    })
  })

  it('of grey is one channel, or three equal ones where colour is asked for', async () => {
    const path = png('grey.png', { width: 3, height: 1, channels: 1, data: Uint8Array.of(0, 128, 255) })
    expect(await pixelsOf([path])).toEqual({ shape: [1, 1, 1, 3], pixels: [0, 128, 255] })
    expect(await pixelsOf([path], { channels: 3 })).toEqual({
      shape: [1, 3, 1, 3],
      pixels: [0, 128, 255, 0, 128, 255, 0, 128, 255],
    })
  })

  it('of 16 bits is on the scale of 8, with fractions', async () => {
    const deep = png('deep.png', { width: 3, height: 1, channels: 1, data: Uint16Array.of(0, 32_768, 65_535) })
    expect(await pixelsOf([deep])).toEqual({ shape: [1, 1, 1, 3], pixels: [0, Math.fround(32_768 / 257), 255] })
    const colour = Uint16Array.of(65_535, 257, 514, 1, 2, 3)
    const path = png('deep-colour.png', { width: 2, height: 1, channels: 3, data: colour })
    const { pixels } = await pixelsOf([path])
    expect(pixels).toEqual([65_535, 1, 257, 2, 514, 3].map((value) => Math.fround(value / 257)))
  })

  it('with transparency lies on white', async () => {
    const data = Uint8Array.of(10, 20, 30, 255, 10, 20, 30, 0)
    const path = png('clear.png', { width: 2, height: 1, channels: 4, data })
    expect((await pixelsOf([path])).pixels).toEqual([10, 255, 20, 255, 30, 255])
  })

  it('of a camera is turned as it was held', async () => {
    const raw = { width: 16, height: 8, channels: 3 as const }
    const left = Uint8Array.from({ length: 16 * 8 * 3 }, (_, i) => (Math.floor(i / 3) % 16 < 8 ? 0 : 255))
    // 6: the camera was turned a quarter; the left half of the file is the upper half of the picture.
    const turned = await sharp(left, { raw }).jpeg({ quality: 100 }).withMetadata({ orientation: 6 }).toBuffer()
    const { images } = await readPictures([write('turned.jpg', turned)], { channels: 1 })
    expect(images.shape).toEqual([1, 1, 16, 8])
    expect([images.data[0], images.data[16 * 8 - 1]]).toEqual([0, 255])
  })

  it('is stretched to the size asked for', async () => {
    const data = Uint8Array.from({ length: 8 * 4 }, (_, i) => (i % 8 < 4 ? 40 : 200))
    const path = png('wide.png', { width: 8, height: 4, channels: 1, data })
    const { images, resized } = await readPictures([path], { size: [2, 2] })
    expect([images.shape, resized]).toEqual([[1, 1, 2, 2], 1])
    const [left, right] = images.data
    expect(Math.abs(left - 40)).toBeLessThan(16)
    expect(Math.abs(right - 200)).toBeLessThan(16)
  })
})

describe('folders', () => {
  it('are read with everything in them, a class per folder, other files named', async () => {
    const raw = { width: 1, height: 1, channels: 1 as const }
    for (const [name, value] of [
      ['set/good/b.png', 2],
      ['set/good/a.PNG', 1],
      ['set/crack/deep/c.png', 3],
    ] as const)
      png(name, { ...raw, data: Uint8Array.of(value) })
    write('set/notes.txt', new Uint8Array(3))
    const { images, files, classes, resized, others } = await readPictures([at('set')])
    expect([...images.data]).toEqual([3, 1, 2])
    expect(files).toEqual(['set/crack/deep/c.png', 'set/good/a.PNG', 'set/good/b.png'].map(at))
    expect(classes).toEqual(['deep', 'good', 'good'])
    expect([resized, others]).toEqual([0, [at('set/notes.txt')]])
    expect((await readPictures([at('set/good/*.png'), at('set/crack')])).files).toEqual(
      ['set/good/b.png', 'set/crack/deep/c.png'].map(at),
    )
  })
})

describe('what cannot be read', () => {
  const refusal = (...args: Parameters<typeof readPictures>) =>
    readPictures(...args).then(
      () => undefined,
      (error: unknown) => error,
    )

  it('says which file it is, and what to do', async () => {
    const small = png('small.png', { width: 2, height: 1, channels: 1, data: new Uint8Array(2) })
    const tall = png('tall.png', { width: 1, height: 2, channels: 1, data: new Uint8Array(2) })
    expect(await refusal([small, tall])).toMatchObject({ reason: 'shape-mismatch', details: { file: tall } })
    const noise = Uint8Array.from({ length: 3600 }, (_, i) => (i * 7919) % 251)
    const whole = encode({ width: 60, height: 60, channels: 1, depth: 8, data: noise })
    const cut = write('cut.png', whole.subarray(0, whole.length / 2))
    expect(await refusal([cut])).toMatchObject({ reason: 'damaged-file', details: { file: cut } })
    const text = write('text.png', new TextEncoder().encode('a,b\n1,2\n'))
    expect(await refusal([text])).toMatchObject({ reason: 'damaged-file', details: { file: text } })
    const webp = write(
      'other.png',
      await sharp(new Uint8Array(3), { raw: { width: 1, height: 1, channels: 3 } })
        .webp()
        .toBuffer(),
    )
    expect(await refusal([webp])).toMatchObject({ reason: 'wrong-file-kind', details: { value: 'webp' } })
    mkdirSync(at('nothing'))
    expect(await refusal([at('nothing')])).toMatchObject({ reason: 'no-rows' })
    expect(await refusal([at('no-such')])).toMatchObject({ reason: 'unknown-file' })
    expect(await refusal([small], { size: [20_000, 20_000] })).toMatchObject({ reason: 'too-large' })
  })
})
