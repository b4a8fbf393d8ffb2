// Images as PNG data URLs, and strips of them: what went in, what the model made of it, and where they differ.

import { TollError } from '../base/index.js'
import { lowering, paintHeat, raising } from './heat-map.js'
import { escapeText } from './markup.js'
import { chartColours } from './style.js'

/** `(n, channels, height, width)` with 1 or 3 channels, row-major. */
export interface ImageBatch {
  readonly shape: readonly number[]
  readonly data: Uint8Array | Float32Array | Float64Array
}

export interface ImageStripOptions {
  /** One line per image, shown above it; default its number from 1. */
  readonly captions?: readonly string[]
  /** What the images are, in alternative texts; default 'image'. */
  readonly subject?: string
  /** Values shown as black and white; default 0 to 255 for bytes and 0 to 1 for floats. Values outside are clipped. */
  readonly range?: readonly [black: number, white: number]
  /** A signed number per image and pixel, (n, height, width): a further row of heat maps called 'contributions'. */
  readonly contributions?: Float64Array
}

/** A row of `urls` per kind of picture, one column per image. */
export interface ImageStrip {
  readonly width: number
  readonly height: number
  readonly captions: readonly string[]
  readonly rows: readonly {
    readonly title: string
    readonly urls: readonly string[]
    readonly alternatives: readonly string[]
  }[]
}

/**
 * Pictures of 1 to 12 images; with `reconstructions` (same shape) also of those and of the difference: the first colour
 * where the input is brighter, the second where the reconstruction is, as strong as the difference, on no background.
 *
 * @throws `shape` when shapes are not (n, 1 or 3, height, width) or differ; `data` when a value is NaN; `argument` for
 * a range or number of captions that does not fit.
 */
export async function imageStrip(
  originals: ImageBatch,
  reconstructions?: ImageBatch,
  options: ImageStripOptions = {},
): Promise<ImageStrip> {
  const [n, , height, width] = checkBatch(originals)
  if (reconstructions && checkBatch(reconstructions).join() !== originals.shape.join()) {
    throw new TollError(
      'shape-mismatch',
      `reconstructions of shape (${reconstructions.shape.join(', ')}) do not match images of shape ` +
        `(${originals.shape.join(', ')})`,
      { option: 'reconstructions', value: reconstructions.shape, expected: `(${originals.shape.join(', ')})` },
    )
  }
  const captions = options.captions ?? Array.from({ length: n }, (_, i) => String(i + 1))
  if (captions.length !== n)
    throw new TollError('out-of-domain', `${captions.length} captions for ${n} images`, {
      option: 'captions',
      value: captions.length,
      expected: `${n} captions`,
    })
  const { encode } = await import('fast-png')
  const row = (title: string, paint: (i: number) => Pixels) => ({
    title,
    urls: captions.map((_, i) => toUrl(encode({ width, height, depth: 8, ...paint(i) }))),
    alternatives: captions.map((caption) => `${title} of ${options.subject ?? 'image'} ${caption}`),
  })
  const rows = [row('original', (i) => paintImage(toUnit(originals, i, options.range), originals.shape))]
  if (reconstructions) {
    rows.push(
      row('reconstruction', (i) => paintImage(toUnit(reconstructions, i, options.range), originals.shape)),
      row('difference', (i) =>
        paintDifference(
          toUnit(originals, i, options.range),
          toUnit(reconstructions, i, options.range),
          originals.shape,
        ),
      ),
    )
  }
  const { contributions } = options
  if (contributions) {
    const area = height * width
    if (contributions.length !== n * area)
      throw new TollError(
        'length-mismatch',
        `${n} heat maps of ${height} x ${width} need ${n * area} values, got ${contributions.length}`,
        { option: 'contributions', value: contributions.length, expected: `${n * area} values` },
      )
    rows.push(row('contributions', (i) => paintHeat(contributions.subarray(i * area, (i + 1) * area))))
  }
  return { width, height, captions, rows }
}

/**
 * A strip as an SVG file that stands alone: captions above, titles to the left, `scale` pixels for each of the image's.
 */
