// What image trials cost, from their programs: counted before anything runs, and turned into time by the rates of this
// machine.

import { sizeOf } from 'toll/base'
import { prepareImage } from 'toll/data'
import { constantsOf, tollObjective, tollScore } from 'toll/detectors'
import { costOf, input, type Cost } from 'toll/graph'
import { expectedBytes, expectedSeconds, type MachineRates } from 'toll/runtime'
import { adam, buildStep } from 'toll/train'
import {
  fixedPreprocessing,
  protocolNetwork,
  type ImageDataset,
  type ImageProtocol,
  type ImageSetting,
} from './protocol.js'
import { piece } from './trial.js'

/** How many images a trial trains on and is tested with. */
export interface TrialImages {
  readonly train: number
  readonly test: number
}

/** A class after the validation images are set aside, about, and the test set. */
export const usualImages: Readonly<Record<ImageDataset, TrialImages>> = {
  mnist: { train: 5000, test: 10_000 },
  'fashion-mnist': { train: 5000, test: 10_000 },
  'cifar-10': { train: 4000, test: 10_000 },
  'cifar-100': { train: 2000, test: 10_000 },
}

/** Of one part of a trial: floating-point operations, and seconds on one worker. */
export interface PartCost {
  readonly operations: number
  readonly seconds: number
}

export interface TrialCost {
  readonly train: PartCost
  readonly validate: PartCost
  /** Both choices of a checkpoint, which are tested once where they are the same. */
  readonly test: PartCost
  /** Seconds of one training step, and operations. */
  readonly step: PartCost
  /** Growth of the process per worker. */
  readonly bytes: number
}

/** One trial on an engine with these rates. */
export function costOfTrial(
  protocol: ImageProtocol,
  setting: ImageSetting,
  rates: MachineRates,
  { train, test }: TrialImages,
): TrialCost {
  const network = protocolNetwork(protocol, setting.latent)
  const { sampleShape } = network
  const batch = Math.min(setting.batch, train)
  const program = buildStep({
    parameters: network.parameters,
    buffers: network.buffers,
    objective: tollObjective(network, protocol.beta),
    optimizer: adam(),
    rows: train,
    sampleShape,
    batch,
  })
  const step = costOf(program.outputs, { inputs: program.inputs })
  const shape = sampleShape as readonly [number, number, number]
  const preprocessing =
    typeof protocol.scale === 'string'
      ? ({ kind: 'image', scale: protocol.scale, shape, centre: 0.5, divisor: 2, range: [0, 1] } as const)
      : fixedPreprocessing(protocol.scale, shape)
  const values = new Map(
    [...network.parameters, ...network.buffers].map((spec) => [
      spec.name,
      new Float32Array(sizeOf(spec.shape)).fill(1),
    ]),
  )
  const { components } = tollScore(
    network,
    1,
    prepareImage(preprocessing, input('pixels', ['rows', ...shape])),
    constantsOf(network, values),
  )
  const score = costOf(components, { sizes: { rows: piece } })
  const scored = (images: number) => times(score, images / piece, rates)
  return {
    train: times(step, setting.steps, rates),
    step: times(step, 1, rates),
    validate: scored((setting.steps / setting.validateEvery) * setting.validation),
    test: scored(2 * test),
    bytes: expectedBytes(step) + expectedBytes(score),
  }
}

function times(cost: Cost, count: number, rates: MachineRates): PartCost {
  return { operations: count * (cost.products + cost.elementwise), seconds: count * expectedSeconds(cost, rates) }
}
