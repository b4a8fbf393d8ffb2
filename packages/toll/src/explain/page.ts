// Explanations as one page: for every row its score, the bars that make it up, its values beside typical ones, and its
// nearest rows.

import { takeSamples, version, type NdArray } from '../base/index.js'
import {
  contributionBars,
  formatNumber,
  imageStrip,
  type Block,
  type Contribution,
  type Report,
  type ReportSection,
  type ReportTable,
} from '../report/index.js'
import { describeMethod, heatOf, type ExplainedColumn, type ExplainedRow, type ExplainedTable } from './document.js'
import type { TypicalValue } from './explanation.js'
import type { Neighbour } from './neighbours.js'

export interface PageOptions {
  /** What was explained, such as the name of the file. */
  readonly source: string
  /** Columns that are shown with each row, the others summed; default 8, at most 50. */
  readonly columnsShown?: number
  /** Images: those that were explained, in the order of the rows. */
  readonly images?: NdArray
  /** Images: values shown as black and white. */
  readonly range?: readonly [number, number]
  /** Nearest rows of each row, in the same order. */
  readonly neighbours?: readonly (readonly Neighbour[])[]
  /** The command line that made it, for the footer. */
  readonly command?: string
}

export async function explanationReport(explained: ExplainedTable, options: PageOptions): Promise<Report> {
  const { rows, threshold, detector } = explained
  const above = rows.filter(({ isAnomaly }) => isAnomaly).length
  return {
    title: `Why these rows: ${options.source}`,
    lead:
      `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}, ${above} above the threshold of ` +
      `${formatNumber(threshold)}. Each score is the sum of a base and of one contribution per ` +
      `${explained.shape ? 'pixel' : 'column'}.`,
    sections: [
      ...(await Promise.all(rows.map((row, i) => rowSection(explained, row, i, options)))),
      methodSection(explained),
    ],
    footer:
      `Made by toll ${version} from a model of the detector ` +
      `${detector}${options.command === undefined ? '' : ` with the command "${options.command}"`}.`,
  }
}

async function rowSection(
  explained: ExplainedTable,
  row: ExplainedRow,
  at: number,
  options: PageOptions,
): Promise<ReportSection> {
  const { neighbours, columnsShown = 8 } = options
  const tiles: Block = {
    kind: 'tiles',
    tiles: [
      {
        label: 'score',
        value: formatNumber(row.score),
        emphasis: true,
        note: row.isAnomaly ? 'above the threshold' : 'not above the threshold',
      },
      ...(row.pValue === undefined
        ? []
        : [{ label: 'p-value', value: formatNumber(row.pValue), note: 'among held-back normal rows' }]),
      { label: 'base', value: formatNumber(row.base), note: explained.base.name },
      {
        label: 'remainder',
        value: `${Number((100 * row.remainder).toPrecision(2))} %`,
        note: 'of the score, before it was spread',
      },
    ],
  }
  const near = neighbours?.[at]
  return {
    title: `Row ${row.row}`,
    blocks: [
      tiles,
      ...(explained.shape
        ? await imageBlocks(explained.shape, row, at, options)
        : await columnBlocks(row, columnsShown)),
      ...(near ? [{ kind: 'table', table: neighbourTable(near) } as const] : []),
    ],
  }
}

async function columnBlocks(row: ExplainedRow, shown: number): Promise<Block[]> {
  const first = row.columns.slice(0, Math.min(shown, 50))
  const rest = row.columns.slice(first.length)
  const bars: Contribution[] = [
    ...first.map((column) => ({
      name: column.column,
      value: column.contribution,
      detail: `${showValue(column.value)}, typically ${showValue(column.typical)}`,
    })),
    ...(rest.length > 0
      ? [
          {
            name: `${rest.length} other columns`,
            value: rest.reduce((sum, { contribution }) => sum + contribution, 0),
            muted: true,
          },
        ]
      : []),
    { name: 'base', value: row.base, muted: true },
  ]
  return [
    {
      kind: 'figure',
      title: 'What makes the score',
      caption: 'Orange raises it, blue lowers it.',
      chart: await contributionBars(bars, 'score'),
    },
    { kind: 'table', table: columnTable(first) },
  ]
}

async function imageBlocks(
  shape: readonly [number, number, number],
  row: ExplainedRow,
  at: number,
  { images, range }: PageOptions,
): Promise<Block[]> {
  if (!images || (shape[0] !== 1 && shape[0] !== 3)) return []
  const strip = await imageStrip(takeSamples(images, [at]), undefined, {
    captions: [String(row.row)],
    contributions: heatOf(row.pixels!, shape),
    ...(range && { range }),
  })
  return [
    {
      kind: 'images',
      title: 'What makes the score',
      caption: 'Orange pixels raise it, blue ones lower it; strength is the square root of the size.',
      strip,
    },
  ]
}

/** The columns of a row with their parts. */
export function columnTable(columns: readonly ExplainedColumn[]): ReportTable {
  const parts = Object.keys(columns[0]?.parts ?? {})
  const errors = columns.some(({ standardError = 0 }) => standardError > 0)
  const right = (title: string) => ({ title, align: 'right' }) as const
  return {
    caption: 'Columns by the size of their contribution, beside the median of training',
    columns: [
      { title: 'column' },
      ...['value', 'typical', 'contribution', ...parts, ...(errors ? ['standard error'] : [])].map(right),
    ],
    rows: columns.map((column) => [
      column.column,
      showValue(column.value),
      showValue(column.typical),
      formatNumber(column.contribution),
      ...parts.map((name) => formatNumber(column.parts[name])),
      ...(errors ? [column.standardError === undefined ? null : formatNumber(column.standardError)] : []),
    ]),
  }
}

export function neighbourTable(near: readonly Neighbour[]): ReportTable {
  return {
    caption: 'Nearest rows, by distance between scaled rows',
    columns: [
      { title: 'row', align: 'right' },
      { title: 'distance', align: 'right' },
    ],
    rows: near.map(({ row, distance }) => [row + 1, formatNumber(distance)]),
  }
}

/** A value of a column, or that it is missing. */
export function showValue(value: TypicalValue | null): string {
  return value === null || value === '' ? 'missing' : typeof value === 'string' ? value : formatNumber(value)
}

function methodSection(explained: ExplainedTable): ReportSection {
  const { terms, base } = explained
  const basis = !terms.some(({ by }) => by === 'gradients')
    ? ''
    : ' What a typical row has of it is the base. What the integration lacks is spread in proportion, and stated as ' +
      'the remainder.'
  return {
    title: 'How to read this',
    blocks: [
      { kind: 'paragraph', text: `${describeMethod(explained)}${basis}` },
      {
        kind: 'paragraph',
        text:
          `Base: ${base.name}, ${formatNumber(base.value)}. Base and contributions add up to the score. A ` +
          'contribution says what the model reacts to, not what caused it.',
      },
    ],
  }
}
