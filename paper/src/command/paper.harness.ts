// The paper's command for the tests of this room: in their process, or in one of its own where a signal ends it.

import { commandInProcess, spawnCommand } from 'toll-test/spawn'
import { runPaper as main } from './program.js'

export const runPaper = commandInProcess(main)
export const { start: startPaper } = spawnCommand('paper', new URL('../main.js', import.meta.url))
