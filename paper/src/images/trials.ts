// Many image trials: which are wanted, which the log has, and the rest over the engines. A trial is taken from the log
// whatever machine ran it.

import { TollError, messageOf, type Watched } from 'toll/base'
import type { Engine } from 'toll/runtime'
import type { CheckpointStore } from 'toll/train'
import type { ImageProtocol, ImageSetting } from './protocol.js'
import type { ImageRecord, ImageTrialKey, Machine } from './record.js'
import { runImageTrial } from './trial.js'
import { checkImageData, oneClassProblem, oneClassRows, type ImageData } from './one-class.js'
import { runOnEngines } from 'toll/evaluate'
import { fingerprintSettings } from '../sweep/index.js'

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
  /** Told of every trial that finishes, once its line is written, with an estimate of the seconds until all have. */
  readonly onTrial?: (record: ImageRecord, secondsLeft: number) => void
}

export interface IdentifiedTrial {
  readonly key: ImageTrialKey
  readonly id: string
}

/**
 * Seeds outermost and classes before betas: a table fills evenly, and its first seed is whole before the second begins.
 */
export async function identifyTrials(
  protocol: ImageProtocol,
  setting: ImageSetting,
  { classes, seeds, betas }: WantedTrials,
  validationRows: Int32Array,
): Promise<IdentifiedTrial[]> {
  const keys = seeds.flatMap((seed) =>
    classes.flatMap((normal) =>
      betas.map((beta): ImageTrialKey => ({ dataset: protocol.dataset, class: normal, beta, seed })),
    ),
  )
  if (keys.length === 0)
    throw new TollError('out-of-domain', 'no trial is asked for: name at least one class, seed and beta')
  return Promise.all(
    keys.map(async (key) => ({
      key,
      id: await fingerprintSettings({ key, setting, network: protocol.network, scale: protocol.scale }, validationRows),
    })),
  )
}

/**
 * The records of all wanted trials, in the order of `identifyTrials`; those that the store lacks are run and appended
 * as they finish. Errors: `argument` and `data` for settings and data that do not fit, before anything runs; `aborted`;
 * those of the store; `diverged` for trials that did, when all others are done.
 */
export async function runImageTrials(options: ImageTrialsOptions): Promise<ImageRecord[]> {
  const { protocol, setting, data, engines, store, machine, versions, signal, onProgress, onTrial } = options
  const trials = await identifyTrials(protocol, setting, options.wanted, data.validationRows)
  const known = new Map((await store.read()).map((record) => [record.id, record]))
  const missing = trials.filter(({ id }) => !known.has(id))
  checkProblems(options, missing)
  const progress = new SweepProgress(trials.length, missing.length, setting.steps)
  const report = (trial: IdentifiedTrial, step: number) => {
    progress.reach(trial.id, step)
    const what = `${nameOf(trial, data)}: step ${step} of ${setting.steps}`
    onProgress?.({
      phase: 'trials',
      done: progress.done,
      total: progress.total,
      message: `${what}; ${progress.finished} of ${trials.length} trials done`,
    })
  }
  const diverged: string[] = []
  const fresh = await runOnEngines(
    engines,
    missing,
    async (trial, engine, stopped) => {
      const checkpoint = store.checkpoint(trial.id)
      const problem = oneClassProblem(protocol, data, trial.key.class, setting.validation)
      try {
        const record = await runImageTrial({
          engine,
          protocol,
          problem,
          setting,
          machine,
          versions,
          checkpoint,
          ...trial,
          signal: stopped,
          onSteps: (step) => report(trial, step),
        })
        await store.append(record)
        await checkpoint.finish()
        progress.finished++
        report(trial, setting.steps)
        onTrial?.(record, progress.secondsLeft())
        return [record]
      } catch (error) {
        if (!(error instanceof TollError)) throw error
        if (error.code === 'aborted') throw error
        const named = error.within(nameOf(trial, data), {})
        // The others say whether it is the setting or bad luck of one seed.
        if (error.code !== 'diverged') throw named
        diverged.push(messageOf(named))
        return []
      }
    },
    signal,
  )
  if (diverged.length > 0)
    throw new TollError(
      'loss-not-finite',
      `${diverged.length} of ${missing.length} trials diverged, the others are in the log; ${diverged.join('; ')}`,
    )
  const all = new Map([...known, ...fresh.flat().map((record) => [record.id, record] as const)])
  return trials.map(({ id }) => all.get(id)!)
}

function nameOf({ key }: IdentifiedTrial, { train }: ImageData): string {
  return `${train.classes[key.class]}, beta ${key.beta}, seed ${key.seed}`
}

/** What cannot run is said before hours are spent on what can. */
function checkProblems({ protocol, setting, data }: ImageTrialsOptions, missing: readonly IdentifiedTrial[]): void {
  checkImageData(data)
  for (const normal of new Set(missing.map(({ key }) => key.class))) {
    const { trainRows } = oneClassRows(protocol, data, normal, setting.validation)
    if (setting.batch > trainRows.length) {
      throw new TollError(
        'out-of-domain',
        `a batch of ${setting.batch} is more than the ${trainRows.length} training images of class ${normal} ` +
          `(${data.train.classes[normal]})`,
      )
    }
  }
}

/** Steps of all trials, those in the log among them. The estimate counts only what was trained since the start. */
class SweepProgress {
  readonly total: number
  finished: number
  readonly #known: number
  readonly #steps = new Map<string, { readonly first: number; last: number }>()
  readonly #started = performance.now()

  constructor(trials: number, missing: number, steps: number) {
    this.total = trials * steps
    this.finished = trials - missing
    this.#known = this.finished * steps
  }

  get done(): number {
    return this.#known + [...this.#steps.values()].reduce((sum, { last }) => sum + last, 0)
  }

  reach(id: string, step: number): void {
    const so = this.#steps.get(id)
    // A trial that goes on from its checkpoint begins there.
    if (so) so.last = step
    else this.#steps.set(id, { first: step - 1, last: step })
  }

  secondsLeft(): number {
    const trained = [...this.#steps.values()].reduce((sum, { first, last }) => sum + last - first, 0)
    return ((performance.now() - this.#started) / 1e3 / Math.max(1, trained)) * (this.total - this.done)
  }
}
