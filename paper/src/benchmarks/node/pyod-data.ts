// The data sets of PyOD's benchmark on this machine: the .mat files of ODDS, each with rows X and labels y.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { TollError } from 'toll'
import { toFloat64 } from 'toll/data'
import { cacheFolder, readArrayFile, type DataFolders } from 'toll/node'
import { pyodBenchmark } from '../pyod-published.js'
import type { PyodDataset } from '../pyod.js'

/**
 * Those of `names` (default: all 17 of the published table) that are in the folder `odds` of TOLL_DATA, in TOLL_DATA
 * itself or in the cache, in the order of the table. Errors: `not-found` when one that is named is not there, or none
 * at all; `argument` for a name that the table lacks; `data`, `format`, `io`.
 */
export async function loadPyodDatasets(names?: readonly string[], folders: DataFolders = {}): Promise<PyodDataset[]> {
  const known = pyodBenchmark.map(({ name }) => name)
  const unknown = names?.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new TollError('unknown-parameter', `the benchmark has no data set '${unknown}'; it has ${known.join(', ')}`)
  const places = foldersOf(folders)
  const found: PyodDataset[] = []
  for (const name of known.filter((entry) => names?.includes(entry) ?? true)) {
    const path = await findFile(places, `${name}.mat`)
    if (path !== undefined) found.push(await readDataset(name, path))
    else if (names)
      throw new TollError(
        'unknown-file',
        `${name}.mat is in none of ${places.join(', ')}; put the file of ODDS there, or name the folder above ` +
          "'odds' in TOLL_DATA",
      )
  }
  if (found.length === 0) {
    throw new TollError(
      'unknown-dataset',
      'no data set of the benchmark is here; put .mat files of ODDS (cardio.mat, pima.mat, ...) into one of ' +
        `${places.join(', ')}, or name the folder above 'odds' in TOLL_DATA`,
    )
  }
  return found
}

function foldersOf({ data = process.env.TOLL_DATA, cache }: DataFolders): string[] {
  const named = data ? [join(data, 'odds'), data] : []
  // `toll datasets get arrhythmia` puts that file into a folder of its own.
  return [...named, ...['odds', 'arrhythmia'].map((folder) => join(cacheFolder({ cache }), folder))]
}

async function findFile(places: readonly string[], name: string): Promise<string | undefined> {
  for (const place of places) {
    const path = join(place, name)
    if (
      await stat(path).then(
        (status) => status.isFile(),
        () => false,
      )
    )
      return path
  }
  return undefined
}

async function readDataset(name: string, path: string): Promise<PyodDataset> {
  const x = toFloat64(await readArrayFile(path, { variable: 'X' }))
  const bad = x.data.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0)
    throw new TollError('not-finite', `${path}: value ${bad} is ${x.data[bad]}; the benchmark takes finite numbers`)
  const labels = (await readArrayFile(path, { variable: 'y' })).data
  const wrong = labels.findIndex((label: number) => label !== 0 && label !== 1)
  if (wrong >= 0)
    throw new TollError('invalid-label', `${path}: labels must be 0 or 1, label ${wrong} is ${labels[wrong]}`)
  return { name, x, y: Uint8Array.from(labels) }
}
