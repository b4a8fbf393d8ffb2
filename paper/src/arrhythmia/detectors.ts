// Detectors without training steps on Arrhythmia, under each of the protocols that stand behind the paper's Table 3.
// Its column mixes them; here every detector has a number for each. Columns are standardised by the training rows, all
// of them normal.
//
// | protocol | train | test | called anomalies |
// |---|---|---|---|
// | shipped, random | 60 % of the normal rows | 20 % of each class | as many as the whole set has: 13 of 90 |
// | half (DAGMM, ALAD) | the normal rows of a random half | the other half | the highest 15 % of the scores |
// | goad | the first half of the normal rows, as the file has them | all others | as many as there are anomalies among
// them |

import type { Engine } from 'toll'
import { Random, takeSamples, type Domains, type Values } from 'toll/base'
import { detectorNamed, type Rows } from 'toll/detectors'
import { runStandardized } from '../benchmarks/index.js'
import { arrhythmiaProtocol, measureScores } from './protocol.js'
import { arrhythmiaProtocols, type ArrhythmiaProtocolName, type DetectorKey, type DetectorRun } from './record.js'
import { distanceToMean, randomSplit, shippedSplit, takeLabels, type ArrhythmiaData } from './splits.js'

export interface ArrhythmiaProblem {
  /** Rows of the data, all normal. */
  readonly train: Int32Array
  readonly test: Int32Array
  /** Share of the test rows that is called normal. */
  readonly normalShare: number
}

/** Where our defaults are not what is run here. */
const chosen: Readonly<Record<string, Partial<Values<Domains>>>> = {
  kde: { rule: 'cross-validation', grid: 'coarse' },
}

/** Parameters of a detector here, where they are not its defaults. */
export function chosenParameters(detector: string): Partial<Values<Domains>> {
  return chosen[detector] ?? {}
}

/** The rows of a protocol; `seed` chooses the split of those that are random. Errors as `shippedSplit`. */
export function arrhythmiaProblem(
  data: ArrhythmiaData,
  protocol: ArrhythmiaProtocolName,
  seed: number,
): ArrhythmiaProblem {
  switch (protocol) {
    case 'shipped':
    case 'random': {
      const { train, test } = protocol === 'shipped' ? shippedSplit(data) : randomSplit(data, seed)
      return { train, test, normalShare: arrhythmiaProtocol.normalShare }
    }
    case 'half': {
      const order = Random.seeded(seed).fork('halves').permutation(data.y.length)
      const middle = Math.floor(order.length / 2)
      return {
        train: order.subarray(0, middle).filter((row) => data.y[row] === 0),
        test: order.slice(middle),
        normalShare: 0.85,
      }
    }
    case 'goad': {
      const rows = Int32Array.from({ length: data.y.length }, (_, row) => row)
      const normal = rows.filter((row) => data.y[row] === 0)
      const train = normal.subarray(0, Math.floor(normal.length / 2))
      const test = rows.filter((row) => data.y[row] === 1 || row > train[train.length - 1])
      return { train, test, normalShare: (normal.length - train.length) / test.length }
    }
  }
}

export interface DetectorRunOptions {
  readonly data: ArrhythmiaData
  readonly key: DetectorKey
  readonly engine: Engine
  readonly signal: AbortSignal
}

/** One detector under one protocol. Errors: those of its fit, `aborted`. */
export async function runDetectorTrial({ data, key, engine, signal }: DetectorRunOptions): Promise<DetectorRun> {
  const { detector, protocol, seed } = key
  const problem = arrhythmiaProblem(data, protocol, seed)
  const { scores } = await runStandardized({
    detector: detectorNamed(detector),
    parameters: chosenParameters(detector),
    train: rowsOf(data, problem.train),
    test: rowsOf(data, problem.test),
    engine,
    seed,
    signal,
  })
  return { detector, protocol, seed, ...measureScores(scores, takeLabels(data, problem.test), problem.normalShare) }
}

/** Seeds of the trials of one detector under a protocol: splits where those are drawn, else seeds of the detector. */
export function seedsOf(
  protocol: ArrhythmiaProtocolName,
  { seeds, splits }: { readonly seeds: readonly number[]; readonly splits: readonly number[] },
): readonly number[] {
  return protocol === 'random' || protocol === 'half' ? splits : seeds
}

/** The distance to the training mean, raw features, under every protocol. */
export function measureFloor(data: ArrhythmiaData, splits: readonly number[]): DetectorRun[] {
  return arrhythmiaProtocols.flatMap((protocol) =>
    seedsOf(protocol, { seeds: [0], splits }).map((seed) => {
      const problem = arrhythmiaProblem(data, protocol, seed)
      const scores = distanceToMean(data, problem.train, problem.test)
      return {
        detector: 'distance',
        protocol,
        seed,
        ...measureScores(scores, takeLabels(data, problem.test), problem.normalShare),
      }
    }),
  )
}

function rowsOf({ x }: ArrhythmiaData, rows: Int32Array): Rows {
  const { shape, data } = takeSamples(x, rows)
  return { shape, data: Float64Array.from(data) }
}
