// The manifest of a model file: everything about the model that is not arithmetic, as JSON under one key of the ONNX
// `metadata_props`. `format` is an integer that rises with every change that an older reader would misread; every
// version stays readable.

import {
  TollError,
  messageOf,
  namesOf,
  samplesOf,
  type Column,
  type NumericKind,
  type ParameterValue,
  type Reading,
  type Samples,
  type SamplesLike,
} from '../base/index.js'
import {
  readTablePreprocessing,
  type ColumnProfile,
  type ColumnSummary,
  type ImagePreprocessing,
  type LeftOut,
  type NumberProfile,
  type TablePreprocessing,
} from '../preprocess/index.js'
import { readThreshold, type Threshold } from '../threshold/index.js'

export const manifestFormat = 2
export const manifestKey = 'toll.manifest'

/** A column of the table that the model takes. */
export type InputColumn = ColumnSummary & {
  /** Name of the model's input for this column: the column's own name unless that is taken. */
  readonly input: string
}

export type ModelInput =
  | {
      readonly kind: 'table'
      /** One input (n, 1) per column, in this order: categories of type string, all others of type double. */
      readonly columns: readonly InputColumn[]
      /**
       * Columns of the training data that the model does not take, with the reason. Files of early versions do not say.
       */
      readonly leftOut?: readonly LeftOut[]
    }
  | {
      readonly kind: 'image'
      /** One input (n, channels, height, width) of type float. */
      readonly input: string
      readonly layout: 'NCHW'
      /** [channels, height, width]. */
      readonly shape: readonly [number, number, number]
      /** Smallest and largest training pixel: inputs are expected in the same units. */
      readonly range: readonly [number, number]
      /**
       * Median of each training pixel in 256 levels of `range`, base64: where explanations start. Files of early
       * versions lack it.
       */
      readonly typical?: string
    }

export interface HeldBack {
  /**
   * `held-back`: normal rows that training did not see. `training`: too few rows to keep any back, so the scores are of
   * training rows and too low.
   */
  readonly source: 'held-back' | 'training'
  /** How they were chosen, where not at random: whole groups, or the latest rows. */
  readonly by?: 'groups' | 'time'
  /** Groups that were held back. */
  readonly groups?: number
  /** Share of the normal rows that was asked for, in [0, 0.9]. Files of early versions lack it. */
  readonly share?: number
  /** Sorted in rising order. */
  readonly scores: readonly number[]
}

export interface RowWindow {
  readonly size: number
  /** Rows from one window to the next in training; a row is scored by the window that ends in it. */
  readonly stride: number
  /** The columns of the rows. */
  readonly columns: readonly string[]
  /** The column that says which rows belong together, and the one that says their order. */
  readonly group?: string
  readonly time?: string
}

