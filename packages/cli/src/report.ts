// toll report: one HTML page on a model, alone or with rows to score, and with refits where the training data are
// given.

import { basename } from 'node:path'
import type { Command } from 'commander'
import { featuresOf, loadModel, type Manifest, type Model, type ScoredBatch, type Stability } from 'toll'
import { integer, TollError } from 'toll/base'
import { siftRows, type CommandLine, type Sifted, type SiftOptions } from 'toll/report'
import { shellWord } from './columns.js'
import { addEngineOptions, withEngine, type EngineFlags } from './engine.js'
import { addLabelOptions, withLabels, type LabelFlags } from './labels.js'
import { addOrderOptions, type OrderFlags } from './order.js'
import { addOutputOptions, examples, parameterOption } from './parameters.js'
import { commandLine, defaultSeeds, refit, requirePage, writePage } from './report-training.js'
import { isTraining, keysOf, scoreSource } from './scoring.js'
import { addSourceOptions, sourceHelp, withSource, type Source, type SourceFlags } from './source.js'
import type { Terminal } from './terminal.js'
import { thresholdWords } from './threshold-rule.js'
import { readTrainingInput } from './training.js'

const settings = {
  top: integer({ default: 20, min: 1, max: 100, doc: 'Rows of the highest scores.' }),
  columnsShown: integer({
    default: 8,
    min: 1,
    max: 50,
    doc: 'Columns that are shown with each row, the others summed.',
  }),
  evaluations: integer({
    default: 2048,
    min: 1,
    max: 1e9,
    doc: 'Scores that the Shapley values of one row take; all detectors but toll.',
  }),
  seeds: integer({ default: 3, min: 1, max: 20, doc: 'Refits with other seeds; each takes as long as the fit did.' }),
}

interface ReportFlags extends SourceFlags, EngineFlags, LabelFlags, OrderFlags {
  readonly output: string
  readonly id?: string
  readonly top?: number
  readonly columnsShown?: number
  readonly evaluations?: number
  readonly training?: string
  readonly seeds?: number
  readonly weight?: string
}

export function defineReport(command: Command, terminal: Terminal, args: readonly string[]): void {
  command
    .description(
      'Writes one HTML page on a model: its verdict on rows, the anomalies with the columns that make them, ' +
        'scores, training, data and drift, stability, schema, formulas, origin.',
    )
    .argument('<MODEL>', 'model file')
    .argument('[SOURCE...]', 'table or array file to score; without one the page is about the model alone')
    .requiredOption('-o, --output <file>', 'page to write, such as report.html')
  command.optionsGroup('Rows:').option('--id <column>', 'a key that names each row, in place of its number')
  for (const name of ['top', 'columnsShown', 'evaluations'] as const)
    command.addOption(parameterOption(name, settings[name]))
  command
    .optionsGroup('Stability:')
    .option(
      '--training <file>',
      'the data that the model was fitted to: it is fitted again with other seeds, to say how far they agree',
    )
    .addOption(parameterOption('seeds', settings.seeds))
    .option('--weight <column>', 'weights, where the model was fitted with them')
  addLabelOptions(
    command,
    'labels of the rows: the page measures the scores against them; with --training also those of the fit',
    false,
  )
  addOrderOptions(command, {
    group: 'groups of rows that depend on each other; with --training those of the fit',
    time: 'times of the rows; with --training those of the fit',
  })
  addSourceOptions(command)
  addEngineOptions(command)
  addOutputOptions(command)
  examples(
    command,
    [
      'toll report model.onnx -o report.html',
      'toll report model.onnx new.csv --id account -o report.html',
      'toll report model.onnx labelled.csv --label fault -o report.html',
      'toll report model.onnx new.csv --training normal.csv --seeds 5 -o report.html',
    ],
    `${sourceHelp}\nThe page asks for nothing from a network, and opens wherever a browser does. It shows ` +
      'values of the rows it lists: share it as you would share them.',
  )
  command.action((path: string, sources: string[], flags: ReportFlags) =>
    runReport(path, sources, flags, { args, terminal }),
  )
}

