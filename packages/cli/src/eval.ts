// toll eval: a model against labelled rows. Ranking measures do not depend on the threshold; F1, precision and recall
// do.

import type { Command } from 'commander'
import { TollError, integer } from 'toll/base'
import {
  alertRate,
  aurocOf,
  averagePrecisionOf,
  bootstrapIntervals,
  bootstrapParameters,
  clusterIntervals,
  confusionAt,
  confusionOf,
  f1Score,
  precision,
  precisionAtOf,
  recall,
  timeBlocks,
  type AlertRate,
  type BootstrapInterval,
  type BootstrapOptions,
  type Confusion,
  type Measure,
  type ScoreCounts,
} from 'toll/metrics'
import { decisionOutput, type Manifest } from 'toll/model'
import { loadModel } from 'toll/model/node'
import { renderText } from 'toll/report'
import { decide, describeThreshold, type Threshold } from 'toll/threshold'
import { addEngineOptions, withEngine, type EngineFlags } from './engine.js'
import { addLabelOptions, type LabelFlags } from './labels.js'
import { addOrderOptions, addTimeUnit, type OrderFlags, type TimeUnit } from './order.js'
import { addOutputOptions, examples, parameterOption, readParameter } from './parameters.js'
import { isTrainingSource, scoreLabelled, scoringThreads, type Labelled } from './scoring.js'
import { addSourceOptions, sourceHelp, withSource, type SourceFlags } from './source.js'
import type { Terminal } from './terminal.js'

interface EvalFlags extends SourceFlags, EngineFlags, LabelFlags, OrderFlags, BootstrapOptions {
  readonly label: string
  readonly strict?: boolean
  readonly timeUnit?: TimeUnit
  readonly top?: readonly number[]
  readonly blocks?: number
}

const settings = {
  top: integer({ default: 10, min: 1, max: 1e9, doc: 'Precision among this many highest scores; repeatable.' }),
  blocks: integer({
    default: 50,
    min: 2,
    max: 1e6,
    doc:
      'Blocks of consecutive rows that are drawn again with --time; each should be longer than what ties ' +
      'rows together.',
  }),
}

export function defineEval(command: Command, terminal: Terminal): void {
  command
    .description(
      "Measures a model on labelled rows: AUROC, average precision, and F1 at the model's threshold, with " +
        'bootstrap intervals.',
    )
    .argument('<MODEL>', 'model file')
    .argument('[SOURCE...]', 'labelled table or array file')
  command.optionsGroup('Labels:')
  addLabelOptions(command, 'labels, 1 = anomaly; for arrays a variable of the same file or another file', true)
  command.option('--strict', 'stop at the first row that cannot be scored, instead of leaving such rows out')
  command.addOption(
    parameterOption('top', settings.top).argParser((text, before?: readonly number[]) => [
      ...(before ?? []),
      readParameter('--top', settings.top, text) as number,
    ]),
  )
  command.optionsGroup('Groups and time:')
  addOrderOptions(command, {
    group: 'rows of one group depend on each other: intervals draw whole groups',
    time: 'when each row was: intervals draw blocks of time (with --group, groups), and alerts are counted a day',
  })
  addTimeUnit(command)
  command.optionsGroup('Intervals:')
  command.addOption(parameterOption('blocks', settings.blocks))
  for (const [name, domain] of Object.entries(bootstrapParameters)) command.addOption(parameterOption(name, domain))
  addSourceOptions(command)
  addEngineOptions(command)
  addOutputOptions(command)
  examples(
    command,
    [
      'toll eval model.onnx test.csv --label fraud',
      'toll eval model.onnx test.parquet --label class --anomaly attack --replicates 10000',
      'toll eval model.onnx patients.csv --label ill --group patient --top 20',
      'toll eval model.onnx log.csv --label incident --time at',
      'toll eval model.onnx arrhythmia.mat --variable X --label y --json',
    ],
    sourceHelp,
  )
  command.action((path: string, sources: string[], flags: EvalFlags) => runEval(path, sources, flags, terminal))
}

