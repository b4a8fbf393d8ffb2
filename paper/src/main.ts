// `npm run paper -- table1`: one command, and its exit code.

import { runPaper } from './command/program.js'

process.exit(await runPaper(process.argv.slice(2)))
