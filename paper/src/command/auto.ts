// npm run paper -- auto: what choosing Toll's settings without labels is worth.

import type { Command } from 'commander'
import { TollError } from 'toll'
import { claimFolder, examples, type Terminal } from 'toll-cli/terminal'
import {
  autoFormat,
  autoParameters,
  autoSweep,
  compareChoices,
  pyodBenchmark,
  renderAuto,
  tableOfTrials,
  type AutoTable,
  type AutoWanted,
} from '../benchmarks/index.js'
import { printMissing } from './dry-run.js'
import {
  addSweepOptions,
  commandWith,
  listedNames,
  rangeOption,
  readLogs,
  runLogged,
  showResult,
  withMachine,
  type RangeFlag,
  type SweepFlags,
} from './sweeps.js'

interface AutoFlags extends SweepFlags {
  readonly datasets?: string
  readonly others?: boolean
  readonly splits?: RangeFlag
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
    .addOption(rangeOption('splits', autoParameters.splits))
  addSweepOptions(command, {
    log: 'toll-auto.ndjson',
    written: 'auto.html, .md, .csv and .json (auto-others with --others)',
  })
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
  if (flags.others && flags.datasets !== undefined)
    throw new TollError(
      'conflicting-options',
      '--datasets names data sets of the benchmark, --others takes none of them: leave one out',
      { option: 'datasets', value: flags.datasets },
    )
  if (flags.dryRun) return printPlan(flags, terminal)
  await claimFolder(flags.output, flags.others ? 'auto-others' : 'auto', terminal)
  const table = await (flags.renderOnly ? readTable : runTable)(flags, terminal)
  const { others, datasets, splits } = flags
  const command = commandWith('toll reproduce auto', { others, datasets, splits })
  await showResult(renderAuto(table, command), others ? 'auto-others' : 'auto', flags, terminal)
}

async function loadWanted({ others, datasets, splits }: AutoFlags, terminal: Terminal): Promise<AutoWanted> {
  const { loadOtherTables, loadPyodDatasets } = await import('../benchmarks/node/index.js')
  const tables = others ? await loadOtherTables() : await loadPyodDatasets(listedNames(datasets))
  if (others && !tables.some(({ name }) => name.startsWith('connections')))
    terminal.note('note: kddcup.data_10_percent.gz is not here, so that the tables of connections are left out')
  return { datasets: tables, splits: splits?.numbers }
}

async function printPlan(flags: AutoFlags, terminal: Terminal): Promise<void> {
  const wanted = await loadWanted(flags, terminal)
  const described = { experiment: 'auto', datasets: wanted.datasets.map(({ name }) => name) }
  await withMachine(flags, async (engine) => printMissing(await autoSweep(wanted, engine), described, flags, terminal))
}

async function runTable(flags: AutoFlags, terminal: Terminal): Promise<AutoTable> {
  const wanted = await loadWanted(flags, terminal)
  return runLogged(autoFormat, flags, terminal, (options) => compareChoices({ ...wanted, ...options }))
}

const benchmarkNames: ReadonlySet<string> = new Set(pyodBenchmark.map(({ name }) => name))

/** Trials by their names, of the benchmark's tables or of the others. */
async function readTable(flags: AutoFlags, terminal: Terminal): Promise<AutoTable> {
  const { others = false, splits } = flags
  const datasets = listedNames(flags.datasets)
  const records = await readLogs(autoFormat, flags, terminal)
  return tableOfTrials(
    records.filter(
      ({ dataset, split }) =>
        benchmarkNames.has(dataset) !== others &&
        (datasets?.includes(dataset) ?? true) &&
        (splits?.numbers.includes(split) ?? true),
    ),
  )
}
