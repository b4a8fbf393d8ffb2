// Detectors against each other on one labelled table. Random splits, the same for all detectors, each class split by
// itself so that both parts keep the share of anomalies; a part trains, the other tests. A detector that fails says why
// and stops none of the others.

import {
  TollError,
  integer,
  messageOf,
  real,
  resolveParameters,
  rowCount,
  takeRows,
  throwIfAborted,
  version,
  type Domains,
  type Table,
  type Values,
  type Watched,
} from '../base/index.js'
import { detectorNamed, type Detector } from '../detectors/index.js'
import {
  aurocOf,
  averagePrecisionOf,
  bootstrapIntervals,
  clusterIntervals,
  countByScore,
  timeBlocks,
  rocCurve,
  type RocCurve,
} from '../metrics/index.js'
import { columnInput, feedTable, type FedColumn } from '../model/index.js'
import {
  fitTablePreprocessing,
  inferSchema,
  prepareTable,
  summarize,
  tableParameters,
  type FeatureKind,
  type LeftOut,
  type RowOrder,
  type TablePreprocessing,
} from '../preprocess/index.js'
import type { Device, Engine } from '../runtime/index.js'
import { runDetector, type DetectorRun, type Rows } from './detector-run.js'
import { checkEngines, runOnEngines } from './pool.js'
import { resampledMean, type ResampledMean } from './resampled.js'
import { splitTable, type TableSplit } from './table-splits.js'

export const compareTableParameters = {
  splits: integer({ default: 5, min: 1, max: 1000, doc: 'Random splits, the same for all detectors.' }),
  testShare: real({
    default: 0.4,
    min: 0,
    aboveMin: true,
    max: 1,
    belowMax: true,
    doc: 'Share of the rows of each class that test.',
  }),
  seed: integer({
    default: 0,
    min: 0,
    max: 0xffffffff,
    doc: 'Seed of the splits and of everything random in the detectors.',
  }),
  limit: real({ default: 300, min: 0, doc: 'Seconds that one fit with its scores may take; 0 is no limit.' }),
  scale: tableParameters.scale,
} satisfies Domains

export interface ComparedMethod {
  readonly detector: string
  /** What is left out takes the detector's default. */
  readonly parameters?: Partial<Values<Domains>>
}

/**
 * With `groups`, whole groups test. With `time` there is one split, and the latest rows test (with `groups` too, the
 * groups that start latest); intervals are then over groups or blocks of time.
 */
export interface CompareTableOptions extends Watched, RowOrder, Partial<Values<typeof compareTableParameters>> {
  readonly data: Table
  /** What columns are, where it is not what `inferSchema` makes of them. */
  readonly types?: Readonly<Record<string, FeatureKind>>
  /** 1 = anomaly, one per row. */
  readonly labels: Uint8Array
  readonly methods: readonly ComparedMethod[]
  readonly engines: readonly Engine[]
  /**
   * `normal` (default): anomalies among the training rows are left out. `all`: they stay, as where nobody has labelled
   * them.
   */
  readonly trainOn?: 'normal' | 'all'
}

export interface MethodComparison {
  readonly detector: string
  readonly title: string
  readonly parameters: Values<Domains>
  /** Over splits; with one split the interval is of the bootstrap over its test rows. */
  readonly auroc: ResampledMean
  readonly averagePrecision: ResampledMean
  /** This AUROC minus the best one, over the same splits; absent for the best. */
  readonly behind?: ResampledMean
  /** Means over splits. */
  readonly fitSeconds: number
  readonly scoreSeconds: number
  /** On the first split. */
  readonly roc: RocCurve
}

export interface FailedMethod {
  readonly detector: string
  readonly title: string
  readonly failure: string
}

export interface TableComparison {
  readonly settings: Values<typeof compareTableParameters> & {
    readonly trainOn: 'normal' | 'all'
    readonly by?: 'groups' | 'time' | 'groups and time'
  }
  /** Columns that say nothing, with the reason. */
  readonly leftOut: readonly LeftOut[]
  readonly rows: {
    readonly all: number
    readonly anomalies: number
    readonly columns: number
    readonly train: number
    readonly test: number
    readonly testAnomalies: number
  }
  /** The best mean AUROC first. */
  readonly methods: readonly MethodComparison[]
  readonly failed: readonly FailedMethod[]
  readonly machine: { readonly device: Device; readonly threads: number; readonly toll: string }
}

