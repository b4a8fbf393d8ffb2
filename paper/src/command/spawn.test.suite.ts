// The paper's command in a process of its own, for the tests of this room.

import { spawnCommand } from 'toll-test/spawn'

export const { run: runPaper, start: startPaper } = spawnCommand('paper', new URL('../main.js', import.meta.url))
