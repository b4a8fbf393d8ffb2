// The section of anomalies: which rows score highest, and for each the columns that make its score, beside what is
// usual in training.

import { messageOf, takeSamples, type NdArray } from '../base/index.js'
import {
  describeExplanation,
  describeMethod,
  explain,
  heatOf,
  showValue,
  type ExplainedRow,
  type ExplainedTable,
  type ExplainOptions,
} from '../explain/index.js'
import { valueNames, type Model } from '../model/index.js'
import { barCell, imageStrip, type Block, type ReportTable } from '../report/index.js'
import { columnFacts } from './columns.js'
import { samplesOf } from './report-verdict.js'
import type { Sifted } from './sift.js'
import { counted, grouped, named, percent, showNumber, showP } from './words.js'

export interface RowsOptions extends Pick<
  ExplainOptions,
  'detector' | 'evaluations' | 'seed' | 'signal' | 'onProgress'
> {
  /** Columns that are shown with each row, the others summed. */
  readonly columnsShown: number
}

/** Rows that are unfolded. */
const unfolded = 3
/** Columns that the overview names. */
const leading = 2

export async function anomalyBlocks(model: Model, sifted: Sifted, options: RowsOptions): Promise<Block[]> {
  const { detector, evaluations, seed, signal, onProgress, columnsShown } = options
  const explanation = await explain(model, sifted.topData, {
    invalidRows: 'mark',
    detector,
    signal,
    onProgress,
    ...(evaluations !== undefined && { evaluations }),
    ...(seed !== undefined && { seed }),
  })
  const explained = describeExplanation(
    model,
    sifted.topData,
    explanation,
    sifted.top.map(({ title }) => title),
  )
  const places = explanation.rows.map(({ row }) => row)
  const at = new Map(places.map((place, i) => [place, explained.rows[i]]))
  const called = sifted.top.filter(({ isAnomaly }) => isAnomaly).length
  const [one, many] = samplesOf(model.manifest)
  const intro =
    sifted.anomalies === 0
      ? `No ${one} is above the threshold. The highest scores are these.`
      : sifted.anomalies > called
        ? `The ${counted(called, 'highest score')} of ${grouped(sifted.anomalies)} ${many} above the threshold.`
        : called === sifted.top.length
          ? `All ${counted(called, one, many)} above the threshold.`
          : `${counted(called, one, many)} above the threshold, and the next highest scores.`
  const isImage = explained.shape !== undefined
  return [
    {
      kind: 'paragraph',
      text:
        `${intro} ${isImage ? 'Images' : 'The rows of the source'} count from ` +
        `1${isImage ? '' : ', without the line of names, unless a key names them'}.`,
    },
    { kind: 'table', table: overview(sifted, at, one, !isImage) },
    ...(isImage
      ? await imageBlocks(model, sifted.topData as NdArray, explained, places)
      : sifted.top.map((row, i): Block => ({
          kind: 'details',
          title: `Row ${named(row.title)}`,
          id: `row-${i + 1}`,
          open: i < unfolded,
          note:
            `score ${showNumber(row.score)}${row.pValue === undefined ? '' : `, p ${showP(row.pValue)}`}, ` +
            `${row.isAnomaly ? 'above' : 'not above'} the threshold`,
          blocks: at.has(i)
            ? [{ kind: 'table', table: columnsOf(at.get(i)!, explained, model, columnsShown) }]
            : [
                {
                  kind: 'paragraph',
                  text:
                    'Its score cannot be shared over columns: ' +
                    `${explanation.invalid.has(i) ? messageOf(explanation.invalid.get(i)) : 'no reason is known'}.`,
                },
              ],
        }))),
    { kind: 'heading', text: 'How to read this' },
    { kind: 'paragraph', text: methodOf(explained) },
    {
      kind: 'paragraph',
      text:
        'The p-value is the share of held-back normal rows, and the row itself, that score at least as high. ' +
        'A contribution says what the model reacts to, not what caused it.',
    },
  ]
}

function overview({ top }: Sifted, at: ReadonlyMap<number, ExplainedRow>, one: string, linked: boolean): ReportTable {
  const withP = top.some(({ pValue }) => pValue !== undefined)
  const columns = [...at.values()].some((row) => row.columns.length > 0)
  return {
    caption: 'Highest scores',
    columns: [
      { title: one },
      { title: 'score', align: 'right' },
      { title: 'decision' },
      ...(columns ? [{ title: 'mostly by (share of the score)' }] : []),
      ...(withP ? [{ title: 'p-value', align: 'right' } as const] : []),
    ],
    rows: top.map((row, i) => [
      linked ? { text: named(row.title), to: `row-${i + 1}` } : named(row.title),
      showNumber(row.score),
      row.isAnomaly ? 'anomaly' : 'normal',
      ...(columns ? [leadersOf(at.get(i))] : []),
      ...(withP ? [row.pValue === undefined ? null : showP(row.pValue)] : []),
    ]),
  }
}

