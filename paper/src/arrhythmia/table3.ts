// Table 3 of the paper (Arrhythmia) by the protocol of its reference code: raw features, 274-256-128-16 and back, Adam,
// 2000 batches; the validation F1 every 20 steps chooses the checkpoint, which is then tested. Ten seeds on the shipped
// split and, because that split is one draw of 13 anomalies, one seed on each of 100 random splits of the same sizes.
// The distance to the training mean is the floor.

import { TollError, integer, resolveParameters, version, type Watched } from 'toll/base'
import { meanInterval, type MeanInterval } from 'toll/metrics'
import type { Device, Engine } from 'toll/runtime'
import {
  arrhythmiaBaseline,
  arrhythmiaProtocols,
  measureFloor,
  runArrhythmiaBaselines,
  type ArrhythmiaProtocolName,
  type BaselineRun,
} from './detectors.js'
import { ArrhythmiaBench, arrhythmiaProtocol, measureScores } from './trial.js'
import {
  distanceToMean,
  randomSplit,
  shippedSplit,
  takeLabels,
  type ArrhythmiaData,
  type ProtocolSplit,
} from './splits.js'
import { checkEngines, runOnEngines } from 'toll/evaluate'
import { fingerprintSettings } from '../sweep/index.js'
import { trialKey, type Measured, type Trial, type TrialKey, type TrialStore } from './record.js'

/** How much is run. `steps` below the protocol's 2000 makes a rehearsal, not a reproduction. */
export const table3Parameters = {
  seeds: integer({
    default: 10,
    min: 1,
    max: 1000,
    doc: 'Runs on the shipped split, with seeds 0, 1, ...',
    source: 'paper, section 4.1',
  }),
  splits: integer({ default: 100, min: 0, max: 10_000, doc: 'Random splits, one run with one seed on each.' }),
  steps: integer({
    default: arrhythmiaProtocol.steps,
    min: 20,
    max: 1_000_000,
    doc: 'Training steps of a run, a multiple of 20.',
    source: 'paper, section 4.1',
  }),
}

export interface Table3Options extends Watched {
  readonly data: ArrhythmiaData
  /**
   * Runs go to whichever is free. One thread each and as many as there are cores is fastest; threads are part of the
   * result.
   */
  readonly engines: readonly Engine[]
  /** Default 10. */
  readonly seeds?: number
  /** Default 100. */
  readonly splits?: number
  /** Default 2000. */
  readonly steps?: number
  /** Toll and other detectors by name, which run with the same seeds and splits; default Toll alone. */
  readonly detectors?: readonly string[]
  /** Whether the same network without the norm term (beta 0) runs as well, which doubles the time; default false. */
  readonly plain?: boolean
  /** Finished runs are taken from here and added here. */
  readonly store?: TrialStore
}

/** Over seeds or over splits; values in [0, 1], intervals of the mean at 95 %. */
export type Summary = Readonly<Record<keyof Measured, MeanInterval>>

