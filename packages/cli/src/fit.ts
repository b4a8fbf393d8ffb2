// toll fit: a source of mostly normal rows to a model file.

import { Option, type Command } from 'commander'
import {
  fit,
  minRowsToSplit,
  reviewAlarms,
  reviewTraining,
  type Detector,
  type Engine,
  type Manifest,
  type Model,
} from 'toll'
import { choice, integer, real, rowCount, takeRows, TollError, type Domains } from 'toll/base'
import { imageParameters, tableParameters, windowParameters } from 'toll/data'
import { detectorNamed, toll, tollAuto } from 'toll/detectors'
import { describeThreshold } from 'toll/metrics'
import { openCheckpoint, type ResumableStore } from './checkpoint.js'
import { shellWord, type ColumnFlags } from './columns.js'
import { addEngineOptions, withEngine, type EngineFlags } from './engine.js'
import { addLabelOptions, type LabelFlags } from './labels.js'
import {
  addAssignments,
  addOutputOptions,
  append,
  examples,
  parameterOption,
  readAssignments,
  type Settings,
} from './parameters.js'
import { describeNote, describeTrainingAlarms } from './notes.js'
import { addOrderOptions, type OrderFlags } from './order.js'
import { detectorFor, detectorWord, isModule } from './own-detector.js'
import { reportTraining, requirePage, requireWritable } from './report-training.js'
import { addSourceOptions, readingOf, sourceHelp, withSource, type SourceFlags } from './source.js'
import type { ProgressBar, Terminal } from './terminal.js'
import { addThresholdOptions, readThresholdRule } from './threshold-rule.js'
import { readTrainingInput, warnOfColumns, type TrainingInput } from './training.js'

const settings = {
  scale: choice({
    values: [...new Set([...tableParameters.scale.values, ...imageParameters.scale.values])],
    default: 'standard',
    doc: 'Scaling of columns of numbers (all but contrast) or of pixels (all but robust and quantile).',
  }),
  seed: integer({
    default: 0,
    min: 0,
    max: 0xffffffff,
    doc: 'Seed of everything random: the same seed gives the same model.',
  }),
  holdOut: real({
    default: 0.1,
    min: 0,
    max: 0.9,
    doc:
      'Share of the normal rows that training does not see, to set the threshold by; none below ' +
      `${minRowsToSplit} normal rows.`,
  }),
  window: {
    ...windowParameters.size,
    doc: 'Learn from windows of this many rows in order, for signals: a row is scored with the rows before it.',
  },
  stride: { ...windowParameters.stride, doc: 'Rows from one window to the next in training.' },
  reportSeeds: integer({
    default: 3,
    min: 0,
    max: 20,
    doc: 'Refits with other seeds, to say in the report how far they agree; each takes as long as the fit.',
  }),
  checkpointEvery: integer({
    default: 50,
    min: 1,
    max: 1e9,
    doc: 'Steps between checkpoints, which are written every two seconds at most, and every 30 seconds at least.',
  }),
} satisfies Domains

interface FitFlags extends SourceFlags, ColumnFlags, LabelFlags, OrderFlags, EngineFlags {
  readonly output: string
  readonly detector: string
  readonly auto?: boolean
  readonly param?: readonly string[]
  readonly scale?: string
  readonly seed?: number
  readonly holdOut?: number
  readonly window?: number
  readonly stride?: number
  readonly checkpoint?: string | boolean
  readonly checkpointEvery?: number
  readonly restart?: boolean
  readonly report?: string
  readonly reportSeeds?: number
}

