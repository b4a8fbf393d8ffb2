// toll threshold: what a model file calls an anomaly, shown, moved, and kept under several names. Nothing is trained
// again.

import type { Command } from 'commander'
import { decisionOutput, loadModel, scoreLabelled, scoreLabelledStream, type Manifest, type Model } from 'toll'
import { TollError } from 'toll/base'
import { describeThreshold, needsLabels, pValues, type LabelledScores } from 'toll/metrics'
import { renderText } from 'toll/report'
import { shellWord } from './columns.js'
import { addEngineOptions, withEngine, type EngineFlags } from './engine.js'
import { addLabelOptions, readArrayLabels, type LabelFlags } from './labels.js'
import { addOutputOptions, examples } from './parameters.js'
import { addSourceOptions, sourceHelp, withSource, type Source, type SourceFlags } from './source.js'
import type { Terminal } from './terminal.js'
import { addThresholdOptions, readThresholdRule, type ThresholdFlags } from './threshold-rule.js'

interface Flags extends ThresholdFlags, LabelFlags, SourceFlags, EngineFlags {
  readonly name?: string
  readonly remove?: string
  readonly output?: string
}

export function defineThreshold(command: Command, terminal: Terminal): void {
  command
    .description('Shows the thresholds of a model file, or moves one, without training again.')
    .argument('<MODEL>', 'model file')
    .argument('[SOURCE...]', 'labelled table or array file, for the rules that need labels')
  command.optionsGroup('Rule:')
  addThresholdOptions(command)
  command
    .optionsGroup('Result:')
    .option('--name <name>', "a further threshold beside the model's own, with an output is_anomaly_NAME")
    .option('--remove <name>', 'take a further threshold out')
    .option('-o, --output <file>', 'model file to write (default: the same file)')
  command.optionsGroup('Labels:')
  addLabelOptions(command, 'labels, 1 = anomaly, for the rules that need them', false)
  addSourceOptions(command)
  addEngineOptions(command)
  addOutputOptions(command)
  examples(
    command,
    [
      'toll threshold model.onnx',
      'toll threshold model.onnx --fpr 0.001',
      'toll threshold model.onnx --tail-rate 1e-5 --name page',
      'toll threshold model.onnx --f-score 1 validation.csv --label fraud -o best.onnx',
    ],
    sourceHelp,
  )
  command.action((path: string, sources: string[], flags: Flags) => runThreshold(path, sources, flags, terminal))
}

async function runThreshold(path: string, sources: readonly string[], flags: Flags, terminal: Terminal): Promise<void> {
  const rule = readThresholdRule(flags as Readonly<Record<string, unknown>>)
  if (flags.remove !== undefined && (rule || flags.name !== undefined))
    throw new TollError('conflicting-options', '--remove takes a threshold out; it goes with no rule and no --name')
  if (
    !rule &&
    (flags.name !== undefined || (flags.output !== undefined && flags.remove === undefined) || sources.length > 0)
  ) {
    throw new TollError(
      'out-of-domain',
      'name a rule to move a threshold by, such as --fpr 0.001 (toll threshold --help lists them)',
    )
  }
  const labels = rule !== undefined && needsLabels(rule)
  if (labels && (sources.length === 0 || flags.label === undefined))
    throw new TollError('missing-argument', 'this rule needs labels: add a source and --label COLUMN')
  if (!labels && sources.length > 0)
    throw new TollError('conflicting-options', 'this rule needs no source; leave it out')

  const output = flags.output ?? path
  // A model may be written in its own place.
  if (rule || flags.remove !== undefined) await terminal.files.writes('--output', output)
  const changed = await withEngine(flags, async (engine) => {
    const model = await loadModel(path, { engine })
    if (flags.remove !== undefined) return model.withoutThreshold(flags.remove)
    if (!rule) return model
    const labelled = labels ? await readLabelled(sources, flags, model, terminal) : undefined
    return model.withThreshold(rule, {
      ...(flags.name !== undefined && { name: flags.name }),
      ...(labelled && { labelled }),
    })
  })
  if (rule || flags.remove !== undefined) {
    const { saveModel } = await import('toll')
    await saveModel(changed, output)
    terminal.note(`wrote ${output}`)
  }
  const { threshold, thresholds = {}, heldBack } = changed.manifest
  terminal.result(
    { model: output, threshold, thresholds, heldBack: { source: heldBack.source, scores: heldBack.scores.length } },
    describe(changed.manifest, output),
  )
}

function readLabelled(
  sources: readonly string[],
  flags: Flags,
  model: Model,
  terminal: Terminal,
): Promise<LabelledScores> {
  const { anomaly, normal } = flags
  const label = flags.label!
  const score = async (source: Source) => {
    const bar = await terminal.progress('score', source.kind === 'rows' ? source.table.rowCount : undefined, 'rows')
    const options = { signal: terminal.signal, onProgress: (rows: number) => bar.update(rows) }
    try {
      return source.kind === 'rows'
        ? await scoreLabelledStream(model, source.table, { label, anomaly, normal }, options)
        : await scoreLabelled(model, source.data, await readArrayLabels(source, { ...flags, label }), options)
    } finally {
      bar.stop()
    }
  }
  return withSource(sources, flags, terminal, score, model.manifest)
}

/** Every threshold with the share of held-back rows above it. */
function describe({ threshold, thresholds = {}, heldBack }: Manifest, path: string): string {
  const above = (value: number) => heldBack.scores.filter((score) => score > value).length
  const table = renderText({
    columns: [{ title: 'Output' }, { title: 'Threshold' }, { title: 'held-back rows above', align: 'right' }],
    rows: [
      ['is_anomaly', threshold] as const,
      ...Object.entries(thresholds).map(([name, further]) => [decisionOutput(name), further] as const),
    ].map(([name, shown]) => [
      name,
      describeThreshold(shown),
      heldBack.scores.length === 0 ? '' : `${above(shown.value)} of ${heldBack.scores.length}`,
    ]),
  })
  const smallest = heldBack.scores.length === 0 ? undefined : pValues([Infinity], heldBack.scores)[0]
  return [
    table.trimEnd(),
    heldBack.source === 'training'
      ? 'No rows were held back: the scores are of training rows and too low, and there are no p-values.'
      : `Smallest p-value that ${heldBack.scores.length} held-back rows resolve: ${smallest!.toPrecision(3)}.`,
    `next: toll score ${shellWord(path)} NEW_DATA`,
  ].join('\n')
}
