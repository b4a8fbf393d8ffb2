// How PyOD's table runs each detector. Its settings are those of its release at the time of the table.

import type { Domains, Values } from 'toll/base'
import { detectorNamed } from 'toll/detectors'
import type { PyodColumn } from './pyod-published.js'

/** A detector as the benchmark runs it. */
export interface PyodMethod {
  readonly detector: string
  /** The benchmark's on so many columns, where they are not our defaults. */
  readonly parameters: (columns: number) => Partial<Values<Domains>>
  /** The same in words. */
  readonly setting?: string
  /** PyOD's column; absent for detectors that its table lacks. */
  readonly column?: PyodColumn
  /** How far a mean may be from the published one; more calls for an explanation. */
  readonly tolerance?: number
}

/** Exact methods differ by the rounding of the published table; the others draw other random numbers than PyOD does. */
const [exact, random] = [0.0002, 0.02]

const ourDefaults = () => ({})

/** Values for domains that the registry knows; they are checked before a run. */
function asParameters(values: Readonly<Record<string, number | string>>): Partial<Values<Domains>> {
  return values
}

const ofTable: readonly PyodMethod[] = [
  { column: 'ABOD', detector: 'abod', parameters: ourDefaults, tolerance: random },
  { column: 'CBLOF', detector: 'cblof', parameters: ourDefaults, tolerance: random },
  { column: 'FB', detector: 'feature-bagging', parameters: ourDefaults, tolerance: random },
  { column: 'HBOS', detector: 'hbos', parameters: ourDefaults, tolerance: exact },
  { column: 'IForest', detector: 'isolation-forest', parameters: ourDefaults, tolerance: random },
  { column: 'KNN', detector: 'knn', parameters: ourDefaults, tolerance: exact },
  { column: 'LOF', detector: 'lof', parameters: ourDefaults, tolerance: exact },
  { column: 'MCD', detector: 'mcd', parameters: ourDefaults, tolerance: random },
  {
    column: 'OCSVM',
    detector: 'oc-svm',
    parameters: (columns) => asParameters({ nu: 0.5, gamma: 1 / columns }),
    setting: 'nu 0.5, gamma 1 / columns',
    tolerance: random,
  },
  {
    column: 'PCA',
    detector: 'pca',
    parameters: () => asParameters({ score: 'weighted', variance: 1 }),
    setting: 'score weighted, all components',
    tolerance: exact,
  },
]

/**
 * How a detector is run here: as PyOD's table runs it, or with our defaults where the table lacks it. Error:
 * `not-found`.
 */
export function pyodMethod(name: string): PyodMethod {
  return (
    ofTable.find(({ detector }) => detector === name) ?? { detector: detectorNamed(name).name, parameters: ourDefaults }
  )
}