/** The flags of the detector that `args` names are flags of this command. */
export async function defineFit(command: Command, terminal: Terminal, args: readonly string[]): Promise<void> {
  const named = await detectorIn(args)
  command
    .description(
      'Learns what is normal from a table or from images of mostly normal rows, and writes one ONNX model file.',
    )
    .argument('[SOURCE...]', 'table or array file to learn from')
    .requiredOption('-o, --output <file>', 'model file to write, such as model.onnx')
  command
    .optionsGroup('Columns:')
    .option('--columns <a,b,...>', 'learn from these columns only; repeatable', append)
    .option('--exclude <a,b,...>', 'leave these columns out; repeatable', append)
    .option(
      '--types <name=kind,...>',
      'take columns as number, boolean, category or time, whatever they look like; repeatable',
      append,
    )
    .option('--id <column>', 'a key, left out of learning; repeatable', append)
  addLabelOptions(
    command,
    'labels, 1 = anomaly: those rows are left out of training. For arrays a variable of the same file or another file',
    false,
  )
  command.option('--weight <column>', 'weight of each row in training, 0 or more')
  command.optionsGroup('Groups and time:')
  addOrderOptions(command, {
    group: 'rows of one group depend on each other, such as those of a patient: whole groups are held back',
    time: 'when each row was, a date or a number: the latest rows are held back',
  })
  for (const name of ['window', 'stride'] as const)
    command.addOption(parameterOption(name, settings[name], name === 'window' ? 'none' : undefined))
  command
    .optionsGroup('Learning:')
    .addOption(
      new Option('--detector <name>', 'how to learn; toll detectors explains them; or a module with one of your own')
        .argParser(detectorWord)
        .default(toll.name),
    )
    .addOption(
      new Option(
        '--auto',
        'tables without settings: many small networks instead of one, in place of a choice that takes labels; ' +
          `short for --detector ${tollAuto.name}`,
      ).conflicts('detector'),
    )
  addAssignments(command)
  for (const name of ['scale', 'seed', 'holdOut'] as const) command.addOption(parameterOption(name, settings[name]))
  command.optionsGroup('Threshold (default: --threshold-quantile 0.99; toll threshold moves it later):')
  addThresholdOptions(command, 'threshold')
  if (named.keepsCheckpoints) {
    command
      .optionsGroup('Checkpoints:')
      .option('--checkpoint <file>', 'where an interrupted fit is kept (default: the model file with .checkpoint)')
      .option('--no-checkpoint', 'keep none')
      .addOption(parameterOption('checkpointEvery', settings.checkpointEvery))
      .option('--restart', 'start again instead of going on from a checkpoint')
  }
  command
    .optionsGroup('Report:')
    .option(
      '--report <file>',
      'write a page on the model and the rows that it was fitted to (.html); --id names the rows',
    )
    .addOption(parameterOption('reportSeeds', settings.reportSeeds, '3 for tables, 0 for images'))
  addSourceOptions(command)
  addEngineOptions(command)
  addOutputOptions(command)
  command.optionsGroup(`Parameters of --detector ${named.name}:`)
  const own = parameterOptions(named, command)
  for (const option of own) command.addOption(option)
  const flagged = own.map((option) => option.attributeName())
  examples(
    command,
    [
      'toll fit normal.csv -o model.onnx',
      'toll fit rows.csv -o model.onnx --auto',
      'toll fit transactions.parquet -o model.onnx --id account --label fraud --beta 1 --steps 5000',
      "toll fit 'logs/*.csv.gz' -o model.onnx --exclude host,time --scale robust",
      'toll fit rows.csv -o model.onnx --detector isolation-forest --param trees=300',
      'toll fit rows.csv -o model.onnx --detector ./mine.mjs',
      'toll fit normal.csv -o model.onnx --report report.html --id account',
      'toll fit vibration.csv -o pump.onnx --group pump --time at --window 32',
      'toll fit train-images-idx3-ubyte.gz -o digits.onnx',
      'zcat rows.csv.gz | toll fit - -o model.onnx --quiet',
    ],
    `${sourceHelp}\nTexts become categories, dates a trend and phases of day, week and year; missing ` +
      `numbers become the median of their column, and where training has gaps\nthe model sees them. Left ` +
      `out with a note: columns that never change, and texts that differ in nearly every row.\n` +
      `toll fit --detector NAME --help shows the parameters of another detector.${
        named.keepsCheckpoints
          ? '\nCtrl-C keeps the last checkpoint; the same command again goes on from there and ends in the same model.'
          : ''
      }`,
  )
  command.action((paths: string[], flags: FitFlags) => runFit(paths, flags, { flagged, args }, terminal))
}

interface CommandWords {
  /** Parameters of the detector that are flags of the command. */
  readonly flagged: readonly string[]
  /** The whole command line. */
  readonly args: readonly string[]
}

