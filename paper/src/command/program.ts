// The paper's command as a function: its tables, figures and theory, the demo.

import { runProgram } from 'toll-cli/terminal'
import { commands } from './commands.js'

const help = `
Examples:
  $ npm run paper -- table3
  $ npm run paper -- table2 --classes truck --seeds 1 --dry-run
  $ npm run paper -- theory figure2 -o figure2

"npm run paper -- COMMAND --help" explains a command. Exit codes: 0 fine, 1 failure, 2 wrong use, 130 stopped.`

/** Runs the command that the words name; resolves to its exit code. */
export function runPaper(args: readonly string[]): Promise<number> {
  return runProgram(
    {
      name: 'npm run paper --',
      description: 'The experiments of the paper, its theory in numbers, and the demo.',
      commands,
      help,
    },
    args,
  )
}
