// Pictures as images: PNG and JPEG files, single or in folders, 8 or 16 bits, grey or colour, decoded and resized by
// sharp. Pixels are in [0, 255] whatever the depth, so that pictures of both depths are on one scale.

import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import type { Sharp } from 'sharp'
import { TollError, listNames, messageOf, notInstalled, throwIfAborted, type Images } from '../../base/index.js'
import { cannotRead } from '../../base/node/index.js'
import { expandPaths } from './locate.js'

export interface Pictures {
  /** (n, channels, height, width), pixels in [0, 255]; colour is red, green, blue. */
  readonly images: Images<Float32Array>
  /** The files, in the order of the images: as they were named, those of a folder by rising path. */
  readonly files: readonly string[]
  /** The class of each: the name of the folder that holds it. */
  readonly classes: readonly string[]
  /** How many had another size and were resized. */
  readonly resized: number
  /** Other files in the folders, which were passed over. */
  readonly others: readonly string[]
}

export interface PictureOptions {
  /**
   * [height, width] that every picture is brought to: stretched without regard to its aspect ratio, Lanczos resampling.
   * Default: the size that all of them have.
   */
  readonly size?: readonly [height: number, width: number]
  /**
   * 1 for grey (luminance), 3 for colour (grey in each channel). Default: 1 where every picture is grey. What is
   * transparent is laid on white.
   */
  readonly channels?: 1 | 3
  readonly signal?: AbortSignal
}

const extensions = ['.png', '.jpg', '.jpeg']

/** Whether a file is a picture by its name. */
function isPicture(path: string): boolean {
  return extensions.includes(extname(path).toLowerCase())
}

/** Numbers that pictures may make together: 1 GiB. */
const maxNumbers = 2 ** 28

/** Pictures that are decoded at once. */
const together = 8

interface Found {
  readonly path: string
  readonly height: number
  readonly width: number
  readonly grey: boolean
}

/**
 * Reads pictures: files, globs, and folders with everything in them. Files are turned as their EXIF orientation says.
 * Errors: `not-found`; `io`; `format` for a file that is no picture or is damaged; `data` for folders without pictures;
 * `shape` for pictures of several sizes where none is asked for; `memory` for more than 2^28 numbers in all; `device`
 * where the package sharp is not installed.
 */
export async function readPictures(paths: readonly string[], options: PictureOptions = {}): Promise<Pictures> {
  const { signal } = options
  const { default: sharp } = await import('sharp').catch(notInstalled('sharp'))
  const { files, others } = await findPictures(paths)
  const open = (path: string) => sharp(path, { failOn: 'truncated' })
  const found = await each(files, signal, (path) => inspect(open(path), path))
  const [height, width] = options.size ?? commonSize(found)
  const channels = options.channels ?? (found.every(({ grey }) => grey) ? 1 : 3)
  const size = channels * height * width
  if (!(size * files.length <= maxNumbers))
    throw new TollError(
      'too-large',
      `${files.length} pictures of ${channels} x ${height} x ${width} are ${size * files.length} numbers, at most ` +
        `${maxNumbers} are read; ask for a smaller size`,
      { option: 'size', value: size * files.length, limit: maxNumbers },
    )
  const data = new Float32Array(size * files.length)
  await each(files, signal, async (path, i) => {
    data.set(await decode(open(path), path, { height, width, channels }), i * size)
  })
  return {
    images: { kind: 'images', shape: [files.length, channels, height, width], data },
    files,
    classes: files.map((path) => basename(dirname(resolve(path)))),
    resized: found.filter((picture) => picture.height !== height || picture.width !== width).length,
    others,
  }
}

/** `work` on every item, some at once, in order. */
async function each<T, R>(
  items: readonly T[],
  signal: AbortSignal | undefined,
  work: (item: T, i: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  for (let start = 0; start < items.length; start += together) {
    throwIfAborted(signal)
    results.push(...(await Promise.all(items.slice(start, start + together).map((item, k) => work(item, start + k)))))
  }
  return results
}

async function findPictures(paths: readonly string[]): Promise<{ files: string[]; others: string[] }> {
  const files: string[] = []
  const others: string[] = []
  for (const path of await expandPaths(paths)) {
    const status = await stat(path).catch((error: unknown) => {
      throw cannotRead(error, path)
    })
    if (!status.isDirectory()) {
      files.push(path)
      continue
    }
    const inside = await readdir(path, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
      throw cannotRead(error, path)
    })
    const names = inside.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
    names.sort((a, b) => (a < b ? -1 : 1))
    for (const name of names) (isPicture(name) ? files : others).push(name)
  }
  if (files.length === 0)
    throw new TollError(
      'no-rows',
      `${listNames(paths, 3)} ${paths.length === 1 ? 'is a folder' : 'are folders'} without pictures ` +
        `(${extensions.join(', ')}); of tables name the files, for example '${join(paths[0], '*.csv')}'`,
      { file: paths[0], suggestion: join(paths[0], '*.csv') },
    )
  return { files, others }
}

async function inspect(picture: Sharp, path: string): Promise<Found> {
  const { format, autoOrient, space } = await picture.metadata().catch((error: unknown) => {
    throw noPicture(path, error)
  })
  if (format !== 'png' && format !== 'jpeg')
    throw new TollError('wrong-file-kind', `${path} is a picture of the kind ${format}; PNG and JPEG are read`, {
      file: path,
      value: format,
      expected: ['png', 'jpeg'],
    })
  return { path, height: autoOrient.height, width: autoOrient.width, grey: space === 'b-w' || space === 'grey16' }
}

function commonSize(found: readonly Found[]): readonly [number, number] {
  const [{ path, height, width }] = found
  const other = found.find((picture) => picture.height !== height || picture.width !== width)
  if (other)
    throw new TollError(
      'shape-mismatch',
      `pictures of several sizes: ${path} has ${height} x ${width} pixels (height x width), ${other.path} has ` +
        `${other.height} x ${other.width}; say which size they are brought to`,
      { option: 'size', file: other.path, value: [other.height, other.width], expected: `${height} x ${width}` },
    )
  return [height, width]
}

async function decode(
  picture: Sharp,
  path: string,
  { height, width, channels }: { readonly height: number; readonly width: number; readonly channels: 1 | 3 },
): Promise<Float32Array> {
  const { depth } = await picture.metadata()
  const deep = depth === 'ushort'
  const { data, info } = await picture
    .autoOrient()
    .flatten({ background: '#ffffff' })
    .resize({ height, width, fit: 'fill' })
    .toColourspace(channels === 1 ? (deep ? 'grey16' : 'b-w') : deep ? 'rgb16' : 'srgb')
    .raw({ depth: deep ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((error: unknown) => {
      throw noPicture(path, error)
    })
  const values = deep ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data
  const area = height * width
  const pixels = new Float32Array(channels * area)
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < area; i++) pixels[c * area + i] = values[i * info.channels + c] / (deep ? 257 : 1)
  }
  return pixels
}

function noPicture(path: string, cause: unknown): TollError {
  return new TollError('damaged-file', `${path} is no PNG or JPEG picture, or a damaged one: ${messageOf(cause)}`, {
    file: path,
    cause,
  })
}