async function runFit(
  paths: readonly string[],
  flags: FitFlags,
  { flagged, args }: CommandWords,
  terminal: Terminal,
): Promise<void> {
  const detector = await detectorFor(flags.auto ? tollAuto.name : flags.detector)
  const parameters = parametersFrom(flags, detector, flagged)
  if (isModule(flags.detector)) await terminal.files.reads('--detector', [flags.detector])
  await requireWritable(flags.output, 'a model')
  await terminal.files.writes('--output', flags.output)
  if (flags.report === undefined && flags.reportSeeds !== undefined)
    throw new TollError('missing-argument', '--report-seeds is of a report: add --report FILE')
  if (flags.report !== undefined) {
    await requirePage(flags.report)
    await terminal.files.writes('--report', flags.report)
  }
  const checkpoint =
    flags.checkpoint === false || !detector.keepsCheckpoints
      ? undefined
      : typeof flags.checkpoint === 'string'
        ? flags.checkpoint
        : `${flags.output}.checkpoint`
  if (checkpoint !== undefined) await terminal.files.writes('--checkpoint', checkpoint)
  if (flags.stride !== undefined && flags.window === undefined)
    throw new TollError('missing-argument', '--stride is of windows: add --window ROWS')
  const input = await withSource(paths, flags, terminal, (source) =>
    readTrainingInput(source, { ...flags, titles: flags.report !== undefined }, terminal.signal),
  )
  warnOfColumns(input, terminal)
  const model = await withEngine(flags, async (engine) => {
    const fitted = await learn(input, { engine, detector, parameters, checkpoint }, flags, terminal)
    if (flags.report !== undefined)
      await reportTraining(fitted, input, { ...flags, report: flags.report }, args, terminal)
    return fitted
  })
  terminal.summary(
    { ...documentOf(model, flags.output), ...(flags.report !== undefined && { report: flags.report }) },
    describeFit(model, flags),
  )
}

/** The detector that the command line names; the default where it names none that exists, which is found out later. */
function detectorIn(args: readonly string[]): Promise<Detector> {
  const texts = args.flatMap((arg, i) =>
    arg === '--detector' ? [args[i + 1]] : arg.startsWith('--detector=') ? [arg.slice('--detector='.length)] : [],
  )
  const name = args.includes('--auto') ? tollAuto.name : (texts.at(-1) ?? toll.name)
  return detectorFor(name).catch((error: unknown) => {
    // A name that there is not is for the flag to refuse.
    if (error instanceof TollError && error.reason === 'unknown-detector') return detectorNamed(toll.name)
    throw error
  })
}

/** A flag for each parameter; one that is called like another flag of the command is set by --param alone. */
function parameterOptions({ parameters }: Detector, command: Command): Option[] {
  const taken = new Set(command.options.map(({ long }) => long))
  return Object.entries(parameters)
    .map(([name, domain]) => parameterOption(name, domain))
    .filter(({ long }) => !taken.has(long))
}

function parametersFrom(flags: FitFlags, detector: Detector, flagged: readonly string[]): Settings {
  const given = flags as unknown as Settings
  const fromFlags = flagged.filter((name) => given[name] !== undefined).map((name) => [name, given[name]] as const)
  return {
    ...Object.fromEntries(fromFlags),
    ...readAssignments(flags.param ?? [], detector.parameters, `detector '${detector.name}'`),
  }
}

interface Learning {
  readonly engine: Engine
  readonly detector: Detector
  readonly parameters: Settings
  /** Where one is kept. */
  readonly checkpoint?: string
}

/** Fits and writes the model; the checkpoint goes only when the file is there. */
async function learn(
  input: TrainingInput,
  { engine, detector, parameters, checkpoint }: Learning,
  flags: FitFlags,
  terminal: Terminal,
): Promise<Model> {
  const { data, types, leftOut, labels, weights, groups, time, name } = input
  const { seed, scale, holdOut } = flags
  const threshold = readThresholdRule(flags as unknown as Readonly<Record<string, unknown>>, 'threshold')
  const { saveModel } = await import('toll')
  const store =
    checkpoint === undefined ? undefined : await openCheckpoint(checkpoint, flags.restart ?? false, terminal)
  // A detector says with its first report how many steps it takes.
  let bar: Promise<ProgressBar> | undefined
  const stopBar = async () => (await bar)?.stop()
  if (store) terminal.whenStopped(() => stopWords(store))
  // Until the first step there is only computing, and nothing to keep.
  terminal.unguard()
  try {
    const model = await fit(data, {
      engine,
      detector,
      parameters,
      seed,
      scale,
      types,
      reading: readingOf(flags),
      holdOut,
      labels,
      weights,
      groups,
      time,
      signal: terminal.signal,
      ...(threshold && { threshold }),
      leftOut,
      ...(flags.window !== undefined && {
        window: { size: flags.window, stride: flags.stride, group: flags.group, time: flags.time },
      }),
      ...(store && { checkpoint: { store, every: flags.checkpointEvery ?? settings.checkpointEvery.default } }),
      onProgress: ({ step, steps, values }) => {
        if (step > 0) terminal.guard()
        bar ??= terminal.progress('fit', steps > 0 ? steps : undefined, 'steps')
        const detail = Object.entries(values)
          .slice(0, 1)
          .map(([key, value]) => `${key} ${value.toPrecision(4)}`)
          .join()
        void bar.then((shown) => shown.update(step, detail))
      },
    })
    terminal.guard()
    await stopBar()
    for (const note of notesOf(model.manifest)) terminal.note(`note: ${note}`)
    await saveModel(model, flags.output)
    await store?.finish()
    const alarms = reviewAlarms(model.manifest, await countAlarms(model, input, terminal.signal))
    if (alarms?.code === 'many-alarms') terminal.note(`warning: ${describeTrainingAlarms(alarms)}`)
    return model
  } catch (error) {
    await stopBar()
    throw explain(error, store, name)
  } finally {
    terminal.guard()
  }
}

