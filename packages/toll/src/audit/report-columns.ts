// The sections about the data: how each column was distributed and whether the scored rows still are, and what the
// model takes and gives.

import type { InputColumn, Model } from '../model/index.js'
import { decodeModel, type OnnxValueInfo } from '../onnx/index.js'
import { readTypicalImage, type CategoryProfile } from '../preprocess/index.js'
import { histogramCell, imageStrip, type Block, type ReportCell, type ReportTable } from '../report/index.js'
import { barsOf, columnFacts, type ColumnFacts } from './columns.js'
import type { ColumnTally, Drift } from './drift.js'
import type { Sifted } from './sift.js'
import { counted, grouped, named, percent, showNumber, showP } from './words.js'

/** Columns of one table: keeps the page of a wide model below a megabyte. */
export const mostColumns = 300

export function cutNote(columns: number): Block[] {
  return columns <= mostColumns
    ? []
    : [
        {
          kind: 'paragraph',
          text:
            `The first ${grouped(mostColumns)} of ${grouped(columns)} columns; the model file has all, and toll ` +
            'inspect --full lists them.',
        },
      ]
}

export async function profileBlocks({ manifest }: Model, sifted?: Sifted): Promise<Block[]> {
  const { input, rows } = manifest
  if (input.kind === 'image') {
    const [channels, height, width] = input.shape
    const typical =
      input.typical !== undefined && (channels === 1 || channels === 3)
        ? readTypicalImage(input.typical, input.shape, input.range)
        : undefined
    return [
      {
        kind: 'paragraph',
        text:
          `Images of ${channels} × ${height} × ${width} with pixels from ${showNumber(input.range[0])} to ` +
          `${showNumber(input.range[1])} in training.`,
      },
      ...(typical
        ? [
            {
              kind: 'images',
              title: 'A typical image',
              caption: 'The median of each pixel over the training images: where explanations start.',
              strip: await imageStrip({ shape: [1, ...input.shape], data: typical }, undefined, {
                captions: [''],
                range: input.range,
                subject: 'training',
              }),
            } as const,
          ]
        : []),
      ...driftBlocks(sifted?.drift, true),
    ]
  }
  const facts = columnFacts(manifest)
  const tallies = new Map(sifted?.columns.map((tally) => [tally.profile.name, tally]))
  const legend = sifted && tallies.size > 0 ? ' Blue is the data given to fit, the orange line the scored rows.' : ''
  return [
    {
      kind: 'paragraph',
      text:
        `Statistics of the ${grouped(rows.trained)} training rows; histograms of all rows given to fit, ` +
        `without labelled anomalies.${legend}`,
    },
    ...cutNote(facts.length),
    { kind: 'table', table: profileTable(facts.slice(0, mostColumns), tallies) },
    ...driftBlocks(sifted?.drift, false),
  ]
}

function profileTable(facts: readonly ColumnFacts[], tallies: ReadonlyMap<string, ColumnTally>): ReportTable {
  return {
    caption: 'Columns',
    columns: [
      { title: 'column' },
      { title: 'distribution' },
      { title: 'kind' },
      ...['missing', 'distinct', 'lowest', 'lower quartile', 'median', 'upper quartile', 'highest'].map((title) => ({
        title,
        align: 'right' as const,
      })),
    ],
    rows: facts.map((column) => [
      named(column.name),
      distributionOf(column, tallies.get(column.name)),
      column.kind,
      column.missing === 0 ? '0' : `${grouped(column.missing)} (${percent(column.missing / column.rows)})`,
      column.distinct >= 1000 ? '1000+' : String(column.distinct),
      ...(column.five ?? [null, null, null, null, null]),
    ]),
  }
}

