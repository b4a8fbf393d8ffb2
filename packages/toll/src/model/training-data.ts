// Whether rows are those that a model was fitted to, by the fingerprint in its manifest.

import { TollError, namesOf, type Column, type ColumnKind, type Samples, type Table } from '../base/index.js'
import { inferSchema, selectColumns } from '../preprocess/index.js'
import { fingerprint } from './fingerprint.js'
import { featuresOf, type Manifest } from './manifest.js'

/** The columns that the model learned from, as what it took them for. Error: `not-found` where one is missing. */
export function takeFeatures(manifest: Pick<Manifest, 'input' | 'window'>, data: Samples): Samples {
  if (data.kind !== 'table' || manifest.input.kind !== 'table') return data
  const features = featuresOf(manifest)
  const names = namesOf(data.columns)
  const indices = features.map(({ name }) => names.indexOf(name))
  const missing = features.find((_, i) => indices[i] < 0)
  if (missing)
    throw new TollError(
      'unknown-column',
      `the table lacks column ${missing.name}, which the model was trained on; it has ${names.join(', ')}`,
      { column: missing.name, expected: names },
    )
  const types: Record<string, ColumnKind> = Object.fromEntries(features.map(({ name, kind }) => [name, kind]))
  return inferSchema(selectColumns(data, indices), types).table
}

/**
 * Whether these are the rows that the model was fitted to, held-out ones among them. False where a column of it is
 * missing.
 */
export async function isTrainingData(
  manifest: Pick<Manifest, 'input' | 'window' | 'dataFingerprint'>,
  data: Samples,
): Promise<boolean> {
  const names = data.kind === 'table' ? namesOf(data.columns) : []
  if (featuresOf(manifest).some(({ name }) => !names.includes(name))) return false
  return (await fingerprint(takeFeatures(manifest, data))) === manifest.dataFingerprint
}

/** A table that can be read as a whole, such as `openTable` of `toll/node` gives. */
export interface WholeSource {
  readBatch(options: {
    readonly columns: readonly Column[]
    readonly invalidRows: 'mark'
    readonly keys: 'leave out'
    readonly signal?: AbortSignal
  }): Promise<{ readonly table: Table }>
}

/**
 * The same for a source of which so many rows are known: it is read, as a whole, only where the model was fitted to as
 * many. False for a model of windows, whose file does not say what its rows were.
 */
export async function isTrainingSource(
  manifest: Manifest,
  source: WholeSource | Samples,
  { rows, signal }: { readonly rows: number; readonly signal?: AbortSignal },
): Promise<boolean> {
  if (rows !== manifest.rows.given || manifest.window) return false
  if ('kind' in source) return isTrainingData(manifest, source)
  const { table } = await source.readBatch({
    columns: featuresOf(manifest),
    invalidRows: 'mark',
    keys: 'leave out',
    signal,
  })
  return isTrainingData(manifest, table)
}
