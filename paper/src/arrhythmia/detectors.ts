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

import { Random, takeSamples, type Domains, type Values, type Watched } from 'toll/base'
import { detectorNamed } from 'toll/detectors'
import { auroc, averagePrecision, confusion, f1Score, predictShare, type Labels, type Scores } from 'toll/metrics'
import type { Engine } from 'toll/runtime'
import { arrhythmiaProtocol } from './trial.js'
import { distanceToMean, randomSplit, shippedSplit, takeLabels, type ArrhythmiaData } from './splits.js'
import { runDetector, type Rows } from 'toll/evaluate'
import { runOnEngines } from 'toll/evaluate'
import { fitStandardization, standardize } from '../benchmarks/index.js'
import type { Measured } from './record.js'

export const arrhythmiaProtocols = ['shipped', 'random', 'half', 'goad'] as const
export type ArrhythmiaProtocolName = (typeof arrhythmiaProtocols)[number]

export interface ArrhythmiaProblem {
  /** Rows of the data, all normal. */
  readonly train: Int32Array
  readonly test: Int32Array
  /** Share of the test rows that is called normal. */
  readonly normalShare: number
}

/** A detector as it runs here. */
export interface ArrhythmiaBaseline {
  readonly detector: string
  readonly parameters: Partial<Values<Domains>>
}

export interface BaselineRun extends Measured {
  readonly detector: string
  readonly protocol: ArrhythmiaProtocolName
  /** Of the random split, or of the detector on a fixed one. */
  readonly seed: number
}

/** Where our defaults are not what is run here. */
const parameters: Readonly<Record<string, Partial<Values<Domains>>>> = {
  kde: { rule: 'cross-validation', grid: 'coarse' },
}

/** Error: `not-found` for a detector that does not exist. */
export function arrhythmiaBaseline(name: string): ArrhythmiaBaseline {
  return { detector: detectorNamed(name).name, parameters: parameters[name] ?? {} }
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

/** F1 by calling the highest scores anomalies, AUROC and average precision. */
export function measureProblem(
  scores: Scores,
  labels: Labels,
  { normalShare }: Pick<ArrhythmiaProblem, 'normalShare'>,
): Measured {
  return {
    f1: f1Score(confusion(predictShare(scores, normalShare), labels)),
    auroc: auroc(scores, labels),
    averagePrecision: averagePrecision(scores, labels),
  }
}

export interface ArrhythmiaBaselinesOptions extends Watched {
  readonly data: ArrhythmiaData
  readonly baselines: readonly ArrhythmiaBaseline[]
  readonly engines: readonly Engine[]
  /** Runs of each detector on a fixed split. */
  readonly seeds: number
  /** Splits of each random protocol. */
  readonly splits: number
}

/** Every baseline under every protocol, in that order. Errors: those of the detectors' fits, `aborted`. */
export async function runArrhythmiaBaselines({
  data,
  baselines,
  engines,
  seeds,
  splits,
  signal,
  onProgress,
}: ArrhythmiaBaselinesOptions): Promise<BaselineRun[]> {
  const tasks = baselines.flatMap((baseline) =>
    arrhythmiaProtocols.flatMap((protocol) =>
      Array.from({ length: runsOf(protocol, seeds, splits) }, (_, seed) => ({ baseline, protocol, seed })),
    ),
  )
  let done = 0
  return runOnEngines(
    engines,
    tasks,
    async ({ baseline: { detector, parameters: chosen }, protocol, seed }, engine, stopped) => {
      const problem = arrhythmiaProblem(data, protocol, seed)
      const train = rowsOf(data, problem.train)
      const scaling = fitStandardization(train)
      const {
        scores: [scores],
      } = await runDetector({
        detector: detectorNamed(detector),
        parameters: chosen,
        train: standardize(train, scaling),
        scored: [standardize(rowsOf(data, problem.test), scaling)],
        engine,
        seed,
        signal: stopped,
      })
      onProgress?.({
        phase: 'other detectors',
        done: ++done,
        total: tasks.length,
        message: `${detector}, ${protocol} split`,
      })
      return { detector, protocol, seed, ...measureProblem(scores, takeLabels(data, problem.test), problem) }
    },
    signal,
  )
}

/** The distance to the training mean, raw features, under every protocol. */
export function measureFloor(data: ArrhythmiaData, splits: number): BaselineRun[] {
  return arrhythmiaProtocols.flatMap((protocol) =>
    Array.from({ length: runsOf(protocol, 1, splits) }, (_, seed) => {
      const problem = arrhythmiaProblem(data, protocol, seed)
      const scores = distanceToMean(data, problem.train, problem.test)
      return {
        detector: 'distance',
        protocol,
        seed,
        ...measureProblem(scores, takeLabels(data, problem.test), problem),
      }
    }),
  )
}

function runsOf(protocol: ArrhythmiaProtocolName, seeds: number, splits: number): number {
  return protocol === 'random' || protocol === 'half' ? splits : seeds
}

function rowsOf({ x }: ArrhythmiaData, rows: Int32Array): Rows {
  const { shape, data } = takeSamples(x, rows)
  return { shape, data: Float64Array.from(data) }
}
