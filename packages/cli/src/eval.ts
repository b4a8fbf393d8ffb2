// toll eval: a model against labelled rows. Ranking measures do not depend on the threshold; F1, precision and recall
// do.

import type { Command } from 'commander'
import {
  evaluate,
  evaluateStream,
  evaluationParameters,
  type EvaluateOptions,
  type Evaluation,
  type EvaluationOptions,
  type MeasureName,
  type Model,
  type ResampledUnit,
} from 'toll'
import { locate, TollError } from 'toll/base'
import { describeThreshold, type BootstrapInterval } from 'toll/metrics'
import { renderText } from 'toll/report'
import { addEngineOptions, type EngineFlags } from './engine.js'
import { addLabelOptions, readArrayLabels, type LabelFlags } from './labels.js'
import { describeEvaluationWarning } from './notes.js'
import { addOrderOptions, addTimeUnit, type OrderFlags, type TimeUnitFlags } from './order.js'
import { addOutputOptions, examples, parameterOption, readParameter } from './parameters.js'
import { withModelAndSource } from './scoring.js'
import { addSourceOptions, sourceHelp, type Source, type SourceFlags } from './source.js'
import type { Terminal } from './terminal.js'

interface EvalFlags extends SourceFlags, EngineFlags, LabelFlags, OrderFlags, TimeUnitFlags, EvaluationOptions {
  readonly label: string
  readonly strict?: boolean
}

export function defineEval(command: Command, terminal: Terminal): void {
  command
    .description(
      "Measures a model on labelled rows: AUROC, average precision, and F1 at the model's threshold, with " +
        'bootstrap intervals.',
    )
    .argument('<MODEL>', 'model file')
    .argument('[SOURCE...]', 'labelled table or array file')
  const { top, ...intervals } = evaluationParameters
  command.optionsGroup('Labels:')
  addLabelOptions(command, 'labels, 1 = anomaly; for arrays a variable of the same file or another file', true)
  command.option('--strict', 'stop at the first row that cannot be scored, instead of leaving such rows out')
  command.addOption(
    parameterOption('top', {
      ...top,
      doc: `${top.doc.replace(/\.$/, '')}; repeatable.`,
    }).argParser((text, before?: readonly number[]) => [
      ...(before ?? []),
      readParameter('--top', top, text) as number,
    ]),
  )
  command.optionsGroup('Groups and time:')
  addOrderOptions(command, {
    group: 'rows of one group depend on each other: intervals draw whole groups',
    time: 'when each row was: intervals draw blocks of time (with --group, groups), and alerts are counted a day',
  })
  addTimeUnit(command)
  command.optionsGroup('Intervals:')
  for (const [name, domain] of Object.entries(intervals)) command.addOption(parameterOption(name, domain))
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
  const evaluation = await withModelAndSource(path, sources, flags, terminal, (model, source) =>
    measure(model, source, flags, terminal),
  )
  for (const warning of evaluation.warnings)
    if (warning.code === 'training-rows') terminal.note(`warning: ${describeEvaluationWarning(warning)}`)
  terminal.result(evaluation, describe(evaluation))
}

async function measure(model: Model, source: Source, flags: EvalFlags, terminal: Terminal): Promise<Evaluation> {
  const { label, anomaly, normal, group, time, timeUnit, top, blocks, replicates, level, seed } = flags
  const bar = await terminal.progress('score', source.kind === 'rows' ? source.table.rowCount : undefined, 'rows')
  const options: EvaluateOptions = {
    ...{ top, blocks, replicates, level, seed },
    invalidRows: flags.strict ? 'throw' : 'mark',
    signal: terminal.signal,
    onProgress: ({ phase, rows }) => {
      bar.update(rows)
      // From here on there is only computing, which Ctrl-C may end at once.
      if (phase === 'measure') terminal.unguard()
    },
  }
  try {
    if (source.kind === 'rows')
      return await evaluateStream(model, source.table, { label, anomaly, normal, group, time, timeUnit }, options)
    if (group !== undefined || time !== undefined)
      throw new TollError(
        'unsupported-input',
        `--group and --time name columns of a table; ${source.name} is an array`,
        { file: source.name },
      )
    const labels = await readArrayLabels(source, flags)
    return await evaluate(model, source.data, labels, options).catch((error: unknown) => {
      throw locate(error, source.name)
    })
  } finally {
    bar.stop()
    terminal.guard()
  }
}

const titles: Readonly<Record<MeasureName, string>> = {
  auroc: 'AUROC',
  averagePrecision: 'Average precision',
  f1: 'F1 at the threshold',
  precision: 'Precision at the threshold',
  recall: 'Recall at the threshold',
}

const resampledAs: Readonly<Record<ResampledUnit, string>> = {
  rows: 'each class drawn by itself',
  groups: 'whole groups drawn',
  blocks: 'blocks of consecutive rows drawn',
}

function describe({ rows, warnings, resampled, measures, precisionAt, threshold, counts, alerts }: Evaluation): string {
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
  const { unit, count, withAnomalies } = resampled
  return [
    table,
    called,
    ...(alerts ? [describeAlerts(alerts)] : []),
    `Intervals: ${(100 * level).toFixed(level === 0.95 ? 0 : 1)} %, ${replicates} bootstrap replicates, ` +
      `${resampledAs[unit]}${unit === 'rows' ? '' : `: ${count}, ${withAnomalies} with anomalies`}.`,
    ...warnings.filter(({ code }) => code !== 'training-rows').map(describeEvaluationWarning),
    `Threshold: ${describeThreshold(threshold)}.`,
    ...(rows.invalid > 0 ? [`${rows.invalid} rows could not be scored and are left out.`] : []),
    ...(rows.imputedNumbers > 0
      ? [`${rows.imputedNumbers} missing numbers were replaced by the training median.`]
      : []),
  ].join('\n')
}

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
