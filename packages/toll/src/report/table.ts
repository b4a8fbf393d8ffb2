// One table, four renderings: for a terminal, for Markdown, for HTML, for a spreadsheet. The numbers are formatted
// once, so that they agree.

import { TollError } from '../base/index.js'
import { html, trusted, type Markup } from './markup.js'

export interface ReportColumn {
  readonly title: string
  /** Default: right when `digits` is given, else left. */
  readonly align?: 'left' | 'right'
  /** Digits after the point for the numbers of this column, 0 to 20; default as JavaScript prints them. */
  readonly digits?: number
}

/** A drawing in a page; elsewhere its text. */
export interface CellPicture {
  readonly text: string
  /** Our own SVG element with a title. */
  readonly svg: string
  /** Whether the text stands beside the drawing; default false. */
  readonly beside?: boolean
}

/** A cell that leads to the details of this id in a page; elsewhere its text. */
export interface CellLink {
  readonly text: string
  readonly to: string
}

/** null stands for "not known" and is shown as a dash. Numbers must be finite. */
export type ReportCell = string | number | null | CellPicture | CellLink

export interface ReportTable {
  readonly columns: readonly ReportColumn[]
  readonly rows: readonly (readonly ReportCell[])[]
  /** What the table shows, in one line. */
  readonly caption?: string
}

/**
 * For a terminal: padded columns under a line. Control characters are replaced, so that data cannot steer the terminal.
 */
export function renderText(table: ReportTable): string {
  const cells = formatTable(table).map((row) => row.map(removeControls))
  const titles = table.columns.map(({ title }) => removeControls(title))
  const widths = titles.map((title, c) =>
    Math.max(countCharacters(title), ...cells.map((row) => countCharacters(row[c]))),
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, c) => pad(cell, widths[c], table.columns[c]))
      .join('  ')
      .trimEnd()
  const caption = table.caption === undefined ? [] : [removeControls(table.caption), '']
  return (
    [...caption, line(titles), widths.map((width) => '─'.repeat(width)).join('  '), ...cells.map(line)].join('\n') +
    '\n'
  )
}

/** A Markdown table with padded columns; the caption, if any, is a paragraph above it. */
export function renderMarkdown(table: ReportTable): string {
  const cells = formatTable(table).map((row) => row.map(escapeMarkdown))
  const titles = table.columns.map(({ title }) => escapeMarkdown(title))
  const widths = titles.map((title, c) =>
    Math.max(3, countCharacters(title), ...cells.map((row) => countCharacters(row[c]))),
  )
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, c) => pad(cell, widths[c], table.columns[c])).join(' | ')} |`
  const rule = widths.map((width, c) =>
    alignOf(table.columns[c]) === 'right' ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  )
  const caption = table.caption === undefined ? [] : [escapeMarkdown(table.caption), '']
  return [...caption, line(titles), `| ${rule.join(' | ')} |`, ...cells.map(line)].join('\n') + '\n'
}

/** A `<table>`; the first column heads its rows. */
export function renderHtml(table: ReportTable): string {
  return tableMarkup(table).markup
}

export function tableMarkup(table: ReportTable): Markup {
  const classes = table.columns.map((column) => (alignOf(column) === 'right' ? 'number' : 'text'))
  const heads = table.columns.map(({ title }, c) => html`<th scope="col" class="${classes[c]}">${title}</th>`)
  const rows = formatTable(table).map((row, r) => {
    const shown = row.map((cell, c) => {
      const given = table.rows[r][c]
      if (typeof given !== 'object' || given === null) return classes[c] === 'number' ? withMinus(cell) : cell
      if ('to' in given) return html`<a href="#${given.to}">${cell}</a>`
      return given.beside
        ? html`<div class="drawn">${trusted(given.svg)}<span>${cell}</span></div>`
        : trusted(given.svg)
    })
    const cells = shown.map((cell, c) =>
      c === 0 ? html`<th scope="row" class="${classes[c]}">${cell}</th>` : html`<td class="${classes[c]}">${cell}</td>`,
    )
    return html`<tr>${cells}</tr>\n`
  })
  const caption = table.caption === undefined ? undefined : html`<caption>${table.caption}</caption>`
  return html`<table>${caption}<thead><tr>${heads}</tr></thead><tbody>\n${rows}</tbody></table>`
}

/** Minus signs as wide as digits. */
function withMinus(text: string): string {
  return text.replace(/(^|[\s(e])-(?=[\d.])/g, '$1−')
}

/** Comma-separated values (RFC 4180, lines end in a line feed) without the caption; unknown cells are empty. */
export function renderCsv(table: ReportTable): string {
  const field = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  const rows = [table.columns.map(({ title }) => title), ...formatTable(table, '')]
  return rows.map((row) => `${row.map(field).join(',')}\n`).join('')
}

function formatTable({ columns, rows }: ReportTable, unknown = '–'): string[][] {
  return rows.map((row, r) => {
    if (row.length !== columns.length) {
      throw new TollError(
        'shape-mismatch',
        `row ${r + 1} of the table has ${row.length} cells for ${columns.length} columns`,
        { row: r, value: row.length, expected: `${columns.length} cells` },
      )
    }
    return row.map((cell, c) => {
      if (cell === null) return unknown
      if (typeof cell === 'string') return cell
      if (typeof cell === 'object') return cell.text
      if (!Number.isFinite(cell))
        throw new TollError(
          'not-finite',
          `row ${r + 1}, column '${columns[c].title}' of the table is ${cell}; give null for an unknown number`,
          { row: r, column: columns[c].title, value: cell, suggestion: null },
        )
      const { digits } = columns[c]
      return digits === undefined ? String(cell) : cell.toFixed(digits)
    })
  })
}

function alignOf({ align, digits }: ReportColumn): 'left' | 'right' {
  return align ?? (digits === undefined ? 'left' : 'right')
}

function pad(cell: string, width: number, column: ReportColumn): string {
  const space = ' '.repeat(width - countCharacters(cell))
  return alignOf(column) === 'right' ? space + cell : cell + space
}

/** Code points, so that a pair of surrogates counts once. */
function countCharacters(text: string): number {
  return [...text].length
}

export function removeControls(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ')
}

export function escapeMarkdown(text: string): string {
  return removeControls(text).replace(/[\\`*_[\]<>|~&]/g, '\\$&')
}
