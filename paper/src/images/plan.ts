// Which trials on images are wanted: networks by class, seed and beta, and other detectors by class and seed.

import { TollError } from 'toll'
import { fingerprintSettings, type SweepPlan, type SweepTrial } from '../sweep/index.js'
import type { DetectorKey, LoggedRecord } from './detector-record.js'
import { imageFormat } from './format.js'
import type { ImageProtocol, ImageSetting } from './protocol.js'
import { detectorRecipes, svmGrid, type DetectorRecipe } from './recipes.js'
import type { NetworkKey } from './record.js'

export interface WantedImageTrials {
  /** Normal classes, by index. */
  readonly classes: readonly number[]
  readonly seeds: readonly number[]
  /** Of networks; none where only other detectors run. */
  readonly betas: readonly number[]
  /** Names of other detectors. */
  readonly detectors: readonly string[]
}

export interface NetworkTrial extends SweepTrial {
  readonly key: NetworkKey
}

export interface DetectorTrial extends SweepTrial {
  readonly key: DetectorKey
  readonly recipe: DetectorRecipe
}

export type ImageTrial = NetworkTrial | DetectorTrial

export function isDetectorTrial(trial: ImageTrial): trial is DetectorTrial {
  return 'recipe' in trial
}

export interface ImagePlanOptions {
  readonly protocol: ImageProtocol
  readonly setting: ImageSetting
  readonly wanted: WantedImageTrials
  /** Names of all classes, by index. */
  readonly classNames: readonly string[]
  /** They are part of a network's identity: without them no log has it. */
  readonly validationRows?: Int32Array
}

export type ImagePlan = SweepPlan<ImageTrial, LoggedRecord>

/** Detectors that have a recipe on images. */
export const recipeNames: readonly string[] = detectorRecipes.map(({ detector }) => detector)

/** A detector takes about as long as so many steps of a network. */
const detectorWork = 50

/**
 * Other detectors first. Of networks, seeds outermost and classes before betas: a table fills evenly, and its first
 * seed is whole before the second begins. Error: `argument` where nothing is wanted, and for a detector without a
 * recipe.
 */
export async function planImages(options: ImagePlanOptions): Promise<ImagePlan> {
  const trials = [...(await detectorTrials(options)), ...(await networkTrials(options))]
  if (trials.length === 0)
    throw new TollError('missing-argument', 'no trial is asked for: name at least one class, seed and beta')
  return { format: imageFormat, trials }
}

async function networkTrials({
  protocol: { dataset, network, scale },
  setting,
  wanted: { classes, seeds, betas },
  classNames,
  validationRows = new Int32Array(0),
}: ImagePlanOptions): Promise<NetworkTrial[]> {
  const keys = seeds.flatMap((seed) =>
    classes.flatMap((normal) => betas.map((beta): NetworkKey => ({ dataset, class: normal, beta, seed }))),
  )
  return Promise.all(
    keys.map(async (key): Promise<NetworkTrial> => ({
      key,
      id: await fingerprintSettings({ key, setting, network, scale }, validationRows),
      name: `${classNames[key.class]}, beta ${key.beta}, seed ${key.seed}`,
      work: setting.steps,
      kind: 'network',
    })),
  )
}

/** Detectors that draw nothing have one trial a class. */
async function detectorTrials({
  protocol: { dataset },
  wanted: { classes, seeds, detectors },
  classNames,
}: ImagePlanOptions): Promise<DetectorTrial[]> {
  const wanted = detectors.flatMap((detector) => {
    const recipe = recipeOf(detector)
    return (recipe.seeded ? seeds : seeds.slice(0, 1)).flatMap((seed) =>
      classes.map((normal) => ({ recipe, key: { detector, dataset, class: normal, seed } })),
    )
  })
  return Promise.all(
    wanted.map(async ({ recipe, key }): Promise<DetectorTrial> => {
      const { scale, variance, parameters, tuned } = recipe
      const settings = {
        key,
        scale: scale[dataset],
        variance,
        parameters,
        ...(tuned !== 'nothing' && { tuned, grid: svmGrid }),
      }
      return {
        key,
        recipe,
        id: await fingerprintSettings(settings, new Uint8Array(0)),
        name: `${key.detector}, ${classNames[key.class]}, seed ${key.seed}`,
        work: detectorWork,
        kind: key.detector,
      }
    }),
  )
}

function recipeOf(name: string): DetectorRecipe {
  const recipe = detectorRecipes.find(({ detector }) => detector === name)
  if (!recipe)
    throw new TollError(
      'out-of-domain',
      `there is no recipe for '${name}' on images; there are recipes for ${recipeNames.join(', ')}`,
      { option: 'detectors', value: name, expected: recipeNames },
    )
  return recipe
}