/**
 * Equal data, options, device and threads give equal numbers, whatever the number of engines (times aside).
 * Errors: `argument` for settings, parameters and detectors that are none; `data` and `shape` for labels that do not
 * fit, for too few rows of a class, and when every detector failed; `aborted`.
 */
export async function compareOnTable(options: CompareTableOptions): Promise<TableComparison> {
  const { labels, engines, trainOn = 'normal', signal, onProgress } = options
  const { table: data, leftOut } = inferSchema(options.data, options.types)
  const { groups, time } = options
  if (time && options.splits !== undefined && options.splits !== 1)
    throw new TollError('out-of-domain', `with times there is one split, the latest rows, got ${options.splits} splits`)
  const settings = {
    ...resolveParameters(compareTableParameters, given(options), 'setting'),
    ...(time && { splits: 1 }),
  }
  checkEngines(engines)
  const methods = options.methods.map(({ detector: name, parameters = {} }) => {
    const detector = detectorNamed(name)
    if (!detector.accepts.includes('table'))
      throw new TollError('unsupported-input', `detector '${name}' does not take tables`)
    return { detector, parameters: resolveParameters(detector.parameters, parameters, `${name} parameter`) }
  })
  if (methods.length === 0) throw new TollError('out-of-domain', 'no detector is named')
  const splits = Array.from({ length: settings.splits }, (_, split) =>
    splitTable(rowCount(data), { ...settings, labels, trainOn, groups, time }, split),
  )

  const tasks = methods.flatMap((method) => splits.map((rows, split) => ({ ...method, rows, split })))
  const failures = new Map<string, string>()
  let done = 0
  const report = (name: string, split: number, share: number) =>
    onProgress?.({
      phase: 'compare',
      done: Math.min(tasks.length, done + share),
      total: tasks.length,
      message: `${name}, split ${split + 1} of ${splits.length}`,
    })
  const runs = await runOnEngines(
    engines,
    tasks,
    async ({ detector, parameters, rows, split }, engine, stopped) => {
      const { name } = detector
      try {
        if (failures.has(name)) return undefined
        report(name, split, 0)
        return await runSplit(data, rows, {
          detector,
          parameters,
          settings,
          split,
          engine,
          stopped,
          onFit: (share) => report(name, split, share),
        })
      } catch (error) {
        throwIfAborted(stopped)
        failures.set(
          name,
          error instanceof TollError && error.code === 'aborted'
            ? `it took longer than ${settings.limit} s on split ${split + 1}`
            : messageOf(error),
        )
        return undefined
      } finally {
        done++
        report(name, split, 0)
      }
    },
    signal,
  )

  const titleOf = ({ name, title }: Detector) => ({ detector: name, title })
  const failed = methods
    .filter(({ detector }) => failures.has(detector.name))
    .map(({ detector }) => ({ ...titleOf(detector), failure: failures.get(detector.name)! }))
  if (failed.length === methods.length)
    throw new TollError('unusable-data', `no detector could be compared; ${failed[0].detector}: ${failed[0].failure}`)
  const [{ train, test }] = splits
  // Of all rows that do not test, whether they train or are left out as anomalies: that is what splits share.
  const testPerTrain = test.length / (labels.length - test.length)
  const clusters =
    groups ?? (time && timeBlocks(time, Math.min(Math.round(timeBlocksOfTest / settings.testShare), time.length)))
  const testClusters = clusters && Array.from(test, (row) => clusters[row])
  const testLabels = splits.map((split) => Uint8Array.from(split.test, (row) => labels[row]))
  const measured = methods.flatMap(({ detector, parameters }, m) =>
    failures.has(detector.name)
      ? []
      : [
          measure(
            runs.slice(m * splits.length, (m + 1) * splits.length) as DetectorRun[],
            testLabels,
            testPerTrain,
            { seed: settings.seed, clusters: testClusters },
            { ...titleOf(detector), parameters },
          ),
        ],
  )
  const ranked = measured.sort((a, b) => b.result.auroc.mean - a.result.auroc.mean)
  return {
    settings: {
      ...settings,
      trainOn,
      ...((groups ?? time) && { by: groups && time ? 'groups and time' : groups ? 'groups' : 'time' }),
    },
    leftOut,
    rows: {
      all: labels.length,
      anomalies: count(labels),
      columns: data.columns.length,
      train: train.length,
      test: test.length,
      testAnomalies: count(testLabels[0]),
    },
    methods: ranked.map(({ result, aurocs }, i) =>
      i === 0
        ? result
        : {
            ...result,
            behind: resampledMean(
              aurocs.map((value, s) => value - ranked[0].aurocs[s]),
              testPerTrain,
            ),
          },
    ),
    failed,
    machine: { device: engines[0].device, threads: engines[0].threads, toll: version },
  }
}

