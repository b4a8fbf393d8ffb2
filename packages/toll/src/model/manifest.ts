// The manifest of a model file: everything about the model that is not arithmetic, as JSON under one key of the ONNX
// `metadata_props`. `format` is an integer that rises with every change that an older reader would misread; every
// version stays readable.

import * as v from 'valibot'
import {
  TollError,
  count,
  finite,
  messageOf,
  namesOf,
  parseJson,
  positiveCount,
  range,
  reading,
  requireSchema,
  samplesOf,
  type Column,
  type Infer,
  type Samples,
  type SamplesLike,
} from '../base/index.js'
import {
  categorySummary,
  imagePreprocessing,
  imageShape,
  leftOut,
  numberSummary,
  readProfiles,
  storedProfile,
  storeProfile,
  tablePreprocessing,
  windowColumns,
  type ColumnProfile,
} from '../preprocess/index.js'
import { readThreshold, type Threshold } from '../threshold/index.js'
import { upgrade } from './old-formats.js'

export const manifestFormat = 2
export const manifestKey = 'toll.manifest'

/** Name of the model's input for a column: the column's own name unless that is taken. */
const named = { input: v.string() }

const inputColumn = v.variant('kind', [
  v.object({ ...numberSummary.entries, ...named }),
  v.object({ ...categorySummary.entries, ...named }),
])

/** A column of the table that the model takes. */
export type InputColumn = Infer<typeof inputColumn>

const modelInput = v.variant('kind', [
  v.object({
    kind: v.literal('table'),
    /** One input (n, 1) per column, in this order: categories of type string, all others of type double. */
    columns: v.pipe(v.array(inputColumn), v.minLength(1, 'at least one column')),
    /**
     * Columns of the training data that the model does not take, with the reason. Files of early versions do not say.
     */
    leftOut: v.optional(v.array(leftOut)),
  }),
  v.object({
    kind: v.literal('image'),
    /** One input (n, channels, height, width) of type float. */
    input: v.string(),
    layout: v.literal('NCHW'),
    /** [channels, height, width]. */
    shape: imageShape,
    /** Smallest and largest training pixel: inputs are expected in the same units. */
    range,
    /**
     * Median of each training pixel in 256 levels of `range`, base64: where explanations start. Files of early
     * versions lack it.
     */
    typical: v.optional(v.string()),
  }),
])

export type ModelInput = Infer<typeof modelInput>

const heldBack = v.object({
  /**
   * `held-back`: normal rows that training did not see. `training`: too few rows to keep any back, so the scores are of
   * training rows and too low.
   */
  source: v.picklist(['held-back', 'training']),
  /** How they were chosen, where not at random: whole groups, or the latest rows. */
  by: v.optional(v.picklist(['groups', 'time'])),
  /** Groups that were held back. */
  groups: v.optional(count),
  /** Share of the normal rows that was asked for, in [0, 0.9]. Files of early versions lack it. */
  share: v.optional(finite),
  /** Sorted in rising order. */
  scores: v.pipe(
    v.array(finite),
    v.check((scores) => isRising(scores), 'numbers in rising order'),
  ),
})

export type HeldBack = Infer<typeof heldBack>

const rowWindow = v.object({
  size: positiveCount,
  /** Rows from one window to the next in training; a row is scored by the window that ends in it. */
  stride: positiveCount,
  /** The columns of the rows. */
  columns: v.pipe(v.array(v.string()), v.minLength(1, 'at least one column')),
  /** The column that says which rows belong together, and the one that says their order. */
  group: v.optional(v.string()),
  time: v.optional(v.string()),
})

export type RowWindow = Infer<typeof rowWindow>

/** The manifest as a file has it, but for its thresholds, which `readThreshold` knows. */
const storedManifest = v.object({
  format: positiveCount,
  detector: v.string(),
  parameters: v.record(v.string(), v.union([finite, v.string(), v.boolean(), v.array(v.string())])),
  seed: count,
  input: modelInput,
  preprocessing: v.variant('kind', [tablePreprocessing, imagePreprocessing]),
  /** Outputs that add up to, or explain, the score, (n) each. */
  parts: v.array(v.string()),
  /**
   * Rows that one run should take at most: its memory stays below some hundred MiB. Files of early versions do not say.
   */
  largestBatch: v.optional(positiveCount),
  threshold: v.looseObject({}),
  thresholds: v.optional(v.record(v.string(), v.looseObject({}))),
  heldBack,
  /** Where samples are windows of rows: the inputs are named column@lag, the row's own lag being 0. */
  window: v.optional(rowWindow),
  profile: v.optional(v.array(storedProfile)),
  /** Rows (windows, where samples are windows) given, those that trained, those labelled anomalous and left out. */
  rows: v.object({ given: count, trained: count, anomalies: count }),
  /** SHA-256 of the column names and values, or of the images, that fit was given. */
  dataFingerprint: v.string(),
  /** What was said about the file of the training data, for later ones; absent where nothing was. */
  reading: v.optional(reading),
  /** Whether the file holds rows of the training data. */
  containsTrainingRows: v.boolean(),
  /** What the detector says of its training. */
  training: v.record(v.string(), v.unknown()),
  versions: v.record(v.string(), v.string()),
})

type StoredManifest = Infer<typeof storedManifest>

