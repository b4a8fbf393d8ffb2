// Made images and a sweep of trials over them, small enough for tests; also the program of a process that a test kills.

import { Random } from 'toll/base'
import type { ImageSet } from 'toll/data'
import { closeEngines, openEngines } from 'toll/node'
import type { SweepOptions } from '../sweep/index.js'
import { openTrialStore } from '../sweep/node/index.js'
import {
  imageFormat,
  imageProtocols,
  resolveImageSetting,
  runImageTrials,
  type ImageData,
  type ImageSweepOptions,
  type ImageTrial,
  type LoggedRecord,
} from './index.js'

/** Bright squares, one corner per class, in noise. */
export function makeImages(
  count: number,
  classes: number,
  [channels, side]: readonly [number, number],
  seed: number,
): ImageSet {
  const random = Random.seeded(seed)
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes)
  const pixels = Uint8Array.from({ length: count * channels * side * side }, (_, at) => {
    const image = Math.floor(at / (channels * side * side))
    const [y, x] = [Math.floor(at / side) % side, at % side]
    const inside = Math.floor(y / (side / 2)) * 2 + Math.floor(x / (side / 2)) === labels[image]
    return random.integer(60) + (inside ? 180 : 0)
  })
  return {
    shape: [count, channels, side, side],
    pixels,
    labels,
    classes: Array.from({ length: classes }, (_, i) => `class ${i}`),
  }
}

export const greyImages: ImageData = {
  train: makeImages(120, 3, [1, 28], 1),
  test: makeImages(30, 3, [1, 28], 2),
  validationRows: Int32Array.from({ length: 30 }, (_, i) => 4 * i),
}

export const smallSetting = resolveImageSetting(imageProtocols.mnist, {
  steps: 6,
  validateEvery: 2,
  batch: 8,
  validation: 20,
  latent: 8,
  learningRate: 1e-3,
})

export const testMachine = { device: 'cpu', threads: 1, processor: 'test', cores: 1, memoryGiB: 1, platform: 'test' }

/** Two seeds of one class into a log, with a checkpoint at every look. */
export async function sweep(
  log: string,
  change: Partial<ImageSweepOptions & SweepOptions<ImageTrial, LoggedRecord>> = {},
): Promise<LoggedRecord[]> {
  const engines = await openEngines({ threads: 1, workers: 1 })
  const store = await openTrialStore([log], { format: imageFormat, warn: () => undefined, rest: 0 })
  try {
    return await runImageTrials({
      protocol: imageProtocols.mnist,
      setting: smallSetting,
      wanted: { classes: [2], seeds: [0, 1], betas: [10], detectors: [] },
      data: greyImages,
      engines,
      store,
      machine: testMachine,
      versions: { test: '1' },
      ...change,
    })
  } finally {
    await store.close()
    await closeEngines(engines)
  }
}

/** Without what a clock says. */
export function numbersOf(records: readonly LoggedRecord[]) {
  return records.map(({ seconds: _, finished: __, ...numbers }) => numbers)
}
