// The detectors of Tables 1 and 2 that need no training steps, by the recipes of the papers that their columns were
// copied from (Ruff et al., "Deep one-class classification", ICML 2018, and its code): all training images of the
// normal class train, none are set aside; the test images are the published ones.
//
// The recipe of OC-SVM looks at labels: gamma is the one of ten with the highest AUROC on a random tenth of the
// labelled test images, which then do not count, and the better of two values of nu is reported. Beside it stands a
// choice without labels: gamma = 1 / (largest squared distance of two training images), nu = 0.1.

import type { Domains, Values } from 'toll/base'
import type { ImageDataset } from './protocol.js'

export interface DetectorRecipe {
  /** Name of the detector. */
  readonly detector: string
  /** The paper's name of the column. */
  readonly column: string
  /**
   * `minmax`: training range of the pixels to [0, 1]. `contrast`: each image by its mean and mean absolute deviation
   * first.
   */
  readonly scale: Readonly<Record<ImageDataset, 'minmax' | 'contrast'>>
  /** Share of the variance that principal components keep; 1 keeps the pixels. */
  readonly variance: number
  readonly parameters: Partial<Values<Domains>>
  /** Whether scores depend on a seed. */
  readonly seeded: boolean
  /** Parameters that labelled test images choose. */
  readonly tuned: 'gamma and nu' | 'nothing'
}

const greyByRange = {
  mnist: 'minmax',
  'fashion-mnist': 'minmax',
  'cifar-10': 'contrast',
  'cifar-100': 'contrast',
} as const
const byContrast = {
  mnist: 'contrast',
  'fashion-mnist': 'contrast',
  'cifar-10': 'contrast',
  'cifar-100': 'contrast',
} as const

/** Bandwidths 2^0.5, 2^1, ..., 2^5 by five-fold cross-validation. */
const validated = { rule: 'cross-validation', grid: 'coarse' } as unknown as Partial<Values<Domains>>

export const detectorRecipes: readonly DetectorRecipe[] = [
  {
    detector: 'oc-svm',
    column: 'OC-SVM',
    scale: greyByRange,
    variance: 0.95,
    parameters: {},
    seeded: false,
    tuned: 'gamma and nu',
  },
  {
    detector: 'kde',
    column: 'KDE',
    scale: greyByRange,
    variance: 0.95,
    parameters: validated,
    seeded: false,
    tuned: 'nothing',
  },
  // Whether the published forests saw components is not stated; only with them are the published values met: 98 on
  // MNIST's class 0 and 60 on airplanes (published 98.0 and 60.1), without them 88 and 76.
  {
    detector: 'isolation-forest',
    column: 'IF',
    scale: byContrast,
    variance: 0.95,
    parameters: {},
    seeded: true,
    tuned: 'nothing',
  },
]

export const svmGrid = {
  gammas: Array.from({ length: 10 }, (_, i) => 2 ** (i - 10)),
  nus: [0.01, 0.1],
  /** Share of the test images that choose. */
  holdout: 0.1,
  /** Random draws of those images, each of which chooses anew. */
  draws: 10,
  /** Without labels. */
  nu: 0.1,
} as const
