// The benchmark of PyOD's documentation (Zhao, Nasrullah, Li: "PyOD: a Python toolbox for scalable outlier detection",
// JMLR 20, 2019): for splits t = 0, 1, ... the rows in the order of NumPy's RandomState(t).permutation, of which the
// first 40 % test and the others train; columns standardised by the training rows; outliers stay among the training
// rows and labels are not used. AUROC of the test rows, the mean over t.

import { TollError, version, type Engine } from 'toll'
import { integer, legacyPermutation, resolveParameters, takeSamples } from 'toll/base'
import { detectorNamed, type Rows } from 'toll/detectors'
import { auroc, averagePrecision } from 'toll/metrics'
import {
  checkNumbers,
  fingerprintSettings,
  firstOf,
  type Sweep,
  type SweepTrial,
  type TrialWatch,
} from '../sweep/index.js'
import { pyodMethod, type PyodMethod } from './pyod-methods.js'
import { pyodBenchmark } from './pyod-published.js'
import { cellOf, pyodFormat, pyodTrialId, type PyodTrialKey, type StoredPyodTrial } from './pyod-record.js'
import { runStandardized } from './standardize.js'

export interface PyodDataset {
  readonly name: string
  readonly x: Rows
  /** (n), 1 = outlier. */
  readonly y: Uint8Array
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

export interface PyodWanted {
  readonly datasets: readonly PyodDataset[]
  /** Names of detectors. */
  readonly detectors: readonly string[]
  /** Default 0 to 9. */
  readonly splits?: readonly number[]
}

export interface PyodSweepTrial extends SweepTrial {
  readonly key: PyodTrialKey
  readonly settings: string
  readonly dataset: PyodDataset
  readonly method: PyodMethod
}

/**
 * The trials on engines that compute as `engine` does, small data sets first. A detector that fails on one split of a
 * data set is not asked for the next; the others go on. Errors: `argument` for splits, detectors and data sets that are
 * none; `shape`.
 */
export async function pyodSweep(
  { datasets: given, detectors, splits = firstOf(pyodParameters.splits.default) }: PyodWanted,
  { device, threads }: Pick<Engine, 'device' | 'threads'>,
): Promise<Sweep<PyodSweepTrial, StoredPyodTrial>> {
  checkNumbers('splits', pyodParameters.splits, splits)
  const datasets = smallFirst(given)
  for (const { name, x, y } of datasets) checkDataset(name, x, y)
  const methods = detectors.map(pyodMethod)
  if (datasets.length === 0 || methods.length === 0)
    throw new TollError('missing-argument', 'the benchmark needs at least one data set and one detector')
  const cells = datasets.flatMap((dataset) =>
    methods.map(async (method) => {
      const { detector } = method
      const parameters = resolveParameters(
        detectorNamed(detector).parameters,
        method.parameters(dataset.x.shape[1]),
        `${detector} parameter`,
      )
      const settings = await fingerprintSettings({ detector, parameters, device, threads, version }, dataset.x.data)
      return splits.map((split): PyodSweepTrial => {
        const key = { dataset: dataset.name, detector, split }
        return {
          key,
          settings,
          dataset,
          method,
          id: pyodTrialId(settings, key),
          name: `${dataset.name}, ${detector}, split ${split}`,
          work: 1,
          kind: cellOf(key),
        }
      })
    }),
  )
  return {
    format: pyodFormat,
    trials: (await Promise.all(cells)).flat(),
    survives: () => true,
    group: ({ kind }) => kind,
    open: (engine) => ({
      run: async ({ settings, ...trial }, { signal }) => ({
        experiment: 'pyod',
        settings,
        ...trial.key,
        ...(await runSplit(trial, engine, signal)),
      }),
    }),
  }
}

/** Rows of a split: `test` are the first of the permutation. */
export function pyodSplit(n: number, t: number): { readonly train: Int32Array; readonly test: Int32Array } {
  const order = legacyPermutation(t, n)
  const count = Math.ceil(pyodTestShare * n)
  return { test: order.subarray(0, count), train: order.subarray(count) }
}

async function runSplit(
  { key: { split, detector }, dataset: { x, y }, method: { parameters } }: Omit<PyodSweepTrial, 'settings'>,
  engine: Engine,
  signal: TrialWatch['signal'],
) {
  const { train, test } = pyodSplit(y.length, split)
  const { scores, fitSeconds, scoreSeconds } = await runStandardized({
    detector: detectorNamed(detector),
    parameters: parameters(x.shape[1]),
    train: takeSamples(x, train) as Rows,
    test: takeSamples(x, test) as Rows,
    engine,
    seed: split,
    signal,
  })
  const labels = Uint8Array.from(test, (row) => y[row])
  return { auroc: auroc(scores, labels), averagePrecision: averagePrecision(scores, labels), fitSeconds, scoreSeconds }
}

function checkDataset(name: string, { shape }: Rows, y: Uint8Array): void {
  if (shape.length !== 2 || y.length !== shape[0])
    throw new TollError(
      'length-mismatch',
      `data set '${name}' should be a table (n, d) with n labels, got (${shape.join(', ')}) and ${y.length}`,
      { value: y.length, expected: `${shape[0]}` },
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

/** As they run: what takes longest comes last. */
export function smallFirst(datasets: readonly PyodDataset[]): PyodDataset[] {
  return [...datasets].sort((a, b) => a.x.data.length - b.x.data.length)
}