export interface Manifest extends Omit<StoredManifest, 'threshold' | 'thresholds' | 'profile'> {
  readonly threshold: Threshold
  /** Further thresholds by name, each with an output of its own (`is_anomaly_NAME`). */
  readonly thresholds?: Readonly<Record<string, Threshold>>
  /**
   * How the columns of the rows were distributed, labelled anomalies left out; absent for images and in files of early
   * versions.
   */
  readonly profile?: readonly ColumnProfile[]
}

/**
 * The columns of the rows that a model learned from and takes, in their order, and what each is to it; of windows those
 * of their rows. None for images.
 */
export function featuresOf({ input, window }: Pick<Manifest, 'input' | 'window'>): Column[] {
  if (input.kind !== 'table') return []
  if (!window) return input.columns.map(({ name, kind }) => ({ name, kind }))
  const kinds = new Map(input.columns.map(({ name, kind }) => [name, kind]))
  return window.columns.map((name) => ({ name, kind: kinds.get(`${name}@0`)! }))
}

/** The output that says which rows are above the threshold of this name, or above the model's own. */
export function decisionOutput(name?: string): string {
  return name === undefined ? 'is_anomaly' : `is_anomaly_${name}`
}

/** Whether a further threshold may have this name. */
export function isThresholdName(name: string): boolean {
  return /^[\w-]{1,40}$/.test(name)
}

/** Samples of rows as a program has them; rows of values are in the order of the model's columns. */
export function samplesFor(manifest: Pick<Manifest, 'input' | 'window'>, rows: SamplesLike): Samples {
  return samplesOf(rows, namesOf(featuresOf(manifest)))
}

export function encodeManifest(manifest: Manifest): Record<string, string> {
  return { [manifestKey]: JSON.stringify(storeManifest(manifest)), 'toll.format': String(manifest.format) }
}

/** The manifest as the file has it, plain JSON. */
export function storeManifest(manifest: Manifest): object {
  return { ...manifest, ...(manifest.profile && { profile: manifest.profile.map(storeProfile) }) }
}

/**
 * Reads and checks a manifest. Errors: `format` for a file that is no model of ours or is damaged, `version` for a
 * newer one.
 */
export function decodeManifest(metadata: Readonly<Record<string, string>>): Manifest {
  const text = metadata[manifestKey]
  if (text === undefined)
    throw new TollError(
      'wrong-file-kind',
      `the file is an ONNX model without '${manifestKey}': it was not made by toll`,
      { part: manifestKey },
    )
  let value: unknown
  try {
    value = parseJson(text)
  } catch (cause) {
    throw damaged(messageOf(cause), manifestKey, cause)
  }
  const format = typeof value === 'object' && value !== null ? (value as { format?: unknown }).format : undefined
  if (typeof format !== 'number' || !Number.isInteger(format) || format < 1)
    throw damaged('it has no format version', 'format')
  if (format > manifestFormat) {
    throw new TollError(
      'newer-version',
      `the model has format ${format}, this version of toll reads up to ${manifestFormat}; update toll to use it`,
      { value: format, limit: manifestFormat },
    )
  }
  const stored = requireSchema(storedManifest, upgrade(value as object, format), 'the manifest of the model')
  checkTogether(stored)
  const { profile, thresholds } = stored
  // Everything else in the order of the file, so that it is written again as it was.
  const rest: Omit<StoredManifest, 'profile' | 'thresholds'> = stored
  return {
    ...rest,
    ...(profile && { profile: readProfiles(profile, featuresOf(stored)) }),
    threshold: readThreshold(stored.threshold),
    ...(thresholds && {
      thresholds: Object.fromEntries(
        Object.entries(thresholds).map(([name, threshold]) => [name, readThreshold(threshold)]),
      ),
    }),
  }
}

function damaged(problem: string, part: string, cause?: unknown): TollError {
  return new TollError('damaged-file', `the manifest of the model is damaged: ${problem}`, { part, cause })
}

function isRising(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || values[i - 1] <= value)
}

/** What one field says must be what the others say. */
function checkTogether({ input, preprocessing, window, thresholds = {}, heldBack: { by, groups } }: StoredManifest) {
  const require = (holds: boolean, part: string, problem: string) => {
    if (!holds) throw damaged(`'${part}' ${problem}`, part)
  }
  require(by !== 'groups' || groups !== undefined, 'heldBack.groups', 'is missing')
  require(Object.keys(thresholds).every(isThresholdName), 'thresholds', 'holds a name that no threshold can have')
  if (input.kind === 'image' || preprocessing.kind === 'image') {
    const same =
      input.kind === 'image' && preprocessing.kind === 'image' && input.shape.join() === preprocessing.shape.join()
    return require(same, 'preprocessing', 'is of other data than the input')
  }
  const kindOf = (kind: Column['kind']) => (kind === 'boolean' ? 'number' : kind)
  const described = (columns: readonly Column[]) =>
    JSON.stringify(columns.map(({ name, kind }) => [name, kindOf(kind)]))
  require(described(input.columns) ===
    described(preprocessing.columns), 'preprocessing.columns', 'are other columns than those of the input')
  for (const part of ['name', 'input'] as const)
    require(new Set(input.columns.map((column) => column[part])).size ===
      input.columns.length, 'input.columns', 'repeat a name')
  require(window === undefined ||
    (window.size * window.columns.length === input.columns.length &&
      windowColumns(window.columns, window.size).join() ===
        namesOf(input.columns).join()), 'window', 'is of other columns than those of the input')
}
