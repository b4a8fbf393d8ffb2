// The image protocol of the paper (section 4.1) and of its reference implementation (Soltanilara/Toll): one class is
// normal and trains, all others are anomalies; 2000 random batches, a look at validation images every 20; the test set
// is the published one, whole.

import { TollError } from 'toll'
import { integer, real, resolveParameters, type RealDomain } from 'toll/base'
import type { ImagePreprocessing } from 'toll/data'
import { cifarNetwork, mnistNetwork, type Autoencoder } from 'toll/train'

export type ImageDataset = 'mnist' | 'fashion-mnist' | 'cifar-10' | 'cifar-100'

/** What is trained, and how its images are scaled. */
export interface ImageProtocol {
  readonly dataset: ImageDataset
  readonly title: string
  /** Which labels are the classes. */
  readonly labels: 'fine' | 'coarse'
  readonly network: 'mnist' | 'cifar10'
  /**
   * `contrast`: each image less its mean over its mean absolute deviation, then the range of the class's training
   * images, those of the validation rows among them, to [0, 1]. Else one centre and one divisor in units of the raw
   * pixels 0..255.
   */
  readonly scale: 'contrast' | { readonly centre: number; readonly divisor: number }
  /** Published file of the validation rows, indices of training images of all classes. */
  readonly split: string
  readonly beta: number
  readonly setting: ImageSetting
}

/** What of a run can be chosen. */
export interface ImageSetting {
  readonly latent: number
  readonly batch: number
  readonly learningRate: number
  readonly steps: number
  /** Steps between two looks at the validation images. */
  readonly validateEvery: number
  /** How many of the 10,000 validation images are looked at, a seeded draw that is the same for all trials. */
  readonly validation: number
}

const paper = { steps: 2000, validateEvery: 20, validation: 10_000 } as const

function grey(mean: number, deviation: number): ImageProtocol['scale'] {
  return { centre: 255 * mean, divisor: 255 * deviation }
}

/** Figures of the reference implementation; the paper leaves rates and betas out. */
export const imageProtocols: Readonly<Record<ImageDataset, ImageProtocol>> = {
  mnist: {
    dataset: 'mnist',
    title: 'MNIST',
    labels: 'fine',
    network: 'mnist',
    scale: grey(0.1307, 0.3081),
    split: '10000_val_indices_mnist.npy',
    beta: 1000,
    setting: { latent: 128, batch: 1000, learningRate: 1e-4, ...paper },
  },
  'fashion-mnist': {
    dataset: 'fashion-mnist',
    title: 'Fashion-MNIST',
    labels: 'fine',
    network: 'mnist',
    scale: grey(0.286, 0.353),
    split: '10000_val_indices_fmnist.npy',
    beta: 100,
    setting: { latent: 256, batch: 500, learningRate: 1e-4, ...paper },
  },
  'cifar-10': {
    dataset: 'cifar-10',
    title: 'CIFAR-10',
    labels: 'fine',
    network: 'cifar10',
    scale: 'contrast',
    split: '10000_val_indices_cifar10.npy',
    beta: 10,
    setting: { latent: 64, batch: 50, learningRate: 1e-2, ...paper },
  },
  'cifar-100': {
    dataset: 'cifar-100',
    title: 'CIFAR-100, coarse classes',
    labels: 'coarse',
    network: 'cifar10',
    scale: 'contrast',
    split: '10000_val_indices_cifar100.npy',
    beta: 100,
    setting: { latent: 64, batch: 100, learningRate: 1e-3, ...paper },
  },
}

/** Domains of a setting; the defaults are the protocol's. */
export function imageParameters({
  beta,
  setting,
}: ImageProtocol): Readonly<Record<'beta' | keyof ImageSetting, RealDomain>> {
  const source = 'reference implementation of the paper'
  return {
    beta: real({
      default: beta,
      min: 0,
      doc: 'Weight of the code norm in loss and score; 0 is the plain autoencoder.',
      source,
    }),
    latent: integer({ default: setting.latent, min: 1, max: 65536, doc: 'Width of the code.', source }),
    batch: integer({ default: setting.batch, min: 2, max: 10_000, doc: 'Images per batch.', source }),
    learningRate: real({
      default: setting.learningRate,
      min: 0,
      aboveMin: true,
      doc: 'Learning rate of Adam.',
      source,
    }),
    steps: integer({ default: setting.steps, min: 1, max: 1_000_000, doc: 'Training steps.', source }),
    validateEvery: integer({
      default: setting.validateEvery,
      min: 1,
      max: 1_000_000,
      doc: 'Steps between two looks at the validation images.',
      source,
    }),
    validation: integer({
      default: setting.validation,
      min: 20,
      max: setting.validation,
      doc: 'Validation images looked at, a seeded draw from the published ones.',
      source,
    }),
  }
}

/**
 * The protocol's setting with changes. Errors: `argument` for a value outside its domain, and for steps that are no
 * multiple of `validateEvery`: the last step must have been looked at.
 */
export function resolveImageSetting(protocol: ImageProtocol, changes: Partial<ImageSetting> = {}): ImageSetting {
  const { beta: _, ...domains } = imageParameters(protocol)
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
  const setting: ImageSetting = resolveParameters(domains, given, 'setting')
  if (setting.steps % setting.validateEvery !== 0) {
    throw new TollError(
      'out-of-domain',
      'steps must be a multiple of the steps between two looks at the validation images, got ' +
        `${setting.steps} and ${setting.validateEvery}`,
      { option: 'steps', value: setting.steps, expected: `a multiple of ${setting.validateEvery}` },
    )
  }
  return setting
}

/** What of a setting is not the protocol's, as `name value (protocol's value)`. */
export function differencesFrom({ setting: paperSetting }: ImageProtocol, setting: ImageSetting): string[] {
  const names = Object.keys(paperSetting) as (keyof ImageSetting)[]
  return names
    .filter((name) => setting[name] !== paperSetting[name])
    .map((name) => `${name} ${setting[name]} (paper ${paperSetting[name]})`)
}

export function protocolNetwork({ network }: Pick<ImageProtocol, 'network'>, latent: number): Autoencoder {
  return network === 'mnist' ? mnistNetwork(latent) : cifarNetwork(latent)
}

/** The fixed scaling of a protocol as a fitted preprocessing. */
export function fixedPreprocessing(
  scale: Exclude<ImageProtocol['scale'], string>,
  shape: readonly [number, number, number],
): ImagePreprocessing {
  return { kind: 'image', scale: 'standard', shape, ...scale, range: [0, 255] }
}