export interface Manifest {
  readonly format: number
  readonly detector: string
  readonly parameters: Readonly<Record<string, ParameterValue>>
  readonly seed: number
  readonly input: ModelInput
  readonly preprocessing: TablePreprocessing | ImagePreprocessing
  /** Outputs that add up to, or explain, the score, (n) each. */
  readonly parts: readonly string[]
  /**
   * Rows that one run should take at most: its memory stays below some hundred MiB. Files of early versions do not say.
   */
  readonly largestBatch?: number
  readonly threshold: Threshold
  /** Further thresholds by name, each with an output of its own (`is_anomaly_NAME`). */
  readonly thresholds?: Readonly<Record<string, Threshold>>
  readonly heldBack: HeldBack
  /** Where samples are windows of rows: the inputs are named column@lag, the row's own lag being 0. */
  readonly window?: RowWindow
  /**
   * How the columns of the rows were distributed, labelled anomalies left out; absent for images and in files of early
   * versions.
   */
  readonly profile?: readonly ColumnProfile[]
  /** Rows (windows, where samples are windows) given, those that trained, those labelled anomalous and left out. */
  readonly rows: { readonly given: number; readonly trained: number; readonly anomalies: number }
  /** SHA-256 of the column names and values, or of the images, that fit was given. */
  readonly dataFingerprint: string
  /** What was said about the file of the training data, for later ones; absent where nothing was. */
  readonly reading?: Reading
  /** Whether the file holds rows of the training data. */
  readonly containsTrainingRows: boolean
  /** What the detector says of its training. */
  readonly training: Readonly<Record<string, unknown>>
  readonly versions: Readonly<Record<string, string>>
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

/** Samples of rows as a program has them; rows of values are in the order of the model's columns. */
export function samplesFor(manifest: Pick<Manifest, 'input' | 'window'>, rows: SamplesLike): Samples {
  return samplesOf(rows, namesOf(featuresOf(manifest)))
}

export function encodeManifest(manifest: Manifest): Record<string, string> {
  return { [manifestKey]: JSON.stringify(storedManifest(manifest)), 'toll.format': String(manifest.format) }
}

/** A column's profile in a file: its kind is that of the input. */
type StoredProfile = Pick<ColumnProfile, 'name' | 'counts' | 'missing'> &
  (Pick<NumberProfile, 'edges' | 'range'> | { readonly texts: readonly string[] })

/** The manifest as the file has it, plain JSON. */
export function storedManifest(manifest: Manifest): object {
  return { ...manifest, ...(manifest.profile && { profile: manifest.profile.map(storedProfile) }) }
}

function storedProfile(profile: ColumnProfile): StoredProfile {
  if (profile.kind === 'category') {
    const { name, categories, counts, missing } = profile
    return { name, texts: categories, counts, missing }
  }
  const { kind: _, ...stored } = profile
  return stored
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
  let value: Partial<Manifest> | null
  try {
    value = JSON.parse(text) as Partial<Manifest> | null
  } catch (error) {
    throw new TollError('damaged-file', `the manifest of the model is damaged: ${messageOf(error)}`, {
      part: manifestKey,
      cause: error,
    })
  }
  const format = value?.format
  if (typeof format !== 'number' || !Number.isInteger(format) || format < 1)
    throw new TollError('damaged-file', 'the manifest of the model has no format version', { part: manifestKey })
  if (format > manifestFormat) {
    throw new TollError(
      'newer-version',
      `the model has format ${format}, this version of toll reads up to ${manifestFormat}; update toll to use it`,
      { value: format, limit: manifestFormat },
    )
  }
  const manifest = value as Manifest
  const problem = problemOf(manifest)
  if (problem)
    throw new TollError('damaged-file', `the manifest of the model is damaged: ${problem}`, { part: manifestKey })
  const { thresholds, preprocessing, window } = manifest
  const input = readInput(manifest.input)
  return {
    ...manifest,
    input,
    ...(manifest.profile && {
      profile: readProfiles(manifest.profile as unknown as readonly StoredProfile[], featuresOf({ input, window })),
    }),
    ...(preprocessing.kind === 'table' && { preprocessing: readTablePreprocessing(preprocessing) }),
    threshold: readThreshold(manifest.threshold),
    ...(thresholds && {
      thresholds: Object.fromEntries(
        Object.entries(thresholds).map(([name, threshold]) => [name, readThreshold(threshold)]),
      ),
    }),
  }
}

/** Files of the first format hold columns of numbers only, and do not say so. */
function readInput(stored: ModelInput): ModelInput {
  if (stored.kind !== 'table') return stored
  const columns = stored.columns.map(
    (column) => ({ ...column, kind: (column as Partial<InputColumn>).kind ?? 'number' }) as InputColumn,
  )
  return { ...stored, columns }
}

function readProfiles(stored: readonly StoredProfile[], features: readonly Column[]): ColumnProfile[] {
  const kinds = new Map(features.map(({ name, kind }) => [name, kind]))
  return stored.map((profile) => {
    const { name, counts, missing } = profile
    if ('texts' in profile) return { name, kind: 'category', categories: profile.texts, counts, missing }
    return { ...profile, kind: (kinds.get(name) ?? 'number') as NumericKind }
  })
}

function problemOf({
  input,
  heldBack,
  largestBatch = 1,
  parts,
  parameters,
  preprocessing,
  rows,
  threshold,
  thresholds = {},
  training,
  versions,
  window,
  profile,
}: Partial<Manifest>): string | undefined {
  const isRecord = (record: unknown) => typeof record === 'object' && record !== null && !Array.isArray(record)
  for (const [name, record] of Object.entries({
    input,
    heldBack,
    parameters,
    preprocessing,
    rows,
    threshold,
    thresholds,
    training,
    versions,
  })) {
    if (!isRecord(record)) return `'${name}' is missing`
  }
  if (!Array.isArray(parts) || !parts.every((name) => typeof name === 'string')) return "'parts' must list names"
  if (!(Number.isSafeInteger(largestBatch) && largestBatch >= 1))
    return "'largestBatch' must be a whole number of at least 1"
  const scores = heldBack!.scores as unknown
  if (!Array.isArray(scores) || !scores.every((score) => typeof score === 'number'))
    return "'heldBack.scores' must list numbers"
  if (profile !== undefined && !(Array.isArray(profile) && profile.every(isProfile)))
    return "'profile' must list columns with their bins"
  if (window !== undefined && !isWindow(window)) return "'window' must hold a size, a stride and columns"
  if (input!.kind === 'table') {
    const { columns } = input as { columns: unknown }
    const fine =
      Array.isArray(columns) &&
      columns.length > 0 &&
      columns.every(
        (column: Partial<InputColumn> | null) => typeof column?.name === 'string' && typeof column.input === 'string',
      )
    return fine ? undefined : "'input.columns' must list columns"
  }
  if (input!.kind === 'image') {
    const { shape, input: name } = input as { shape: unknown; input: unknown }
    return Array.isArray(shape) && shape.length === 3 && shape.every(Number.isInteger) && typeof name === 'string'
      ? undefined
      : "'input.shape' must be three sizes"
  }
  return `'input.kind' is ${JSON.stringify((input as { kind?: unknown }).kind)}`
}

function isWindow(value: Partial<RowWindow> | null): boolean {
  const { size, stride, columns, group = '', time = '' } = value ?? {}
  return (
    [size, stride].every((count) => Number.isSafeInteger(count) && count! >= 1) &&
    [columns, [group, time]].every(
      (names) => Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === 'string'),
    )
  )
}

function isProfile(value: Partial<StoredProfile> | null): boolean {
  const {
    name,
    edges,
    texts,
    counts,
    range = [0, 0],
    missing,
  } = (value ?? {}) as Partial<NumberProfile & { readonly texts: readonly string[] }>
  const isList = (list: unknown, type: string) => Array.isArray(list) && list.every((item) => typeof item === type)
  const bins = texts ?? edges
  return (
    typeof name === 'string' &&
    isList(bins, texts ? 'string' : 'number') &&
    [counts, range, [missing]].every((list) => isList(list, 'number')) &&
    counts!.length === bins!.length + 1
  )
}
