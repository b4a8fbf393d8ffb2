// npm run parity -- [FILE...] [--interpreter]: trains the networks of golden files and prints how far every list is
// from the float64 truth, beside the reference framework's own single precision and the tolerance; fits the detectors
// of files of classical scores and prints how far they are from scikit-learn's. Exit 1 beyond a tolerance.
//
// Deviation of a list = its largest absolute difference from the truth / the truth's largest absolute value.
// Tolerance: max(10 x the framework's own float32 deviation, 1e-5); with --interpreter (the tabular file, float64)
// 1e-9.

import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { openEngine, TollError, type Engine } from 'toll'
import { messageOf } from 'toll/base'
import { openReference } from 'toll/runtime'
import { compareClassical, isClassical } from './classical-golden.js'
import { courseLists, parseGolden, readGolden, type Golden, type Reader } from './golden.js'
import { rerun } from './rerun.js'

const defaultFiles = ['tabular.json', 'cifar10.json', 'mnist.json']

function deviation(list: readonly number[], truth: readonly number[]): number {
  const scale = Math.max(...truth.map(Math.abs))
  // A NaN stays one: Math.max spreads it.
  return Math.max(...list.map((value, i) => Math.abs(value - truth[i]))) / scale
}

async function main(): Promise<number> {
  const {
    values: { interpreter },
    positionals,
  } = parseArgs({ options: { interpreter: { type: 'boolean', default: false } }, allowPositionals: true })
  const folder = process.env.TOLL_GOLDEN
  const files =
    positionals.length > 0
      ? positionals
      : folder
        ? defaultFiles.slice(0, interpreter ? 1 : undefined).map((file) => join(folder, file))
        : []
  if (files.length === 0)
    throw new TollError('out-of-domain', 'name golden files, or the folder that holds them in TOLL_GOLDEN')
  const engine = interpreter ? openReference({ precision: 'float64' }) : await openEngine()
  let failed = 0
  for (const file of files) {
    const read = readGolden(await readFile(file, 'utf8'), file)
    failed += isClassical(read)
      ? await printClassical(read, basename(file), engine)
      : await printTraining(parseGolden(read, file), basename(file), engine, interpreter)
  }
  await engine.close()
  return failed > 0 ? 1 : 0
}

/** Returns how many lists are beyond their tolerance. */
async function printTraining(golden: Golden, file: string, engine: Engine, interpreter: boolean): Promise<number> {
  const { network, latent, batch, steps, beta } = { ...golden, latent: golden.network.latent }
  console.log(
    `${file}: ${network.name}, code ${latent}, batch ${batch}, ${steps} steps, beta ${beta}, on ` +
      `${engine.device}, threads ${engine.threads}`,
  )
  let failed = 0
  const course = await rerun(golden, engine, interpreter ? 'float64' : 'float32', golden.float64.evalScores.length)
  for (const list of courseLists) {
    const own = deviation(course[list], golden.float64[list])
    const theirs = deviation(golden.float32[list], golden.float64[list])
    const tolerance = interpreter ? 1e-9 : Math.max(10 * theirs, 1e-5)
    const fine = own <= tolerance
    if (!fine) failed++
    console.log(
      `  ${list.padEnd(15)} deviation ${own.toExponential(2)}   PyTorch float32 ${theirs.toExponential(2)}  ` +
        ` tolerance ${tolerance.toExponential(2)}   ${fine ? 'ok' : 'BEYOND'}`,
    )
  }
  return failed
}

/** Returns how many comparisons are beyond their tolerance. */
async function printClassical(read: Reader, file: string, engine: Engine): Promise<number> {
  console.log(`${file}: classical detectors, on ${engine.device}, threads ${engine.threads}`)
  let failed = 0
  for await (const { what, deviation: own, tolerance } of compareClassical(read, engine)) {
    const fine = own <= tolerance
    if (!fine) failed++
    console.log(
      `  ${what.padEnd(46)} deviation ${own.toExponential(2)}   tolerance ${tolerance.toExponential(2)}   ` +
        `${fine ? 'ok' : 'BEYOND'}`,
    )
  }
  return failed
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`parity: ${messageOf(error)}`)
  process.exitCode = 1
}
