import { decode } from 'fast-png'
import { describe, expect, it } from 'vitest'
import { imageStrip } from './index.js'

function pixelsOf(url: string) {
  expect(url.startsWith('data:image/png;base64,')).toBe(true)
  const { width, height, channels, data } = decode(Buffer.from(url.slice(url.indexOf(',') + 1), 'base64'))
  return { width, height, channels, data: [...data] }
}

const rejected = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })

describe('strip of images', () => {
  it('keeps grey bytes as they are', async () => {
    const strip = await imageStrip({ shape: [2, 1, 2, 3], data: Uint8Array.from({ length: 12 }, (_, i) => i * 20) })
    expect(strip).toMatchObject({ width: 3, height: 2, captions: ['1', '2'] })
    expect(strip.rows).toHaveLength(1)
    expect(strip.rows[0].urls.map(pixelsOf)).toEqual([
      { width: 3, height: 2, channels: 1, data: [0, 20, 40, 60, 80, 100] },
      { width: 3, height: 2, channels: 1, data: [120, 140, 160, 180, 200, 220] },
    ])
    expect(strip.rows[0].alternatives).toEqual(['original of image 1', 'original of image 2'])
  })

  it('interleaves colour planes, scales floats and clips', async () => {
    const strip = await imageStrip({ shape: [1, 3, 1, 2], data: Float32Array.of(-1, 0, 0.5, 1, 2, -9) }, undefined, {
      range: [-1, 1],
    })
    expect(pixelsOf(strip.rows[0].urls[0])).toEqual({
      width: 2,
      height: 1,
      channels: 3,
      data: [0, 191, 255, 128, 255, 0],
    })
  })

  it('shows where the input and where the reconstruction is brighter', async () => {
    const original = { shape: [1, 1, 1, 3], data: Float64Array.of(1, 0, 0.5) }
    const made = { shape: [1, 1, 1, 3], data: Float64Array.of(0, 0.2, 0.5) }
    const strip = await imageStrip(original, made, { captions: ['8 · 31.2'], subject: 'digit' })
    expect(strip.rows.map(({ title }) => title)).toEqual(['original', 'reconstruction', 'difference'])
    expect(strip.rows.map(({ alternatives }) => alternatives[0])).toEqual([
      'original of digit 8 · 31.2',
      'reconstruction of digit 8 · 31.2',
      'difference of digit 8 · 31.2',
    ])
    expect(pixelsOf(strip.rows[1].urls[0]).data).toEqual([0, 51, 128])
    const { channels, data } = pixelsOf(strip.rows[2].urls[0])
    expect(channels).toBe(4)
    expect([data[3], data[7], data[11]]).toEqual([255, 51, 0])
    expect(data.slice(0, 3)).not.toEqual(data.slice(4, 7))
  })

  it('refuses what is not a batch of images', async () => {
    const grey = { shape: [1, 1, 2, 2], data: Float32Array.of(0, 0, 0, 0) }
    await expect(imageStrip({ shape: [1, 2, 2, 2], data: new Uint8Array(8) })).rejects.toEqual(
      rejected('shape', /1 or 3.*\(1, 2, 2, 2\)/),
    )
    await expect(imageStrip({ shape: [2, 2], data: new Uint8Array(4) })).rejects.toEqual(rejected('shape', /\(2, 2\)/))
    await expect(imageStrip({ shape: [13, 1, 1, 1], data: new Uint8Array(13) })).rejects.toEqual(
      rejected('shape', /1 to 12/),
    )
    await expect(imageStrip({ shape: [1, 1, 2, 2], data: new Uint8Array(3) })).rejects.toEqual(
      rejected('shape', /need 4 values, got 3/),
    )
    await expect(imageStrip(grey, { shape: [1, 1, 1, 4], data: grey.data })).rejects.toEqual(
      rejected('shape', /do not match/),
    )
    await expect(imageStrip(grey, undefined, { captions: [] })).rejects.toEqual(
      rejected('argument', /0 captions for 1/),
    )
    await expect(imageStrip(grey, undefined, { range: [1, 1] })).rejects.toEqual(rejected('argument', /range/))
    await expect(imageStrip({ ...grey, data: Float32Array.of(0, NaN, 0, 0) })).rejects.toEqual(
      rejected('data', /image 0 holds NaN/),
    )
  })
})
