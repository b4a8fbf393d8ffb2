// What `readTable` reads, and how: the same words in Node and in a browser.

import type { FileSource } from '../base/index.js'
import type { CellOptions, ColumnRequest } from './columns.js'
import type { DialectOptions } from './dialect.js'
import type { LearnedReading } from './reading.js'
import type { TableFormat } from './table-format.js'

/**
 * A file, by whatever a program has of it: a path (or a glob) in Node, an address, a File or Blob, a Response, bytes.
 * In Node also several paths, which are one table, or a query in DuckDB's dialect.
 */
export type TableLocation = FileSource | readonly string[] | { readonly sql: string }

export interface ReadTableOptions extends DialectOptions, CellOptions, LearnedReading {
  /** Default: by extension, else by content. */
  readonly format?: TableFormat
  /** Columns to read, in this order, each by its name as what it holds, or with a kind; default all of them. */
  readonly columns?: readonly ColumnRequest[]
  /** Columns to leave out, such as the key of a row. */
  readonly exclude?: readonly string[]
  /** The array to read from an .npz or .mat file; default: the only one. */
  readonly variable?: string
  readonly signal?: AbortSignal
}

/** Whether it is one file, and no list of paths or query. */
export function isFile(location: TableLocation): location is FileSource {
  return typeof location === 'string' || !(Array.isArray(location) || 'sql' in location)
}
