// Finished trials of a long experiment, and where they are kept so that a stopped one goes on. A trial belongs to the
// settings under which it ran: what other settings left in the same place is passed over.

import { TollError } from 'toll/base'

/** What is measured on test rows, each in [0, 1]. */
export interface Measured {
  readonly f1: number
  readonly auroc: number
  readonly averagePrecision: number
}

/** What tells trials of one experiment apart. */
export interface TrialKey {
  /** `shipped`, or the seed of a random split. */
  readonly split: 'shipped' | number
  /** Weight of the code norm; 0 is the plain autoencoder. */
  readonly beta: number
  /** Seed of first values and batches. */
  readonly seed: number
}

export interface Trial extends TrialKey, Measured {
  /** The step whose checkpoint was kept, and its F1 on the validation rows. */
  readonly step: number
  readonly validationF1: number
}

export interface StoredTrial extends Trial {
  /** Fingerprint of everything else that the numbers depend on. */
  readonly settings: string
}

/** Where finished trials are kept, in any order. */
export interface TrialStore {
  read(): Promise<readonly StoredTrial[]>
  append(trial: StoredTrial): Promise<void>
}

export function trialKey({ split, beta, seed }: TrialKey): string {
  return `${split} ${beta} ${seed}`
}

/** A line of a trial file. Error: `format` with what is wrong. */
export function readTrial(value: unknown): StoredTrial {
  const { settings, split, beta, seed, f1, auroc, averagePrecision, step, validationF1 } = (value ??
    {}) as Partial<StoredTrial>
  const isShare = (share: unknown) => typeof share === 'number' && share >= 0 && share <= 1
  const fine =
    typeof settings === 'string' &&
    (split === 'shipped' || isCount(split)) &&
    typeof beta === 'number' &&
    beta >= 0 &&
    isCount(seed) &&
    isCount(step) &&
    [f1, auroc, averagePrecision, validationF1].every(isShare)
  if (!fine) throw new TollError('damaged-file', 'it lacks a field of a trial or holds one outside its range')
  return value as StoredTrial
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
