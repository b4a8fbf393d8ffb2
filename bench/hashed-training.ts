// A network of the paper filled from the hash and trained on hashed batches: what golden files hold, and what the
// benchmark times.

import { TollError } from 'toll'
import { sizeOf } from 'toll/base'
import { tollObjective, tollScore } from 'toll/detectors'
import { constant, gradients, input, type Tensor } from 'toll/graph'
import {
  float32,
  float64,
  int64,
  type HostTensor,
  type HostTensors,
  type LoopOptions,
  type Program,
} from 'toll/runtime'
import {
  adam,
  buildStep,
  cifarNetwork,
  dense,
  mnistNetwork,
  packValues,
  scoringScope,
  type Autoencoder,
  type NamedValues,
  type Scope,
  type StepProgram,
} from 'toll/train'
import { fillBatch, hashedParameter } from './hash.js'

export type FloatType = 'float32' | 'float64'

export interface Setting {
  readonly network: Autoencoder
  readonly beta: number
  readonly learningRate: number
  readonly batch: number
  /** Different batches in the resident data. */
  readonly batches: number
  readonly dtype: FloatType
  /** Steps chained in one run; default 1. */
  readonly stepsPerRun?: number
}

/** The network that golden files call `name`. */
export function networkNamed(name: string, latent: number, inputShape: readonly number[]): Autoencoder {
  switch (name) {
    case 'tabular':
      return dense([inputShape[0], 256, 128, latent], 'tabular')
    case 'cifar10':
      return cifarNetwork(latent)
    case 'mnist':
      return mnistNetwork(latent)
    default:
      throw new TollError('unknown-file', `no network is called '${name}'; there are tabular, cifar10 and mnist`)
  }
}

/** Parameters from the hash, in their order; buffers as a new network has them. */
export function hashedValues(network: Autoencoder): NamedValues {
  return new Map([
    ...network.parameters.map(({ name, kind, shape }, k) => [name, hashedParameter(k, kind, shape)] as const),
    ...network.buffers.map(
      ({ name, shape, initial }) => [name, new Float32Array(sizeOf(shape)).fill(initial)] as const,
    ),
  ])
}

/** (batches * batch, ...sample) */
export function hashedData({ network, batch, batches }: Pick<Setting, 'network' | 'batch' | 'batches'>): Float32Array {
  const size = batch * sizeOf(network.sampleShape)
  const data = new Float32Array(batches * size)
  for (let step = 0; step < batches; step++) fillBatch(step, data.subarray(step * size, (step + 1) * size))
  return data
}

/** Numbers as a tensor of this element type. */
export function tensorOf(dtype: FloatType, shape: readonly number[], numbers: ArrayLike<number>): HostTensor {
  return dtype === 'float32' ? float32(shape, numbers) : float64(shape, Float64Array.from(numbers))
}

export interface Training {
  readonly step: StepProgram
  readonly program: Program
  readonly loop: LoopOptions
  /** What run number `run` (from 0) takes: the batches in turn. */
  feeds(run: number): HostTensors
}

const optimizer = adam()

export function hashedTraining(setting: Setting): Training {
  const { network, beta, learningRate, batch, batches, dtype, stepsPerRun = 1 } = setting
  const tensor = (shape: readonly number[], data: ArrayLike<number>) => tensorOf(dtype, shape, data)
  const step = buildStep({
    parameters: network.parameters,
    buffers: network.buffers,
    objective: tollObjective(network, beta),
    optimizer,
    rows: batches * batch,
    sampleShape: network.sampleShape,
    batch,
    stepsPerRun,
    dtype,
  })
  const values = hashedValues(network)
  const held = [...step.parameterBlocks, ...step.bufferBlocks].map(
    (block) => [block.name, tensor(block.shape, packValues(block, values))] as const,
  )
  const slots = step.parameterBlocks.flatMap((block) =>
    step.slotNames(block).map((name) => [name, tensor(block.shape, new Float32Array(sizeOf(block.shape)))] as const),
  )
  return {
    step,
    program: { outputs: step.outputs, inputs: step.inputs },
    loop: {
      constants: { data: tensor([batches * batch, ...network.sampleShape], hashedData(setting)) },
      state: Object.fromEntries([...held, ...slots]),
      carry: step.carry,
    },
    feeds: (run) => {
      const steps = Array.from({ length: stepsPerRun }, (_, k) => run * stepsPerRun + k)
      const rows = steps.flatMap((index) => Array.from({ length: batch }, (_, i) => (index % batches) * batch + i))
      const scalars = steps.flatMap((index) => optimizer.scalars(index + 1, learningRate))
      return {
        indices: int64([stepsPerRun, batch], rows),
        scalars: tensor([stepsPerRun, optimizer.scalarCount], scalars),
      }
    },
  }
}

/**
 * Outputs `0`, `1`, ...: the gradient of every parameter at the start, from the inputs `x` (batch, ...sample) and the
 * parameters' names.
 */
export function hashedGradients({ network, beta, batch, dtype }: Setting): Program {
  const x = input('x', [batch, ...network.sampleShape], dtype)
  const parameters = new Map(network.parameters.map(({ name, shape }) => [name, input(name, shape, dtype)]))
  const unused: Scope['buffer'] = (name) =>
    constant(
      0,
      network.buffers.find((buffer) => buffer.name === name)!.shape.map(() => 1),
      dtype,
    )
  const scope: Scope = { ...scoringScope((name) => parameters.get(name)!), buffer: unused, training: true }
  const { loss } = tollObjective(network, beta)(x, scope, undefined)
  const inputs = [...parameters.values()]
  return { outputs: Object.fromEntries(gradients(loss, inputs).map((g, k) => [String(k), g])), inputs: [x, ...inputs] }
}

/** Output `score` (n) of `x` (n, ...sample) with these parameters and buffers as constants. */
export function scorer(
  setting: Pick<Setting, 'network' | 'beta' | 'dtype'>,
  values: ReadonlyMap<string, Float32Array | Float64Array>,
  rows: number | string,
): Program {
  const { network, beta, dtype } = setting
  const x = input('x', [rows, ...network.sampleShape], dtype)
  const shapes = new Map([...network.parameters, ...network.buffers].map(({ name, shape }) => [name, shape]))
  const held = new Map<string, Tensor>(
    [...values].map(([name, data]) => [name, constant(data, shapes.get(name), dtype)]),
  )
  return { outputs: { score: tollScore(network, beta, x, (name) => held.get(name)!).score }, inputs: [x] }
}
