// The benchmark of PyOD's documentation (Zhao, Nasrullah, Li: "PyOD: a Python toolbox for scalable outlier detection",
// JMLR 20, 2019): for splits t = 0, 1, ... the rows in the order of NumPy's RandomState(t).permutation, of which the
// first 40 % test and the others train; columns standardised by the training rows; outliers stay among the training
// rows and labels are not used. AUROC of the test rows, the mean over t.

import {
  TollError,
  integer,
  legacyPermutation,
  messageOf,
  resolveParameters,
  takeSamples,
  throwIfAborted,
  version,
  type Domains,
  type Values,
  type Watched,
} from 'toll/base'
import { detectorNamed } from 'toll/detectors'
import { auroc, averagePrecision, meanInterval, type MeanInterval } from 'toll/metrics'
import type { Device, Engine } from 'toll/runtime'
import { runDetector, type Rows } from 'toll/evaluate'
import { checkEngines, runOnEngines } from 'toll/evaluate'
import { publishedAuroc, pyodBenchmark, type PyodColumn } from './pyod-published.js'
import { fitStandardization, standardize } from './standardize.js'
import { fingerprintSettings } from '../sweep/index.js'

export interface PyodDataset {
  readonly name: string
  readonly x: Rows
  /** (n), 1 = outlier. */
  readonly y: Uint8Array
}

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

export interface PyodTrialKey {
  readonly dataset: string
  readonly detector: string
  readonly split: number
}

export interface PyodTrial extends PyodTrialKey {
  readonly auroc: number
  readonly averagePrecision: number
  readonly fitSeconds: number
  readonly scoreSeconds: number
}

/** `settings` is the fingerprint of everything else that the numbers depend on. */
export type StoredPyodTrial = { readonly experiment: 'pyod'; readonly settings: string } & PyodTrial

export interface PyodStore {
  read(): Promise<readonly StoredPyodTrial[]>
  append(trial: StoredPyodTrial): Promise<void>
}

/** Share of the rows that test, rounded up. */
export const pyodTestShare = 0.4

export const pyodParameters = {
  splits: integer({
    default: 10,
    min: 1,
    max: 1000,
    doc: 'Splits of each data set, by seeds 0, 1, ...',
    source: "PyOD's benchmark",
  }),
}

/** Exact methods differ by the rounding of the published table; the others draw other random numbers than PyOD does. */
const [exact, random] = [0.0002, 0.02]

const ourDefaults = () => ({})

/** Values for domains that the registry knows; they are checked before a run. */
function asParameters(values: Readonly<Record<string, number | string>>): Partial<Values<Domains>> {
  return values
}

/** PyOD's settings, which are those of its release at the time of the table. */
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

export interface PyodOptions extends Watched {
  readonly datasets: readonly PyodDataset[]
  /** Names of detectors. */
  readonly detectors: readonly string[]
  /** One thread each and as many as there are cores is fastest; threads are part of the result. */
  readonly engines: readonly Engine[]
  /** Default 10. */
  readonly splits?: number
  readonly store?: PyodStore
}

/** One data set and detector, over splits. */
export interface PyodCell {
  readonly dataset: string
  readonly method: PyodMethod
  readonly trials: readonly PyodTrial[]
  /** Absent where the detector failed. */
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
  readonly machine: { readonly device: Device; readonly threads: number; readonly toll: string }
}

/**
 * Runs what the store lacks, small data sets first, and summarises all. A detector that fails on a data set has the
 * reason in its cell; the others go on. Errors: `argument` for splits, detectors and data sets that are none;
 * `aborted`; those of the store.
 */