export interface MethodResult {
  /** `toll`, `plain` (Toll without the norm term), `distance`, or the name of a detector. */
  readonly method: string
  /** Over seeds on the shipped split; one value for the distance, which has no seed. */
  readonly shipped: Summary
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
export async function reproduceTable3(options: Table3Options): Promise<Table3> {
  const { data, engines, plain = false, store, signal, onProgress, detectors = ['toll'] } = options
  const { seeds, splits, steps } = resolveParameters(table3Parameters, given(options), 'table 3 setting')
  const { validateEvery } = arrhythmiaProtocol
  if (steps % validateEvery !== 0)
    throw new TollError('out-of-domain', `table 3 setting 'steps' must be a multiple of ${validateEvery}, got ${steps}`)
  checkEngines(engines)
  if (detectors.length === 0) throw new TollError('out-of-domain', 'table 3 needs at least one detector, got none')
  const baselines = [...new Set(detectors)].filter((name) => name !== 'toll').map(arrhythmiaBaseline)
  const { device, threads } = engines[0]
  const shipped = shippedSplit(data)
  const splitOf = (key: TrialKey) => (key.split === 'shipped' ? shipped : randomSplit(data, key.split))
  const keys = detectors.includes('toll') ? keysOf(seeds, splits, plain) : []
  const settings = await fingerprintSettings(
    { protocol: arrhythmiaProtocol, steps, device, threads, version, orders: [...shipped.test] },
    data.x.data,
  )
  const known = new Map(
    ((await store?.read()) ?? [])
      .filter((trial) => trial.settings === settings)
      .map((trial) => [trialKey(trial), trial]),
  )
  const missing = keys.filter((key) => !known.has(trialKey(key)))

  const report = progressOver(keys, missing, steps, onProgress)
  const benches = new Map(engines.map((engine) => [engine, new ArrhythmiaBench(data, engine)]))
  let fresh: Trial[]
  try {
    fresh = await runOnEngines(
      engines,
      missing,
      async (key, engine, stopped) => {
        const onSteps = (finished: number) => report(key, finished)
        const trial = await benches.get(engine)!.run({ key, split: splitOf(key), steps, signal: stopped, onSteps })
        await store?.append({ settings, ...trial })
        return trial
      },
      signal,
    )
  } finally {
    await Promise.allSettled([...benches.values()].map((bench) => bench.close()))
  }
  const others = await runArrhythmiaBaselines({ data, baselines, engines, seeds, splits, signal, onProgress })
  const found = new Map(fresh.map((trial) => [trialKey(trial), trial]))
  const trials = keys.map((key) => found.get(trialKey(key)) ?? withoutSettings(known.get(trialKey(key))!))
  const testLabels = takeLabels(data, shipped.test)
  return {
    settings: {
      protocol: arrhythmiaProtocol,
      seeds,
      splits,
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
    ...(baselines.length > 0 && { protocols: summarizeProtocols([...others, ...measureFloor(data, splits)]) }),
    trials,
  }
}

function given({ seeds, splits, steps }: Table3Options): Partial<Record<keyof typeof table3Parameters, number>> {
  return Object.fromEntries(Object.entries({ seeds, splits, steps }).filter(([, value]) => value !== undefined))
}

function keysOf(seeds: number, splits: number, plain: boolean): TrialKey[] {
  const betas = plain ? [arrhythmiaProtocol.beta, 0] : [arrhythmiaProtocol.beta]
  const seedList = Array.from({ length: seeds }, (_, seed) => seed)
  const splitList = Array.from({ length: splits }, (_, split) => split)
  return [
    ...betas.flatMap((beta) => seedList.map((seed): TrialKey => ({ split: 'shipped', beta, seed }))),
    // The seed varies with the split, so that the spread is that of both.
    ...betas.flatMap((beta) => splitList.map((split): TrialKey => ({ split, beta, seed: split }))),
  ]
}

/** Counts training steps of each phase; what the store held counts as done. */
function progressOver(
  keys: readonly TrialKey[],
  missing: readonly TrialKey[],
  steps: number,
  onProgress: Watched['onProgress'],
) {
  const phaseOf = ({ split }: TrialKey) => (split === 'shipped' ? 'shipped split' : 'random splits')
  const phases = new Map(
    ['shipped split', 'random splits'].map((phase) => {
      const count = (list: readonly TrialKey[]) => list.filter((key) => phaseOf(key) === phase).length * steps
      return [phase, { total: count(keys), done: count(keys) - count(missing) }]
    }),
  )
  const last = new Map<string, number>()
  return (key: TrialKey, finished: number) => {
    const phase = phaseOf(key)
    const count = phases.get(phase)!
    count.done += finished - (last.get(trialKey(key)) ?? 0)
    last.set(trialKey(key), finished)
    const what = key.split === 'shipped' ? `seed ${key.seed}` : `split ${key.split}`
    onProgress?.({
      phase,
      done: count.done,
      total: count.total,
      message: `${what}${key.beta === 0 ? ', without the norm term' : ''}, step ${finished} of ${steps}`,
    })
  }
}

function withoutSettings({ settings: _, ...trial }: Trial & { settings: string }): Trial {
  return trial
}

function summarizeMethods(
  data: ArrhythmiaData,
  trials: readonly Trial[],
  others: readonly BaselineRun[],
  shipped: ProtocolSplit,
  splits: number,
): MethodResult[] {
  const floorOf = ({ train, test }: ProtocolSplit) =>
    measureScores(distanceToMean(data, train, test), takeLabels(data, test))
  const floors = Array.from({ length: splits }, (_, split) => floorOf(randomSplit(data, split)))
  const betas = [...new Set(trials.map(({ beta }) => beta))]
  const fitted = betas.map((beta): MethodResult => {
    const ours = trials.filter((trial) => trial.beta === beta)
    const overSplits = ours.filter(({ split }) => split !== 'shipped')
    return {
      method: beta === 0 ? 'plain' : 'toll',
      shipped: summarize(ours.filter(({ split }) => split === 'shipped')),
      ...(splits > 0 && {
        random: summarize(overSplits),
        aboveFloor: summarize(overSplits.map((trial, i) => subtract(trial, floors[i]))),
      }),
    }
  })
  const run = [...new Set(others.map(({ detector }) => detector))].map((method): MethodResult => {
    const of = (protocol: ArrhythmiaProtocolName) =>
      others.filter((other) => other.detector === method && other.protocol === protocol)
    return {
      method,
      shipped: summarize(of('shipped')),
      ...(splits > 0 && {
        random: summarize(of('random')),
        aboveFloor: summarize(of('random').map((other) => subtract(other, floors[other.seed]))),
      }),
    }
  })
  return [
    ...fitted,
    ...run,
    { method: 'distance', shipped: summarize([floorOf(shipped)]), ...(splits > 0 && { random: summarize(floors) }) },
  ]
}

function summarizeProtocols(runs: readonly BaselineRun[]): ProtocolResult[] {
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
