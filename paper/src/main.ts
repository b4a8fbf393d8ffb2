// The paper's command: its tables, figures and theory, the demo. `npm run paper -- table1`

import { runProgram } from 'toll-cli/terminal'
import { commands } from './command/commands.js'

const help = `
Examples:
  $ npm run paper -- table3
  $ npm run paper -- table2 --classes truck --seeds 1 --dry-run
  $ npm run paper -- theory figure2 -o figure2

"npm run paper -- COMMAND --help" explains a command. Exit codes: 0 fine, 1 failure, 2 wrong use, 130 stopped.`

process.exit(
  await runProgram(
    {
      name: 'npm run paper --',
      description: 'The experiments of the paper, its theory in numbers, and the demo.',
      commands,
      help,
    },
    process.argv.slice(2),
  ),
)
