// How a delimited text file is written (RFC 4180 and what people make of it): which lines are no part of the table,
// which character separates values, and what the columns are called. It is found in the first lines, or refused with
// the option that says it; where two answers would do, none is taken.

import { TollError } from '../base/index.js'
import { numberOf } from './cells.js'
import { hasMixedEnds, linesIn, readRecord, recordsOf, startOfLine, type TextRecord } from './records.js'

/** Characters that are tried when none is given, in order of preference. */
export const delimiters = [',', '\t', ';', '|'] as const

/** What comment lines often begin with: errors name such lines; only `comment` makes them be passed over. */
const commentMarks = ['#', '%', '!'] as const

export interface DialectOptions {
  /** One ASCII character; default: the one of comma, tab, `;` and `|` that splits the first 100 lines alike. */
  readonly delimiter?: string
  /**
   * Whether the first line names the columns. Default: yes, but a first line with numbers in it, other than column
   * numbers in sequence, is refused as doubtful. Without a header columns are called x0, x1, ...; with one, a column
   * without a name is called by its place: column0, column1, ...
   */
  readonly header?: boolean
  /** Lines above the table that are passed over; default 0, or 1 where the first is `sep=` and a character. */
  readonly skip?: number
  /** One character: lines that begin with it, blanks aside, are passed over. Default: none. */
  readonly comment?: string
}

export interface Dialect {
  readonly delimiter: string
  readonly names: readonly string[]
  /** Where the table begins: lines above it, and characters of them. */
  readonly skip: number
  readonly start: number
  /** Lines above the first row: those, and the header. */
  readonly above: number
  /** Whether lines end in more than one way, as in files that were put together. */
  readonly mixedEnds: boolean
}

/** Records that are looked at, and the characters in which they must stand. */
const lookedAt = 100
const lookedThrough = 2 ** 18

/**
 * Finds the dialect in the first bytes of `name`; `whole` says whether they are the whole file.
 * Errors: `format` (no line end, no rows, duplicate names, a wrong or doubtful delimiter, lines above the table),
 * `argument` (options), `data` (doubtful header).
 */
export function findDialect(head: Uint8Array, name: string, whole: boolean, options: DialectOptions = {}): Dialect {
  checkOptions(options)
  const text = new TextDecoder().decode(head)
  const told = /^"?sep=([^\r\n])"?[\r\n]/i.exec(text)?.[1]
  const { comment, skip: asked = told === undefined ? 0 : 1 } = options
  const start = startOfTable(text, asked, comment)
  const table = text.slice(start)
  const skip = linesIn(text.slice(0, start))
  const line = skip + 1
  if (table.trim() === '' && start > 0)
    throw new TollError('empty-file', `${name} holds nothing below the ${skip} lines that are passed over`, {
      file: name,
      ...(options.skip !== undefined && { option: 'skip', value: options.skip }),
    })
  const given = options.delimiter ?? told
  const candidates = given === undefined ? delimiters : [given]
  const samples = candidates.map((candidate) => sampleOf(table, candidate, name, line, whole, comment))
  const sample = chooseSample(samples, name, line)
  const { first, delimiter } = sample
  // What the decoder puts where bytes are no text; a name that holds it was damaged before.
  if (first.cells.some((cell) => cell.includes('\ufffd')))
    throw new TollError(
      'not-utf8',
      `${name}, line ${line}: the text is not UTF-8; convert it, for example with iconv -t utf-8`,
      { file: name, line },
    )
  if (first.cells.length === 1 && first.cells[0].trim() === '')
    throw new TollError('empty-file', `${name}: the first line is empty; it should name the columns`, {
      file: name,
      line,
    })
  refuseOtherLines(samples, name, line, options)
  if (first.cells.length === 1 && given !== undefined) refuseDelimiter(table, sample, name, line)
  const header = options.header === false ? 0 : linesIn(table.slice(0, first.end))
  const place = { delimiter, skip, start, above: skip + header, mixedEnds: hasMixedEnds(text) }
  if (options.header === false) return { ...place, names: first.cells.map((_, i) => `x${i}`) }
  if (whole && table.slice(first.end).trim() === '')
    throw new TollError('empty-file', `${name} has a header but no rows`, { file: name })
  const names = first.cells.map((cell, i) => cell.trim() || `column${i}`)
  checkNames(names, name, line, options.header === true)
  return { ...place, names }
}

