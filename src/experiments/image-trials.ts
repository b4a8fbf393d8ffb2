// Many image trials: which are wanted, which the log has, and the rest over the engines. A trial is taken from the log whatever machine ran it.

import { TollError } from '../base/index.js'
import type { Engine } from '../runtime/index.js'
import type { CheckpointStore } from '../train/index.js'
import type { ImageProtocol, ImageSetting } from './image-protocol.js'
import type { ImageRecord, ImageTrialKey, Machine } from './image-record.js'
import { runImageTrial } from './image-trial.js'
import { oneClassProblem, type ImageData } from './one-class.js'
import { runOnEngines } from './pool.js'
import type { Watched } from './progress.js'
import { fingerprintSettings } from './trials.js'

export interface WantedTrials {
  /** Normal classes, by index. */
  readonly classes: readonly number[]
  readonly seeds: readonly number[]
  readonly betas: readonly number[]
}

/** Where finished trials are kept, and half-done ones while they run. */
export interface ImageTrialStore {
  read(): Promise<readonly ImageRecord[]>
  append(record: ImageRecord): Promise<void>
  /** `finish` removes what is left of a trial whose line is written. */
  checkpoint(id: string): CheckpointStore & { finish(): Promise<void> }
}

export interface ImageTrialsOptions extends Watched {
  readonly protocol: ImageProtocol
  readonly setting: ImageSetting
  readonly wanted: WantedTrials
  readonly data: ImageData
  readonly engines: readonly Engine[]
  readonly store: ImageTrialStore
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  /** Told of every trial that finishes, once its line is written. */
  readonly onTrial?: (record: ImageRecord) => void
}

export interface IdentifiedTrial {
  readonly key: ImageTrialKey
  readonly id: string
}

/** Seeds outermost and classes before betas: a table fills evenly, and its first seed is whole before the second begins. */
export async function identifyTrials(
  protocol: ImageProtocol, setting: ImageSetting, { classes, seeds, betas }: WantedTrials, validationRows: Int32Array,
): Promise<IdentifiedTrial[]> {
  const keys = seeds.flatMap((seed) => classes.flatMap((normal) => betas.map((beta): ImageTrialKey => ({ dataset: protocol.dataset, class: normal, beta, seed }))))
  if (keys.length === 0) throw new TollError('argument', 'no trial is asked for: name at least one class, seed and beta')
  return Promise.all(keys.map(async (key) => ({ key, id: await fingerprintSettings({ key, setting, network: protocol.network, scale: protocol.scale }, validationRows) })))
}

/**
 * The records of all wanted trials, in the order of `identifyTrials`; those that the store lacks are run and appended as they finish.
 * Errors: `argument` and `data` for settings and data that do not fit, `diverged`, `aborted`, those of the store.
 */
export async function runImageTrials(options: ImageTrialsOptions): Promise<ImageRecord[]> {
  const { protocol, setting, data, engines, store, machine, versions, signal, onProgress, onTrial } = options
  const trials = await identifyTrials(protocol, setting, options.wanted, data.validationRows)
  const known = new Map((await store.read()).map((record) => [record.id, record]))
  const missing = trials.filter(({ id }) => !known.has(id))
  const total = trials.length * setting.steps
  const progress = new Map(missing.map(({ id }) => [id, 0]))
  let finished = trials.length - missing.length
  const report = ({ id, key }: IdentifiedTrial, step: number) => {
    progress.set(id, step)
    const done = (trials.length - missing.length) * setting.steps + [...progress.values()].reduce((sum, steps) => sum + steps, 0)
    const what = `${data.train.classes[key.class]}, beta ${key.beta}, seed ${key.seed}: step ${step} of ${setting.steps}`
    onProgress?.({ phase: 'trials', done, total, message: `${what}; ${finished} of ${trials.length} trials done` })
  }
  const fresh = await runOnEngines(engines, missing, async (trial, engine, stopped) => {
    const checkpoint = store.checkpoint(trial.id)
    const problem = oneClassProblem(protocol, data, trial.key.class, setting.validation)
    const record = await runImageTrial({
      engine, protocol, problem, setting, machine, versions, checkpoint, ...trial, signal: stopped, onSteps: (step) => report(trial, step),
    })
    await store.append(record)
    await checkpoint.finish()
    finished++
    report(trial, setting.steps)
    onTrial?.(record)
    return record
  }, signal)
  const all = new Map([...known, ...fresh.map((record) => [record.id, record] as const)])
  return trials.map(({ id }) => all.get(id)!)
}
