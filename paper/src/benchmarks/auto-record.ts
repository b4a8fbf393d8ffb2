// A finished comparison of choices as a line of a log.

import { TollError } from 'toll'
import type { RecordFormat } from '../sweep/index.js'

export interface AutoTrialKey {
  readonly dataset: string
  readonly split: number
}

/** AUROC of the test rows by each way, on one split of one data set. */
export interface AutoTrial extends AutoTrialKey {
  /** By `networkName`. */
  readonly networks: Readonly<Record<string, number>>
  /** Detectors beside the networks, by name. */
  readonly others: Readonly<Record<string, number>>
  /** By name of the criterion, which chooses one of the networks of `toll-auto`. */
  readonly chosen: Readonly<Record<string, number>>
  /** By name of the combination, over the networks of `toll-auto`. */
  readonly combined: Readonly<Record<string, number>>
  /** What `toll-auto` does, over its own members and over others, by name. */
  readonly pools: Readonly<Record<string, number>>
  /** To fit what `toll-auto` fits. */
  readonly fitSeconds: number
}

/** `settings` is the fingerprint of everything else that the numbers depend on. */
export type StoredAutoTrial = {
  readonly experiment: 'auto'
  readonly settings: string
  /** All in all; absent in lines of earlier versions. */
  readonly seconds?: number
} & AutoTrial

export const autoFormat: RecordFormat<StoredAutoTrial> = {
  name: 'comparison of choices',
  version: 1,
  begins: ['{"experiment":'],
  owns: ({ experiment }) => experiment === 'auto',
  read: readAutoTrial,
  identify: (trial) => autoTrialId(trial.settings, trial),
  took: ({ dataset, seconds }) => (seconds === undefined ? undefined : { kind: dataset, seconds }),
  views: [
    {
      name: 'auto',
      has: () => true,
      sql: `SELECT dataset, split, pools."toll-auto" AS auroc, networks, others, chosen, combined, pools,
        fitSeconds AS fit_seconds, settings FROM records WHERE experiment = 'auto'`,
      shown: `SELECT dataset, count(*) AS splits, avg(auroc) AS auroc, avg(fit_seconds) AS fit_seconds
        FROM auto GROUP BY dataset ORDER BY dataset`,
    },
  ],
}

export function autoTrialId(settings: string, { dataset, split }: AutoTrialKey): string {
  return `${settings} ${dataset} ${split}`
}

/** A line of a log. Error: `format` with what is wrong. */
export function readAutoTrial(value: unknown): StoredAutoTrial {
  const trial = (value ?? {}) as Partial<StoredAutoTrial>
  const areShares = (values: unknown) =>
    typeof values === 'object' &&
    values !== null &&
    Object.values(values).every((share) => typeof share === 'number' && share >= 0 && share <= 1)
  const fine =
    trial.experiment === 'auto' &&
    typeof trial.settings === 'string' &&
    typeof trial.dataset === 'string' &&
    Number.isSafeInteger(trial.split) &&
    trial.split! >= 0 &&
    typeof trial.fitSeconds === 'number' &&
    trial.fitSeconds >= 0 &&
    (trial.seconds === undefined || trial.seconds >= 0) &&
    [trial.networks, trial.others, trial.chosen, trial.combined, trial.pools].every(areShares)
  if (!fine)
    throw new TollError('damaged-file', 'it lacks a field of a comparison of choices or holds one outside its range')
  return value as StoredAutoTrial
}
