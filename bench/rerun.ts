// One course of hashed training on an engine: what a golden file records.

import { TollError, type Engine } from 'toll'
import { sizeOf } from 'toll/base'
import type { HostTensor } from 'toll/runtime'
import type { Course, Golden } from './golden.js'
import {
  hashedData,
  hashedGradients,
  hashedTraining,
  hashedValues,
  scorer,
  tensorOf,
  type FloatType,
  type Setting,
} from './hashed-training.js'

export type Recipe = Pick<Golden, 'network' | 'beta' | 'learningRate' | 'batch' | 'steps'>

/**
 * Trains the network on `engine` from the hash, and scores the first `scored` rows of the first batch with the result.
 */
export async function rerun(recipe: Recipe, engine: Engine, dtype: FloatType, scored: number): Promise<Course> {
  const { network, beta, learningRate, batch, steps } = recipe
  const setting: Setting = { network, beta, learningRate, batch, batches: steps, dtype }
  const gradientNorms = await firstGradients(setting, engine)
  const training = hashedTraining(setting)
  const session = await engine.load(training.program)
  const loop = await session.loop(training.loop)
  const reports = await loop.advance(Array.from({ length: steps }, (_, step) => training.feeds(step)))
  const state = await loop.state()
  await session.close()
  const { parameterBlocks, bufferBlocks } = training.step
  const values = new Map(
    [...parameterBlocks, ...bufferBlocks].flatMap((block) => {
      const all = numbers(state[block.name])
      return block.entries.map(
        ({ name, shape, offset }) => [name, all.subarray(offset, offset + sizeOf(shape))] as const,
      )
    }),
  )
  const list = (name: string) => reports.map((report) => Number(report[name].data[0]))
  return {
    losses: list('loss'),
    reconstruction: list('reconstruction'),
    latentNorm: list('latentNorm'),
    gradientNorms,
    evalScores: await scores(setting, engine, values, scored),
  }
}

async function firstGradients(setting: Setting, engine: Engine): Promise<number[]> {
  const session = await engine.load(hashedGradients(setting))
  const values = hashedValues(setting.network)
  const parameters = setting.network.parameters.map(
    ({ name, shape }) => [name, tensorOf(setting.dtype, shape, values.get(name)!)] as const,
  )
  const results = await session.run({ x: firstRows(setting, setting.batch), ...Object.fromEntries(parameters) })
  await session.close()
  return setting.network.parameters.map((_, k) =>
    Math.sqrt(numbers(results[String(k)]).reduce((total, g) => total + g * g, 0)),
  )
}

async function scores(
  setting: Setting,
  engine: Engine,
  values: ReadonlyMap<string, Float64Array>,
  rows: number,
): Promise<number[]> {
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
  if (tensor.dtype !== 'float32' && tensor.dtype !== 'float64')
    throw new TollError('internal', `expected real numbers, got ${tensor.dtype}`)
  return Float64Array.from(tensor.data)
}
