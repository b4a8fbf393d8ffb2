// The closed list of detectors; a new one is one file and one line here.

import { TollError } from '../base/index.js'
import type { Detector } from './contract.js'
import { abod } from './abod.js'
import { cblof } from './cblof.js'
import { featureBagging } from './feature-bagging.js'
import { knn } from './knn.js'
import { lof } from './lof.js'
import { toll } from './toll.js'

export const detectors: ReadonlyMap<string, Detector> = new Map([toll, knn, lof, abod, cblof, featureBagging].map((detector) => [detector.name, detector as unknown as Detector]))

export function detectorNamed(name: string): Detector {
  const detector = detectors.get(name)
  if (!detector) throw new TollError('not-found', `there is no detector '${name}'; known: ${[...detectors.keys()].join(', ')}`)
  return detector
}
