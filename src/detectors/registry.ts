// The closed list of detectors; a new one is one file and one line here.

import { TollError } from '../base/index.js'
import type { Detector } from './contract.js'
import { gaussianMixture } from './gaussian-mixture.js'
import { mcd } from './mcd.js'
import { meanDistance } from './mean-distance.js'
import { pca } from './pca.js'
import { toll } from './toll.js'

const all = [
  toll,
  meanDistance,
  pca,
  mcd,
  gaussianMixture,
]

export const detectors: ReadonlyMap<string, Detector> = new Map(all.map((detector) => [detector.name, detector as unknown as Detector]))

export function detectorNamed(name: string): Detector {
  const detector = detectors.get(name)
  if (!detector) throw new TollError('not-found', `there is no detector '${name}'; known: ${[...detectors.keys()].join(', ')}`)
  return detector
}
