// A finished image trial as one line of a trial log: what ran, what was measured at every checkpoint, what the chosen
// ones reach on the test images, and where it ran. The line stands alone: tables, figures and comparisons between
// machines are made from such lines and nothing else.

import { TollError } from 'toll'
import type { ImageDataset, ImageSetting } from './protocol.js'

/** What tells trials of one setting apart. */
export interface NetworkKey {
  readonly dataset: ImageDataset
  /** The normal class, an index. */
  readonly class: number
  /** Weight of the code norm; 0 is the plain autoencoder. */
  readonly beta: number
  /** Of first values and batches. */
  readonly seed: number
}

/** How a checkpoint is chosen: with labelled anomalies of the validation images (the paper's way), or without any. */
export const choices = ['labelled', 'last'] as const
/** `labelled`: the step with the highest validation AUROC. `last`: the last step. */
export type Choice = (typeof choices)[number]

/** Of the test images, each in [0, 1]. */
export interface TestMeasures {
  /** The step whose values were tested. */
  readonly step: number
  readonly auroc: number
  readonly averagePrecision: number
  /** AUROC of each part of the score alone. */
  readonly aurocReconstruction: number
  readonly aurocLatentNorm: number
}

/**
 * One value per checkpoint. `train...` are means over the batches since the checkpoint before, the others over
 * validation images.
 */
export interface Curve {
  readonly step: readonly number[]
  readonly trainReconstruction: readonly number[]
  readonly trainLatentNorm: readonly number[]
  readonly validationAuroc: readonly number[]
  readonly normalReconstruction: readonly number[]
  readonly normalLatentNorm: readonly number[]
  readonly anomalousReconstruction: readonly number[]
  readonly anomalousLatentNorm: readonly number[]
}

/**
 * Counts of normal and anomalous test images in bins of equal width over `range`; what lies above is in the last bin.
 */
export interface PartHistogram {
  readonly range: readonly [number, number]
  readonly normal: readonly number[]
  readonly anomalous: readonly number[]
}

/** Where a trial ran. */
export interface Machine {
  readonly device: string
  readonly threads: number
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly platform: string
}

export interface ImageRecord extends NetworkKey {
  readonly format: 1
  /** Fingerprint of all that the numbers depend on: the key, the setting and the validation rows; not the machine. */
  readonly id: string
  readonly className: string
  readonly network: string
  readonly setting: ImageSetting
  readonly images: {
    readonly train: number
    readonly validation: number
    readonly test: number
    readonly testAnomalies: number
  }
  readonly test: Readonly<Record<Choice, TestMeasures>>
  readonly curve: Curve
  /** Of the test images at the last step. */
  readonly histograms: { readonly reconstruction: PartHistogram; readonly latentNorm: PartHistogram }
  readonly seconds: { readonly train: number; readonly validate: number; readonly test: number }
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  /** ISO 8601, UTC. */
  readonly finished: string
}

/** A value read from a log. Error: `format` with what is wrong. */
export function readImageRecord(value: unknown): ImageRecord {
  const record = (value ?? {}) as Partial<ImageRecord>
  const wrong = (what: string) => new TollError('damaged-file', `it is no image trial: ${what}`)
  if (record.format !== 1) throw wrong(`its format is ${JSON.stringify(record.format)}, this version reads 1`)
  for (const name of ['id', 'dataset', 'className', 'network', 'finished'] as const)
    if (typeof record[name] !== 'string') throw wrong(`'${name}' is no text`)
  for (const name of ['class', 'beta', 'seed'] as const)
    if (!(typeof record[name] === 'number' && record[name] >= 0)) throw wrong(`'${name}' is no number from 0`)
  for (const choice of choices) {
    const { step, auroc, averagePrecision } = record.test?.[choice] ?? {}
    if (!Number.isInteger(step) || ![auroc, averagePrecision].every(isShare))
      throw wrong(`the test measures of '${choice}' are missing or outside [0, 1]`)
  }
  const parts = (part: keyof ImageRecord) =>
    typeof record[part] === 'object' && record[part] !== null ? (record[part] as Readonly<Record<string, unknown>>) : {}
  for (const [part, names] of Object.entries(numbersOf)) {
    const bad = names.find((name) => !Number.isFinite(parts(part as keyof ImageRecord)[name]))
    if (bad !== undefined) throw wrong(`'${part}.${bad}' is no number`)
  }
  for (const name of ['device', 'processor', 'platform'])
    if (typeof parts('machine')[name] !== 'string') throw wrong(`'machine.${name}' is no text`)
  if (typeof record.versions !== 'object' || record.versions === null) throw wrong("'versions' is missing")
  const curve = parts('curve')
  const points = isNumbers(curve.step) ? curve.step.length : -1
  const uneven = curveNames.find((name) => !isNumbers(curve[name]) || curve[name].length !== points)
  if (uneven !== undefined) throw wrong(`'curve.${uneven}' is no list of numbers as long as the steps`)
  for (const name of ['reconstruction', 'latentNorm']) {
    const { range, normal, anomalous } = (parts('histograms')[name] ?? {}) as Partial<PartHistogram>
    const fine =
      isNumbers(range) &&
      range.length === 2 &&
      range[0] < range[1] &&
      isNumbers(normal) &&
      isNumbers(anomalous) &&
      normal.length > 0 &&
      normal.length === anomalous.length
    if (!fine) throw wrong(`'histograms.${name}' has no range or no equally many counts of both kinds`)
  }
  return record as ImageRecord
}

const numbersOf: Readonly<Record<string, readonly string[]>> = {
  setting: ['latent', 'batch', 'learningRate', 'steps', 'validateEvery', 'validation'],
  images: ['train', 'validation', 'test', 'testAnomalies'],
  seconds: ['train', 'validate', 'test'],
  machine: ['threads', 'cores', 'memoryGiB'],
}

const curveNames: readonly (keyof Curve)[] = [
  'step',
  'trainReconstruction',
  'trainLatentNorm',
  'validationAuroc',
  'normalReconstruction',
  'normalLatentNorm',
  'anomalousReconstruction',
  'anomalousLatentNorm',
]

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((number) => Number.isFinite(number))
}

function isShare(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 1
}
