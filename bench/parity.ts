// npm run parity -- [FILE...] [--interpreter]: trains the networks of golden files and prints how far every list is from the float64 truth,
// beside the reference framework's own single precision and the tolerance. Exit 1 beyond it.
//
// Deviation of a list = its largest absolute difference from the truth / the truth's largest absolute value.
// Tolerance: max(10 x the framework's own float32 deviation, 1e-5); with --interpreter (the tabular file, float64) 1e-9.

import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { TollError, messageOf, sizeOf } from 'toll/base'
import { openReference, type Engine, type HostTensor } from 'toll/runtime'
import { openEngine } from 'toll/runtime/node'
import { courseLists, parseGolden, type Course, type Golden } from './golden.js'
import { hashedData, hashedGradients, hashedTraining, hashedValues, scorer, tensorOf, type FloatType, type Setting } from './hashed-training.js'

const defaultFiles = ['tabular.json', 'cifar10.json', 'mnist.json']

/** Trains the golden file's network on `engine` from the hash. */
export async function rerun(golden: Golden, engine: Engine, dtype: FloatType): Promise<Course> {
  const { network, beta, learningRate, batch, steps } = golden
  const setting: Setting = { network, beta, learningRate, batch, batches: steps, dtype }
  const gradientNorms = await firstGradients(setting, engine)
  const training = hashedTraining(setting)
  const session = await engine.load(training.program)
  const loop = await session.loop(training.loop)
  const reports = await loop.advance(Array.from({ length: steps }, (_, step) => training.feeds(step)))
  const state = await loop.state()
  await session.close()
  const { parameterBlocks, bufferBlocks } = training.step
  const values = new Map([...parameterBlocks, ...bufferBlocks].flatMap((block) => {
    const all = numbers(state[block.name])
    return block.entries.map(({ name, shape, offset }) => [name, all.subarray(offset, offset + sizeOf(shape))] as const)
  }))
  const list = (name: string) => reports.map((report) => Number(report[name].data[0]))
  return {
    losses: list('loss'), reconstruction: list('reconstruction'), latentNorm: list('latentNorm'), gradientNorms,
    evalScores: await scores(setting, engine, values, golden.float64.evalScores.length),
  }
}

async function firstGradients(setting: Setting, engine: Engine): Promise<number[]> {
  const session = await engine.load(hashedGradients(setting))
  const values = hashedValues(setting.network)
  const parameters = setting.network.parameters.map(({ name, shape }) => [name, tensorOf(setting.dtype, shape, values.get(name)!)] as const)
  const results = await session.run({ x: firstRows(setting, setting.batch), ...Object.fromEntries(parameters) })
  await session.close()
  return setting.network.parameters.map((_, k) => Math.sqrt(numbers(results[String(k)]).reduce((total, g) => total + g * g, 0)))
}

async function scores(setting: Setting, engine: Engine, values: ReadonlyMap<string, Float64Array>, rows: number): Promise<number[]> {
  const session = await engine.load(scorer(setting, values, rows))
  const { score } = await session.run({ x: firstRows(setting, rows) })
  await session.close()
  return Array.from(numbers(score))
}

function firstRows({ network, batch, dtype }: Setting, rows: number): HostTensor {
  const data = hashedData({ network, batch, batches: 1 }).slice(0, rows * sizeOf(network.sampleShape))
  return tensorOf(dtype, [rows, ...network.sampleShape], data)
}

function numbers(tensor: HostTensor): Float64Array {
  if (tensor.dtype !== 'float32' && tensor.dtype !== 'float64') throw new TollError('internal', `expected real numbers, got ${tensor.dtype}`)
  return Float64Array.from(tensor.data)
}

export function deviation(list: readonly number[], truth: readonly number[]): number {
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
    const course = await rerun(golden, engine, interpreter ? 'float64' : 'float32')
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
