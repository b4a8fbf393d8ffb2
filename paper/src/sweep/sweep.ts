// A sweep as data: identified trials, how one of them runs on an engine, and what its line in a log is. Everything that
// takes hours is one: networks and detectors on images, on Arrhythmia and on the benchmarks.

import type { Engine } from 'toll'
import type { CheckpointStore } from 'toll/train'
import type { RecordFormat } from './format.js'

export interface SweepTrial {
  /** Hash of its key and of all else that its numbers depend on, as `RecordFormat.identify` has it of its record. */
  readonly id: string
  /** For people, such as `truck, beta 10, seed 0`. */
  readonly name: string
  /** How much of the sweep it is, such as its training steps. */
  readonly work: number
  /** Trials of one kind take about as long. */
  readonly kind: string
}

/** What a running trial is given. */
export interface TrialWatch {
  readonly signal: AbortSignal
  /** Told how much of the trial's `work` is done, and in a few words of what. */
  readonly onWork: (done: number, detail?: string) => void
  /** Holds a half-done trial, where the store keeps them. */
  readonly checkpoint?: CheckpointStore
}

/** Runs one trial after the other on one engine, and keeps what they share. */
export interface Bench<T, R> {
  readonly run: (trial: T, watch: TrialWatch) => Promise<R>
  readonly close?: () => Promise<void>
}

/** What is wanted, without the means to run it. */
export interface SweepPlan<T extends SweepTrial, R extends object> {
  readonly format: RecordFormat<R>
  readonly trials: readonly T[]
}

export interface Sweep<T extends SweepTrial, R extends object> extends SweepPlan<T, R> {
  readonly open: (engine: Engine) => Bench<T, R>
  /** The order in which trials run, where it is not that of the list. */
  readonly order?: (a: T, b: T) => number
  /** Throws for what cannot run, before hours are spent on what can. */
  readonly check?: (missing: readonly T[]) => void
  /** Whether half-done trials are kept, so that they continue after a stop; default no. */
  readonly resumable?: boolean
  /** Whether the others go on after this error; default no. */
  readonly survives?: (error: unknown) => boolean
  /** Trials that fail together: what one of them could not, the next is not asked for. */
  readonly group?: (trial: T) => string
}

/** Where finished trials are kept, in any order, and half-done ones while they run. */
export interface TrialStore<R> {
  read(): Promise<readonly R[]>
  append(record: R): Promise<void>
  /** `finish` removes what is left of a trial whose record is kept. */
  checkpoint?(id: string): CheckpointStore & { finish(): Promise<void> }
}

/**
 * The records of the wanted trials by id, in the order of the trials; those that did not run are absent. Of two with
 * one id the first counts.
 */
export function finishedOf<T extends SweepTrial, R extends object>(
  { trials, format }: SweepPlan<T, R>,
  records: readonly R[],
): Map<string, R> {
  const known = new Map<string, R>()
  for (const record of records) {
    const id = format.identify(record)
    if (!known.has(id)) known.set(id, record)
  }
  return new Map(
    trials.flatMap(({ id }) => {
      const record = known.get(id)
      return record ? [[id, record]] : []
    }),
  )
}

/** The trials without a record, each once. */
export function missingOf<T extends SweepTrial, R extends object>(
  plan: SweepPlan<T, R>,
  records: readonly R[],
): readonly T[] {
  const finished = finishedOf(plan, records)
  return [...new Map(plan.trials.map((trial) => [trial.id, trial])).values()].filter(({ id }) => !finished.has(id))
}