async function runEval(path: string, sources: readonly string[], flags: EvalFlags, terminal: Terminal): Promise<void> {
  const { scored, ofTraining, manifest } = await withSource(sources, flags, terminal, (source) =>
    withEngine(scoringThreads(flags, source), async (engine) => {
      const model = await loadModel(path, engine)
      const labelled = await scoreLabelled(source, model, { ...flags, strict: flags.strict ?? false }, terminal)
      const ofTraining = await isTrainingSource(
        source,
        model,
        labelled.scores.length + labelled.unscored,
        terminal.signal,
      )
      if (ofTraining)
        terminal.note(
          'warning: these are the rows that the model was fitted to, which makes the measures too good; ' +
            'evaluate on others, or let toll compare split them',
        )
      return { scored: labelled, ofTraining, manifest: model.manifest }
    }),
  )
  // From here on there is only computing, which Ctrl-C may end at once.
  terminal.unguard()
  const evaluation = { ...evaluate(scored, manifest, flags), ofTraining }
  terminal.result(evaluation, describe(evaluation))
}

type MeasureName = 'auroc' | 'averagePrecision' | 'f1' | 'precision' | 'recall'

/** What --json prints. */
export interface Evaluation {
  readonly rows: {
    readonly normal: number
    readonly anomalies: number
    readonly unscored: number
    readonly imputedNumbers: number
  }
  /** Whether these are the rows that the model was fitted to, which makes the measures too good. */
  readonly ofTraining: boolean
  /** What was drawn again for the intervals. */
  readonly drawn: {
    readonly unit: 'rows' | 'groups' | 'blocks'
    readonly count: number
    readonly withAnomalies: number
  }
  readonly measures: Readonly<Record<MeasureName, BootstrapInterval>>
  readonly precisionAt: readonly ({ readonly rows: number } & BootstrapInterval)[]
  readonly threshold: Threshold
  readonly counts: Confusion
  /** Per threshold, where rows have times. */
  readonly alerts?: readonly ({ readonly output: string } & AlertRate)[]
}

const titles: Readonly<Record<MeasureName, string>> = {
  auroc: 'AUROC',
  averagePrecision: 'Average precision',
  f1: 'F1 at the threshold',
  precision: 'Precision at the threshold',
  recall: 'Recall at the threshold',
}

function evaluate(
  labelled: Labelled,
  { threshold, thresholds = {}, window }: Manifest,
  flags: EvalFlags,
): Omit<Evaluation, 'ofTraining'> {
  const { scores, labels, unscored, imputed, time } = labelled
  if (scores.length === 0) throw new TollError('no-scored-rows', 'no row could be scored')
  const atThreshold = (measure: (counts: Confusion) => number) => (counts: ScoreCounts) =>
    measure(confusionOf(counts, threshold.value))
  const top = [...new Set(flags.top ?? [settings.top.default])].map((count) => Math.min(count, scores.length))
  const all: Record<string, Measure> = {
    auroc: aurocOf,
    averagePrecision: averagePrecisionOf,
    f1: atThreshold(f1Score),
    precision: atThreshold(precision),
    recall: atThreshold(recall),
    ...Object.fromEntries(top.map((count) => [`top ${count}`, (counts: ScoreCounts) => precisionAtOf(counts, count)])),
  }
  const { replicates, level, seed } = flags
  const options = {
    ...(replicates !== undefined && { replicates }),
    ...(level !== undefined && { level }),
    ...(seed !== undefined && { seed }),
  }
  const { unit, clusters } = clustersOf(labelled, flags.blocks)
  const intervals = clusters
    ? clusterIntervals(all, scores, labels, clusters, options)
    : bootstrapIntervals(all, scores, labels, options)
  const anomalies = labels.reduce((sum, label) => sum + label, 0)
  const withAnomalies = clusters ? new Set(Array.from(clusters).filter((_, row) => labels[row] === 1)).size : anomalies
  // Without a column of times, windows are in the order of their rows, which says nothing of days.
  const timed = time && (flags.time ?? window?.time) !== undefined
  return {
    rows: { normal: labels.length - anomalies, anomalies, unscored, imputedNumbers: imputed },
    drawn: { unit, count: clusters ? new Set(Array.from(clusters)).size : labels.length, withAnomalies },
    measures: Object.fromEntries(Object.keys(titles).map((name) => [name, intervals[name]])) as Record<
      MeasureName,
      BootstrapInterval
    >,
    precisionAt: top.map((rows) => ({ rows, ...intervals[`top ${rows}`] })),
    threshold,
    counts: confusionAt(scores, labels, threshold.value),
    ...(timed && {
      alerts: [[undefined, threshold] as const, ...Object.entries(thresholds)].map(([name, rule]) => ({
        output: decisionOutput(name),
        ...alertRate(decide(scores, rule), labels, time),
      })),
    }),
  }
}

