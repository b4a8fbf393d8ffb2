// The `toll` command.

import { commands } from './commands.js'
import { hintFor } from './hints.js'
import { runProgram } from './program.js'

const help = `
Examples:
  $ toll fit normal.csv -o model.onnx               learn from a table of mostly normal rows
  $ toll score model.onnx new.csv -o scores.csv     score new rows
  $ toll eval model.onnx test.csv --label fraud     how well does it do?

"toll COMMAND --help" explains a command. Exit codes: 0 fine, 1 failure, 2 wrong use, 130 stopped.`

export function runToll(args: readonly string[]): Promise<number> {
  return runProgram(
    {
      name: 'toll',
      commands,
      help,
      hint: hintFor,
      description:
        'Finds anomalies in tables and images: learns from normal data, scores new data, ships the model as ' +
        'one ONNX file.',
    },
    args,
  )
}
