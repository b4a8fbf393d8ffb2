// SOURCE on the command line: tables through the data room, or array files as tables (n, d) or images (n, channels,
// height, width).

import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { Option, type Command } from 'commander'
import { choice, integer, TollError, type Samples } from 'toll/base'
import type { NumberArray } from 'toll/data'
import type { Manifest } from 'toll'
import type { TableFormat, TableOptions, TableSource } from 'toll/node'
import { append, parameterOption } from './parameters.js'
import type { Terminal } from './terminal.js'

export interface SourceFlags {
  readonly sql?: string
  readonly inputFormat?: TableFormat | ArrayFormat
  readonly delimiter?: string
  readonly header?: boolean
  readonly skip?: number
  readonly comment?: string
  readonly missing?: readonly string[]
  readonly decimal?: '.' | ','
  readonly variable?: string
  readonly allowNetwork?: boolean
  readonly imageSize?: readonly [height: number, width: number]
}

const tableFormats = ['csv', 'tsv', 'ndjson', 'json', 'parquet'] as const satisfies readonly TableFormat[]
const arrayFormats = ['npy', 'npz', 'mat', 'idx', 'cifar10', 'cifar100', 'pictures'] as const
export type ArrayFormat = (typeof arrayFormats)[number]

/**
 * An opened SOURCE. `side` reads a vector that belongs to an array: a variable of the same file, or a file of its own.
 */
export type Source =
  | { readonly kind: 'rows'; readonly name: string; readonly table: TableSource }
  | {
      readonly kind: 'array'
      readonly name: string
      readonly data: Samples
      /** What is known of each row: the file and class of a picture. */
      readonly names?: ReadonlyMap<string, readonly string[]>
      side(name: string): Promise<NumberArray>
    }

export const sourceHelp = `\
SOURCE is a CSV, TSV, Parquet, NDJSON or JSON file (.gz too), several of them, a glob, or - for
standard input; or an array file: .npy, .npz, MATLAB .mat, idx, CIFAR binary (.gz too), of shape
(n, d), (n, height, width) or (n, channels, height, width), whose columns are called x0, x1, ...; or
PNG and JPEG pictures: files, or folders with everything in them.`

const skip = integer({
  default: 0,
  min: 0,
  max: 1e6,
  doc: 'Lines above the table of a CSV file that are passed over.',
})

export function addSourceOptions(command: Command): void {
  command
    .optionsGroup('Source:')
    .option(
      '--sql <query>',
      'read the result of a DuckDB query instead of SOURCE, such as "select * from \'data.parquet\' where year > 2020"',
    )
    .addOption(
      new Option('--input-format <name>', 'what SOURCE is (default by extension and content)').choices([
        ...tableFormats,
        ...arrayFormats,
      ]),
    )
    .option(
      '--delimiter <char>',
      'what separates the values of a CSV file, tab for a tabulator (default: found out)',
      (text) => (/^(tab|\\t)$/.test(text) ? '\t' : text),
    )
    .addOption(parameterOption('skip', skip))
    .option('--comment <char>', 'lines of a CSV file that begin with this character are passed over (default: none)')
    .option('--header', 'the first line of a CSV file names the columns, even when it holds numbers')
    .option('--no-header', 'the first line of a CSV file is data; columns are called x0, x1, ...')
    .option(
      '--missing <text>',
      'what stands for a missing value beside an empty cell, in columns of every kind; repeatable (default NA, N/A, ' +
        'NaN, NaT, NULL, None, ?)',
      append,
    )
    .addOption(
      parameterOption('decimal', choice({ values: ['.', ','], default: '.', doc: 'Decimal separator of text files.' })),
    )
    .option('--allow-network', 'SOURCE may be an address, and a query may read from one (default: nothing is fetched)')
    .addOption(
      new Option(
        '--image-size <height>x<width>',
        'what pictures are stretched to, such as 64x64 (default: the size that all have; in use that of the model)',
      ).argParser(readSize),
    )
    .option('--variable <name>', 'the array to read from an .npz or .mat file (default: the only one)')
}

