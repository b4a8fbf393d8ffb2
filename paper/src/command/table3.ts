// npm run paper -- table3: F1 on Arrhythmia.

import type { Command } from 'commander'
import { detectors } from 'toll/detectors'
import { claimFolder, examples, parameterOption, readNames, writeFolder, type Terminal } from 'toll-cli/terminal'
import {
  renderTable3Json,
  renderTable3Markdown,
  renderTable3Text,
  reproduceTable3,
  resolveTable3,
  summarizeTable3,
  table3Format,
  table3Parameters,
  table3Sweep,
  type Table3,
  type Table3Setting,
} from '../arrhythmia/index.js'
import { finishedOf } from '../sweep/index.js'
import { printMissing } from './dry-run.js'
import {
  addSweepOptions,
  nothingFinished,
  rangeOption,
  readLogs,
  runLogged,
  withMachine,
  type RangeFlag,
  type SweepFlags,
} from './sweeps.js'

interface Table3Flags extends SweepFlags {
  readonly plain?: boolean
  readonly detectors?: string
  readonly seeds?: RangeFlag
  readonly splits?: RangeFlag
  readonly steps?: number
}

export function defineTable3(table3: Command, terminal: Terminal): void {
  table3
    .description(
      'Table 3 of the paper, Arrhythmia: F1, AUROC and average precision of ten seeds on the shipped split ' +
        'and of one seed on each of ' +
        "100 random splits, with intervals; the distance to the training mean as a floor, and the paper's " +
        'column beside it.',
    )
    .option(
      '--detectors <list>',
      "toll and others on the same splits and under other papers' protocols, such as " +
        'toll,oc-svm,kde,isolation-forest (default toll)',
    )
    .option('--plain', 'run the same network without the norm term as well, which takes twice as long')
  const { seeds, splits, steps } = table3Parameters
  table3
    .addOption(rangeOption('seeds', seeds))
    .addOption(rangeOption('splits', splits))
    .addOption(parameterOption('steps', steps))
  addSweepOptions(table3, { log: 'toll-table3.ndjson', written: 'table3.md and table3.json' })
  const lines = [
    'npm run paper -- table3',
    'npm run paper -- table3 --splits 0',
    'npm run paper -- table3 --detectors oc-svm,kde,isolation-forest',
    'npm run paper -- table3 --splits 0-49 --trials first.ndjson',
    'npm run paper -- table3 --trials first.ndjson second.ndjson -o results',
  ]
  examples(
    table3,
    lines,
    'It needs two data sets (toll datasets get arrhythmia toll-splits). The 100 random splits take minutes.',
  )
  table3.action((flags: Table3Flags) => runTable3(flags, terminal))
}

async function runTable3(flags: Table3Flags, terminal: Terminal): Promise<void> {
  const { loadArrhythmia } = await import('../arrhythmia/node/index.js')
  const chosen =
    flags.detectors === undefined ? undefined : readNames('--detectors', flags.detectors, [...detectors.keys()])
  const setting = resolveTable3({
    data: await loadArrhythmia(),
    detectors: chosen,
    seeds: flags.seeds?.numbers,
    splits: flags.splits?.numbers,
    steps: flags.steps,
    plain: flags.plain,
  })
  if (flags.dryRun) {
    return withMachine(flags, async (engine) =>
      printMissing(
        await table3Sweep(setting, engine),
        { experiment: 'table3', detectors: setting.detectors },
        flags,
        terminal,
      ),
    )
  }
  await claimFolder(flags.output, 'table3', terminal)
  const result = await (flags.renderOnly
    ? readTable(setting, flags, terminal)
    : runLogged(table3Format, flags, terminal, (options) => reproduceTable3({ ...setting, ...options })))
  const [markdown, json] = [renderTable3Markdown(result), renderTable3Json(result)]
  if (flags.output !== undefined)
    await writeFolder(flags.output, { 'table3.md': markdown, 'table3.json': json }, terminal)
  if (terminal.json) terminal.print(json.trimEnd())
  else terminal.print((flags.markdown ? markdown : renderTable3Text(result)).trimEnd())
}

/** What the log holds of the wanted trials; the floor comes from the data, which are here in any case. */
async function readTable(setting: Table3Setting, flags: Table3Flags, terminal: Terminal): Promise<Table3> {
  const records = await readLogs(table3Format, flags, terminal)
  return withMachine(flags, async (engine) => {
    const finished = [...finishedOf(await table3Sweep(setting, engine), records).values()]
    if (finished.length === 0) throw nothingFinished(flags)
    return summarizeTable3(setting, engine, finished)
  })
}
