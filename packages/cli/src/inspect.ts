// toll inspect: the manifest of a model file in words.

import type { Command } from 'commander'
import { decisionOutput, loadModel, storeManifest, type Manifest, type Model } from 'toll'
import { isoTime, listNames, type ParameterValue } from 'toll/base'
import { describeThreshold } from 'toll/metrics'
import { renderText } from 'toll/report'
import { openReference } from 'toll/runtime'
import { addOutputOptions, examples } from './parameters.js'
import type { Terminal } from './terminal.js'

interface InspectFlags {
  readonly full?: boolean
}

/** Columns that are shown without --full. */
const fewColumns = 20

export function defineInspect(command: Command, terminal: Terminal): void {
  command
    .description(
      'Says what a model file holds: columns and how they were distributed, parameters, threshold, training, versions.',
    )
    .argument('<MODEL>', 'model file')
    .option('--full', `every column (else the first ${fewColumns}) and the course of training`)
  addOutputOptions(command)
  examples(
    command,
    ['toll inspect model.onnx', 'toll inspect model.onnx --full', 'toll inspect model.onnx --json | jq .threshold'],
    'With --json the whole manifest is printed, as it stands in the file.',
  )
  command.action((path: string, flags: InspectFlags) => runInspect(path, flags, terminal))
}

async function runInspect(path: string, { full = false }: InspectFlags, terminal: Terminal): Promise<void> {
  const engine = openReference()
  const model = await loadModel(path, { engine })
  await engine.close()
  terminal.result(storeManifest(model.manifest), describe(model, path, full))
}

function describe({ manifest, bytes, hasChecksum }: Model, path: string, full: boolean): string {
  const {
    detector,
    format,
    parameters,
    seed,
    rows,
    heldBack,
    threshold,
    thresholds = {},
    parts,
    preprocessing,
    versions,
    containsTrainingRows,
    dataFingerprint,
    window,
  } = manifest
  const chosen = { groups: ` (${heldBack.groups} whole groups)`, time: ' (the latest)' }
  const held =
    heldBack.source === 'held-back'
      ? `${heldBack.scores.length} held back${heldBack.by ? chosen[heldBack.by] : ''}`
      : 'none held back'
  const further = Object.entries(thresholds)
  const facts: [string, string][] = [
    ['model', `${path}, ${bytes.length} bytes, format ${format}`],
    [
      'checksum',
      hasChecksum
        ? 'verified: the file is as toll wrote it'
        : 'none: an early version of toll or another program wrote the file, and changes cannot be told',
    ],
    [
      'detector',
      `${detector} (${Object.entries(parameters)
        .map(([name, value]) => `${name} ${String(value)}`)
        .join(', ')})`,
    ],
    ['seed', String(seed)],
    ['input', describeInput(manifest)],
    ...(window ? [['windows', describeWindow(window)] as [string, string]] : []),
    ['scaling', preprocessing.scale],
    [
      'outputs',
      [
        'score',
        ...parts,
        ...(heldBack.source === 'held-back' ? ['p_value'] : []),
        'is_anomaly',
        ...further.map(([name]) => decisionOutput(name)),
      ].join(', '),
    ],
    ['threshold', describeThreshold(threshold)],
    ...further.map(([name, rule]): [string, string] => [`threshold ${name}`, describeThreshold(rule)]),
    [
      window ? 'windows of rows' : 'rows',
      `${rows.given} given, ${rows.trained} trained on, ${held}, ${rows.anomalies} labelled anomalies left out`,
    ],
    ...trainingFacts(manifest),
    ['training rows in the file', containsTrainingRows ? 'yes' : 'no'],
    ['data fingerprint', dataFingerprint],
    [
      'versions',
      Object.entries(versions)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    ],
  ]
  const width = Math.max(...facts.map(([name]) => name.length))
  const lines = facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
  return [
    ...lines,
    '',
    ...describeMembers(manifest),
    ...describeColumns(manifest, full),
    ...(full ? describeHistory(manifest) : []),
  ]
    .join('\n')
    .trimEnd()
}

function describeInput({ input }: Manifest): string {
  return input.kind === 'table'
    ? `table of ${input.columns.length} columns, one input (n, 1) each: strings for categories, float64 for all others`
    : `images (n, ${input.shape.join(', ')}), ${input.layout}, trained on pixels from ${input.range[0]} to ` +
        `${input.range[1]}`
}

function describeWindow({ size, stride, columns, group, time }: NonNullable<Manifest['window']>): string {
  const followed = [
    ...(group === undefined ? [] : [`within each ${group}`]),
    ...(time === undefined ? [] : [`in order of ${time}`]),
  ].join(' ')
  return (
    `of ${size} rows${followed && ` ${followed}`}, ${columns.length} columns, every ` +
    `${stride === 1 ? 'row' : `${stride} rows`} in training; inputs are named column@rows-before`
  )
}

