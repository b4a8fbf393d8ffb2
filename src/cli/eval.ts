// toll eval: a model against labelled rows. Ranking measures do not depend on the threshold; F1, precision and recall do.

import type { Command } from 'commander'
import { TollError } from '../base/index.js'
import {
  aurocOf, averagePrecisionOf, bootstrapIntervals, bootstrapParameters, confusionAt, confusionOf, f1Score, precision, recall,
  type BootstrapInterval, type BootstrapOptions, type Confusion, type ScoreCounts,
} from '../metrics/index.js'
import { loadModel } from '../model/node/index.js'
import { renderText } from '../report/index.js'
import { describeThreshold, type Threshold } from '../threshold/index.js'
import { addEngineOptions, withEngine, type EngineFlags } from './engine.js'
import { addLabelOptions, type LabelFlags } from './labels.js'
import { addOutputOptions, examples, parameterOption } from './parameters.js'
import { scoreLabelled, scoringThreads, type Labelled } from './scoring.js'
import { addSourceOptions, sourceHelp, withSource, type SourceFlags } from './source.js'
import type { Terminal } from './terminal.js'

interface EvalFlags extends SourceFlags, EngineFlags, LabelFlags, BootstrapOptions {
  readonly label: string
  readonly strict?: boolean
}

export function defineEval(command: Command, terminal: Terminal): void {
  command.description('Measures a model on labelled rows: AUROC, average precision, and F1 at the model\'s threshold, with bootstrap intervals.')
    .argument('<MODEL>', 'model file')
    .argument('[SOURCE...]', 'labelled table or array file')
  command.optionsGroup('Labels:')
  addLabelOptions(command, 'labels, 1 = anomaly; for arrays a variable of the same file or another file', true)
  command.option('--strict', 'stop at the first row that cannot be scored, instead of leaving such rows out')
  command.optionsGroup('Intervals:')
  for (const [name, domain] of Object.entries(bootstrapParameters)) command.addOption(parameterOption(name, domain))
  addSourceOptions(command)
  addEngineOptions(command)
  addOutputOptions(command)
  examples(command, [
    'toll eval model.onnx test.csv --label fraud',
    'toll eval model.onnx test.parquet --label class --anomaly attack --replicates 10000',
    'toll eval model.onnx arrhythmia.mat --variable X --label y --json',
  ], sourceHelp)
  command.action((path: string, sources: string[], flags: EvalFlags) => runEval(path, sources, flags, terminal))
}

async function runEval(path: string, sources: readonly string[], flags: EvalFlags, terminal: Terminal): Promise<void> {
  const { scored, threshold } = await withSource(sources, flags, terminal, (source) => withEngine(scoringThreads(flags, source), async (engine) => {
    const model = await loadModel(path, engine)
    return { scored: await scoreLabelled(source, model, { ...flags, strict: flags.strict ?? false }, terminal), threshold: model.manifest.threshold }
  }))
  // From here on there is only computing, which Ctrl-C may end at once.
  terminal.unguard()
  const evaluation = evaluate(scored, threshold, flags)
  terminal.result(evaluation, describe(evaluation))
}

type MeasureName = 'auroc' | 'averagePrecision' | 'f1' | 'precision' | 'recall'

/** What --json prints. */
export interface Evaluation {
  readonly rows: { readonly normal: number; readonly anomalies: number; readonly unscored: number; readonly imputedNumbers: number }
  readonly measures: Readonly<Record<MeasureName, BootstrapInterval>>
  readonly threshold: Threshold
  readonly counts: Confusion
}

const titles: Readonly<Record<MeasureName, string>> = {
  auroc: 'AUROC', averagePrecision: 'Average precision', f1: 'F1 at the threshold', precision: 'Precision at the threshold', recall: 'Recall at the threshold',
}

function evaluate({ scores, labels, unscored, imputed }: Labelled, threshold: Threshold, { replicates, level, seed }: EvalFlags): Evaluation {
  if (scores.length === 0) throw new TollError('data', 'no row could be scored')
  const atThreshold = (measure: (counts: Confusion) => number) => (counts: ScoreCounts) => measure(confusionOf(counts, threshold.value))
  const measures = bootstrapIntervals({
    auroc: aurocOf, averagePrecision: averagePrecisionOf, f1: atThreshold(f1Score), precision: atThreshold(precision), recall: atThreshold(recall),
  }, scores, labels, { ...(replicates !== undefined && { replicates }), ...(level !== undefined && { level }), ...(seed !== undefined && { seed }) })
  const anomalies = labels.reduce((sum, label) => sum + label, 0)
  return {
    rows: { normal: labels.length - anomalies, anomalies, unscored, imputedNumbers: imputed },
    measures, threshold, counts: confusionAt(scores, labels, threshold.value),
  }
}

function describe({ rows, measures, threshold, counts }: Evaluation): string {
  const { level, replicates } = measures.auroc
  const table = renderText({
    columns: [{ title: 'Measure' }, { title: 'Value', digits: 4 }, { title: 'from', digits: 4 }, { title: 'to', digits: 4 }],
    rows: Object.entries(titles).map(([name, title]) => {
      const { value, low, high } = measures[name as MeasureName]
      return [title, value, low, high]
    }),
  })
  const called = renderText({
    columns: [{ title: 'Rows' }, { title: 'called anomaly', digits: 0 }, { title: 'called normal', digits: 0 }],
    rows: [['anomalies', counts.truePositives, counts.falseNegatives], ['normal', counts.falsePositives, counts.trueNegatives]],
  })
  return [
    table, called,
    `Intervals: ${(100 * level).toFixed(level === 0.95 ? 0 : 1)} %, ${replicates} bootstrap replicates, each class drawn by itself.`,
    `Threshold: ${describeThreshold(threshold)}.`,
    ...(rows.unscored > 0 ? [`${rows.unscored} rows could not be scored and are left out.`] : []),
    ...(rows.imputedNumbers > 0 ? [`${rows.imputedNumbers} missing numbers were replaced by the training median.`] : []),
  ].join('\n')
}