function distributionOf({ name, profile, five }: ColumnFacts, tally: ColumnTally | undefined): ReportCell {
  if (!profile) return null
  if (profile.kind === 'category') return mostFrequentOf(profile)
  const filled = barsOf(profile, profile.counts)
  if (!filled) return five ? `${five[0] === five[4] ? 'always' : 'mostly'} ${five[2]}` : null
  const line = tally && tally.rows > tally.missing ? barsOf(profile, tally.counts) : undefined
  return histogramCell({
    filled,
    ...(line && { line }),
    title: `Histogram of ${named(name)}${line ? ', training and scored rows' : ''}`,
  })
}

/** Categories whose shares are told. */
const toldCategories = 3

function mostFrequentOf({ categories, counts }: CategoryProfile): string {
  const all = counts.reduce((sum, count) => sum + count, 0)
  const told = categories
    .slice(0, toldCategories)
    .map((category, i) => `${named(category)} ${percent(counts[i] / all)}`)
  return [...told, ...(categories.length > toldCategories || counts.at(-1)! > 0 ? ['others'] : [])].join(', ')
}

/** Columns of the drift table. */
const drifting = 20

function driftBlocks(drift: Drift | undefined, isImage: boolean): Block[] {
  if (!drift) return []
  const heading: Block = { kind: 'heading', text: 'Drift of the scored rows' }
  if (isImage)
    return drift.score
      ? [
          heading,
          {
            kind: 'paragraph',
            text:
              `Pixels are not compared, the score is: ${drift.score.drifted ? 'drift' : 'no drift'}, p-value ` +
              `${showP(drift.score.pValue)}.`,
          },
        ]
      : []
  const { columns, fdr } = drift
  if (columns.length === 0) return []
  const changed = columns.filter(({ drifted }) => drifted).length
  const shown = columns.slice(0, drifting)
  return [
    heading,
    {
      kind: 'paragraph',
      text:
        `${changedOf(changed, columns.length)} ` +
        `${changed <= 1 && columns.length !== 1 ? 'differs' : 'differ'} from the training data, at a false ` +
        `discovery rate of ${percent(fdr)}. ` +
        'Look at the size: a population stability index (PSI) below 0.1 is little and above 0.25 much, by ' +
        'custom; with many rows a small p-value alone means little.' +
        (drift.score
          ? ` The score: ${drift.score.drifted ? 'drift' : 'no drift'}, p-value ${showP(drift.score.pValue)}.`
          : ''),
    },
    {
      kind: 'table',
      table: {
        caption:
          shown.length < columns.length
            ? `Drift by column: ${shown.length} of ${grouped(columns.length)}, smallest p-values first`
            : 'Drift by column',
        columns: [
          { title: 'column' },
          { title: 'drift' },
          ...['PSI', 'p-value', 'largest difference', 'missing before', 'missing now', 'outside of the range'].map(
            (title) => ({ title, align: 'right' as const }),
          ),
        ],
        rows: shown.map((column) => [
          named(column.column),
          column.drifted ? 'yes' : 'no',
          column.psi.toFixed(3),
          showP(column.pValue),
          column.distance.toFixed(3),
          percent(column.missing.trained),
          percent(column.missing.now),
          percent(column.outside),
        ]),
      },
    },
  ]
}

function changedOf(changed: number, columns: number): string {
  if (changed === 0) return 'No column'
  return changed === columns
    ? `All ${counted(changed, 'column')}`
    : `${grouped(changed)} of ${counted(columns, 'column')}`
}

