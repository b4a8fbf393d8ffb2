// An explanation in the words of its table: for every row the columns by the size of their contribution, beside their
// values and what is typical. Plain JSON, from which terminals, files and pages are written.

import { isoTime, type RowBatch, type Samples } from '../base/index.js'
import type { Model } from '../model/index.js'
import { ranked, type Explanation, type RowExplanation, type TypicalValue } from './explanation.js'
import { cellOf } from './typical.js'

export interface ExplainedColumn {
  readonly column: string
  /** The row's value, of times in ISO 8601; null where it is missing. */
  readonly value: TypicalValue | null
  /** The training median; of texts the most frequent. */
  readonly typical: TypicalValue
  readonly contribution: number
  /** What each term adds to the contribution: for Toll `reconstruction` and `latent`. */
  readonly parts: Readonly<Record<string, number>>
  readonly standardError?: number
}

export interface ExplainedRow {
  /** Row of the source, from 1, or its key. */
  readonly row: string | number
  readonly score: number
  readonly pValue?: number
  readonly isAnomaly: boolean
  readonly base: number
  readonly remainder: number
  readonly evaluations: number
  /** Largest size first. Empty for images. */
  readonly columns: readonly ExplainedColumn[]
  /** Images: one number per pixel, in the order of `shape`. */
  readonly pixels?: readonly number[]
}

export interface ExplainedTable {
  readonly detector: string
  readonly method: Explanation['method']
  readonly terms: Explanation['terms']
  readonly base: Explanation['base']
  readonly threshold: number
  readonly shape?: Explanation['shape']
  readonly rows: readonly ExplainedRow[]
}

/** `rows` are those that were explained; `titles` names each of them, default its number from 1. */
export function describeExplanation(
  model: Model,
  rows: Samples | RowBatch,
  explanation: Explanation,
  titles?: readonly (string | number)[],
): ExplainedTable {
  const { manifest } = model
  const { samples: data } = model.inputs(rows, { invalidRows: 'mark' })
  const { method, terms, base, shape, columns, typical } = explanation
  const byName = new Map(data.kind === 'table' ? data.columns.map((column) => [column.name, column]) : [])
  const given = columns.map((name) => byName.get(name))
  const times = manifest.input.kind === 'table' ? manifest.input.columns.map(({ kind }) => kind === 'time') : []
  const shown = <V extends TypicalValue | null>(value: V, column: number) =>
    times[column] && typeof value === 'number' ? isoTime(Math.round(value)) : value
  const valueOf = (row: number, column: number) => {
    const found = given[column]
    return found ? cellOf(found, row) : null
  }
  const columnsOf = (row: RowExplanation): ExplainedColumn[] =>
    shape
      ? []
      : ranked(row).map((column) => ({
          column: columns[column],
          value: shown(valueOf(row.row, column), column),
          typical: shown(typical[column], column),
          contribution: row.contributions[column],
          parts: Object.fromEntries(Object.entries(row.parts).map(([name, values]) => [name, values[column]])),
          // One pair of orders has no spread.
          ...(row.standardErrors &&
            Number.isFinite(row.standardErrors[column]) && { standardError: row.standardErrors[column] }),
        }))
  return {
    detector: manifest.detector,
    method,
    terms,
    base,
    threshold: manifest.threshold.value,
    ...(shape && { shape }),
    rows: explanation.rows.map((row) => ({
      row: titles?.[row.row] ?? row.row + 1,
      score: row.score,
      ...(row.pValue !== undefined && { pValue: row.pValue }),
      isAnomaly: row.isAnomaly,
      base: base.value,
      remainder: row.remainder,
      evaluations: row.evaluations,
      columns: columnsOf(row),
      ...(shape && { pixels: Array.from(row.contributions) }),
    })),
  }
}

/** How the contributions came about, in one sentence. */
export function describeMethod({ terms, shape }: Pick<ExplainedTable, 'terms' | 'shape'>): string {
  const what = shape ? 'pixel' : 'column'
  if (terms.length === 0)
    return (
      `Shapley values: what each ${what} adds to the score when a typical row, the training median of every ${what}, ` +
      `becomes this row, on average over the orders of the ${what}s.`
    )
  const ways = {
    squares: 'by squared residual',
    gradients:
      'by integrated gradients along the straight way from a typical row, the training median of every ' + `${what}`,
  }
  const [first, ...rest] = terms.map(({ title, by }, i) =>
    i === 0 ? `${title} is shared over ${what}s ${ways[by]}` : `${title} ${ways[by]}`,
  )
  return `${[first[0].toUpperCase() + first.slice(1), ...rest].join(', ')}.`
}

/** The numbers of an image's channels, summed: (height, width). */
export function heatOf(
  pixels: ArrayLike<number>,
  [channels, height, width]: readonly [number, number, number],
): Float64Array {
  const area = height * width
  return Float64Array.from({ length: area }, (_, p) => {
    let sum = 0
    for (let c = 0; c < channels; c++) sum += pixels[c * area + p]
    return sum
  })
}
