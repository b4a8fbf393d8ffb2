// Detectors against each other on one labelled table. Random splits, the same for all detectors, each class split by
// itself so that both parts keep the share of anomalies; a part trains, the other tests. A detector that fails says why
// and stops none of the others.

import {
  TollError,
  choice,
  integer,
  messageOf,
  real,
  resolveParameters,
  rowCount,
  takeRows,
  throwIfAborted,
  version,
  type Domains,
  type ErrorCode,
  type ErrorDetails,
  type ErrorReason,
  type Table,
  type Values,
  type Watched,
  type ColumnKind,
  type RowOrder,
} from '../base/index.js'
import { detectors, type Detector } from '../detectors/index.js'
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
import { columnInput, encodeTable, type ColumnInput } from '../model/index.js'
import {
  fitTablePreprocessing,
  inferSchema,
  prepareTable,
  summarize,
  tableParameters,
  type LeftOut,
  type TablePreprocessing,
} from '../preprocess/index.js'
import { release, sharedEngine, type Device, type Engine } from '../runtime/index.js'
import { checkLabels } from './check-labels.js'
import { runDetector, type DetectorRun, type Rows } from './run-detector.js'
import { checkEngines, runOnEngines } from './run-on-engines.js'
import { resampledMean, type ResampledMean } from './resampled-mean.js'
import { splitTable, type TableSplit } from './split-table.js'

