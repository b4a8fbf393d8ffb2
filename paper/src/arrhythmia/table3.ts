// Table 3 of the paper (Arrhythmia) by the protocol of its reference code: raw features, 274-256-128-16 and back, Adam,
// 2000 batches; the validation F1 every 20 steps chooses the checkpoint, which is then tested. Ten seeds on the shipped
// split and, because that split is one draw of 13 anomalies, one seed on each of 100 random splits of the same sizes.
// The distance to the training mean is the floor.

import { version, type Device, type Engine } from 'toll'
import { meanInterval, type MeanInterval } from 'toll/metrics'
import { checkEngines } from 'toll/runtime'
import { runSweep, type SweepOptions } from '../sweep/index.js'
import { measureFloor } from './detectors.js'
import { arrhythmiaProtocol, measureScores } from './protocol.js'
import {
  arrhythmiaProtocols,
  isDetectorRun,
  type ArrhythmiaProtocolName,
  type DetectorRun,
  type Measured,
  type Table3Record,
  type Trial,
} from './record.js'
import {
  distanceToMean,
  randomSplit,
  shippedSplit,
  takeLabels,
  type ArrhythmiaData,
  type ProtocolSplit,
} from './splits.js'
import { resolveTable3, table3Sweep, type Table3Setting, type Table3Trial, type Table3Wanted } from './sweep.js'

/** Over seeds or over splits; values in [0, 1], intervals of the mean at 95 %. */
export type Summary = Readonly<Record<keyof Measured, MeanInterval>>

export interface MethodResult {
  /** `toll`, `plain` (Toll without the norm term), `distance`, or the name of a detector. */
  readonly method: string
  /** Over seeds on the shipped split; one value for the distance, which has no seed. Absent when none ran. */
  readonly shipped?: Summary
  /** Over random splits; absent when none ran. */
  readonly random?: Summary
  /** This method minus the distance to the training mean on the same random splits; absent for the distance. */
  readonly aboveFloor?: Summary
}

/** One method under the protocols that the paper's column mixes; those without a run are absent. */
export interface ProtocolResult {
  readonly method: string
  readonly results: Readonly<Partial<Record<ArrhythmiaProtocolName, Summary>>>
}

export interface Table3 {
  readonly settings: {
    readonly protocol: typeof arrhythmiaProtocol
    readonly seeds: number
    readonly splits: number
    readonly steps: number
    /** Rows of each part. */
    readonly rows: {
      readonly train: number
      readonly validation: number
      readonly test: number
      readonly testAnomalies: number
    }
  }
  /** What equal settings need besides to give equal bits. */
  readonly machine: { readonly device: Device; readonly threads: number; readonly toll: string }
  /** Toll first, the distance last. */
  readonly methods: readonly MethodResult[]
  /** Detectors beside Toll, and the distance; absent where Toll runs alone. */
  readonly protocols?: readonly ProtocolResult[]
  /** Every run, shipped split first, then by split, beta and seed. */
  readonly trials: readonly Trial[]
}

/**
 * Runs what `store` does not hold yet and summarises all. The same data, settings, device and threads give the same
 * numbers, whatever the number of engines.
 *
 * Over random splits of one data set the test sets share rows, so the interval of their mean is too narrow for claims
 * about new patients (Nadeau and Bengio, Machine Learning 52, 2003).
 *
 * @throws `argument` for settings outside their domain, `shape` and `data` for data that do not fit the protocol,
 * `aborted`, `diverged`.
 */
export async function reproduceTable3(
  options: Table3Wanted & SweepOptions<Table3Trial, Table3Record>,
): Promise<Table3> {
  const setting = resolveTable3(options)
  checkEngines(options.engines)
  const [engine] = options.engines
  const { records } = await runSweep(await table3Sweep(setting, engine), options)
  return summarizeTable3(setting, engine, [...records.values()])
}

