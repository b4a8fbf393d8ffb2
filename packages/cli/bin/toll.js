#!/usr/bin/env node
// The `toll` command: runs the arguments it was given and leaves with the exit code.
import { runToll } from '../dist/toll.js'

process.exit(await runToll(process.argv.slice(2)))