async function runReport(
  path: string,
  sources: readonly string[],
  flags: ReportFlags,
  { args, terminal }: { readonly args: readonly string[]; readonly terminal: Terminal },
): Promise<void> {
  const alone = sources.length === 0 && flags.sql === undefined
  const ofTraining = (['seeds', 'weight'] as const).find((name) => flags[name] !== undefined)
  if (flags.training === undefined && ofTraining)
    throw new TollError('missing-argument', `--${ofTraining} is about the training data: add --training FILE`)
  const ofRows = (['id', 'label', 'group', 'time'] as const).find((name) => flags[name] !== undefined)
  if (alone && ofRows !== undefined && (ofRows === 'id' || flags.training === undefined))
    throw new TollError(
      'out-of-domain',
      `--${ofRows} ${ofRows === 'id' ? 'names' : 'says something of'} rows of a SOURCE, and there is none`,
    )
  await requirePage(flags.output)
  await terminal.files.writes('--output', flags.output)
  await terminal.files.reads('MODEL', [path])
  const { model, bytes, sifted, stability } = await withEngine(flags, async (engine) => {
    const loaded = await loadModel(path, { engine })
    const rows = alone
      ? undefined
      : await withSource(
          sources,
          flags,
          terminal,
          (source) => siftSource(source, loaded, flags, terminal),
          loaded.manifest,
        )
    const agreement = flags.training === undefined ? undefined : await fitAgain(loaded, flags.training, flags, terminal)
    const name = basename(path)
    const written = await writePage(
      loaded,
      flags.output,
      {
        name,
        ...(rows && { ...rows, source: sources.map((source) => basename(source)).join(' ') || 'a query' }),
        ...(agreement && { stability: agreement }),
        ...(flags.columnsShown !== undefined && { columnsShown: flags.columnsShown }),
        ...(flags.evaluations !== undefined && { evaluations: flags.evaluations }),
        commands: [...fitCommand(loaded.manifest, name), { title: 'This report:', line: commandLine(args) }],
        hints: {
          rows: `toll report ${shellWord(name)} ROWS.csv -o report.html scores rows and explains the highest scores.`,
          stability:
            `toll report ${shellWord(name)} --training DATA -o report.html fits it again with ` +
            `${defaultSeeds(loaded) || 'other'} seeds and compares.`,
        },
      },
      terminal,
    )
    return { model: loaded, bytes: written, sifted: rows?.sifted, stability: agreement }
  })
  const document = {
    report: flags.output,
    bytes,
    model: path,
    threshold: model.manifest.threshold.value,
    ...(sifted && {
      rows: sifted.rows,
      anomalies: sifted.anomalies,
      invalid: sifted.invalid.count,
      drifted: sifted.drift?.drifted ?? null,
    }),
    ...(stability && { stability }),
  }
  terminal.summary(
    document,
    `${flags.output}: ` +
      (sifted
        ? `${sifted.rows} rows, ${sifted.anomalies} ${sifted.anomalies === 1 ? 'anomaly' : 'anomalies'}`
        : 'the model alone') +
      ` (${Math.ceil(bytes / 1024)} KiB)`,
  )
}

async function siftSource(
  source: Source,
  model: Model,
  flags: ReportFlags,
  terminal: Terminal,
): Promise<{ sifted: Sifted; ofTraining: boolean }> {
  const [id] = keysOf(source, flags.id === undefined ? [] : [flags.id])
  const labels = labelColumns(source, flags)
  const rows = labels ? await withLabels(source, labels.label) : source
  const bar = await terminal.progress('score', source.kind === 'rows' ? source.table.rowCount : undefined, 'rows')
  async function* batches(): AsyncGenerator<ScoredBatch> {
    const passthrough = [id, ...Object.values(orderIn(model, labels))].filter((name) => name !== undefined)
    for await (const batch of scoreSource(rows, model, { passthrough, signal: terminal.signal })) {
      yield batch
      bar.update(batch.firstRow + batch.score.length)
    }
  }
  try {
    const sifted = await siftRows(model, batches(), {
      signal: terminal.signal,
      ...(id !== undefined && { key: id }),
      ...(labels && { labels }),
      ...(flags.top !== undefined && { top: flags.top }),
    })
    return { sifted, ofTraining: await isTraining(source, model, sifted.rows, terminal.signal) }
  } catch (error) {
    throw error instanceof TollError && error.reason === 'no-scored-rows' ? error.within(source.name) : error
  } finally {
    bar.stop()
  }
}

