// Columns that their owner should look at. Some would give a label away: those that tell the labelled rows apart
// without a mistake, and, where no labels are named, those that are called like labels; what is known only afterwards
// must not be learned from. Others hold dates or numbers as texts, or count the rows.

import type { Table } from 'toll/base'
import { auroc } from 'toll/metrics'

/** Rows of each class below which a perfect column may be chance. */
const fewestRows = 5

/**
 * The columns by which every row's label is known: numbers that order the classes, texts that each belong to one class.
 */
export function leakingColumns({ names, columns, meanings }: Table, labels: Uint8Array): string[] {
  const anomalies = labels.reduce((sum, label) => sum + label, 0)
  if (anomalies < fewestRows || labels.length - anomalies < fewestRows) return []
  return names.filter((name, i) => {
    const column = columns[i]
    const meaning = meanings?.get(name)
    if (meaning?.kind === 'text') return textsTell(column, labels)
    if (column.some(Number.isNaN) || column.every((value) => value === column[0]) || !column.every(Number.isFinite))
      return false
    return [0, 1].includes(auroc(column, labels))
  })
}

function textsTell(column: Float64Array, labels: Uint8Array): boolean {
  const known = new Map<number, number>()
  for (let row = 0; row < column.length; row++) {
    const code = Number.isNaN(column[row]) ? -1 : column[row]
    const label = known.get(code)
    if (label !== undefined && label !== labels[row]) return false
    known.set(code, labels[row])
  }
  // A text of its own for every few rows tells any labels apart.
  return known.size <= column.length / 20
}

const labelNames = /^(label|labels|class|target|y|outcome|is_?(anomaly|outlier|fraud)|anomaly|outlier|fraud)$/i

/** Columns of at most two values that are called like labels. */
export function labelLike({ names, columns }: Table): string[] {
  return names.filter(
    (name, i) => labelNames.test(name.trim()) && new Set(columns[i].filter((value) => !Number.isNaN(value))).size <= 2,
  )
}

/**
 * Days as people write them: `31/05/2024`, `5.31.24`, `2024/5/31`, `31 May 2024`, `10-MAY-24`, `May 31, 2024`, a time
 * of day behind them or not.
 */
const day =
  /^(\d{1,2}([./-])\d{1,2}\2(\d{4}|\d{2})|\d{4}([./-])\d{1,2}\4\d{1,2}|\d{1,2}[ -][a-z]{3,9}[ -](\d{4}|\d{2})|[a-z]{3,9} \d{1,2},? \d{4})(?=$|[ T,])/i
/** Texts of a column that are looked at. */
const looked = 100

/** Columns of texts that are dates in another form than ISO 8601, with the first of them. */
export function dateLike({ names, meanings }: Table): { readonly name: string; readonly text: string }[] {
  return names.flatMap((name) => {
    const meaning = meanings?.get(name)
    const texts = meaning?.kind === 'text' ? meaning.texts.slice(0, looked) : []
    return texts.length > 0 && texts.every((text) => day.test(text)) ? [{ name, text: texts[0] }] : []
  })
}

/** `3,21`, which may be a decimal comma. */
const decimalComma = /^[+-]?\d+,\d+$/
/** `$ 1,234.50`, `37 %`, `1'234`. */
const dressed = /^[+-]?[$€£¥]?\s?\d{1,3}([ ,.'\u00a0]?\d{3})*([.,]\d+)?\s?[%$€£¥]?$/

/**
 * Columns of texts that are numbers in another form than 1234.5, with the first that is, and whether a decimal comma
 * would explain all of them.
 */
export function numberLike({
  names,
  meanings,
}: Table): { readonly name: string; readonly text: string; readonly comma: boolean }[] {
  return names.flatMap((name) => {
    const meaning = meanings?.get(name)
    const texts = meaning?.kind === 'text' ? meaning.texts.slice(0, looked) : []
    const odd = texts.find((text) => !Number.isFinite(Number(text)))
    if (
      odd === undefined ||
      !texts.every((text) => Number.isFinite(Number(text)) || decimalComma.test(text) || dressed.test(text))
    )
      return []
    return [{ name, text: odd, comma: texts.every((text) => Number.isFinite(Number(text)) || decimalComma.test(text)) }]
  })
}

/** Rows below which rising numbers may be chance. */
const fewestRising = 50

/** Columns of whole numbers that rise from every row to the next, as keys and times in seconds do. */
export function countingColumns({ names, columns, meanings }: Table): string[] {
  return names.filter((name, i) => {
    const column = columns[i]
    return (
      !meanings?.has(name) &&
      column.length >= fewestRising &&
      column.every((value, row) => Number.isInteger(value) && (row === 0 || value > column[row - 1]))
    )
  })
}
