// Columns that their owner should look at before a model learns from them. Some would give a label away: those that
// tell the labelled rows apart without a mistake, and those that are named like labels;
// what is known only afterwards must not be learned from. Others hold dates or numbers as strings, or rise with every
// row.

import type { ColumnKind, Table, TableColumn } from '../base/index.js'
import { auroc } from '../metrics/index.js'

/** What is odd about one column. */
export type DataWarning =
  /** The column alone tells every row's label. */
  | { readonly code: 'label-leak'; readonly column: string }
  /** The column is named like a label, and has at most two values, or a few texts. */
  | { readonly code: 'label-like'; readonly column: string }
  /** Its strings are dates in another form than ISO 8601, such as `example`. */
  | { readonly code: 'dates-as-strings'; readonly column: string; readonly example: string }
  /**
   * Its strings are numbers in another form than 1234.5, such as `example`. `decimalComma`: a decimal comma would
   * explain all of them.
   */
  | {
      readonly code: 'numbers-as-strings'
      readonly column: string
      readonly example: string
      readonly decimalComma: boolean
    }
  /** Its whole numbers rise from every row to the next, as keys and times do: new rows may lie beyond all of them. */
  | { readonly code: 'increasing-column'; readonly column: string }

export interface ReviewOptions {
  /** 1 = anomaly, one per row. */
  readonly labels?: ArrayLike<number>
  /** Columns whose kind somebody has said: what they hold is intended. */
  readonly types?: Readonly<Record<string, ColumnKind>>
}

/** What a table's owner should know of its columns before fitting, column by column within each kind of warning. */
export function reviewTable(table: Table, { labels, types = {} }: ReviewOptions = {}): DataWarning[] {
  const unsaid = ({ column }: { readonly column: string }) => !Object.hasOwn(types, column)
  return [
    ...labelsIn(table, labels),
    ...datesAsStrings(table).filter(unsaid),
    ...numbersAsStrings(table).filter(unsaid),
    ...increasingColumns(table).filter(unsaid),
  ]
}

function labelsIn(table: Table, labels: ArrayLike<number> | undefined): DataWarning[] {
  const leaks = labels ? leaksOf(table, labels) : []
  return [...leaks, ...labelsLike(table).filter(({ column }) => leaks.every((leak) => leak.column !== column))]
}

/** Rows of each class below which a perfect column may be chance. */
const minClassRows = 5

/** Numbers that order the classes, categories that each belong to one class. */
function leaksOf({ columns }: Table, labels: ArrayLike<number>): DataWarning[] {
  const anomalies = Array.from(labels).filter((label) => label === 1).length
  if (anomalies < minClassRows || labels.length - anomalies < minClassRows) return []
  const leaks = ({ kind, values }: TableColumn) => {
    if (kind === 'category') return categoriesTell(values, labels)
    if (values.some(Number.isNaN) || values.every((value) => value === values[0]) || !values.every(Number.isFinite))
      return false
    return [0, 1].includes(auroc(values, labels))
  }
  return columns.filter(leaks).map(({ name }) => ({ code: 'label-leak', column: name }))
}

function categoriesTell(codes: Float64Array, labels: ArrayLike<number>): boolean {
  const known = new Map<number, number>()
  for (let row = 0; row < codes.length; row++) {
    const category = Number.isNaN(codes[row]) ? -1 : codes[row]
    const label = known.get(category)
    if (label !== undefined && label !== labels[row]) return false
    known.set(category, labels[row])
  }
  // A category of its own for every few rows tells any labels apart.
  return known.size <= codes.length / 20
}

/** Classes that a column of texts may name, to be taken for a label. */
const mostClasses = 20

const labelWords = [
  'labels?|class|target|y|y_?true|outcome|diagnosis|truth|ground_?truth',
  'anomal(y|ous)|abnormal|outlier|fraud(ulent)?|attack|malicious|intrusion|fault(y)?|failure|defect(ive)?',
]
const labelNames = new RegExp(`^(is_?|has_?)?(${labelWords.join('|')})(_?(label|class|flag))?$`, 'i')

function labelsLike({ columns }: Table): DataWarning[] {
  return columns
    .filter(({ name, kind, values }) => {
      if (!labelNames.test(name.trim().replace(/[ -]/g, '_'))) return false
      const different = new Set(values.filter((value) => !Number.isNaN(value))).size
      return different <= (kind === 'category' ? mostClasses : 2)
    })
    .map(({ name }) => ({ code: 'label-like', column: name }))
}

/**
 * Days as people write them: `31/05/2024`, `5.31.24`, `2024/5/31`, `31 May 2024`, `10-MAY-24`, `May 31, 2024`, with a
 * time of day or without.
 */
const days = [
  /\d{1,2}([./-])\d{1,2}\1(\d{4}|\d{2})/,
  /\d{4}([./-])\d{1,2}\1\d{1,2}/,
  /\d{1,2}[ -][a-z]{3,9}[ -](\d{4}|\d{2})/,
  /[a-z]{3,9} \d{1,2},? \d{4}/,
].map(({ source }) => new RegExp(`^(?:${source})(?=$|[ T,])`, 'i'))

/** Different strings of a column that are looked at. */
const looked = 100

/** The first strings of each column of categories. */
function stringColumns({ columns }: Table): { readonly column: string; readonly strings: readonly string[] }[] {
  return columns.flatMap((column) =>
    column.kind === 'category' && column.categories.length > 0
      ? [{ column: column.name, strings: column.categories.slice(0, looked) }]
      : [],
  )
}

function datesAsStrings(table: Table) {
  return stringColumns(table)
    .filter(({ strings }) => strings.every((text) => days.some((day) => day.test(text))))
    .map(({ column, strings: [example] }) => ({ code: 'dates-as-strings', column, example }) as const)
}

/** `3,21`, which may be a decimal comma. */
const commaNumber = /^[+-]?\d+,\d+$/
/** `$ 1,234.50`, `37 %`, `1'234`. */
const formattedNumber = /^[+-]?[$€£¥]?\s?\d{1,3}([ ,.'\u00a0]?\d{3})*([.,]\d+)?\s?[%$€£¥]?$/

function numbersAsStrings(table: Table) {
  const plain = (text: string) => Number.isFinite(Number(text))
  return stringColumns(table).flatMap(({ column, strings }) => {
    const example = strings.find((text) => !plain(text))
    const numbers = strings.every((text) => plain(text) || commaNumber.test(text) || formattedNumber.test(text))
    if (example === undefined || !numbers) return []
    const decimalComma = strings.every((text) => plain(text) || commaNumber.test(text))
    return [{ code: 'numbers-as-strings', column, example, decimalComma } as const]
  })
}

/** Rows below which rising numbers may be chance. */
const minRisingRows = 50

function increasingColumns({ columns }: Table) {
  const rises = ({ kind, values }: TableColumn) =>
    kind === 'number' &&
    values.length >= minRisingRows &&
    values.every((value, row) => Number.isInteger(value) && (row === 0 || value > values[row - 1]))
  return columns.filter(rises).map(({ name }) => ({ code: 'increasing-column', column: name }) as const)
}
