// npm run paper -- table3: F1 on Arrhythmia.

import type { Command } from 'commander'
import { checkFolder } from 'toll/base/node'
import { detectors } from 'toll/detectors'
import {
  readTrial,
  renderTable3Json,
  renderTable3Markdown,
  renderTable3Text,
  reproduceTable3,
  table3Parameters,
} from '../arrhythmia/index.js'
import { readNames } from 'toll-cli/terminal'
import { addEnginesOptions, showPhases, withEngines, writeFolder, type EnginesFlags } from 'toll-cli/terminal'
import { addOutputOptions, examples, parameterOption } from 'toll-cli/terminal'
import type { Terminal } from 'toll-cli/terminal'

interface Table3Flags extends EnginesFlags {
  readonly output?: string
  readonly markdown?: boolean
  readonly trials?: string
  readonly plain?: boolean
  readonly detectors?: string
  readonly seeds?: number
  readonly splits?: number
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
    .option('-o, --output <folder>', 'also write table3.md and table3.json there')
    .option('--markdown', 'print Markdown')
    .option('--trials <file>', 'keep finished runs in this file (NDJSON) and go on from it')
    .option(
      '--detectors <list>',
      "toll and others on the same splits and under other papers' protocols, such as " +
        'toll,oc-svm,kde,isolation-forest (default toll)',
    )
    .option('--plain', 'run the same network without the norm term as well, which takes twice as long')
  for (const [name, domain] of Object.entries(table3Parameters)) table3.addOption(parameterOption(name, domain))
  addEnginesOptions(table3)
  addOutputOptions(table3)
  const lines = [
    'npm run paper -- table3',
    'npm run paper -- table3 --splits 0',
    'npm run paper -- table3 --detectors oc-svm,kde,isolation-forest',
    'npm run paper -- table3 --trials table3.ndjson -o results',
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
  const { openTrialLog } = await import('../sweep/node/index.js')
  const { output, trials, plain, seeds, splits, steps } = flags
  const chosen =
    flags.detectors === undefined ? undefined : readNames('--detectors', flags.detectors, [...detectors.keys()])
  const data = await loadArrhythmia()
  if (output !== undefined) await checkFolder(output)
  const store =
    trials === undefined
      ? undefined
      : await openTrialLog(trials, { parse: readTrial, begins: '{"settings":', warn: (text) => terminal.note(text) })
  const result = await withEngines(flags, (engines) =>
    showPhases(terminal, (onProgress) =>
      reproduceTable3({
        data,
        engines,
        detectors: chosen,
        seeds,
        splits,
        steps,
        plain,
        signal: terminal.signal,
        onProgress,
        ...(store && { store }),
      }),
    ),
  ).finally(() => store?.close())
  const [markdown, json] = [renderTable3Markdown(result), renderTable3Json(result)]
  if (output !== undefined) await writeFolder(output, { 'table3.md': markdown, 'table3.json': json }, terminal)
  if (terminal.json) terminal.print(json.trimEnd())
  else terminal.print((flags.markdown ? markdown : renderTable3Text(result)).trimEnd())
}