export const comparisonParameters = {
  trainOn: choice({
    values: ['normal', 'all'],
    default: 'normal',
    doc: 'Which rows train: normal leaves labelled anomalies out, all keeps them, as where nobody has labelled them.',
  }),
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

type Settings = Values<typeof comparisonParameters>

/**
 * With `groups`, whole groups test. With `time` there is one split, and the latest rows test (with `groups` too, the
 * groups that start latest); intervals are then over groups or blocks of time.
 */
export interface CompareOptions extends Watched, RowOrder, Partial<Settings> {
  /** One, or several that are alike: runs go side by side, one on each. Default: one that is shared with models. */
  readonly engines?: readonly Engine[]
  /** Default: all of this library that take tables. */
  readonly detectors?: readonly Detector[]
  /** By name of the detector; what is left out takes the detector's default. */
  readonly parameters?: Readonly<Record<string, Partial<Values<Domains>>>>
  /** What columns are, where it is not what `inferSchema` makes of them. */
  readonly types?: Readonly<Record<string, ColumnKind>>
}

export interface ComparedDetector {
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

/** Why a detector is not in the ranking. */
export interface FailedDetector {
  readonly detector: string
  readonly title: string
  /** The split, from 0, on which it failed. */
  readonly split: number
  readonly code: ErrorCode
  /** `time-limit` where it took longer than it may; `internal` for what is no error of this library. */
  readonly reason: ErrorReason
  readonly message: string
  readonly details: ErrorDetails
}

/** Plain data, ready for JSON. */
export interface Comparison {
  readonly settings: Settings & { readonly by?: 'groups' | 'time' | 'groups and time' }
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
  readonly ranking: readonly ComparedDetector[]
  readonly failed: readonly FailedDetector[]
  readonly machine: { readonly device: Device; readonly threads: number; readonly toll: string }
}

/**
 * Compares detectors on one labelled table (1 = anomaly, one label per row). Equal data, options, device and threads
 * give equal numbers, whatever the number of engines (times aside).
 *
 * @throws `argument` for settings, parameters and detectors that cannot be; `not-found` for parameters of a detector
 * that is not compared; `data` and `shape` for labels that do not fit, for too few rows of a class, and when every
 * detector failed (`no-results`); `aborted`.
 */
export async function compare(
  table: Table,
  labels: ArrayLike<number>,
  options: CompareOptions = {},
): Promise<Comparison> {
  if (options.engines) return compareOn(options.engines, table, labels, options)
  const engine = await sharedEngine()
  try {
    return await compareOn([engine], table, labels, options)
  } finally {
    await release(engine)
  }
}

async function compareOn(
  engines: readonly Engine[],
  given: Table,
  givenLabels: ArrayLike<number>,
  options: CompareOptions,
): Promise<Comparison> {
  const { groups, time, signal, onProgress } = options
  const { table, leftOut } = inferSchema(given, options.types)
  const settings = settingsOf(options)
  checkEngines(engines)
  const methods = methodsOf(options)
  const labels = checkLabels(givenLabels, given.rows)
  const splits = Array.from({ length: settings.splits }, (_, split) =>
    splitTable(rowCount(table), { ...settings, labels, groups, time }, split),
  )

  const tasks = methods.flatMap((method) => splits.map((rows, split) => ({ ...method, rows, split })))
  const failures = new Map<string, FailedDetector>()
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
        return await runSplit(table, rows, {
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
        failures.set(name, failureOf(error, detector, split, settings.limit))
        return undefined
      } finally {
        done++
        report(name, split, 0)
      }
    },
    signal,
  )

  const failed = methods.flatMap(({ detector }) => failures.get(detector.name) ?? [])
  if (failed.length === methods.length) {
    const [{ detector, message }] = failed
    throw new TollError('no-results', `no detector could be compared; ${detector}: ${message}`, { value: failed })
  }
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
            { detector: detector.name, title: detector.title, parameters },
          ),
        ],
  )
  const ranked = measured.sort((a, b) => b.result.auroc.mean - a.result.auroc.mean)
  const by = groups && time ? 'groups and time' : groups ? 'groups' : time ? 'time' : undefined
  return {
    settings: { ...settings, ...(by && { by }) },
    leftOut,
    rows: {
      all: labels.length,
      anomalies: count(labels),
      columns: table.columns.length,
      train: train.length,
      test: test.length,
      testAnomalies: count(testLabels[0]),
    },
    ranking: ranked.map(({ result, aurocs }, i) =>
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

function settingsOf({ trainOn, splits, testShare, seed, limit, scale, time }: CompareOptions): Settings {
  if (time && splits !== undefined && splits !== 1)
    throw new TollError('out-of-domain', `with times there is one split, the latest rows, got ${splits} splits`, {
      option: 'splits',
      value: splits,
      suggestion: 1,
    })
  return resolveParameters(
    comparisonParameters,
    { trainOn, splits: time ? 1 : splits, testShare, seed, limit, scale },
    'setting',
  )
}

interface Method {
  readonly detector: Detector
  readonly parameters: Values<Domains>
}

function methodsOf({ detectors: chosen, parameters = {} }: CompareOptions): Method[] {
  const compared = chosen ?? [...detectors.values()].filter(({ accepts }) => accepts.includes('table'))
  const names = compared.map(({ name }) => name)
  if (compared.length === 0)
    throw new TollError('missing-argument', 'no detector is named', { option: 'detectors', value: chosen })
  const unknown = Object.keys(parameters).find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new TollError('unknown-detector', `parameters for '${unknown}', which is not compared: ${names.join(', ')}`, {
      option: 'parameters',
      value: unknown,
      expected: names,
    })
  return compared.map((detector, i) => {
    const { name, accepts } = detector
    if (names.indexOf(name) !== i)
      throw new TollError('duplicate-name', `two detectors are called '${name}'`, { option: 'detectors', value: name })
    if (!accepts.includes('table'))
      throw new TollError('unsupported-input', `detector '${name}' does not take tables`, {
        option: 'detectors',
        value: name,
        expected: accepts,
      })
    return { detector, parameters: resolveParameters(detector.parameters, parameters[name], `${name} parameter`) }
  })
}

/** Only the limit stops one run and not all: what is aborted took too long. */
function failureOf(thrown: unknown, { name: detector, title }: Detector, split: number, limit: number): FailedDetector {
  const error =
    thrown instanceof TollError && thrown.code === 'aborted'
      ? new TollError('time-limit', `it took longer than ${limit} s on split ${split + 1}`, { option: 'limit', limit })
      : thrown
  const { code, reason, details } =
    error instanceof TollError ? error : ({ code: 'internal', reason: 'internal', details: {} } as const)
  return { detector, title, split, code, reason, message: messageOf(error), details }
}

/** Blocks of time among the rows that test, about. */
const timeBlocksOfTest = 50

function count(labels: Uint8Array): number {
  return labels.reduce((sum, label) => sum + label, 0)
}

interface SplitRun {
  readonly detector: Detector
  readonly parameters: Values<Domains>
  readonly settings: Settings
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
  { columns, preprocessing }: { readonly columns: readonly ColumnInput[]; readonly preprocessing: TablePreprocessing },
  table: Table,
): Promise<Rows> {
  const inputs = columns.map((column) => columnInput(column, 'rows'))
  const session = await engine.load({ inputs, outputs: { samples: prepareTable(preprocessing, inputs, 'float64') } })
  try {
    const { samples } = await session.run(encodeTable(table, columns).tensors(0, table.rows))
    return { shape: samples.shape, data: samples.data as Float64Array }
  } finally {
    await session.close()
  }
}

interface Measured {
  readonly result: ComparedDetector
  /** One per split. */
  readonly aurocs: readonly number[]
}

function measure(
  runs: readonly DetectorRun[],
  labels: readonly Uint8Array[],
  testPerTrain: number,
  { seed, clusters }: { readonly seed: number; readonly clusters?: readonly (string | number)[] },
  method: Pick<ComparedDetector, 'detector' | 'title' | 'parameters'>,
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