/** What is drawn again: groups where there are some, else blocks of time, else rows. */
function clustersOf(
  { groups, time }: Labelled,
  blocks = settings.blocks.default,
): { unit: Evaluation['drawn']['unit']; clusters?: ArrayLike<string | number> } {
  if (groups) return { unit: 'groups', clusters: groups }
  return time ? { unit: 'blocks', clusters: timeBlocks(time, Math.min(blocks, time.length)) } : { unit: 'rows' }
}

const drawnAs: Readonly<Record<Evaluation['drawn']['unit'], string>> = {
  rows: 'each class drawn by itself',
  groups: 'whole groups drawn',
  blocks: 'blocks of consecutive rows drawn',
}

function describe({ rows, drawn, measures, precisionAt, threshold, counts, alerts }: Evaluation): string {
  const { level, replicates } = measures.auroc
  const line = (title: string, { value, low, high }: BootstrapInterval) => [title, value, low, high]
  const table = renderText({
    columns: [
      { title: 'Measure' },
      { title: 'Value', digits: 4 },
      { title: 'from', digits: 4 },
      { title: 'to', digits: 4 },
    ],
    rows: [
      ...Object.entries(titles).map(([name, title]) => line(title, measures[name as MeasureName])),
      ...precisionAt.map((entry) => line(`Precision of the top ${entry.rows}`, entry)),
    ],
  })
  const called = renderText({
    columns: [{ title: 'Rows' }, { title: 'called anomaly', digits: 0 }, { title: 'called normal', digits: 0 }],
    rows: [
      ['anomalies', counts.truePositives, counts.falseNegatives],
      ['normal', counts.falsePositives, counts.trueNegatives],
    ],
  })
  const { unit, count, withAnomalies } = drawn
  return [
    table,
    called,
    ...(alerts ? [describeAlerts(alerts)] : []),
    `Intervals: ${(100 * level).toFixed(level === 0.95 ? 0 : 1)} %, ${replicates} bootstrap replicates, ` +
      `${drawnAs[unit]}${unit === 'rows' ? '' : `: ${count}, ${withAnomalies} with anomalies`}.`,
    ...(unit !== 'rows' && Math.min(count, withAnomalies) < fewClusters
      ? [
          `Fewer than ${fewClusters} ${unit} ${withAnomalies < fewClusters ? 'with anomalies ' : ''}make ` +
            'intervals that are too narrow.',
        ]
      : []),
    `Threshold: ${describeThreshold(threshold)}.`,
    ...(rows.unscored > 0 ? [`${rows.unscored} rows could not be scored and are left out.`] : []),
    ...(rows.imputedNumbers > 0
      ? [`${rows.imputedNumbers} missing numbers were replaced by the training median.`]
      : []),
  ].join('\n')
}

/** A percentile interval needs about as many independent draws to cover what it says. */
const fewClusters = 10

function describeAlerts(alerts: NonNullable<Evaluation['alerts']>): string {
  return renderText({
    columns: [
      { title: `Alerts in ${Number(alerts[0].days.toPrecision(3))} days` },
      ...['alerts', 'a day', 'false a day', 'busiest day'].map((title) => ({ title, align: 'right' }) as const),
    ],
    rows: alerts.map(({ output, alerts: count, perDay, falsePerDay, busiestDay }) => [
      output,
      count,
      ...[perDay, falsePerDay].map((rate) => Number(rate.toPrecision(3))),
      busiestDay,
    ]),
  })
}
