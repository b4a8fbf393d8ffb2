// toll compare: all detectors on a user's labelled table, ranked.

import type { Command } from 'commander'
import { compare, comparisonParameters, type CompareOptions } from 'toll'
import { TollError, type Domains, type Values } from 'toll/base'
import { detectorNamed, detectors } from 'toll/detectors'
import { renderComparison } from 'toll/report'
import type { ColumnFlags } from './columns.js'
import { readNames } from './names.js'
import {
  addEnginesOptions,
  claimFolder,
  showPhases,
  showRendered,
  withEngines,
  type EnginesFlags,
} from './experiment.js'
import { addLabelOptions, type LabelFlags } from './labels.js'
import { addOrderOptions, type OrderFlags } from './order.js'
import { addOutputOptions, append, examples, parameterOption, readAssignments } from './parameters.js'
import { addSourceOptions, sourceHelp, withSource, type SourceFlags } from './source.js'
import type { Terminal } from './terminal.js'
import { readTrainingInput, warnOfColumns } from './training.js'

interface CompareFlags
  extends
    SourceFlags,
    ColumnFlags,
    LabelFlags,
    OrderFlags,
    EnginesFlags,
    Pick<CompareOptions, keyof typeof comparisonParameters> {
  readonly label: string
  readonly detectors?: string
  readonly param?: readonly string[]
  readonly output?: string
  readonly markdown?: boolean
}

/** Detectors that rank rows of a table. */
const forTables = () =>
  [...detectors.values()].filter(({ accepts }) => accepts.includes('table')).map(({ name }) => name)

export function defineCompare(command: Command, terminal: Terminal): void {
  command
    .description(
      'Runs all detectors on a labelled table, over random splits that are the same for all of them, and ' +
        'ranks them by AUROC, with average precision, intervals ' +
        'and times. A detector that fails says why and stops none of the others.',
    )
    .argument('[SOURCE...]', 'labelled table, or array file (n, d)')
  command.optionsGroup('Columns:')
  addLabelOptions(command, 'labels, 1 = anomaly; for arrays a variable of the same file or another file', true)
  command
    .option('--columns <a,b,...>', 'compare on these columns only; repeatable', append)
    .option('--exclude <a,b,...>', 'leave these columns out; repeatable', append)
    .option(
      '--types <name=kind,...>',
      'take columns as number, boolean, category or time, whatever they look like; repeatable',
      append,
    )
    .option('--id <column>', 'a key, left out; repeatable', append)
  addOrderOptions(command, {
    group: 'rows of one group depend on each other: whole groups test',
    time: 'when each row was, a date or a number: the latest rows test, in one split',
  })
  command
    .optionsGroup('Comparison:')
    .option('--detectors <list>', `which detectors, such as knn,toll (default all: ${forTables().join(', ')})`)
    .option('--param <detector.key=value>', 'set a parameter of a detector, such as knn.k=10; repeatable', append)
  for (const [name, domain] of Object.entries(comparisonParameters)) command.addOption(parameterOption(name, domain))
  command
    .optionsGroup('Results:')
    .option('-o, --output <folder>', 'write compare.html, .md, .csv and .json and the ROC curves there')
    .option('--markdown', 'print Markdown')
  addSourceOptions(command)
  addEnginesOptions(command)
  addOutputOptions(command)
  examples(
    command,
    [
      'toll compare transactions.csv --label fraud --id account',
      'toll compare cardio.mat --variable X --label y --detectors knn,pca,isolation-forest,toll --param toll.steps=500',
      'toll compare rows.parquet --label class --anomaly attack --splits 1 --train-on all -o comparison',
    ],
    sourceHelp,
  )
  command.action((paths: string[], flags: CompareFlags) => runCompare(paths, flags, terminal))
}

async function runCompare(paths: readonly string[], flags: CompareFlags, terminal: Terminal): Promise<void> {
  const { output, trainOn, splits, testShare, seed, limit, scale } = flags
  const names = readNames('--detectors', flags.detectors, forTables())
  const parameters = readParameters(names, flags.param ?? [])
  await claimFolder(output, 'compare', terminal)
  const input = await withSource(paths, flags, terminal, (source) => readTrainingInput(source, flags, terminal.signal))
  const { name, data, types, labels, groups, time } = input
  warnOfColumns(input, terminal)
  if (data.kind !== 'table') throw new TollError('out-of-domain', `${name} holds images; toll compare takes tables`)
  const comparison = await withEngines(flags, (engines) =>
    showPhases(terminal, (onProgress) =>
      compare(data, labels!, {
        engines,
        detectors: names.map(detectorNamed),
        parameters,
        types,
        groups,
        time,
        trainOn,
        splits,
        testShare,
        seed,
        limit,
        scale,
        signal: terminal.signal,
        onProgress,
      }),
    ),
  ).catch((error: unknown) => {
    throw error instanceof TollError && error.code === 'data' ? error.within(name) : error
  })
  for (const { detector, message } of comparison.failed) terminal.note(`note: ${detector} failed: ${message}`)
  await showRendered(await renderComparison(comparison, { source: name }), 'compare', flags, terminal)
}

/** `detector.key=value` strings, each to its detector. Error: `argument`. */
function readParameters(names: readonly string[], texts: readonly string[]): Record<string, Partial<Values<Domains>>> {
  const parsed = texts.map((text) => {
    const [, detector, assignment] = /^\s*([^.=\s]+)\.(.*)$/s.exec(text) ?? []
    if (detector === undefined)
      throw new TollError('out-of-domain', `--param takes detector.key=value, such as toll.steps=500, got '${text}'`)
    if (!names.includes(detector))
      throw new TollError(
        'out-of-domain',
        `--param ${text}: '${detector}' is not among the detectors ${names.join(', ')}`,
      )
    return { detector, assignment }
  })
  return Object.fromEntries(
    names.map((detector) => [
      detector,
      readAssignments(
        parsed.filter((entry) => entry.detector === detector).map(({ assignment }) => assignment),
        detectorNamed(detector).parameters,
        `detector '${detector}'`,
        `${detector}.`,
      ),
    ]),
  )
}