/** Blocks of time among the rows that test, about. */
const timeBlocksOfTest = 50

function given(options: CompareTableOptions): Partial<Values<typeof compareTableParameters>> {
  const { splits, testShare, seed, limit, scale } = options
  return Object.fromEntries(
    Object.entries({ splits, testShare, seed, limit, scale }).filter(([, value]) => value !== undefined),
  )
}

function count(labels: Uint8Array): number {
  return labels.reduce((sum, label) => sum + label, 0)
}

interface SplitRun {
  readonly detector: Detector
  readonly parameters: Values<Domains>
  readonly settings: Values<typeof compareTableParameters>
  readonly split: number
  readonly engine: Engine
  readonly stopped: AbortSignal
  readonly onFit: (share: number) => void
}

async function runSplit(
  data: Table,
  rows: TableSplit,
  { detector, parameters, settings, split, engine, stopped, onFit }: SplitRun,
): Promise<DetectorRun> {
  const [train, test] = [takeRows(data, rows.train), takeRows(data, rows.test)]
  const columns = summarize(train).map((column, i) => ({ ...column, input: `c${i}` }))
  const prepared = { columns, preprocessing: fitTablePreprocessing(train, columns, { scale: settings.scale }) }
  const signal = settings.limit > 0 ? AbortSignal.any([stopped, AbortSignal.timeout(1000 * settings.limit)]) : stopped
  return runDetector({
    detector,
    parameters,
    engine,
    signal,
    onFit,
    train: await prepareRows(engine, prepared, train),
    scored: [await prepareRows(engine, prepared, test)],
    seed: (settings.seed + split) % 2 ** 32,
  })
}

/** As a model file prepares its rows. */
async function prepareRows(
  engine: Engine,
  { columns, preprocessing }: { readonly columns: readonly FedColumn[]; readonly preprocessing: TablePreprocessing },
  table: Table,
): Promise<Rows> {
  const inputs = columns.map((column) => columnInput(column, 'rows'))
  const session = await engine.load({ inputs, outputs: { samples: prepareTable(preprocessing, inputs, 'float64') } })
  try {
    const { samples } = await session.run(feedTable(table, columns, 'refuse').feeds(0, table.rows))
    return { shape: samples.shape, data: samples.data as Float64Array }
  } finally {
    await session.close()
  }
}

interface Measured {
  readonly result: MethodComparison
  /** One per split. */
  readonly aurocs: readonly number[]
}

function measure(
  runs: readonly DetectorRun[],
  labels: readonly Uint8Array[],
  testPerTrain: number,
  { seed, clusters }: { readonly seed: number; readonly clusters?: readonly (string | number)[] },
  method: Pick<MethodComparison, 'detector' | 'title' | 'parameters'>,
): Measured {
  const counts = runs.map(({ scores: [scores] }, split) => countByScore(scores, labels[split]))
  const aurocs = counts.map(aurocOf)
  const mean = (part: 'fitSeconds' | 'scoreSeconds') => runs.reduce((sum, run) => sum + run[part], 0) / runs.length
  const [
    {
      scores: [first],
    },
  ] = runs
  const over = {
    auroc: resampledMean(aurocs, testPerTrain),
    averagePrecision: resampledMean(counts.map(averagePrecisionOf), testPerTrain),
  }
  if (runs.length === 1) {
    const both = { auroc: aurocOf, averagePrecision: averagePrecisionOf }
    const { auroc, averagePrecision } = clusters
      ? clusterIntervals(both, first, labels[0], clusters, { seed })
      : bootstrapIntervals(both, first, labels[0], { seed })
    over.auroc = { ...over.auroc, interval: { low: auroc.low, high: auroc.high } }
    over.averagePrecision = {
      ...over.averagePrecision,
      interval: { low: averagePrecision.low, high: averagePrecision.high },
    }
  }
  return {
    aurocs,
    result: {
      ...method,
      ...over,
      fitSeconds: mean('fitSeconds'),
      scoreSeconds: mean('scoreSeconds'),
      roc: rocCurve(first, labels[0]),
    },
  }
}
