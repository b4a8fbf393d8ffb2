// npm run paper -- auto: what choosing Toll's settings without labels is worth.

import type { Command } from 'commander'
import { TollError } from 'toll/base'
import { checkFolder } from 'toll/base/node'
import {
  autoParameters,
  autoTrialBegins,
  compareChoices,
  pyodBenchmark,
  readAutoTrial,
  renderAuto,
  tableOfTrials,
  type AutoTable,
} from '../benchmarks/index.js'
import {
  addEnginesOptions,
  commandWith,
  listedNames,
  runStoppable,
  showRendered,
  type EnginesFlags,
} from 'toll-cli/terminal'
import { addOutputOptions, examples, parameterOption } from 'toll-cli/terminal'
import type { Terminal } from 'toll-cli/terminal'

interface AutoFlags extends EnginesFlags {
  readonly datasets?: string
  readonly others?: boolean
  readonly splits?: number
  readonly trials: string
  readonly renderOnly?: boolean
  readonly output?: string
  readonly markdown?: boolean
}

export function defineAuto(command: Command, terminal: Terminal): void {
  command
    .description(
      "What choosing Toll's settings without labels is worth: criteria and combinations beside the choice " +
        "that labels would make and beside PyOD's " +
        'published detectors, on the same data sets and splits.',
    )
    .option('--datasets <list>', 'which data sets, such as cardio,pima (default all that are found)')
    .option('--others', "in place of the benchmark's, tables of MNIST and KDD Cup 1999 on which no setting was chosen")
    .addOption(parameterOption('splits', autoParameters.splits))
  command
    .optionsGroup('Results:')
    .option('--trials <file>', 'log of finished runs (NDJSON): what it holds is not run again', 'toll-auto.ndjson')
    .option('--render-only', 'run nothing: make tables of what the log holds, with --others of the other tables')
    .option('-o, --output <folder>', 'write auto.html, .md, .csv and .json there (auto-others with --others)')
    .option('--markdown', 'print Markdown')
  addEnginesOptions(command)
  addOutputOptions(command)
  examples(
    command,
    [
      'npm run paper -- auto --datasets cardio,pima --splits 2',
      'npm run paper -- auto -o results',
      'npm run paper -- auto --others --splits 4',
    ],
    'It reads .mat files of ODDS (https://odds.cs.stonybrook.edu) from the folder odds of TOLL_DATA, and ' +
      'kddcup.data_10_percent.gz from the folder uci, from TOLL_DATA itself or from the cache.',
  )
  command.action((flags: AutoFlags) => runAuto(flags, terminal))
}

async function runAuto(flags: AutoFlags, terminal: Terminal): Promise<void> {
  if (flags.output !== undefined) await checkFolder(flags.output)
  const table = flags.renderOnly ? await readTable(flags, terminal) : await runTable(flags, terminal)
  const command = commandWith('toll reproduce auto', {
    others: flags.others ? true : undefined,
    datasets: flags.datasets,
    splits: flags.splits,
  })
  await showRendered(renderAuto(table, command), flags.others ? 'auto-others' : 'auto', flags, terminal)
}

const benchmarkNames: ReadonlySet<string> = new Set(pyodBenchmark.map(({ name }) => name))

/** What every line of the log is read by. */
const logOf = (terminal: Terminal) => ({
  parse: readAutoTrial,
  begins: autoTrialBegins,
  warn: (text: string) => terminal.note(text),
})

async function readTable(
  { trials, datasets, others = false, splits }: AutoFlags,
  terminal: Terminal,
): Promise<AutoTable> {
  const { readTrialLog } = await import('../sweep/node/index.js')
  if (datasets !== undefined || splits !== undefined)
    throw new TollError('conflicting-options', '--render-only shows the whole log: leave --datasets and --splits out')
  return tableOfTrials(
    (await readTrialLog(trials, logOf(terminal))).filter(({ dataset }) => benchmarkNames.has(dataset) !== others),
  )
}

async function runTable(flags: AutoFlags, terminal: Terminal): Promise<AutoTable> {
  const { loadOtherTables, loadPyodDatasets } = await import('../benchmarks/node/index.js')
  const { openTrialLog } = await import('../sweep/node/index.js')
  const { splits, trials } = flags
  if (flags.others && flags.datasets !== undefined)
    throw new TollError(
      'conflicting-options',
      '--datasets names data sets of the benchmark, --others takes none of them: leave one out',
    )
  const datasets = flags.others ? await loadOtherTables() : await loadPyodDatasets(listedNames(flags.datasets))
  if (flags.others && !datasets.some(({ name }) => name.startsWith('connections')))
    terminal.note('note: kddcup.data_10_percent.gz is not here, so that the tables of connections are left out')
  const store = await openTrialLog(trials, logOf(terminal))
  return runStoppable(
    flags,
    `stopped; finished runs are in ${trials}: the same command goes on`,
    terminal,
    (engines, onProgress) =>
      compareChoices({
        datasets,
        engines,
        splits,
        store,
        signal: terminal.signal,
        onProgress,
      }),
  ).finally(() => store.close())
}
