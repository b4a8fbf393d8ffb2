// Whole training on ONNX Runtime against the float64 interpreter: losses step by step and the parameters at the end.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random, sizeOf } from '../base/index.js'
import { add, mean, mul, rowNorm, sub } from '../graph/index.js'
import { dense, imageDefault, reconstruct, type Autoencoder } from '../nn/index.js'
import { adam } from '../optim/index.js'
import { float32, openReference, type Engine, type HostTensors } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { buildStep, initialValues, packValues, type Objective, type StepSpec } from './index.js'

const optimizer = adam()
const [batch, batches, steps] = [6, 3, 6]

function objectiveOf(network: Autoencoder): Objective {
  return (x, scope) => {
    const { code, reconstruction } = reconstruct(network, x, scope)
    const latentNorm = mean(rowNorm(code))
    return { loss: add(mean(rowNorm(sub(x, reconstruction))), mul(latentNorm, 3)), parts: { latentNorm } }
  }
}

interface Course {
  readonly losses: readonly number[]
  readonly state: ReadonlyMap<string, readonly number[]>
}

async function run(network: Autoencoder, engine: Engine, options: Partial<StepSpec> = {}): Promise<Course> {
  const program = buildStep({
    parameters: network.parameters,
    buffers: network.buffers,
    objective: objectiveOf(network),
    optimizer,
    rows: batch * batches,
    sampleShape: network.sampleShape,
    batch,
    ...options,
  })
  const random = Random.seeded(7)
  const values = new Map([
    ...initialValues(network.parameters, random),
    ...network.buffers.map(
      ({ name, shape, initial }) => [name, new Float32Array(sizeOf(shape)).fill(initial)] as const,
    ),
  ])
  const data = Float32Array.from({ length: batch * batches * sizeOf(network.sampleShape) }, () => random.normal())
  const blocks = [...program.parameterBlocks, ...program.bufferBlocks].map(
    (block) => [block.name, float32(block.shape, packValues(block, values))] as const,
  )
  const slots = program.parameterBlocks.flatMap((block) =>
    program
      .slotNames(block)
      .map((name) => [name, float32(block.shape, new Float32Array(sizeOf(block.shape)))] as const),
  )
  const session = await engine.load({ outputs: program.outputs, inputs: program.inputs })
  const loop = await session.loop({
    constants: { data: float32([batch * batches, ...network.sampleShape], data) },
    state: Object.fromEntries([...blocks, ...slots]),
    carry: program.carry,
  })
  const { stepsPerRun } = program
  const feeds = Array.from({ length: steps / stepsPerRun }, (_, r): HostTensors => ({
    indices: {
      dtype: 'int64',
      shape: [stepsPerRun, batch],
      data: BigInt64Array.from({ length: stepsPerRun * batch }, (_, i) =>
        BigInt((r * stepsPerRun * batch + i) % (batch * batches)),
      ),
    },
    scalars: float32(
      [stepsPerRun, optimizer.scalarCount],
      Array.from({ length: stepsPerRun }, (_, k) => optimizer.scalars(r * stepsPerRun + k + 1, 0.01)).flat(),
    ),
  }))
  const reports = await loop.advance(feeds)
  const state = await loop.state()
  await session.close()
  return {
    losses: reports.flatMap(({ loss }) => Array.from(loss.data, Number)),
    state: new Map(Object.entries(state).map(([name, { data: numbers }]) => [name, Array.from(numbers, Number)])),
  }
}

const networks: readonly Autoencoder[] = [dense([7, 5, 2]), imageDefault({ channels: 2, height: 9, width: 6 }, 3)]

describe.each(networks.map((network) => [network.name, network] as const))('training the %s network', (_, network) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await openEngine({ device: 'cpu', threads: 1 })
  })
  afterAll(() => engine.close())

  it('follows the float64 interpreter', async () => {
    const [ours, truth] = [await run(network, engine), await run(network, openReference({ precision: 'float64' }))]
    const scale = Math.max(...truth.losses)
    ours.losses.forEach((loss, i) => expect(Math.abs(loss - truth.losses[i]) / scale).toBeLessThan(1e-5))
    expect(new Set(truth.losses).size).toBe(steps)
  })

  it('ends in the same bits when steps are chained in one run, and from one run to the next', async () => {
    const [one, again, three] = [
      await run(network, engine),
      await run(network, engine),
      await run(network, engine, { stepsPerRun: 3 }),
    ]
    expect(again).toEqual(one)
    expect(three).toEqual(one)
  })
})
