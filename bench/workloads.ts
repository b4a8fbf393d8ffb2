// What is timed: a training step and a scoring run of each network of the paper, at the batch sizes of the paper
// (MNIST: a tenth of it).

import { TollError } from 'toll'
import type { HostTensor } from 'toll/runtime'
import {
  hashedTraining,
  networkNamed,
  scorer,
  hashedData,
  hashedValues,
  type Setting,
  type Training,
} from './hashed-training.js'

export interface Workload {
  readonly name: 'tabular' | 'cifar10' | 'mnist'
  /** Rows of a training batch. */
  readonly batch: number
  /** Rows of a scoring run: where throughput is highest, from a sweep over powers of two. */
  readonly scoringBatch: number
  /** Multiplications and additions of one sample's forward pass. */
  readonly multiplyAdds: number
  /** Steps chained in one run: several where the overhead of a run counts, as the Arrhythmia trials do. */
  readonly stepsPerRun: number
  /** Runs per measurement, so that one takes long enough to be timed. */
  readonly steps: number
  readonly scorings: number
}

// Multiply-adds: the sum over layers of weights times output positions (for a transposed convolution, input positions).
export const workloads: readonly Workload[] = [
  { name: 'tabular', batch: 100, scoringBatch: 1000, multiplyAdds: 0.21e6, stepsPerRun: 5, steps: 40, scorings: 50 },
  { name: 'cifar10', batch: 50, scoringBatch: 32, multiplyAdds: 79.8e6, stepsPerRun: 1, steps: 4, scorings: 8 },
  { name: 'mnist', batch: 100, scoringBatch: 16, multiplyAdds: 455.6e6, stepsPerRun: 1, steps: 1, scorings: 2 },
]

/** What is aimed at: a step in at most this share of PyTorch's time, scoring at least so many times as fast. */
export const targets = { step: { tabular: 0.6, cifar10: 0.45, mnist: 0.6 }, scoring: 3 } as const

export function workloadNamed(name: string): Workload {
  const found = workloads.find((workload) => workload.name === name)
  if (!found)
    throw new TollError(
      'unknown-file',
      `no network is called '${name}'; there are ${workloads.map((workload) => workload.name).join(', ')}`,
    )
  return found
}

export function settingOf({ name, batch, stepsPerRun }: Workload): Setting {
  const { latent, inputShape, beta } = {
    tabular: { latent: 16, inputShape: [274], beta: 10 },
    cifar10: { latent: 64, inputShape: [3, 32, 32], beta: 10 },
    mnist: { latent: 128, inputShape: [1, 28, 28], beta: 1000 },
  }[name]
  return {
    network: networkNamed(name, latent, inputShape),
    beta,
    learningRate: 1e-4,
    batch,
    batches: 2,
    dtype: 'float32',
    stepsPerRun,
  }
}

export function trainingOf(workload: Workload): Training {
  return hashedTraining(settingOf(workload))
}

/** A scoring program for any number of rows, and a batch for it. */
export function scoringOf(
  workload: Workload,
  rows = workload.scoringBatch,
): { program: ReturnType<typeof scorer>; x: HostTensor } {
  const setting = settingOf(workload)
  const { network } = setting
  return {
    program: scorer(setting, hashedValues(network), 'n'),
    x: {
      dtype: 'float32',
      shape: [rows, ...network.sampleShape],
      data: hashedData({ network, batch: rows, batches: 1 }),
    },
  }
}
