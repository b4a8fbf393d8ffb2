// The first lines of a delimited text file: which character separates its values, and what its columns are called (RFC
// 4180).

import { TollError } from '../base/index.js'
import { readRecord, type TextRecord } from './records.js'

/** Characters that are tried when none is given, in order of preference. */
export const delimiters = [',', '\t', ';', '|'] as const

export interface HeaderOptions {
  /** One ASCII character; default: the candidate that splits the first line most often. */
  readonly delimiter?: string
  /**
   * Whether the first line names the columns. Default: yes, but a first line with numbers in it, other than column
   * numbers in sequence, is refused as doubtful. Without a header columns are called x0, x1, ...
   */
  readonly header?: boolean
}

export interface Header {
  readonly delimiter: string
  readonly names: readonly string[]
}

/**
 * Reads the header from the first bytes of `name`; `whole` says whether they are the whole file.
 * Errors: `format` (no line end, no rows, duplicate or empty names, wrong delimiter), `argument` (delimiter), `data`
 * (doubtful header).
 */
export function readHeader(head: Uint8Array, name: string, whole: boolean, options: HeaderOptions = {}): Header {
  if (options.delimiter !== undefined && !/^[^"\r\n]$/.test(options.delimiter)) {
    throw new TollError(
      'out-of-domain',
      `the delimiter must be one character other than a quote or line end, got ${JSON.stringify(options.delimiter)}`,
      { option: 'delimiter', value: options.delimiter, expected: 'one character other than a quote or line end' },
    )
  }
  const text = new TextDecoder().decode(head)
  const counts = delimiters.map((candidate) => firstRecord(text, candidate, name, whole).cells.length)
  const best = delimiters[counts.indexOf(Math.max(...counts))]
  const delimiter = options.delimiter ?? best
  const first = firstRecord(text, delimiter, name, whole)
  // What the decoder puts where bytes are no text; a name that holds it was damaged before.
  if (first.cells.some((cell) => cell.includes('\ufffd')))
    throw new TollError(
      'not-utf8',
      `${name}, line 1: the text is not UTF-8; convert it, for example with iconv -t utf-8`,
      { file: name, line: 1 },
    )
  if (first.cells.length === 1 && first.cells[0].trim() === '')
    throw new TollError('empty-file', `${name}: the first line is empty; it should name the columns`, {
      file: name,
      line: 1,
    })
  if (first.cells.length === 1 && Math.max(...counts) > 1) {
    throw new TollError(
      'wrong-delimiter',
      `${name} has one column with delimiter ${show(delimiter)}, but its first line '${clip(first.cells[0])}' ` +
        `splits at ${show(best)}; set the delimiter to ${show(best)}`,
      { file: name, line: 1, option: 'delimiter', value: delimiter, suggestion: best },
    )
  }
  if (options.header === false) return { delimiter, names: first.cells.map((_, i) => `x${i}`) }
  if (whole && text.slice(first.end).trim() === '')
    throw new TollError('empty-file', `${name} has a header but no rows`, { file: name })
  // Row labels written by pandas have no name of their own.
  const names = first.cells.map((cell, i) => (i === 0 && cell.trim() === '' ? 'column0' : cell.trim()))
  checkNames(names, name, options.header === true)
  return { delimiter, names }
}

function checkNames(names: readonly string[], file: string, sure: boolean): void {
  const seen = new Map<string, number>()
  names.forEach((column, i) => {
    if (column === '')
      throw new TollError('unnamed-column', `${file}, line 1: column ${i + 1} has no name`, { file, line: 1 })
    const before = seen.get(column)
    if (before !== undefined)
      throw new TollError(
        'duplicate-column',
        `${file}, line 1: columns ${before + 1} and ${i + 1} are both called '${column}'; rename one`,
        // Two equal numbers are rather values than names.
        { file, line: 1, column, ...(isNumber(column) && { option: 'header', suggestion: false }) },
      )
    seen.set(column, i)
  })
  const numbers = names.filter(isNumber)
  const counting = numbers.every((column, i) => Number(column) === Number(numbers[0]) + i)
  if (!sure && numbers.length > 0 && !(counting && numbers.length > 1)) {
    throw new TollError(
      'numeric-header',
      `${file}, line 1: the header holds the number ${numbers[0]}, so it may be a row of data; set header ` +
        'to true or false',
      { file, line: 1, option: 'header', value: numbers[0], expected: ['true', 'false'] },
    )
  }
}

/** The first record, which must end within `text` unless that is the whole file. */
function firstRecord(text: string, delimiter: string, name: string, whole: boolean): TextRecord {
  const record = readRecord(text, 0, delimiter)
  const ended = record.end < text.length || (record.problem === undefined && /[\r\n]$/.test(text))
  if (ended || whole) return record
  throw new TollError(
    'line-too-long',
    `${name}: the first line is longer than ${text.length} characters; is this a text table?`,
    { file: name, line: 1, limit: text.length },
  )
}

function isNumber(name: string): boolean {
  return Number.isFinite(Number(name))
}

function show(delimiter: string): string {
  return delimiter === '\t' ? "tab ('\\t')" : `'${delimiter}'`
}

function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