function trainingFacts({ training }: Manifest): [string, string][] {
  return Object.entries(training).flatMap(([name, value]): [string, string][] => {
    if (typeof value === 'number' || typeof value === 'string') return [[`training: ${name}`, String(value)]]
    if (name === 'history')
      return historyOf(value)
        .filter(([key]) => key !== 'step')
        .map(([key, values]) => [`training: last ${key}`, values.at(-1)!.toPrecision(6)])
    if (typeof value !== 'object' || value === null) return []
    return Object.entries(value)
      .filter(([, inner]) => typeof inner !== 'object')
      .map(([key, inner]) => [`training: ${key}`, String(inner)])
  })
}

interface Member {
  readonly detector: string
  readonly parameters: Readonly<Record<string, ParameterValue>>
  readonly mean: number
  readonly sd: number
}

function isMember(value: unknown): value is Member {
  const { detector, parameters, mean, sd } = (value ?? {}) as Partial<Member>
  return (
    typeof detector === 'string' &&
    typeof parameters === 'object' &&
    parameters !== null &&
    typeof mean === 'number' &&
    typeof sd === 'number'
  )
}

/** The members of an ensemble: the parameters in which members of one detector differ, and where their scores lie. */
function describeMembers({ training }: Manifest): string[] {
  const members = Array.isArray(training.members) ? training.members.filter(isMember) : []
  if (members.length === 0) return []
  const names = [...new Set(members.flatMap(({ parameters }) => Object.keys(parameters)))]
  const shown = (member: Member, name: string) => String(member.parameters[name] ?? '')
  const detectors = [...new Set(members.map(({ detector }) => detector))]
  const differing = names.filter((name) =>
    detectors.some(
      (same) =>
        new Set(members.filter(({ detector }) => detector === same).map((member) => shown(member, name))).size > 1,
    ),
  )
  return [
    renderText({
      columns: ['Member', ...differing, 'mean score', 'sd'].map((title, i) => ({
        title,
        ...(i > 0 && { align: 'right' as const }),
      })),
      rows: members.map((member) => [
        member.detector,
        ...differing.map((name) => shown(member, name)),
        member.mean.toPrecision(4),
        member.sd.toPrecision(4),
      ]),
    }),
  ]
}

function describeColumns({ input }: Manifest, full: boolean): string[] {
  if (input.kind !== 'table') return []
  const shown = full ? input.columns : input.columns.slice(0, fewColumns)
  // The largest double is rounded to infinity.
  const number = (value: number) => {
    const rounded = Number(value.toPrecision(5))
    return Number.isFinite(rounded) ? rounded : value
  }
  const table = renderText({
    columns: [
      { title: 'Column' },
      { title: 'kind' },
      ...['missing', 'min', 'median', 'max', 'mean', 'sd', 'distinct'].map(
        (title) => ({ title, align: 'right' }) as const,
      ),
    ],
    rows: shown.map((column) => {
      const { name, kind, missing, distinct } = column
      // A moment has no standard deviation that anybody could read.
      const facts =
        column.kind === 'category'
          ? ['', '', '', '', '']
          : column.kind === 'time'
            ? [...[column.min, column.median, column.max, column.mean].map(isoTime), '']
            : [column.min, column.median, column.max, column.mean, column.sd].map(number)
      return [name, kind, missing, ...facts, column.kind !== 'category' && distinct === 1000 ? '1000+' : distinct]
    }),
  })
  const texts = shown.flatMap((column) =>
    column.kind === 'category'
      ? [
          `${column.name}: ${listNames(
            column.frequent.map(([text, rows]) => `${text} (${rows})`),
            8,
          )}`,
        ]
      : [],
  )
  const leftOut = input.leftOut ?? []
  return [
    table.trimEnd(),
    ...(texts.length > 0 ? ['', ...texts] : []),
    ...(leftOut.length > 0
      ? ['', `left out: ${leftOut.map(({ name, reason }) => `${name} (${reason})`).join(', ')}`]
      : []),
    ...(shown.length < input.columns.length
      ? [`... and ${input.columns.length - shown.length} more columns; --full shows them`]
      : []),
    '',
  ]
}

function describeHistory({ training }: Manifest): string[] {
  const history = historyOf(training.history)
  if (history.length === 0) return []
  const length = history[0][1].length
  const rows = Array.from(
    { length: Math.min(20, length) },
    (_, i) => Math.round(((i + 1) * length) / Math.min(20, length)) - 1,
  )
  return [
    renderText({
      columns: history.map(([title]) => ({ title, align: 'right' })),
      rows: rows.map((row) => history.map(([, values]) => Number(values[row].toPrecision(6)))),
    }),
  ]
}

/** Lists of numbers by name, step by step, as detectors keep them. */
function historyOf(value: unknown): [string, number[]][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).filter(
    (entry): entry is [string, number[]] =>
      Array.isArray(entry[1]) && entry[1].length > 0 && entry[1].every((x) => typeof x === 'number'),
  )
}