function checkOptions({ delimiter, comment, skip }: DialectOptions): void {
  for (const [option, value] of Object.entries({ delimiter, comment })) {
    if (value === undefined || /^[^"\r\n]$/.test(value)) continue
    const expected = 'one character other than a quote or line end'
    throw new TollError('out-of-domain', `the ${option} must be ${expected}, got ${JSON.stringify(value)}`, {
      option,
      value,
      expected,
    })
  }
  if (comment !== undefined && comment === delimiter)
    throw new TollError('conflicting-options', `delimiter and comment are both ${show(comment)}`, { option: 'comment' })
  if (skip !== undefined && !(Number.isInteger(skip) && skip >= 0))
    throw new TollError('out-of-domain', `skip must be a whole number of lines from 0, got ${skip}`, {
      option: 'skip',
      value: skip,
      expected: 'a whole number from 0',
    })
}

/** Where the first record begins: below the lines to be skipped, comments, and blank lines among those. */
function startOfTable(text: string, skip: number, comment: string | undefined): number {
  let at = startOfLine(text, skip)
  if (comment === undefined) return at
  for (let after = at; after < text.length; after = startOfLine(text, 1, after)) {
    const rest = /^[ \t]*(.?)/.exec(text.slice(after, after + 200))![1]
    if (rest !== comment && !/^[\r\n]?$/.test(rest)) break
    at = startOfLine(text, 1, after)
  }
  return at
}

/** The first records of a table as a delimiter splits them. */
interface Sample {
  readonly delimiter: string
  readonly first: TextRecord
  /** Without blank lines; with the first. */
  readonly records: readonly (TextRecord & { readonly line: number })[]
  /** Whether all have as many cells as the first, and more than one. */
  readonly fits: boolean
}

function sampleOf(
  table: string,
  delimiter: string,
  name: string,
  line: number,
  whole: boolean,
  comment?: string,
): Sample {
  const first = firstRecord(table, delimiter, name, line, whole)
  const text = table.slice(0, Math.max(first.end, lookedThrough))
  const records: (TextRecord & { line: number })[] = []
  let from = 0
  for (const { start, ...record } of recordsOf(text, delimiter, { comment })) {
    line += linesIn(text.slice(from, start))
    from = start
    // The last record may be cut off where the sample ends.
    if ((record.end === text.length && !(whole && text.length === table.length)) || records.length === lookedAt) break
    if (record.cells.length > 1 || record.cells[0].trim() !== '') records.push({ ...record, line })
  }
  const width = first.cells.length
  return { delimiter, first, records, fits: width > 1 && records.every(({ cells }) => cells.length === width) }
}

/**
 * The delimiter that splits all lines alike; of several the one that makes more numbers. Where none does, the one that
 * splits the first line most often, as it is where most lines follow that one and some do not.
 */
function chooseSample(samples: readonly Sample[], name: string, line: number): Sample {
  const most = samples.reduce((a, b) => (b.first.cells.length > a.first.cells.length ? b : a))
  const fitting = samples.filter(({ fits }) => fits)
  if (fitting.length === 0) return most
  const followed = most.records.filter(({ cells }) => cells.length === most.first.cells.length).length
  if (!most.fits && followed > most.records.length / 2) return most
  const shares = fitting.map(numberShare)
  const [best, ...others] = fitting.filter((_, i) => shares[i] === Math.max(...shares))
  if (others.length === 0) return best
  const found = [best, ...others].map(({ delimiter }) => delimiter)
  throw new TollError(
    'ambiguous-delimiter',
    `${name}, line ${line}: ${found.map(show).join(' and ')} both split all lines alike; set the delimiter`,
    { file: name, line, option: 'delimiter', expected: found },
  )
}

/** Of the cells below the first line, the share that are numbers with either decimal sign. */
function numberShare({ records }: Sample): number {
  const cells = records.slice(1).flatMap((record) => record.cells)
  return cells.filter(isNumberCell).length / Math.max(1, cells.length)
}

function isNumberCell(cell: string): boolean {
  return numberOf(cell.trim()) !== undefined || numberOf(cell.trim(), ',') !== undefined
}

/** Lines that are no part of the table, if the others would be one: comments, and titles or settings above it. */
function refuseOtherLines(samples: readonly Sample[], file: string, line: number, options: DialectOptions): void {
  if (samples.some(({ fits }) => fits)) return
  const refuse = (option: 'comment' | 'skip', suggestion: string | number, what: string) => {
    throw new TollError('lines-outside-table', `${file}: ${what}; set ${option} to ${JSON.stringify(suggestion)}`, {
      file,
      line,
      option,
      suggestion,
    })
  }
  for (const { records } of samples) {
    const mark = commentMarks.find((char) => records.some(({ cells }) => cells[0].startsWith(char)))
    const others = records.filter(({ cells }) => mark === undefined || !cells[0].trimStart().startsWith(mark))
    if (mark !== undefined && options.comment === undefined && isTable(others))
      refuse('comment', mark, `lines that begin with '${mark}' do not fit the others, as comments would not`)
  }
  for (const sample of samples) {
    const { records, first } = sample
    const width = records.at(-1)?.cells.length ?? 0
    const from = records.findLastIndex(({ cells }) => cells.length !== width) + 1
    // A header may lack the name of the row labels: then it is one cell shorter, and no title.
    if (from === 0 || (from === 1 && first.cells.length > 1) || from > records.length / 2) continue
    if (!isTable(records.slice(from))) continue
    const header = records[headerAmong(records, from)]
    refuse(
      'skip',
      header.line - 1,
      `${header.line - 1 === line ? `line ${line} is` : `lines ${line} to ${header.line - 1} are`} no part of the ` +
        `table, which seems to begin with line ${header.line} ('${clip(header.cells.join(sample.delimiter))}')`,
    )
  }
}

function isTable(records: readonly TextRecord[]): boolean {
  const width = records[0]?.cells.length ?? 0
  return records.length > 1 && width > 1 && records.every(({ cells }) => cells.length === width)
}

/** The last record from `from` on that has a text where the records of the second half have numbers. */
function headerAmong(records: readonly TextRecord[], from: number): number {
  const last = records.slice(Math.ceil((from + records.length) / 2))
  const numeric = records[from].cells.flatMap((_, c) => (last.every(({ cells }) => isNumberCell(cells[c])) ? [c] : []))
  const at = records.findLastIndex(({ cells }, i) => i >= from && numeric.some((c) => !isNumberCell(cells[c])))
  return Math.max(at, from)
}

function refuseDelimiter(table: string, { delimiter, first }: Sample, file: string, line: number): void {
  const counts = delimiters.map((candidate) => readRecord(table, 0, candidate).cells.length)
  const best = delimiters[counts.indexOf(Math.max(...counts))]
  if (Math.max(...counts) === 1) return
  throw new TollError(
    'wrong-delimiter',
    `${file} has one column with delimiter ${show(delimiter)}, but its first line '${clip(first.cells[0])}' ` +
      `splits at ${show(best)}; set the delimiter to ${show(best)}`,
    { file, line, option: 'delimiter', value: delimiter, suggestion: best },
  )
}

function checkNames(names: readonly string[], file: string, line: number, sure: boolean): void {
  const seen = new Map<string, number>()
  names.forEach((column, i) => {
    const before = seen.get(column)
    if (before !== undefined)
      throw new TollError(
        'duplicate-column',
        `${file}, line ${line}: columns ${before + 1} and ${i + 1} are both called '${column}'; rename one`,
        // Two equal numbers are rather values than names.
        { file, line, column, ...(isNumber(column) && { option: 'header', suggestion: false }) },
      )
    seen.set(column, i)
  })
  const numbers = names.filter(isNumber)
  const counting = numbers.every((column, i) => Number(column) === Number(numbers[0]) + i)
  if (!sure && numbers.length > 0 && !(counting && numbers.length > 1)) {
    throw new TollError(
      'numeric-header',
      `${file}, line ${line}: the header holds the number ${numbers[0]}, so it may be a row of data; set header ` +
        'to true or false',
      { file, line, option: 'header', value: numbers[0], expected: ['true', 'false'] },
    )
  }
}

/** The first record, which must end within `text` unless that is the whole file. */
function firstRecord(text: string, delimiter: string, name: string, line: number, whole: boolean): TextRecord {
  const record = readRecord(text, 0, delimiter)
  const ended = record.end < text.length || (record.problem === undefined && /[\r\n]$/.test(text))
  if (ended || whole) return record
  throw new TollError(
    'line-too-long',
    `${name}: the first line is longer than ${text.length} characters; is this a text table?`,
    { file: name, line, limit: text.length },
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
