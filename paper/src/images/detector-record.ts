// A finished trial of such a detector on images as one line of a trial log, beside the lines of trained networks
// (format 1): format 2.

import { TollError } from 'toll'
import type { ImageDataset } from './protocol.js'
import { readImageRecord, type ImageRecord, type Machine } from './record.js'

export interface DetectorKey {
  readonly detector: string
  readonly dataset: ImageDataset
  /** The normal class, an index. */
  readonly class: number
  /** Of the detector; 0 where it draws nothing. */
  readonly seed: number
}

/** Of test images, in [0, 1]. */
export interface DetectorMeasures {
  readonly auroc: number
  readonly averagePrecision: number
  /** What was chosen. */
  readonly parameters: Readonly<Record<string, unknown>>
}

export interface DetectorRecord extends DetectorKey {
  readonly format: 2
  /** Fingerprint of all that the numbers depend on, but for the machine. */
  readonly id: string
  readonly className: string
  readonly scale: 'minmax' | 'contrast'
  readonly variance: number
  /** Columns after scaling and components. */
  readonly features: number
  readonly images: { readonly train: number; readonly test: number; readonly testAnomalies: number }
  readonly tested: {
    /** All test images; nothing was chosen by a label. */
    readonly unlabelled: DetectorMeasures
    /** One for each draw of labelled test images that choose, on the others; empty where nothing is chosen. */
    readonly labelled: readonly DetectorMeasures[]
  }
  readonly seconds: { readonly prepare: number; readonly run: number }
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  /** ISO 8601, UTC. */
  readonly finished: string
}

/** What a log of image experiments holds. */
export type LoggedRecord = ImageRecord | DetectorRecord

export function isDetectorRecord(record: LoggedRecord): record is DetectorRecord {
  return record.format === 2
}

/** A value read from a log, of either kind. Error: `format` with what is wrong. */
export function readLoggedRecord(value: unknown): LoggedRecord {
  return (value as { format?: unknown } | null)?.format === 2
    ? readDetectorRecord(value as Partial<DetectorRecord>)
    : readImageRecord(value)
}

function readDetectorRecord(record: Partial<DetectorRecord>): DetectorRecord {
  const wrong = (what: string) => new TollError('damaged-file', `it is no trial of a detector on images: ${what}`)
  for (const name of ['id', 'detector', 'dataset', 'className', 'scale', 'finished'] as const)
    if (typeof record[name] !== 'string') throw wrong(`'${name}' is no text`)
  for (const name of ['class', 'seed', 'features', 'variance'] as const)
    if (!(typeof record[name] === 'number' && record[name] >= 0)) throw wrong(`'${name}' is no number from 0`)
  const { unlabelled, labelled } = record.tested ?? {}
  if (!isMeasures(unlabelled)) throw wrong('the test measures without labels are missing or outside [0, 1]')
  if (!Array.isArray(labelled) || !labelled.every(isMeasures))
    throw wrong('the test measures by labels are no list, or outside [0, 1]')
  for (const [part, names] of Object.entries({
    images: ['train', 'test', 'testAnomalies'],
    seconds: ['prepare', 'run'],
    machine: ['threads', 'cores', 'memoryGiB'],
  })) {
    const values = record[part as 'images'] as Readonly<Record<string, unknown>> | undefined
    const bad = names.find((name) => !Number.isFinite(values?.[name]))
    if (bad !== undefined) throw wrong(`'${part}.${bad}' is no number`)
  }
  if (typeof record.versions !== 'object' || record.versions === null) throw wrong("'versions' is missing")
  return record as DetectorRecord
}

function isMeasures(value: unknown): value is DetectorMeasures {
  const { auroc, averagePrecision, parameters } = (value ?? {}) as Partial<DetectorMeasures>
  return (
    [auroc, averagePrecision].every((share) => typeof share === 'number' && share >= 0 && share <= 1) &&
    typeof parameters === 'object' &&
    parameters !== null
  )
}
