// What choosing Toll's settings without labels is worth: on the data sets of PyOD's benchmark and over its splits (see
// pyod.ts), networks of several settings are trained once; criteria that see no labels choose one of them, combinations
// use them all, also with other detectors beside them, and both stand beside the choice that labels would make.

import { TollError, version, type Engine } from 'toll'
import { integer } from 'toll/base'
import { checkEngines } from 'toll/runtime'
import {
  checkNumbers,
  fingerprintSettings,
  firstOf,
  runSweep,
  type Sweep,
  type SweepOptions,
  type SweepTrial,
} from '../sweep/index.js'
import { wantedMembers } from './auto-members.js'
import { autoFormat, autoTrialId, type AutoTrial, type AutoTrialKey, type StoredAutoTrial } from './auto-record.js'
import { runAutoTrial } from './auto-trial.js'
import type { PyodDataset } from './pyod.js'

export const autoParameters = {
  splits: integer({
    default: 10,
    min: 1,
    max: 1000,
    doc: 'Splits of each data set, by seeds 0, 1, ...',
    source: "PyOD's benchmark",
  }),
}

export interface AutoWanted {
  readonly datasets: readonly PyodDataset[]
  /** Default 0 to 9. */
  readonly splits?: readonly number[]
}

export interface AutoSweepTrial extends SweepTrial {
  readonly key: AutoTrialKey
  readonly settings: string
  readonly dataset: PyodDataset
}

export interface AutoTable {
  /** Of each data set, or the most of one. */
  readonly splits: number
  readonly datasets: readonly string[]
  readonly trials: readonly AutoTrial[]
}

/**
 * The trials on engines that compute as `engine` does, split by split. Errors: `argument` for splits out of range and
 * no data set.
 */
export async function autoSweep(
  { datasets, splits = firstOf(autoParameters.splits.default) }: AutoWanted,
  { device, threads }: Pick<Engine, 'device' | 'threads'>,
): Promise<Sweep<AutoSweepTrial, StoredAutoTrial>> {
  checkNumbers('splits', autoParameters.splits, splits)
  if (datasets.length === 0)
    throw new TollError('missing-argument', 'the comparison needs at least one data set', { option: 'datasets' })
  const wanted = wantedMembers.map(({ set: _, member: { detector, parameters }, ...member }) => ({
    ...member,
    detector: detector.name,
    parameters,
  }))
  const settings = await Promise.all(
    datasets.map(({ x }) => fingerprintSettings({ wanted, device, threads, version }, x.data)),
  )
  return {
    format: autoFormat,
    trials: splits.flatMap((split) =>
      datasets.map((dataset, i): AutoSweepTrial => {
        const key = { dataset: dataset.name, split }
        return {
          key,
          settings: settings[i],
          dataset,
          id: autoTrialId(settings[i], key),
          name: `${dataset.name}, split ${split}`,
          work: wantedMembers.length,
          kind: dataset.name,
        }
      }),
    ),
    open: (engine) => ({
      async run({ settings: of, dataset, key: { split } }, { signal, onWork }) {
        const started = performance.now()
        const trial = await runAutoTrial({ dataset, split, engine, signal, onMembers: onWork })
        return { experiment: 'auto', settings: of, ...trial, seconds: (performance.now() - started) / 1e3 }
      },
    }),
  }
}

/** Runs what the store lacks. Errors: those of `autoSweep` and `runSweep`. */
export async function compareChoices(
  options: AutoWanted & SweepOptions<AutoSweepTrial, StoredAutoTrial>,
): Promise<AutoTable> {
  checkEngines(options.engines)
  const { records } = await runSweep(await autoSweep(options, options.engines[0]), options)
  return {
    splits: (options.splits ?? firstOf(autoParameters.splits.default)).length,
    datasets: options.datasets.map(({ name }) => name),
    trials: [...records.values()].map(withoutSettings),
  }
}

/** What a log holds, the last of each data set and split. Error: `data` for an empty one. */
export function tableOfTrials(stored: readonly StoredAutoTrial[]): AutoTable {
  if (stored.length === 0) throw new TollError('no-results', 'the log holds no comparison of choices')
  const trials = [
    ...new Map(stored.map((trial) => [`${trial.dataset} ${trial.split}`, withoutSettings(trial)])).values(),
  ]
  const datasets = [...new Set(trials.map(({ dataset }) => dataset))].sort()
  return {
    splits: Math.max(...datasets.map((name) => trials.filter(({ dataset }) => dataset === name).length)),
    datasets,
    trials,
  }
}

function withoutSettings({ experiment: _, settings: __, seconds: ___, ...trial }: StoredAutoTrial): AutoTrial {
  return trial
}
