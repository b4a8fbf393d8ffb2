#!/usr/bin/env node
// The `toll` command: runs the arguments it was given and leaves with the exit code.

import { runCommand } from './program.js'

process.exit(await runCommand(process.argv.slice(2)))