function explain(error: unknown, store: ResumableStore | undefined, name: string): unknown {
  if (!(error instanceof TollError)) return error
  if (error.code === 'aborted' && store) return new TollError('aborted', stopWords(store), { cause: error })
  return error.code === 'data' ? error.within(name) : error
}

function stopWords(store: ResumableStore): string {
  return store.written
    ? `stopped; ${store.location} keeps the last checkpoint, and the same command again goes on from there`
    : 'stopped before the first checkpoint'
}

/** Rows of training that are scored to see how many are above the threshold. */
const maxSeen = 5000

/** How many of the rows that are not labelled as anomalies are above the threshold. */
async function countAlarms(
  model: Model,
  { data, labels, groups, time }: TrainingInput,
  signal: AbortSignal,
): Promise<{ rows: number; anomalies: number }> {
  const normal = Array.from({ length: rowCount(data) }, (_, row) => row).filter((row) => labels?.[row] !== 1)
  // A window needs the rows before it.
  const step = model.manifest.window ? 1 : Math.ceil(normal.length / maxSeen)
  const rows = model.manifest.window
    ? data
    : takeRows(
        data,
        normal.filter((_, i) => i % step === 0),
      )
  const options = model.manifest.window ? { groups, time } : {}
  const { isAnomaly, invalid } = await model.score(rows, { ...options, invalidRows: 'mark', signal })
  const counted = Array.from(isAnomaly.keys()).filter(
    (row) => !invalid.has(row) && !(model.manifest.window && labels?.[row] === 1),
  )
  return { rows: counted.length, anomalies: counted.reduce((sum, row) => sum + isAnomaly[row], 0) }
}

/** What the user may not expect. */
function notesOf(manifest: Manifest): string[] {
  return reviewTraining(manifest).map(describeNote)
}

function documentOf({ manifest, bytes }: Model, output: string): object {
  const { detector, parameters, seed, rows, threshold, heldBack, dataFingerprint, input, window } = manifest
  return {
    model: output,
    bytes: bytes.length,
    detector,
    parameters,
    seed,
    rows: { ...rows, heldBack: heldBack.source === 'held-back' ? heldBack.scores.length : 0 },
    input:
      input.kind === 'table'
        ? { kind: 'table', columns: input.columns.map(({ name }) => name) }
        : { kind: 'image', shape: input.shape },
    ...(window && { window }),
    threshold,
    dataFingerprint,
    notes: notesOf(manifest),
  }
}

function describeFit({ manifest, bytes }: Model, { output, report }: FitFlags): string {
  const { rows, heldBack, input, threshold, detector, window } = manifest
  const shape = window
    ? `each ${window.size} rows of ${window.columns.length} columns`
    : input.kind === 'table'
      ? `${input.columns.length} columns`
      : `images of ${input.shape.join(' x ')}`
  const held = heldBack.source === 'held-back' ? `, ${heldBack.scores.length} held back` : ''
  const anomalies = rows.anomalies > 0 ? `, ${rows.anomalies} labelled anomalies left out` : ''
  return [
    `${output}: ${detector} on ${rows.trained} ${window ? 'windows' : 'rows'}, ` +
      `${shape}${held}${anomalies} (${Math.ceil(bytes.length / 1024)} KiB)`,
    `threshold ${describeThreshold(threshold)}`,
    ...(report === undefined ? [] : [`${report}: which rows stand out, why, and whether to trust the model`]),
    `next: toll score ${shellWord(output)} NEW_DATA`,
  ].join('\n')
}
