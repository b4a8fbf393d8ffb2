// Labelled tables that are none of PyOD's benchmark, for what was chosen on that benchmark: a choice that is good by
// chance there is not here. Digits of MNIST as 7 x 7 sums of pixels, one class being rare or one class being normal,
// and connections of KDD Cup 1999 by service.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Table } from 'toll'
import { Random, takeSamples } from 'toll/base'
import type { ImageSet } from 'toll/data'
import type { Rows } from 'toll/detectors'
import { cacheFolder, loadImages, openTable, type DataFolders } from 'toll/node'
import type { PyodDataset } from '../pyod.js'

/** Rows of each class at most: as many as most of the benchmark's tables have. */
const digitRows = { rare: { normal: 1500, anomalies: 50 }, normal: { normal: 500, anomalies: 40 } }
const normalConnections = 5000
const attacks = {
  http: 100,
  smtp: 100,
  ftp_data: 250,
  all: 250,
  private: 250,
  other: 250,
  finger: 25,
  ftp: 20,
  eco_i: 20,
  ecr_i: 20,
  telnet: 15,
  auth: 15,
}

/**
 * 20 tables of digits, and 12 of connections where `kddcup.data_10_percent.gz` is in the folder `uci` of TOLL_DATA, in
 * TOLL_DATA or in the cache. The rows are drawn by fixed seeds. Errors: those of the files.
 */
export async function loadOtherTables(folders: DataFolders = {}): Promise<PyodDataset[]> {
  const { train } = await loadImages('mnist', folders)
  const digits = sumsOfPixels(train)
  const classes = Array.from({ length: 10 }, (_, digit) => digit)
  const tables = classes.flatMap((digit) => [
    drawTable(`digit ${digit} rare`, digits, train.labels, {
      isNormal: (label) => label !== digit,
      ...digitRows.rare,
      seed: digit,
    }),
    drawTable(`digit ${digit} normal`, digits, train.labels, {
      isNormal: (label) => label === digit,
      ...digitRows.normal,
      seed: 10 + digit,
    }),
  ])
  return [...tables, ...(await loadConnections(folders))]
}

/** Sums of 4 x 4 pixels: (n, 49). */
function sumsOfPixels({ shape: [n, , height, width], pixels }: ImageSet): Rows {
  const [rows, columns] = [height / 4, width / 4]
  const sums = new Float64Array(n * rows * columns)
  for (let i = 0; i < pixels.length; i++) {
    const [image, y, x] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width]
    sums[image * rows * columns + (y >> 2) * columns + (x >> 2)] += pixels[i]
  }
  return { shape: [n, rows * columns], data: sums }
}

async function loadConnections({ data = process.env.TOLL_DATA, cache }: DataFolders): Promise<PyodDataset[]> {
  const places = [...(data ? [join(data, 'uci'), data] : []), cacheFolder({ cache })].map((folder) =>
    join(folder, 'kddcup.data_10_percent.gz'),
  )
  const found = await Promise.all(
    places.map((path) =>
      stat(path).then(
        (status) => status.isFile(),
        () => false,
      ),
    ),
  )
  if (!found.includes(true)) return []
  await using source = await openTable(places[found.indexOf(true)], { format: 'csv', header: false })
  const numbers = source.columns.filter(({ kind }) => kind === 'number').map(({ name }) => name)
  const named = ['x2', 'x41'].map((name) => ({ name, kind: 'category' }) as const)
  const table = await source.read({ columns: [...numbers, ...named] })
  const [services, classes] = named.map(({ name }) => stringsOf(table, name))
  const all: Rows = {
    shape: [table.rows, numbers.length],
    data: Float64Array.from(
      { length: table.rows * numbers.length },
      (_, i) => table.columns[i % numbers.length].values[Math.floor(i / numbers.length)],
    ),
  }
  return Object.entries(attacks)
    .map(([service, anomalies], i) => {
      const rows = Int32Array.from(services.keys()).filter((row) => service === 'all' || services[row] === service)
      return drawTable(
        `connections ${service}`,
        takeSamples(all, Array.from(rows)) as Rows,
        Array.from(rows, (row) => classes[row]),
        {
          isNormal: (label) => label === 'normal.',
          normal: normalConnections,
          anomalies,
          seed: 20 + i,
        },
      )
    })
    .filter(({ y }) => y.includes(0) && y.includes(1))
}

function stringsOf({ columns }: Table, name: string): string[] {
  const column = columns.find((candidate) => candidate.name === name)!
  return Array.from(column.values, (value) => (column.kind === 'category' ? column.categories[value] : String(value)))
}

interface Draw<L> {
  readonly isNormal: (label: L) => boolean
  /** Rows of each class at most. */
  readonly normal: number
  readonly anomalies: number
  readonly seed: number
}

/** Rows of both classes, drawn at random, without the columns that never change in them. */
function drawTable<L>(
  name: string,
  x: Rows,
  labels: ArrayLike<L>,
  { isNormal, normal, anomalies, seed }: Draw<L>,
): PyodDataset {
  const random = Random.seeded(seed)
  const of = (wanted: boolean, most: number) => {
    const rows = Array.from({ length: labels.length }, (_, row) => row).filter(
      (row) => isNormal(labels[row]) === wanted,
    )
    return Array.from(random.sample(rows.length, Math.min(most, rows.length)), (i) => rows[i])
  }
  const [first, second] = [of(true, normal), of(false, anomalies)]
  const {
    shape: [n, d],
    data,
  } = takeSamples(x, [...first, ...second]) as Rows
  const kept = Array.from({ length: d }, (_, j) => j).filter((j) =>
    Array.from({ length: n }, (_, i) => data[i * d + j]).some((value) => value !== data[j]),
  )
  return {
    name,
    y: Uint8Array.from({ length: n }, (_, i) => Number(i >= first.length)),
    x: {
      shape: [n, kept.length],
      data: Float64Array.from(
        { length: n * kept.length },
        (_, i) => data[Math.floor(i / kept.length) * d + kept[i % kept.length]],
      ),
    },
  }
}