/** Inputs and outputs as they stand in the file. */
export function schemaBlocks({ bytes, manifest }: Model, name: string): Block[] {
  const { graph, opsets } = decodeModel(bytes)
  const { input, largestBatch, window } = manifest
  const columnOf = new Map(input.kind === 'table' ? input.columns.map((column) => [column.input, column.name]) : [])
  const renamed = [...columnOf].some(([port, column]) => port !== column)
  const inputs = graph.inputs.slice(0, mostColumns)
  return [
    {
      kind: 'paragraph',
      text:
        'A plain ONNX file: any ONNX runtime scores it, in any language. ' +
        (input.kind === 'table'
          ? 'One input per column, in any order; NaN is a missing number or time, an empty string a missing text; ' +
            'times are seconds since 1970 UTC.'
          : 'One input, raw pixels in the units of training.') +
        ` Operator set ${opsets[''] ?? '?'}.` +
        (largestBatch === undefined ? '' : ` At most ${counted(largestBatch, 'row')} in one run.`) +
        (window
          ? ` A row is scored with the ${grouped(window.size - 1)} before ` +
            `it${window.group === undefined ? '' : ` of its ${named(window.group)}`}: column@1 is the row before, ` +
            'column@0 the row itself.'
          : ''),
    },
    ...cutNote(graph.inputs.length),
    {
      kind: 'table',
      table: {
        caption: 'Inputs',
        columns: [{ title: 'input' }, ...(renamed ? [{ title: 'column' }] : []), { title: 'type' }, { title: 'shape' }],
        rows: inputs.map((value) => [
          named(value.name),
          ...(renamed ? [named(columnOf.get(value.name) ?? '')] : []),
          ...typeOf(value),
        ]),
      },
    },
    {
      kind: 'table',
      table: {
        caption: 'Outputs',
        columns: [{ title: 'output' }, { title: 'type' }, { title: 'shape' }, { title: 'what it is' }],
        rows: graph.outputs.map((value) => [value.name, ...typeOf(value), meaningOf(value.name)]),
      },
    },
    { kind: 'heading', text: 'Scoring elsewhere' },
    {
      kind: 'code',
      text: input.kind === 'table' ? pythonTable(name, input.columns) : pythonImages(name, input.input, input.shape),
    },
  ]
}

function typeOf({ type }: OnnxValueInfo): [string, string] {
  if (type?.kind !== 'tensor') return ['?', '?']
  const names: Readonly<Record<string, string>> = {
    float64: 'double',
    float32: 'float',
    bool: 'bool',
    string: 'string',
    int64: 'int64',
  }
  return [names[type.dtype] ?? type.dtype, `(${(type.shape ?? []).map((size) => String(size ?? '?')).join(', ')})`]
}

function meaningOf(name: string): string {
  if (name === 'score') return 'higher is more anomalous'
  if (name === 'p_value') return 'p-value among the held-back normal rows'
  if (name === 'is_anomaly') return 'whether the score is above the threshold'
  return name.startsWith('is_anomaly_')
    ? `whether the score is above the threshold ${name.slice('is_anomaly_'.length)}`
    : 'a part of the score'
}

function pythonTable(name: string, columns: readonly InputColumn[]): string {
  const hasCategories = columns.some(({ kind }) => kind === 'category')
  const times = columns.filter(({ kind }) => kind === 'time').map(({ name: column }) => JSON.stringify(column))
  const numbers = 'rows[i.name].to_numpy("float64")'
  const cells = hasCategories
    ? `(rows[i.name].fillna("").astype(str).to_numpy(object) if i.type == "tensor(string)" else ${numbers})`
    : numbers
  return [
    'import onnxruntime, pandas',
    `model = onnxruntime.InferenceSession(${JSON.stringify(name)})`,
    'rows = pandas.read_csv("rows.csv")',
    ...times.map(
      (column) =>
        `rows[${column}] = (pandas.to_datetime(rows[${column}], utc=True) - pandas.Timestamp(0, tz="UTC")) / ` +
        'pandas.Timedelta("1s")',
    ),
    `feeds = {i.name: ${cells}.reshape(-1, 1) for i in model.get_inputs()}`,
    'score, is_anomaly = model.run(["score", "is_anomaly"], feeds)',
  ].join('\n')
}

function pythonImages(name: string, port: string, shape: readonly number[]): string {
  return [
    'import numpy, onnxruntime',
    `model = onnxruntime.InferenceSession(${JSON.stringify(name)})`,
    `images = numpy.load("images.npy").astype("float32").reshape(-1, ${shape.join(', ')})`,
    `score, is_anomaly = model.run(["score", "is_anomaly"], {${JSON.stringify(port)}: images})`,
  ].join('\n')
}
