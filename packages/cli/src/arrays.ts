// Array files on the command line: as tables (n, d), or as images (n, channels, height, width).

import { readFile } from 'node:fs/promises'
import { listNames, sizeOf, tableFromArray, TollError, type Samples } from 'toll/base'
import { cifar100Layout, cifar10Layout, datasets, readCifar, toFloat64, type NumberArray } from 'toll/data'
import { cannotRead, readArrayFile, readPictures } from 'toll/node'
import type { Manifest } from 'toll'
import type { ArrayFormat, Source, SourceFlags } from './source.js'
import type { Terminal } from './terminal.js'

/** Opens one array file. Errors: `not-found`, `io`, `format`, `shape`, `data`, `argument`. */
export async function openArray(
  paths: readonly string[],
  format: Exclude<ArrayFormat, 'pictures'>,
  variable: string | undefined,
  terminal: Terminal,
): Promise<Source> {
  if (paths.length !== 1)
    throw new TollError('out-of-domain', `array files are read one at a time, got ${paths.length}`)
  const [path] = paths
  if (path === '-') throw new TollError('out-of-domain', 'arrays are read from files, not from standard input')
  if (format === 'cifar10' || format === 'cifar100') return openCifar(path, format, terminal)
  const array = await readArrayFile(path, { variable })
  const side = (name: string) =>
    format === 'npz' || format === 'mat' ? readArrayFile(path, { variable: name }) : readSideFile(name, terminal)
  return { kind: 'array', name: path, data: samplesOf(array, path), side }
}

/**
 * Opens pictures, for a model in the size and the channels that it takes. Errors: as `readPictures`; `argument` for a
 * size other than the model's.
 */
export async function openPictures(
  paths: readonly string[],
  { imageSize }: SourceFlags,
  terminal: Terminal,
  input?: Manifest['input'],
): Promise<Source> {
  const [channels, ...taken] = input?.kind === 'image' ? input.shape : []
  if (imageSize && taken.length > 0 && imageSize.join() !== taken.join())
    throw new TollError(
      'conflicting-options',
      `--image-size ${imageSize.join('x')}, but the model takes images of ${taken.join('x')}; leave it out`,
      { option: 'imageSize', value: imageSize, expected: taken.join('x') },
    )
  const size = imageSize ?? (taken.length > 0 ? (taken as [number, number]) : undefined)
  const { images, files, classes, resized, others } = await readPictures(paths, {
    size,
    signal: terminal.signal,
    ...(channels !== undefined && { channels: channels === 1 ? 1 : 3 }),
  })
  const [, , height, width] = images.shape
  if (resized > 0) terminal.note(`${resized} of ${files.length} pictures were resized to ${height} x ${width}`)
  if (others.length > 0) terminal.note(`passed over what is no picture by its name: ${listNames(others, 5)}`)
  const names = new Map([
    ['file', files],
    ['class', classes],
  ])
  return {
    kind: 'array',
    name: paths.length === 1 ? paths[0] : `${paths[0]} and ${paths.length - 1} more`,
    data: images,
    names,
    side: (name) => readSideFile(name, terminal),
  }
}

async function readSideFile(path: string, { files }: Terminal): Promise<NumberArray> {
  await files.reads('a vector of the rows', [path])
  return readArrayFile(path)
}

async function openCifar(path: string, format: 'cifar10' | 'cifar100', terminal: Terminal): Promise<Source> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw cannotRead(error, path)
  })
  const [layout, dataset] = format === 'cifar10' ? [cifar10Layout, 'cifar-10'] : [cifar100Layout, 'cifar-100']
  const set = readCifar(bytes, layout, datasets.find(({ name }) => name === dataset)?.classes ?? [])
  return {
    kind: 'array',
    name: path,
    data: { kind: 'images', shape: set.shape, data: Float32Array.from(set.pixels) },
    side: (name) => readSideFile(name, terminal),
  }
}

/** Two axes are a table, three are images of one channel, four are images. */
function samplesOf(array: NumberArray, path: string): Samples {
  const { shape } = array
  if (sizeOf(shape) === 0)
    throw new TollError('no-rows', `${path}: the array of shape (${shape.join(', ')}) holds nothing`)
  if (shape.length === 2) return tableFromArray(toFloat64(array))
  const image = shape.length === 3 ? [shape[0], 1, shape[1], shape[2]] : shape
  if (image.length !== 4)
    throw new TollError(
      'shape-mismatch',
      `${path}: expected an array (n, d), (n, height, width) or (n, channels, height, width), got ` +
        `(${shape.join(', ')})`,
    )
  const [, channels, height, width] = image
  if (fewChannels.includes(width) && !fewChannels.includes(channels) && height > width)
    throw new TollError(
      'shape-mismatch',
      `${path}: the array of shape (${shape.join(', ')}) seems to have its channels last, and images are ` +
        '(n, channels, height, width); move them, for example with numpy.moveaxis(images, -1, 1)',
      { file: path, value: shape, expected: '(n, channels, height, width)' },
    )
  return { kind: 'images', shape: image, data: Float32Array.from(array.data) }
}

/** Grey, colour, and colour with transparency. */
const fewChannels: readonly (number | undefined)[] = [1, 3, 4]
