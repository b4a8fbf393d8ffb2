// Finished trials of Table 3 as lines of a log: of the paper's network, and of other detectors. A trial belongs to the
// settings under which it ran; what other settings left in the same log is passed over.

import { TollError } from 'toll'
import type { RecordFormat } from '../sweep/index.js'

/** What is measured on test rows, each in [0, 1]. */
export interface Measured {
  readonly f1: number
  readonly auroc: number
  readonly averagePrecision: number
}

/** What tells trials of the network apart. */
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

/** The protocols that the paper's column mixes. */
export const arrhythmiaProtocols = ['shipped', 'random', 'half', 'goad'] as const
export type ArrhythmiaProtocolName = (typeof arrhythmiaProtocols)[number]

/** What tells trials of other detectors apart. */
export interface DetectorKey {
  readonly detector: string
  readonly protocol: ArrhythmiaProtocolName
  /** Of the random split, or of the detector on a fixed one. */
  readonly seed: number
}

export interface DetectorRun extends DetectorKey, Measured {}

interface Stored {
  /** Fingerprint of everything else that the numbers depend on. */
  readonly settings: string
  /** That it took; absent in lines of earlier versions. */
  readonly seconds?: number
}

export type StoredTrial = Stored & Trial
export type StoredDetectorRun = Stored & DetectorRun
export type Table3Record = StoredTrial | StoredDetectorRun

export function isDetectorRun(record: Table3Record): record is StoredDetectorRun {
  return 'detector' in record
}

export function trialId(settings: string, key: TrialKey | DetectorKey): string {
  return 'detector' in key
    ? `${settings} ${key.detector} ${key.protocol} ${key.seed}`
    : `${settings} ${key.split} ${key.beta} ${key.seed}`
}

export const table3Format: RecordFormat<Table3Record> = {
  name: 'trial of table 3',
  version: 1,
  begins: ['{"settings":'],
  owns: (line) => 'settings' in line && !('experiment' in line),
  read: readTable3Record,
  identify: (record) => trialId(record.settings, record),
  took: (record) =>
    record.seconds === undefined
      ? undefined
      : { kind: isDetectorRun(record) ? record.detector : 'network', seconds: record.seconds },
  views: [
    {
      name: 'table3',
      has: (record) => !isDetectorRun(record),
      sql: `SELECT CAST(split AS VARCHAR) AS split, beta, seed, f1, auroc, averagePrecision AS average_precision, step,
        validationF1 AS validation_f1, settings FROM records WHERE validationF1 IS NOT NULL`,
      shown: 'SELECT * FROM table3 ORDER BY beta, split, seed',
    },
    {
      name: 'table3_detectors',
      has: isDetectorRun,
      sql: `SELECT detector, protocol, seed, f1, auroc, averagePrecision AS average_precision, settings
        FROM records WHERE protocol IS NOT NULL`,
      shown: 'SELECT * FROM table3_detectors ORDER BY detector, protocol, seed',
    },
  ],
}

/** A line of a log. Error: `format` with what is wrong. */
export function readTable3Record(value: unknown): Table3Record {
  const record = (value ?? {}) as Partial<StoredTrial & StoredDetectorRun>
  const { settings, seed, f1, auroc, averagePrecision, seconds } = record
  const fine =
    typeof settings === 'string' &&
    isCount(seed) &&
    [f1, auroc, averagePrecision].every(isShare) &&
    (seconds === undefined || (Number.isFinite(seconds) && seconds >= 0)) &&
    (record.detector === undefined ? isNetworkTrial(record) : isDetectorTrial(record))
  if (!fine) throw new TollError('damaged-file', 'it lacks a field of a trial or holds one outside its range')
  return value as Table3Record
}

function isNetworkTrial({ split, beta, step, validationF1 }: Partial<StoredTrial>): boolean {
  return (
    (split === 'shipped' || isCount(split)) &&
    typeof beta === 'number' &&
    beta >= 0 &&
    isCount(step) &&
    isShare(validationF1)
  )
}

function isDetectorTrial({ detector, protocol }: Partial<StoredDetectorRun>): boolean {
  return typeof detector === 'string' && arrhythmiaProtocols.some((name) => name === protocol)
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isShare(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 1
}
