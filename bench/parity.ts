// npm run parity -- [FILE...] [--interpreter]: trains the networks of golden files and prints how far every list is from the float64 truth,
// beside the reference framework's own single precision and the tolerance. Exit 1 beyond it.
//
// Deviation of a list = its largest absolute difference from the truth / the truth's largest absolute value.
// Tolerance: max(10 x the framework's own float32 deviation, 1e-5); with --interpreter (the tabular file, float64) 1e-9.

import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { TollError, messageOf } from 'toll/base'
import { openReference } from 'toll/runtime'
import { openEngine } from 'toll/runtime/node'
import { courseLists, parseGolden } from './golden.js'
import { rerun } from './rerun.js'

const defaultFiles = ['tabular.json', 'cifar10.json', 'mnist.json']

function deviation(list: readonly number[], truth: readonly number[]): number {
  const scale = Math.max(...truth.map(Math.abs))
  // A NaN stays one: Math.max spreads it.
  return Math.max(...list.map((value, i) => Math.abs(value - truth[i]))) / scale
}

async function main(): Promise<number> {
  const { values: { interpreter }, positionals } = parseArgs({ options: { interpreter: { type: 'boolean', default: false } }, allowPositionals: true })
  const folder = process.env.TOLL_GOLDEN
  const files = positionals.length > 0 ? positionals
    : folder ? defaultFiles.slice(0, interpreter ? 1 : undefined).map((file) => join(folder, file)) : []
  if (files.length === 0) throw new TollError('argument', 'name golden files, or the folder that holds them in TOLL_GOLDEN')
  const engine = interpreter ? openReference({ precision: 'float64' }) : await openEngine()
  let failed = 0
  for (const file of files) {
    const golden = parseGolden(await readFile(file, 'utf8'), file)
    const { network, latent, batch, steps, beta } = { ...golden, latent: golden.network.latent }
    console.log(`${basename(file)}: ${network.name}, code ${latent}, batch ${batch}, ${steps} steps, beta ${beta}, on ${engine.device}, threads ${engine.threads}`)
    const course = await rerun(golden, engine, interpreter ? 'float64' : 'float32', golden.float64.evalScores.length)
    for (const list of courseLists) {
      const own = deviation(course[list], golden.float64[list])
      const theirs = deviation(golden.float32[list], golden.float64[list])
      const tolerance = interpreter ? 1e-9 : Math.max(10 * theirs, 1e-5)
      const fine = own <= tolerance
      if (!fine) failed++
      console.log(`  ${list.padEnd(15)} deviation ${own.toExponential(2)}   PyTorch float32 ${theirs.toExponential(2)}   tolerance ${tolerance.toExponential(2)}   ${fine ? 'ok' : 'BEYOND'}`)
    }
  }
  await engine.close()
  return failed > 0 ? 1 : 0
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`parity: ${messageOf(error)}`)
  process.exitCode = 1
}
