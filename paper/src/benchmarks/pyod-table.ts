// What the trials of PyOD's benchmark say: per data set and detector over splits, beside the published values.

import { version, type Device } from 'toll'
import { messageOf } from 'toll/base'
import { meanInterval, type MeanInterval } from 'toll/metrics'
import { checkEngines } from 'toll/runtime'
import { firstOf, runSweep, type SweepOptions } from '../sweep/index.js'
import { pyodMethod, type PyodMethod } from './pyod-methods.js'
import { publishedAuroc, pyodBenchmark } from './pyod-published.js'
import { cellOf, type PyodTrial, type StoredPyodTrial } from './pyod-record.js'
import {
  pyodParameters,
  pyodSweep,
  smallFirst,
  type PyodDataset,
  type PyodSweepTrial,
  type PyodWanted,
} from './pyod.js'

/** One data set and detector, over splits. */
export interface PyodCell {
  readonly dataset: string
  readonly method: PyodMethod
  readonly trials: readonly PyodTrial[]
  /** Absent where the detector failed or did not run. */
  readonly auroc?: MeanInterval
  readonly averagePrecision?: MeanInterval
  readonly published?: number
  /** By PyOD's release of 2024. */
  readonly rerun?: number
  /** Why there are no numbers. */
  readonly failure?: string
}

export interface PyodTable {
  readonly splits: number
  readonly datasets: readonly {
    readonly name: string
    readonly rows: number
    readonly columns: number
    readonly outliers: number
  }[]
  /** Of the published table, not among `datasets`. */
  readonly absent: readonly string[]
  readonly methods: readonly PyodMethod[]
  /** By data set, then by method. */
  readonly cells: readonly PyodCell[]
  /** Absent for trials that are known by their names alone. */
  readonly machine?: { readonly device: Device; readonly threads: number; readonly toll: string }
}

/**
 * Runs what the store lacks and summarises all. A detector that fails on a data set has the reason in its cell. Errors:
 * those of `pyodSweep` and `runSweep`.
 */
export async function reproducePyod(
  options: PyodWanted & SweepOptions<PyodSweepTrial, StoredPyodTrial>,
): Promise<PyodTable> {
  checkEngines(options.engines)
  const [{ device, threads }] = options.engines
  const { records, failures } = await runSweep(await pyodSweep(options, { device, threads }), options)
  return summarizePyod({
    datasets: smallFirst(options.datasets).map(describeDataset),
    methods: options.detectors.map(pyodMethod),
    splits: (options.splits ?? firstOf(pyodParameters.splits.default)).length,
    trials: [...records.values()],
    failures: failures.map(({ trial, error }) => ({ cell: cellOf(trial.key), failure: messageOf(error) })),
    machine: { device, threads, toll: version },
  })
}

/**
 * The table of what a log holds of these data sets, detectors and splits; all that it holds where they are not named.
 * Of two of one name the last counts. `machine` is where they ran, where that is known.
 */
export function pyodTableOf(
  records: readonly StoredPyodTrial[],
  wanted: {
    readonly datasets?: readonly string[]
    readonly detectors?: readonly string[]
    readonly splits?: readonly number[]
    readonly machine?: PyodTable['machine']
  } = {},
): PyodTable {
  const { machine, ...names } = wanted
  const trials = [
    ...new Map(
      records
        .filter(
          ({ dataset, detector, split }) =>
            (names.datasets?.includes(dataset) ?? true) &&
            (names.detectors?.includes(detector) ?? true) &&
            (names.splits?.includes(split) ?? true),
        )
        .map((trial) => [`${cellOf(trial)} ${trial.split}`, trial]),
    ).values(),
  ].sort((a, b) => a.split - b.split)
  const ran = <V>(of: (trial: PyodTrial) => V) => new Set(trials.map(of))
  const [datasets, detectors] = [ran(({ dataset }) => dataset), ran(({ detector }) => detector)]
  return summarizePyod({
    datasets: pyodBenchmark
      .filter(({ name }) => datasets.has(name))
      .sort((a, b) => a.rows * a.columns - b.rows * b.columns)
      .map(({ name, rows, columns, outlierPercent }) => ({
        name,
        rows,
        columns,
        outliers: Math.round((rows * outlierPercent) / 100),
      })),
    methods: (names.detectors ?? [...detectors]).filter((name) => detectors.has(name)).map(pyodMethod),
    splits: ran(({ split }) => split).size,
    trials,
    machine,
  })
}

interface PyodRuns extends Pick<PyodTable, 'datasets' | 'methods' | 'splits' | 'machine'> {
  readonly trials: readonly StoredPyodTrial[]
  /** Reasons by `cellOf`. */
  readonly failures?: readonly { readonly cell: string; readonly failure: string }[]
}

function summarizePyod({ datasets, methods, splits, trials, failures, machine }: PyodRuns): PyodTable {
  return {
    splits,
    methods,
    datasets,
    absent: pyodBenchmark.map(({ name }) => name).filter((name) => !datasets.some((dataset) => dataset.name === name)),
    cells: datasets.flatMap(({ name: dataset }) =>
      methods.map((method) => {
        const cell = cellOf({ dataset, detector: method.detector })
        const of = trials.filter((trial) => cellOf(trial) === cell)
        return summarizeCell(
          dataset,
          method,
          of.map(withoutSettings),
          failures?.find((failed) => failed.cell === cell)?.failure,
        )
      }),
    ),
    ...(machine && { machine }),
  }
}

function summarizeCell(
  dataset: string,
  method: PyodMethod,
  trials: readonly PyodTrial[],
  failure: string | undefined,
): PyodCell {
  return {
    dataset,
    method,
    trials,
    ...(method.column && publishedAuroc(dataset, method.column)),
    ...(failure !== undefined && { failure }),
    ...(failure === undefined &&
      trials.length > 0 && {
        auroc: meanInterval(trials.map((trial) => trial.auroc)),
        averagePrecision: meanInterval(trials.map((trial) => trial.averagePrecision)),
      }),
  }
}

function describeDataset({ name, x, y }: PyodDataset): PyodTable['datasets'][number] {
  return { name, rows: x.shape[0], columns: x.shape[1], outliers: y.reduce((sum, label) => sum + label, 0) }
}

function withoutSettings({ experiment: _, settings: __, ...trial }: StoredPyodTrial): PyodTrial {
  return trial
}
