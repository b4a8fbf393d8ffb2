// A finished trial of PyOD's benchmark as a line of a log.

import { TollError } from 'toll'
import type { RecordFormat } from '../sweep/index.js'

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

export const pyodFormat: RecordFormat<StoredPyodTrial> = {
  name: 'benchmark trial',
  version: 1,
  begins: ['{"experiment":'],
  owns: ({ experiment }) => experiment === 'pyod',
  read: readPyodTrial,
  identify: (trial) => pyodTrialId(trial.settings, trial),
  took: (trial) => ({ kind: cellOf(trial), seconds: trial.fitSeconds + trial.scoreSeconds }),
  views: [
    {
      name: 'pyod',
      has: () => true,
      sql: `SELECT dataset, detector, split, auroc, averagePrecision AS average_precision, fitSeconds AS fit_seconds,
        scoreSeconds AS score_seconds, settings FROM records WHERE experiment = 'pyod'`,
      shown: `SELECT dataset, detector, count(*) AS splits, avg(auroc) AS auroc,
        avg(average_precision) AS average_precision, avg(fit_seconds) AS fit_seconds,
        avg(score_seconds) AS score_seconds FROM pyod GROUP BY ALL ORDER BY dataset, detector`,
    },
  ],
}

export function pyodTrialId(settings: string, { dataset, detector, split }: PyodTrialKey): string {
  return `${settings} ${dataset} ${detector} ${split}`
}

/** Trials that share a cell of the table, take about as long, and fail together. */
export function cellOf({ dataset, detector }: Pick<PyodTrialKey, 'dataset' | 'detector'>): string {
  return `${dataset} ${detector}`
}

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
