// npm run paper -- pyod: PyOD's benchmark, beside the values that its documentation prints.

import type { Command } from 'commander'
import { TollError, version } from 'toll'
import { detectors } from 'toll/detectors'
import { claimFolder, examples, readNames, type Terminal } from 'toll-cli/terminal'
import {
  pyodFormat,
  pyodMethod,
  pyodParameters,
  pyodSweep,
  pyodTableOf,
  renderPyod,
  reproducePyod,
  type PyodTable,
  type PyodWanted,
} from '../benchmarks/index.js'
import { finishedOf } from '../sweep/index.js'
import { printMissing } from './dry-run.js'
import {
  addSweepOptions,
  commandWith,
  listedNames,
  nothingFinished,
  rangeOption,
  readLogs,
  runLogged,
  showResult,
  withMachine,
  type RangeFlag,
  type SweepFlags,
} from './sweeps.js'

interface PyodFlags extends SweepFlags {
  readonly detectors?: string
  readonly datasets?: string
  readonly splits?: RangeFlag
}

export function definePyod(command: Command, terminal: Terminal): void {
  command
    .description(
      "The benchmark of PyOD's documentation: AUROC of every detector on the data sets of ODDS that are " +
        'here, over the same ten splits, beside the published ' +
        'value and the difference.',
    )
    .option(
      '--detectors <list>',
      "which detectors, such as knn,lof; published: those of PyOD's table (default all: " +
        `${[...detectors.keys()].join(', ')})`,
    )
    .option('--datasets <list>', 'which data sets, such as cardio,pima (default all that are found)')
    .addOption(rangeOption('splits', pyodParameters.splits))
  addSweepOptions(command, { log: 'toll-pyod.ndjson', written: 'pyod.html, .md, .csv and .json' })
  examples(
    command,
    [
      'npm run paper -- pyod --datasets cardio,pima,vowels',
      'npm run paper -- pyod --detectors knn,hbos,lof,pca -o results',
      'npm run paper -- pyod --detectors published --trials pyod.ndjson -o results',
    ],
    'It reads .mat files of ODDS (https://odds.cs.stonybrook.edu) from the folder odds of TOLL_DATA. ' +
      'Small data sets take seconds, shuttle the longest.',
  )
  command.action((flags: PyodFlags) => runPyod(flags, terminal))
}

interface PyodNames {
  readonly datasets: readonly string[] | undefined
  readonly detectors: readonly string[]
  readonly splits: readonly number[] | undefined
}

async function runPyod(flags: PyodFlags, terminal: Terminal): Promise<void> {
  const all = [...detectors.keys()]
  const names: PyodNames = {
    datasets: listedNames(flags.datasets),
    detectors:
      flags.detectors === 'published'
        ? all.filter((name) => pyodMethod(name).column)
        : readNames('--detectors', flags.detectors, all),
    splits: flags.splits?.numbers,
  }
  if (flags.dryRun) return printPlan(names, flags, terminal)
  await claimFolder(flags.output, 'pyod', terminal)
  const table = await (flags.renderOnly ? readTable : runTable)(names, flags, terminal)
  const command = commandWith('toll reproduce pyod', {
    detectors: flags.detectors,
    datasets: flags.datasets,
    splits: flags.splits,
  })
  await showResult(renderPyod(table, command), 'pyod', flags, terminal)
}

async function loadWanted({ datasets, ...names }: PyodNames): Promise<PyodWanted> {
  const { loadPyodDatasets } = await import('../benchmarks/node/index.js')
  return { ...names, datasets: await loadPyodDatasets(datasets) }
}

async function printPlan(names: PyodNames, flags: PyodFlags, terminal: Terminal): Promise<void> {
  const wanted = await loadWanted(names)
  const described = {
    experiment: 'pyod',
    datasets: wanted.datasets.map(({ name }) => name),
    detectors: names.detectors,
  }
  await withMachine(flags, async (engine) => printMissing(await pyodSweep(wanted, engine), described, flags, terminal))
}

async function runTable(names: PyodNames, flags: PyodFlags, terminal: Terminal): Promise<PyodTable> {
  const wanted = await loadWanted(names)
  return runLogged(pyodFormat, flags, terminal, (options) => reproducePyod({ ...wanted, ...options }))
}

/**
 * What the log holds: trials of exactly these rows and settings where the data sets are here, else trials by their
 * names, of which the table does not say where they ran.
 */
async function readTable(names: PyodNames, flags: PyodFlags, terminal: Terminal): Promise<PyodTable> {
  const records = await readLogs(pyodFormat, flags, terminal)
  const splits = names.splits ?? [...new Set(records.map(({ split }) => split))]
  if (records.length === 0) throw nothingFinished(flags)
  const wanted = await loadWanted({ ...names, splits }).catch((error: unknown) => {
    if (error instanceof TollError && error.code === 'not-found') return undefined
    throw error
  })
  const table = wanted
    ? await withMachine(flags, async ({ device, threads }) =>
        pyodTableOf([...finishedOf(await pyodSweep(wanted, { device, threads }), records).values()], {
          detectors: names.detectors,
          machine: { device, threads, toll: version },
        }),
      )
    : pyodTableOf(records, { datasets: names.datasets, detectors: names.detectors, splits })
  if (table.cells.length === 0) throw nothingFinished(flags)
  return table
}