/** The columns of labels; with --training they may be of the training data alone. */
function labelColumns(source: Source, flags: ReportFlags): SiftOptions['labels'] {
  const { label, anomaly, normal, group, time, training } = flags
  if (label === undefined) return undefined
  const isThere = source.kind !== 'rows' || source.table.columns.some(({ name }) => name === label)
  if (training !== undefined && !isThere) return undefined
  return source.kind === 'rows' ? { label, anomaly, normal, group, time } : { label, anomaly, normal }
}

/** Columns that come along for the labels. */
function orderIn({ manifest: { window } }: Model, labels: SiftOptions['labels']) {
  return labels ? { label: labels.label, group: labels.group ?? window?.group, time: labels.time ?? window?.time } : {}
}

/** Refits on the training data, read with the columns that the model takes. */
async function fitAgain(
  model: Model,
  path: string,
  flags: ReportFlags,
  terminal: Terminal,
): Promise<Stability | undefined> {
  const { window } = model.manifest
  const { sql: _sql, id: _id, ...reading } = flags
  const order = { group: flags.group ?? window?.group, time: flags.time ?? window?.time }
  const features = featuresOf(model.manifest)
  const known = features.length > 0 && {
    columns: features.map(({ name }) => name),
    types: features.map(({ name, kind }) => `${name}=${kind}`),
  }
  const training = await withSource(
    [path],
    reading,
    terminal,
    (source) => readTrainingInput(source, { ...reading, ...order, ...known }, terminal.signal),
    model.manifest,
  )
  return refit(model, training, flags.seeds ?? settings.seeds.default, flags.top, terminal)
}

/** Columns that a command line can name without becoming unreadable. */
const namedColumns = 12

function readingWords({ header, missing = [], ...characters }: NonNullable<Manifest['reading']> = {}): string[] {
  return [
    ...Object.entries(characters).flatMap(([key, value]) => [`--${key}`, String(value)]),
    ...(header === undefined ? [] : [header ? '--header' : '--no-header']),
    ...missing.flatMap((text) => ['--missing', text]),
  ]
}

/** How the model would be fitted again, as far as its file says. */
function fitCommand(
  { detector, parameters, seed, preprocessing, threshold, heldBack, rows, input, window, reading }: Manifest,
  name: string,
): CommandLine[] {
  const held = heldBack.source === 'held-back' ? heldBack.scores.length : 0
  const features = featuresOf({ input, window })
  const named = features.length <= namedColumns ? features : []
  const order = { group: window?.group, time: window?.time, window: window?.size, stride: window?.stride }
  const words = [
    ...named.flatMap((column) => [
      '--columns',
      column.name,
      ...(column.kind === 'category' ? ['--types', `${column.name}=category`] : []),
    ]),
    ...readingWords(reading),
    ...Object.entries(order).flatMap(([key, value]) => (value === undefined ? [] : [`--${key}`, String(value)])),
    '--detector',
    detector,
    ...Object.entries(parameters).flatMap(([key, value]) => [
      '--param',
      `${key}=${Array.isArray(value) ? value.join(',') : String(value)}`,
    ]),
    '--scale',
    preprocessing.scale,
    '--hold-out',
    String(heldBack.share ?? Number((held / (held + rows.trained)).toPrecision(4))),
    '--seed',
    String(seed),
    ...thresholdWords(threshold, 'threshold'),
    ...(rows.anomalies > 0 ? ['--label', 'LABEL'] : []),
  ]
  const left = features.length > namedColumns ? ', and with the columns under Schema' : ''
  return [
    {
      title:
        `The model, from the data of the fingerprint above in place of DATA${left}, and with the options that ` +
        'its file and labels take:',
      line: ['toll fit DATA -o', shellWord(name), ...words.map(shellWord)].join(' '),
    },
  ]
}