export function renderStripSvg({ width, height, captions, rows }: ImageStrip, scale = 2): string {
  const [w, h, gap] = [width * scale, height * scale, 6]
  const left = 16 + Math.ceil(7.2 * Math.max(...rows.map(({ title }) => [...title].length)))
  const top = captions.some((caption) => caption !== '') ? 26 : gap
  const full = [left + captions.length * (w + gap), top + rows.length * (h + gap)]
  const text = (x: number, y: number, anchor: string, content: string) =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}">${escapeText(content)}</text>`
  const pictures = rows.flatMap(({ title, urls, alternatives }, r) => [
    text(left - 8, top + r * (h + gap) + h / 2 + 4, 'end', title),
    ...urls.map(
      (url, i) =>
        `<image x="${left + i * (w + gap)}" y="${top + r * (h + gap)}" width="${w}" height="${h}" ` +
        `href="${escapeText(url)}">` +
        `<title>${escapeText(alternatives[i])}</title></image>`,
    ),
  ])
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" role="img" ' +
      `aria-label="${escapeText(`Pictures: ${rows.map(({ title }) => title).join(', ')}`)}" ` +
      `width="${full[0]}" height="${full[1]}" viewBox="0 0 ${full.join(' ')}" font-size="12" ` +
      'font-family="system-ui, sans-serif">',
    `<style>${chartColours} svg { background: var(--paper) } text { fill: var(--ink) } image { ` +
      'image-rendering: pixelated }</style>',
    ...captions.map((caption, i) => text(left + i * (w + gap) + w / 2, 16, 'middle', caption)),
    ...pictures,
    '</svg>\n',
  ].join('\n')
}

interface Pixels {
  readonly data: Uint8Array
  readonly channels: 1 | 3 | 4
}

function checkBatch({ shape, data }: ImageBatch): readonly number[] {
  const [n, channels, height, width] = shape
  const fits =
    shape.length === 4 &&
    shape.every((size) => Number.isInteger(size) && size > 0) &&
    n <= 12 &&
    (channels === 1 || channels === 3)
  if (!fits)
    throw new TollError(
      'shape-mismatch',
      `a strip needs 1 to 12 images as (n, 1 or 3, height, width), got (${shape.join(', ')})`,
      { value: shape, expected: '(1 to 12, 1 or 3, height, width)' },
    )
  if (data.length !== n * channels * height * width) {
    throw new TollError(
      'length-mismatch',
      `images of shape (${shape.join(', ')}) need ${n * channels * height * width} values, got ${data.length}`,
      { value: data.length, expected: `${n * channels * height * width} values` },
    )
  }
  return shape
}

/** Image i with black at 0 and white at 1, clipped. */
function toUnit({ shape, data }: ImageBatch, i: number, range?: readonly [number, number]): Float64Array {
  const [black, white] = range ?? (data instanceof Uint8Array ? [0, 255] : [0, 1])
  if (!Number.isFinite(black) || !Number.isFinite(white) || black === white) {
    throw new TollError(
      'out-of-domain',
      `the range of images must be two different numbers, got ${black} and ${white}`,
      { option: 'range', value: [black, white], expected: 'two different numbers' },
    )
  }
  const size = shape[1] * shape[2] * shape[3]
  return Float64Array.from(data.subarray(i * size, (i + 1) * size), (value) => {
    if (Number.isNaN(value))
      throw new TollError('not-a-number', `image ${i} holds NaN and cannot be drawn`, { row: i, value })
    return Math.min(1, Math.max(0, (value - black) / (white - black)))
  })
}

/** Planes to interleaved bytes. */
function paintImage(unit: Float64Array, [, channels, height, width]: readonly number[]): Pixels {
  const area = height * width
  const data = new Uint8Array(unit.length)
  for (let p = 0; p < area; p++)
    for (let c = 0; c < channels; c++) data[p * channels + c] = Math.round(255 * unit[c * area + p])
  return { data, channels: channels as 1 | 3 }
}

function paintDifference(
  original: Float64Array,
  made: Float64Array,
  [, channels, height, width]: readonly number[],
): Pixels {
  const area = height * width
  const data = new Uint8Array(4 * area)
  for (let p = 0; p < area; p++) {
    let difference = 0
    for (let c = 0; c < channels; c++) difference += (original[c * area + p] - made[c * area + p]) / channels
    data.set(difference > 0 ? raising : lowering, 4 * p)
    data[4 * p + 3] = Math.round(255 * Math.abs(difference))
  }
  return { data, channels: 4 }
}

function toUrl(png: Uint8Array): string {
  let binary = ''
  for (const byte of png) binary += String.fromCharCode(byte)
  return `data:image/png;base64,${btoa(binary)}`
}
