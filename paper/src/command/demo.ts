// npm run paper -- demo: Toll beside a plain autoencoder on handwritten digits, with nothing but what is installed.

import type { Command } from 'commander'
import { checkFolder } from 'toll/node'
import { demoParameters } from '../demo/index.js'
import type { DemoResult } from '../demo/node/index.js'
import { renderText } from 'toll/report'
import { shellWord } from 'toll-cli/terminal'
import { addEnginesOptions, showPhases, withEngines, type EnginesFlags } from 'toll-cli/terminal'
import { addOutputOptions, examples, parameterOption } from 'toll-cli/terminal'
import type { Terminal } from 'toll-cli/terminal'

interface DemoFlags extends EnginesFlags {
  readonly output: string
  readonly digit?: number
  readonly seed?: number
  readonly steps?: number
}

export function defineDemo(command: Command, terminal: Terminal): void {
  command
    .description(
      'Trains Toll and a plain autoencoder on one class of MNIST digits, finds the other digits among ' +
        '10,000, prints both AUROCs, ' +
        'and writes a model file and an HTML report. Takes under 90 seconds on two cores.',
    )
    .option('-o, --output <folder>', 'where model.onnx and report.html go', 'toll-demo')
  for (const [name, domain] of Object.entries(demoParameters)) command.addOption(parameterOption(name, domain))
  addEnginesOptions(command)
  addOutputOptions(command)
  examples(command, [
    'npm run paper -- demo',
    'npm run paper -- demo --digit 3 -o demo-of-3',
    'npm run paper -- demo --json --quiet',
  ])
  command.action((flags: DemoFlags) => runDemoCommand(flags, terminal))
}

async function runDemoCommand(flags: DemoFlags, terminal: Terminal): Promise<void> {
  const { runDemo } = await import('../demo/node/index.js')
  const { output, digit, seed, steps } = flags
  await checkFolder(output)
  const result = await withEngines(flags, (engines) =>
    showPhases(terminal, (onProgress) =>
      runDemo({ folder: output, digit, seed, steps, engines, signal: terminal.signal, onProgress }),
    ),
  )
  const { table: _, ...document } = result
  terminal.result(document, describe(result))
}

function describe({ digit, table, modelPath, reportPath }: DemoResult): string {
  return [
    `Digit ${digit} is normal, the other nine are anomalies. Both learned from training digits ${digit} alone.`,
    '',
    renderText(table),
    `Report: ${reportPath} (open it in a browser)`,
    `Model:  ${modelPath} (toll inspect ${shellWord(modelPath)})`,
  ].join('\n')
}