function leadersOf(row: ExplainedRow | undefined): string | null {
  if (!row) return null
  const raising = row.columns
    .filter(({ contribution }) => contribution * Math.sign(row.score || 1) > 0)
    .slice(0, leading)
  return (
    raising.map(({ column, contribution }) => `${named(column)} ${percent(contribution / row.score)}`).join(', ') ||
    null
  )
}

/** The columns of one row, largest first. */
function columnsOf(row: ExplainedRow, { base }: ExplainedTable, { manifest }: Model, shown: number): ReportTable {
  const facts = new Map(
    columnFacts(manifest).map((column) => [manifest.window ? `${column.name}@0` : column.name, column]),
  )
  const first = row.columns.slice(0, shown)
  const rest = row.columns.slice(shown)
  const others = rest.reduce((sum, { contribution }) => sum + contribution, 0)
  const all = [...first.map(({ contribution }) => contribution), others, row.base]
  const range: [number, number] = [Math.min(0, ...all), Math.max(0, ...all)]
  const bar = (contribution: number) => {
    const share = row.score === 0 ? '0' : percent(contribution / row.score)
    return barCell(contribution, range, share, `${share} of the score`)
  }
  return {
    caption: `What makes the score ${showNumber(row.score)} of row ${named(row.row)}`,
    columns: [
      { title: 'column' },
      { title: 'value', align: 'right' },
      { title: 'typical', align: 'right' },
      { title: 'share of the score' },
      { title: 'middle half of training' },
      { title: 'adds', align: 'right' },
    ],
    rows: [
      ...first.map((column) => {
        const five = facts.get(column.column)?.five
        return [
          named(column.column),
          showValue(column.value),
          showValue(column.typical),
          bar(column.contribution),
          five ? `${five[1]} to ${five[3]}` : null,
          showNumber(column.contribution),
        ]
      }),
      ...(rest.length > 0
        ? [[`${grouped(rest.length)} other columns`, null, null, bar(others), null, showNumber(others)]]
        : []),
      [base.name, null, null, bar(row.base), null, showNumber(row.base)],
    ],
  }
}

/** Pictures side by side. */
const perStrip = 8

async function imageBlocks(
  model: Model,
  images: NdArray,
  explained: ExplainedTable,
  places: readonly number[],
): Promise<Block[]> {
  const { input } = model.manifest
  const shape = explained.shape!
  if (input.kind !== 'image' || (shape[0] !== 1 && shape[0] !== 3))
    return [{ kind: 'paragraph', text: `Images of ${shape[0]} channels cannot be drawn; images of 1 or 3 can.` }]
  const rebuilds = valueNames(model.bytes).includes('reconstruction')
  const blocks: Block[] = []
  for (let start = 0; start < explained.rows.length; start += perStrip) {
    const rows = explained.rows.slice(start, start + perStrip)
    const some = takeSamples(images, places.slice(start, start + perStrip))
    const heat = rows.map(({ pixels }) => heatOf(pixels!, shape))
    const contributions = new Float64Array(heat.length * heat[0].length)
    heat.forEach((map, i) => contributions.set(map, i * map.length))
    blocks.push({
      kind: 'images',
      title: start === 0 ? 'The highest scores' : `Ranks ${start + 1} to ${start + rows.length}`,
      ...(start === 0 && {
        caption:
          'Number of the image and its score. Contributions: orange pixels raise the score, blue ones lower it; ' +
          'strength is the square root of the size.' +
          (rebuilds ? ' Difference: orange is what the reconstruction lacks, blue what it adds.' : ''),
      }),
      strip: await imageStrip(some, rebuilds ? await model.reconstruct({ kind: 'images', ...some }) : undefined, {
        captions: rows.map((row) => `${named(row.row)} · ${showNumber(row.score)}`),
        range: input.range,
        contributions,
        subject: 'image',
      }),
    })
  }
  return blocks
}

function methodOf(explained: ExplainedTable): string {
  const { name, value } = explained.base
  return `${describeMethod(explained)} Contributions and the base (${name}, ${showNumber(value)}) add up to the score.`
}
