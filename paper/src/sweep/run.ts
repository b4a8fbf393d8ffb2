// Runs what a store lacks of a sweep, over several engines. A trial is taken from the store whatever machine ran it.

import { TollError, type Engine } from 'toll'
import { locate, throwIfAborted, type Watched } from 'toll/base'
import { runOnEngines } from 'toll/runtime'
import { SweepProgress } from './progress.js'
import { finishedOf, missingOf, type Bench, type Sweep, type SweepTrial, type TrialStore } from './sweep.js'

export interface SweepOptions<T, R> extends Watched {
  /** Trials go to whichever is free. */
  readonly engines: readonly Engine[]
  /** Finished trials are taken from here and added here. */
  readonly store?: TrialStore<R>
  /** Told of every trial that finishes, once its record is kept, with an estimate of the seconds until all have. */
  readonly onTrial?: (record: R, secondsLeft: number, trial: T) => void
}

export interface FailedTrial<T> {
  readonly trial: T
  readonly error: unknown
}

export interface SweepOutcome<T, R> {
  /** By the id of the trial, in the order of the sweep's list; failed ones are absent. */
  readonly records: ReadonlyMap<string, R>
  /** How many the store lacked. */
  readonly missing: number
  /** After which the others went on. */
  readonly failures: readonly FailedTrial<T>[]
}

/**
 * Runs what the store lacks; records are kept as they finish. Errors: `argument` without engines or for engines that
 * are not alike; those of `check`; `aborted`; those of the store; those of a trial, with its name, that the sweep does
 * not survive.
 */
export async function runSweep<T extends SweepTrial, R extends object>(
  sweep: Sweep<T, R>,
  { engines, store, signal, onProgress, onTrial }: SweepOptions<T, R>,
): Promise<SweepOutcome<T, R>> {
  const { trials, format, survives = () => false, group = ({ id }) => id } = sweep
  const known = (await store?.read()) ?? []
  const missing = [...missingOf(sweep, known)]
  if (sweep.order) missing.sort(sweep.order)
  sweep.check?.(missing)
  const progress = new SweepProgress(trials, missing, onProgress)
  const benches = new Map<Engine, Bench<T, R>>()
  const benchOf = (engine: Engine) => {
    const bench = benches.get(engine) ?? sweep.open(engine)
    benches.set(engine, bench)
    return bench
  }
  const failures: FailedTrial<T>[] = []
  const failed = new Set<string>()
  const attempt = async (trial: T, engine: Engine, stopped: AbortSignal) => {
    const checkpoint = sweep.resumable ? store?.checkpoint?.(trial.id) : undefined
    try {
      if (failed.has(group(trial))) return []
      const record = await benchOf(engine).run(trial, {
        signal: stopped,
        onWork: (done, detail) => progress.reach(trial, done, detail),
        ...(checkpoint && { checkpoint }),
      })
      return [{ record, checkpoint }]
    } catch (error) {
      throwIfAborted(stopped)
      if (error instanceof TollError && error.code === 'aborted') throw error
      if (!survives(error)) throw locate(error, trial.name, {})
      failures.push({ trial, error })
      failed.add(group(trial))
      return []
    }
  }
  try {
    const fresh = await runOnEngines(
      engines,
      missing,
      async (trial, engine, stopped) => {
        const [finished] = await attempt(trial, engine, stopped)
        // Outside of what a sweep survives: a record that cannot be kept stops everything.
        if (finished) {
          await store?.append(finished.record)
          await finished.checkpoint?.finish()
        }
        progress.finish(trial)
        if (finished) onTrial?.(finished.record, progress.secondsLeft(), trial)
        return finished?.record
      },
      signal,
    )
    return {
      records: finishedOf({ trials, format }, [...known, ...fresh.filter((record) => record !== undefined)]),
      missing: missing.length,
      failures,
    }
  } finally {
    await Promise.allSettled([...benches.values()].map(async (bench) => bench.close?.()))
  }
}