export async function reproducePyod(options: PyodOptions): Promise<PyodTable> {
  const { engines, store, signal, onProgress } = options
  const { splits } = resolveParameters(
    pyodParameters,
    options.splits === undefined ? {} : { splits: options.splits },
    'benchmark setting',
  )
  checkEngines(engines)
  const { device, threads } = engines[0]
  const datasets = [...options.datasets].sort((a, b) => a.x.data.length - b.x.data.length)
  for (const { name, x, y } of datasets) checkDataset(name, x, y)
  const methods = options.detectors.map(pyodMethod)
  if (datasets.length === 0 || methods.length === 0)
    throw new TollError('out-of-domain', 'the benchmark needs at least one data set and one detector')

  const cells = await Promise.all(
    datasets.flatMap((dataset) =>
      methods.map(async (method) => {
        const parameters = resolveParameters(
          detectorNamed(method.detector).parameters,
          method.parameters(dataset.x.shape[1]),
          `${method.detector} parameter`,
        )
        return {
          dataset,
          method,
          settings: await fingerprintSettings(
            { detector: method.detector, parameters, device, threads, version },
            dataset.x.data,
          ),
        }
      }),
    ),
  )
  const known = new Map(((await store?.read()) ?? []).map((trial) => [`${trial.settings} ${keyOf(trial)}`, trial]))
  const tasks = cells.flatMap(({ dataset, method, settings }) =>
    Array.from({ length: splits }, (_, split) => ({
      dataset,
      method,
      settings,
      key: { dataset: dataset.name, detector: method.detector, split },
    })),
  )
  const stored = (task: (typeof tasks)[number]) => known.get(`${task.settings} ${keyOf(task.key)}`)
  const missing = tasks.filter((task) => !stored(task))
  const failures = new Map<string, string>()
  let done = tasks.length - missing.length
  const fresh = await runOnEngines(
    engines,
    missing,
    async ({ dataset, method, settings, key }, engine, stopped) => {
      const cell = `${dataset.name} ${method.detector}`
      const report = () =>
        onProgress?.({
          phase: 'benchmark',
          done,
          total: tasks.length,
          message: `${dataset.name}, ${method.detector}, split ${key.split + 1} of ${splits}`,
        })
      try {
        // What failed on one split fails on the next.
        if (failures.has(cell)) return undefined
        report()
        const trial = { ...key, ...(await runSplit(dataset, method, key.split, engine, stopped)) }
        await store?.append({ experiment: 'pyod', settings, ...trial })
        return trial
      } catch (error) {
        throwIfAborted(stopped)
        if (error instanceof TollError && error.code === 'io') throw error
        failures.set(cell, messageOf(error))
        return undefined
      } finally {
        done++
        report()
      }
    },
    signal,
  )
  const found = new Map<string, PyodTrial>(fresh.flatMap((trial) => (trial ? [[keyOf(trial), trial]] : [])))
  const trialOf = (task: (typeof tasks)[number]): PyodTrial | undefined =>
    found.get(keyOf(task.key)) ?? withoutSettings(stored(task))
  return {
    splits,
    methods,
    datasets: datasets.map(({ name, x, y }) => ({
      name,
      rows: x.shape[0],
      columns: x.shape[1],
      outliers: y.reduce((sum, label) => sum + label, 0),
    })),
    absent: pyodBenchmark.map(({ name }) => name).filter((name) => !datasets.some((dataset) => dataset.name === name)),
    cells: cells.map(({ dataset: { name }, method }) =>
      summarizeCell(
        name,
        method,
        tasks
          .filter(({ key }) => key.dataset === name && key.detector === method.detector)
          .flatMap((task) => trialOf(task) ?? []),
        failures.get(`${name} ${method.detector}`),
      ),
    ),
    machine: { device, threads, toll: version },
  }
}

/** Rows of a split: `test` are the first of the permutation. */
export function pyodSplit(n: number, t: number): { readonly train: Int32Array; readonly test: Int32Array } {
  const order = legacyPermutation(t, n)
  const count = Math.ceil(pyodTestShare * n)
  return { test: order.subarray(0, count), train: order.subarray(count) }
}

async function runSplit(
  { x, y }: PyodDataset,
  { detector, parameters }: PyodMethod,
  split: number,
  engine: Engine,
  signal: AbortSignal,
) {
  const { train, test } = pyodSplit(y.length, split)
  const rows = takeSamples(x, train) as Rows
  const scaling = fitStandardization(rows)
  const {
    scores: [scores],
    fitSeconds,
    scoreSeconds,
  } = await runDetector({
    detector: detectorNamed(detector),
    parameters: parameters(x.shape[1]),
    train: standardize(rows, scaling),
    scored: [standardize(takeSamples(x, test) as Rows, scaling)],
    engine,
    seed: split,
    signal,
  })
  const labels = Uint8Array.from(test, (row) => y[row])
  return { auroc: auroc(scores, labels), averagePrecision: averagePrecision(scores, labels), fitSeconds, scoreSeconds }
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
    ...(failure !== undefined
      ? { failure }
      : {
          auroc: meanInterval(trials.map((trial) => trial.auroc)),
          averagePrecision: meanInterval(trials.map((trial) => trial.averagePrecision)),
        }),
  }
}

function checkDataset(name: string, { shape }: Rows, y: Uint8Array): void {
  if (shape.length !== 2 || y.length !== shape[0])
    throw new TollError(
      'length-mismatch',
      `data set '${name}' should be a table (n, d) with n labels, got (${shape.join(', ')}) and ${y.length}`,
    )
  const published = pyodBenchmark.find((entry) => entry.name === name)
  if (published && (published.rows !== shape[0] || published.columns !== shape[1])) {
    throw new TollError(
      'shape-mismatch',
      `data set '${name}' should be ${published.rows} x ${published.columns} as in the published table, got ` +
        `${shape.join(' x ')}`,
    )
  }
}

function keyOf({ dataset, detector, split }: PyodTrialKey): string {
  return `${dataset} ${detector} ${split}`
}

function withoutSettings(stored: StoredPyodTrial | undefined): PyodTrial | undefined {
  if (!stored) return undefined
  const { experiment: _, settings: __, ...trial } = stored
  return trial
}

/** How the line of a trial begins. */
export const pyodTrialBegins = '{"experiment":'

/** A line of a log. Error: `format` with what is wrong. */
export function readPyodTrial(value: unknown): StoredPyodTrial {
  const trial = (value ?? {}) as Partial<StoredPyodTrial>
  const isText = (text: unknown) => typeof text === 'string'
  const fine =
    trial.experiment === 'pyod' &&
    [trial.settings, trial.dataset, trial.detector].every(isText) &&
    Number.isSafeInteger(trial.split) &&
    trial.split! >= 0 &&
    [trial.auroc, trial.averagePrecision].every((share) => typeof share === 'number' && share >= 0 && share <= 1) &&
    [trial.fitSeconds, trial.scoreSeconds].every((seconds) => typeof seconds === 'number' && seconds >= 0)
  if (!fine) throw new TollError('damaged-file', 'it lacks a field of a benchmark trial or holds one outside its range')
  return value as StoredPyodTrial
}