/** Of records of `table3Sweep`, in its order; seeds and splits are those that some trial ran with. */
export function summarizeTable3(
  { data, steps, detectors, ...wanted }: Table3Setting,
  { device, threads }: Pick<Engine, 'device' | 'threads'>,
  records: readonly Table3Record[],
): Table3 {
  const shipped = shippedSplit(data)
  const trials = records.flatMap((record) => (isDetectorRun(record) ? [] : [withoutSettings(record)]))
  const others = records.filter(isDetectorRun).map(withoutSettings)
  const testLabels = takeLabels(data, shipped.test)
  const seeds = wanted.seeds.filter((seed) => records.some((record) => !isOnSplit(record) && record.seed === seed))
  const splits = wanted.splits.filter((split) => records.some((record) => isOnSplit(record) && record.seed === split))
  return {
    settings: {
      protocol: arrhythmiaProtocol,
      seeds: seeds.length,
      splits: splits.length,
      steps,
      rows: {
        train: shipped.train.length,
        validation: shipped.validation.length,
        test: shipped.test.length,
        testAnomalies: testLabels.reduce((sum, label) => sum + label, 0),
      },
    },
    machine: { device, threads, toll: version },
    methods: summarizeMethods(data, trials, others, shipped, splits),
    ...(detectors.some((name) => name !== 'toll') && {
      protocols: summarizeProtocols([...others, ...measureFloor(data, splits)]),
    }),
    trials,
  }
}

/** Whether the trial is on a random split, of which its seed is the seed. */
function isOnSplit(record: Table3Record): boolean {
  return isDetectorRun(record) ? ['random', 'half'].includes(record.protocol) : record.split !== 'shipped'
}

function withoutSettings<T extends Table3Record>({
  settings: _,
  seconds: __,
  ...trial
}: T): Omit<T, 'settings' | 'seconds'> {
  return trial
}

function summarizeMethods(
  data: ArrhythmiaData,
  trials: readonly Trial[],
  others: readonly DetectorRun[],
  shipped: ProtocolSplit,
  splits: readonly number[],
): MethodResult[] {
  const floorOf = ({ train, test }: ProtocolSplit) =>
    measureScores(distanceToMean(data, train, test), takeLabels(data, test))
  const floors = new Map(splits.map((split) => [split, floorOf(randomSplit(data, split))]))
  const result = <T extends Measured>(
    method: string,
    onShipped: readonly T[],
    onRandom: readonly T[],
    splitOf: (trial: T) => number,
  ): MethodResult => ({
    method,
    ...(onShipped.length > 0 && { shipped: summarize(onShipped) }),
    ...(onRandom.length > 0 && {
      random: summarize(onRandom),
      aboveFloor: summarize(onRandom.map((trial) => subtract(trial, floors.get(splitOf(trial))!))),
    }),
  })
  const fitted = [...new Set(trials.map(({ beta }) => beta))].map((beta) => {
    const ours = trials.filter((trial) => trial.beta === beta)
    return result(
      beta === 0 ? 'plain' : 'toll',
      ours.filter(({ split }) => split === 'shipped'),
      ours.filter(({ split }) => split !== 'shipped'),
      ({ split }) => Number(split),
    )
  })
  const run = [...new Set(others.map(({ detector }) => detector))].map((method) => {
    const of = (protocol: ArrhythmiaProtocolName) =>
      others.filter((other) => other.detector === method && other.protocol === protocol)
    return result(method, of('shipped'), of('random'), ({ seed }) => seed)
  })
  return [
    ...fitted,
    ...run,
    {
      method: 'distance',
      shipped: summarize([floorOf(shipped)]),
      ...(splits.length > 0 && { random: summarize([...floors.values()]) }),
    },
  ]
}

function summarizeProtocols(runs: readonly DetectorRun[]): ProtocolResult[] {
  return [...new Set(runs.map(({ detector }) => detector))].map((method) => ({
    method,
    results: Object.fromEntries(
      arrhythmiaProtocols.flatMap((protocol) => {
        const of = runs.filter((run) => run.detector === method && run.protocol === protocol)
        return of.length > 0 ? [[protocol, summarize(of)]] : []
      }),
    ),
  }))
}

function summarize(values: readonly Measured[]): Summary {
  return {
    f1: meanInterval(values.map(({ f1 }) => f1)),
    auroc: meanInterval(values.map(({ auroc }) => auroc)),
    averagePrecision: meanInterval(values.map(({ averagePrecision }) => averagePrecision)),
  }
}

function subtract(a: Measured, b: Measured): Measured {
  return { f1: a.f1 - b.f1, auroc: a.auroc - b.auroc, averagePrecision: a.averagePrecision - b.averagePrecision }
}
