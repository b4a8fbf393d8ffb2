// Records of delimited text (RFC 4180): quotes may hold delimiters, line ends and doubled quotes; lines end in \n, \r\n
// or \r.

export interface TextRecord {
  readonly cells: readonly string[]
  /** Where the next record begins. */
  readonly end: number
  /** What is wrong with its quotes; its cells are then a guess. */
  readonly problem?: QuoteProblem
}

export type QuoteProblem = 'unclosed' | 'text after a quote'

/** The record of `text` that begins at `from`. */
export function readRecord(text: string, from: number, delimiter: string): TextRecord {
  const cells: string[] = []
  let problem: QuoteProblem | undefined
  for (let at = from; ; at++) {
    let quoted = ''
    if (text[at] === '"') {
      const closing = closingQuote(text, at + 1)
      quoted = text.slice(at + 1, closing).replaceAll('""', '"')
      at = Math.min(closing + 1, text.length)
      if (closing === text.length) problem ??= 'unclosed'
      else if (cellEnd(text, at, delimiter) > at) problem ??= 'text after a quote'
    }
    const end = cellEnd(text, at, delimiter)
    cells.push(quoted + text.slice(at, end))
    at = end
    if (text[at] === delimiter) continue
    const next = text[at] === '\r' && text[at + 1] === '\n' ? at + 2 : Math.min(at + 1, text.length)
    return { cells, end: next, ...(problem && { problem }) }
  }
}

/**
 * The records of `text`, each with where it begins. Lines that begin with `comment`, blanks aside, are passed over.
 */
export function* recordsOf(
  text: string,
  delimiter: string,
  { from = 0, comment }: { readonly from?: number; readonly comment?: string } = {},
): Generator<TextRecord & { readonly start: number }> {
  for (let at = from; at < text.length;) {
    if (comment !== undefined && beginsWith(text, at, comment)) {
      at = startOfLine(text, 1, at)
      continue
    }
    const record = readRecord(text, at, delimiter)
    yield { ...record, start: at }
    at = record.end
  }
}

/** Whether a line begins with a character, blanks aside. */
function beginsWith(text: string, from: number, char: string): boolean {
  let at = from
  while (text[at] === ' ' || (text[at] === '\t' && char !== '\t')) at++
  return text[at] === char
}

/** Where the line `lines` further than the one at `from` begins; the end of the text where there are not so many. */
export function startOfLine(text: string, lines: number, from = 0): number {
  let at = from
  for (let line = 0; line < lines && at < text.length; line++) {
    while (at < text.length && text[at] !== '\n' && text[at] !== '\r') at++
    at = Math.min(text.length, text[at] === '\r' && text[at + 1] === '\n' ? at + 2 : at + 1)
  }
  return at
}

/** Line ends of a text. */
export function linesIn(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0
}

/** Whether lines end in more than one way, quoted values aside. */
export function hasMixedEnds(text: string): boolean {
  // A text that is cut between \r and \n ends in neither.
  const ends = text.replace(/\r$/, '').match(/\r\n|\r|\n/g) ?? []
  if (new Set(ends).size < 2) return false
  return new Set(text.replace(/"[^"]*("|$)/g, '').match(/\r\n|\r(?!$)|\n/g)).size > 1
}

/** The next delimiter, line end or end of the text. */
function cellEnd(text: string, from: number, delimiter: string): number {
  for (let at = from; at < text.length; at++) {
    const char = text[at]
    if (char === delimiter || char === '\n' || char === '\r') return at
  }
  return text.length
}

/** The quote that ends a value, doubled ones passed over; the end of the text where there is none. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at
  }
  return text.length
}