function readSize(text: string): readonly [number, number] {
  const found = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(text)
  if (!found)
    throw new TollError('out-of-domain', `--image-size must be a height and a width such as 64x48, got '${text}'`, {
      option: 'imageSize',
      value: text,
      expected: 'HEIGHTxWIDTH',
    })
  return [Number(found[1]), Number(found[2])]
}

/** What was said about how files of text are written, for the model to keep; lines to be skipped are of one file. */
export function readingOf({ delimiter, header, comment, decimal, missing }: SourceFlags): Manifest['reading'] {
  return { delimiter, header, comment, decimal, missing }
}

/** Error: `argument` where there is no SOURCE, or two. */
export function requireSource(paths: readonly string[], { sql }: SourceFlags): void {
  if (sql !== undefined && paths.length > 0)
    throw new TollError('conflicting-options', `give a SOURCE or --sql, not both: got '${paths[0]}' and a query`)
  if (sql === undefined && paths.length === 0)
    throw new TollError('missing-argument', 'a SOURCE is missing: name a file, - for standard input, or give --sql')
}

/**
 * Opens SOURCE, gives it to `work`, and closes it whatever happens. Text is read as the model's manifest says, and
 * pictures are brought to the size that it takes.
 * Errors as the data room's, and `argument` without a source.
 */
export async function withSource<T>(
  paths: readonly string[],
  flags: SourceFlags,
  terminal: Terminal,
  work: (source: Source) => Promise<T>,
  model?: Pick<Manifest, 'reading' | 'input'>,
): Promise<T> {
  requireSource(paths, flags)
  const format = arrayFormatOf(paths, flags)
  if (flags.imageSize && format !== 'pictures')
    throw new TollError('not-applicable', `--image-size is for pictures, and ${paths[0] ?? 'a query'} is none`, {
      option: 'imageSize',
    })
  if (format) {
    const ofText = (['delimiter', 'header', 'skip', 'comment', 'decimal', 'missing'] as const).find(
      (name) => flags[name] !== undefined,
    )
    if (ofText !== undefined)
      throw new TollError('not-applicable', `--${ofText} is for text files, and ${paths[0]} is an array (${format})`, {
        file: paths[0],
        option: ofText,
      })
    await terminal.files.reads('SOURCE', paths)
    const { openArray, openPictures } = await import('./arrays.js')
    return work(
      format === 'pictures'
        ? await openPictures(paths, flags, terminal, model?.input)
        : await openArray(paths, format, flags.variable, terminal),
    )
  }
  // DuckDB takes a while to load; help texts do not wait for it.
  const { openTable } = await import('toll/node')
  const { sql, inputFormat, skip, allowNetwork } = flags
  const options: TableOptions = {
    ...readingOf(flags),
    format: inputFormat as TableFormat | undefined,
    skip,
    allowNetwork,
    learned: model?.reading,
  }
  // A stop must also end the wait for standard input.
  const endInput = () => process.stdin.destroy()
  if (paths.includes('-')) terminal.signal.addEventListener('abort', endInput, { once: true })
  let table: TableSource
  try {
    table = await openTable(sql === undefined ? paths : { sql }, options)
  } catch (error) {
    if (terminal.signal.aborted) throw new TollError('aborted', 'stopped before the source was read', { cause: error })
    throw error
  } finally {
    terminal.signal.removeEventListener('abort', endInput)
  }
  try {
    await terminal.files.reads('SOURCE', table.files)
    return await work({ kind: 'rows', name: table.name, table })
  } finally {
    await table.close()
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

export function arrayFormatOf(paths: readonly string[], { sql, inputFormat }: SourceFlags): ArrayFormat | undefined {
  if (inputFormat !== undefined) return arrayFormats.find((format) => format === inputFormat)
  if (sql !== undefined) return undefined
  const name = basename(paths[0]).toLowerCase().replace(/\.gz$/, '')
  if (/idx[1-4]-ubyte$/.test(name)) return 'idx'
  if (/^(data_batch_\d|test_batch)\.bin$/.test(name)) return 'cifar10'
  if (/\.(png|jpe?g)$/.test(name) || isFolder(paths[0])) return 'pictures'
  return arrayFormats.find((format) => name.endsWith(`.${format}`))
}
