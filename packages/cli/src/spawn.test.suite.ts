// The real command, in this process or in one of its own, for the tests of this package.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Random } from 'toll/base'
import { commandInProcess, spawnCommand, type SpawnOptions } from 'toll-test/spawn'
import { runToll as runMain } from './toll.js'

const spawned = spawnCommand('toll', new URL('../bin/toll.js', import.meta.url))
const inProcess = commandInProcess(runMain)

export const startToll = spawned.start
export const runShell = spawned.shell

/** The command's outcome; in a process of its own where it reads standard input. */
export function runToll(args: readonly string[], options: SpawnOptions) {
  return options.input === undefined && !args.includes('-') ? inProcess(args, options) : spawned.run(args, options)
}

/**
 * Rows of two tied features a, b = 2a + noise and a free one c, with a key and a label; every 50th row breaks the tie.
 */
export async function writeExample(folder: string, rows = 400): Promise<string> {
  const random = Random.seeded(7)
  const lines = Array.from({ length: rows }, (_, i) => {
    const anomaly = i % 50 === 49 ? 1 : 0
    const a = random.normal()
    return [
      `k${i}`,
      a.toFixed(4),
      (2 * a + 0.1 * random.normal() + 5 * anomaly).toFixed(4),
      (5 + random.normal()).toFixed(4),
      anomaly,
    ].join(',')
  })
  const path = join(folder, 'example.csv')
  await writeFile(path, `key,a,b,c,label\n${lines.join('\n')}\n`)
  return path
}
