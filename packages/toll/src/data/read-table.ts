// Whole tables in a browser.

import { TollError, nameOfSource, readBytes, type Table } from '../base/index.js'
import { tableOfBytes } from './table-bytes.js'
import { isFile, type ReadTableOptions, type TableLocation } from './table-location.js'

/**
 * Reads a whole table: CSV, TSV, NDJSON or JSON, plain or gzip, or an array (n, d) of a .npy, .npz or .mat file, from
 * an address, a File or Blob, a Response or bytes. Columns are numbers, booleans, times and categories, as `fit` takes
 * them. Errors: `not-found`, `network`, `io`, `format`, `data`, `argument`, `memory`, `aborted`.
 */
export async function readTable(location: TableLocation, options: ReadTableOptions = {}): Promise<Table> {
  if (isFile(location))
    return tableOfBytes(await readBytes(location, { signal: options.signal }), nameOfSource(location), options)
  const what = 'sql' in location ? 'queries' : 'lists of paths'
  throw new TollError('unsupported-input', `${what} are read in Node; here give an address, a File or bytes`, {
    value: location,
    expected: ['address', 'File', 'Blob', 'Response', 'bytes'],
  })
}
