// npm run paper -- pyod: PyOD's benchmark, beside the values that its documentation prints.

import type { Command } from 'commander'
import { checkFolder } from 'toll/base/node'
import { detectors } from 'toll/detectors'
import {
  pyodMethod,
  pyodParameters,
  pyodTrialBegins,
  readPyodTrial,
  renderPyod,
  reproducePyod,
} from '../benchmarks/index.js'
import { readNames } from 'toll-cli/terminal'
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

interface PyodFlags extends EnginesFlags {
  readonly detectors?: string
  readonly datasets?: string
  readonly splits?: number
  readonly trials: string
  readonly output?: string
  readonly markdown?: boolean
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
    .addOption(parameterOption('splits', pyodParameters.splits))
  command
    .optionsGroup('Results:')
    .option('--trials <file>', 'log of finished runs (NDJSON): what it holds is not run again', 'toll-pyod.ndjson')
    .option('-o, --output <folder>', 'write pyod.html, .md, .csv and .json there')
    .option('--markdown', 'print Markdown')
  addEnginesOptions(command)
  addOutputOptions(command)
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

async function runPyod(flags: PyodFlags, terminal: Terminal): Promise<void> {
  const { loadPyodDatasets } = await import('../benchmarks/node/index.js')
  const { openTrialLog } = await import('../sweep/node/index.js')
  const { splits, trials, output } = flags
  const all = [...detectors.keys()]
  const chosen =
    flags.detectors === 'published'
      ? all.filter((name) => pyodMethod(name).column)
      : readNames('--detectors', flags.detectors, all)
  const datasets = await loadPyodDatasets(listedNames(flags.datasets))
  if (output !== undefined) await checkFolder(output)
  const store = await openTrialLog(trials, {
    parse: readPyodTrial,
    begins: pyodTrialBegins,
    warn: (text) => terminal.note(text),
  })
  const table = await runStoppable(
    flags,
    `stopped; finished runs are in ${trials}: the same command goes on`,
    terminal,
    (engines, onProgress) =>
      reproducePyod({
        datasets,
        detectors: chosen,
        engines,
        splits,
        store,
        signal: terminal.signal,
        onProgress,
      }),
  ).finally(() => store.close())
  await showRendered(
    renderPyod(
      table,
      commandWith('toll reproduce pyod', { detectors: flags.detectors, datasets: flags.datasets, splits }),
    ),
    'pyod',
    flags,
    terminal,
  )
}
