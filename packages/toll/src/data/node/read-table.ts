// Whole tables in Node: paths and queries through DuckDB, everything else as a browser reads it.

import { nameOfSource, readBytes, type Table } from '../../base/index.js'
import { pathOf } from '../../base/node/index.js'
import { chooseColumns } from '../choose.js'
import { tableOfArray, tableOfBytes } from '../table-bytes.js'
import { isFile, type ReadTableOptions, type TableLocation } from '../table-location.js'
import { readArrayFile } from './arrays.js'
import { openTable, type TableInput } from './table.js'

/**
 * Reads a whole table: CSV, TSV, NDJSON, JSON (.gz too), Parquet, a glob, several paths, or a query in DuckDB's
 * dialect; an array (n, d) of a .npy, .npz or .mat file. Columns are numbers, booleans, times and categories, as `fit`
 * takes them. Errors: `not-found`, `network`, `io`, `format`, `data`, `argument`, `device` (DuckDB is not installed),
 * `aborted`.
 */
export async function readTable(location: TableLocation, options: ReadTableOptions = {}): Promise<Table> {
  if (isFile(location)) {
    const path = pathOf(location)
    if (path === undefined)
      return tableOfBytes(await readBytes(location, { signal: options.signal }), nameOfSource(location), options)
    if (options.format === undefined && /\.(npy|npz|mat)(\.gz)?$/i.test(path))
      return tableOfArray(await readArrayFile(path, { variable: options.variable }), path, options)
    return readSource(path, options)
  }
  return readSource(location, options)
}

async function readSource(
  input: TableInput,
  { columns, exclude, signal, ...options }: ReadTableOptions,
): Promise<Table> {
  const source = await openTable(input, options)
  try {
    return await source.read({ columns: chooseColumns(source.columns, { columns, exclude }, source.name), signal })
  } finally {
    await source.close()
  }
}
