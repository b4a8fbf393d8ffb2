// The closed list of detectors; a new one is one file and one line here.

import { TollError } from '../base/index.js'
import type { Detector } from './contract.js'
import { abod } from './abod.js'
import { cblof } from './cblof.js'
import { copod } from './copod.js'
import { ecod } from './ecod.js'
import { namedEnsemble } from './ensemble.js'
import { featureBagging } from './feature-bagging.js'
import { gaussianMixture } from './gaussian-mixture.js'
import { hbos } from './hbos.js'
import { isolationForest } from './isolation-forest.js'
import { kde } from './kde.js'
import { knn } from './knn.js'
import { loda } from './loda.js'
import { lof } from './lof.js'
import { mcd } from './mcd.js'
import { meanDistance } from './mean-distance.js'
import { ocSvm } from './oc-svm.js'
import { pca } from './pca.js'
import { toll } from './toll.js'
import { tollAuto } from './toll-auto.js'

const all = [
  toll,
  meanDistance,
  pca,
  mcd,
  gaussianMixture,
  kde,
  ocSvm,
  knn,
  lof,
  abod,
  cblof,
  featureBagging,
  isolationForest,
  hbos,
  ecod,
  copod,
  loda,
].map((detector) => detector as unknown as Detector)

/**
 * Made of the others: an ensemble of members that see differently (distances, partitions, directions), and Toll of
 * several settings.
 */
const ensembles = [namedEnsemble(all, ['knn', 'isolation-forest', 'pca']), tollAuto].map(
  (detector) => detector as unknown as Detector,
)

export const detectors: ReadonlyMap<string, Detector> = new Map(
  [...all, ...ensembles].map((detector) => [detector.name, detector]),
)

export function detectorNamed(name: string): Detector {
  const detector = detectors.get(name)
  if (!detector)
    throw new TollError(
      'unknown-detector',
      `there is no detector '${name}'; known: ${[...detectors.keys()].join(', ')}`,
      { value: name, expected: [...detectors.keys()] },
    )
  return detector
}

/**
 * The detector that made a model: the one given where the model is its own, else the one of that name in the list;
 * undefined where there is none. Error: `argument` for one of another name.
 */
export function detectorOf({ detector: name }: { readonly detector: string }, given?: Detector): Detector | undefined {
  if (given && given.name !== name)
    throw new TollError('not-applicable', `the model was made by the detector '${name}', not by '${given.name}'`, {
      option: 'detector',
      value: given.name,
      expected: name,
    })
  return given ?? detectors.get(name)
}
