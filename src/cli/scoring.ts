// Rows of a source scored in order, in bounded memory: while a batch is in the engine, the one before is used and the next one is read.

import { availableParallelism } from 'node:os'
import { TollError, type Table } from '../base/index.js'
import type { LabelValue } from '../data/index.js'
import type { CellValue } from '../data/node/index.js'
import type { Model, Scores } from '../model/index.js'
import { requireColumns } from './columns.js'
import type { EngineFlags } from './engine.js'
import { readLabels, readSide, type LabelFlags } from './labels.js'
import type { Source } from './source.js'
import type { Terminal } from './terminal.js'

export interface ScoredRows extends Scores {
  readonly rows: number
  /** Rows of the source before these. */
  readonly firstRow: number
  readonly passthrough: ReadonlyMap<string, readonly CellValue[]>
}

export interface ScoringOptions {
  /** Columns whose values come along. */
  readonly passthrough: readonly string[]
  /** Whether a row that cannot be scored is an error or is marked. */
  readonly strict: boolean
  readonly signal: AbortSignal
}

/** Reading a table keeps a core busy: by default the engine leaves it one, which is faster than sharing it. */
export function scoringThreads<F extends EngineFlags>(flags: F, source: Source): F {
  return flags.threads === undefined && source.kind === 'rows' ? { ...flags, threads: Math.max(1, availableParallelism() - 1) } : flags
}

/** Numbers in a batch: one run of the engine. */
const batchValues = 1 << 19

/** Scores all rows of `source`. Errors: `not-found` for columns that the model needs, `shape`, `data`, `aborted`. */
export async function* scoreSource(source: Source, model: Model, { passthrough, strict, signal }: ScoringOptions): AsyncGenerator<ScoredRows> {
  const badRows = strict ? 'refuse' : 'mark'
  requireKind(source, model)
  if (source.kind === 'array') {
    const scores = await model.score(source.data, { badRows, signal })
    yield { ...scores, rows: scores.score.length, firstRow: 0, passthrough: new Map() }
    return
  }
  const { input } = model.manifest
  const columns = input.kind === 'table' ? input.columns.map(({ name }) => name) : []
  requireColumns(source.table.columns, [...columns, ...passthrough], source.name)
  const batchRows = Math.min(16_384, Math.max(256, Math.floor(batchValues / Math.max(columns.length, 1))))
  const batches = source.table.batches({ columns, passthrough, batchRows, badRows: strict ? 'throw' : 'mark', signal })
  let scoring: Promise<ScoredRows> | undefined
  try {
    for await (const batch of batches) {
      const previous = scoring
      scoring = model.score(batch.table, { badRows, signal }).then((scores) => ({
        ...mark(scores, batch.errors, batch.table), rows: batch.table.rows, firstRow: batch.firstRow, passthrough: batch.passthrough,
      }))
      // Awaited later; a failure before that is not unhandled.
      scoring.catch(() => undefined)
      if (previous) yield await previous
    }
    if (scoring) yield await scoring
  } finally {
    await scoring?.catch(() => undefined)
  }
}

function requireKind(source: Source, { manifest: { input } }: Model): void {
  const isTable = source.kind === 'rows' || 'columns' in source.data
  if (isTable === (input.kind === 'table')) return
  const expected = input.kind === 'table' ? 'tables' : `images of ${input.shape.join(' x ')}`
  throw new TollError('shape', `the model scores ${expected}, but ${source.name} holds ${isTable ? 'a table' : 'images'}`)
}

/** Rows that could not be read have no score; their gaps were not imputed. */
function mark(scores: Scores, errors: ReadonlyMap<number, string>, { columns }: Table): Scores {
  if (errors.size === 0) return scores
  let imputed = scores.imputed
  for (const row of errors.keys()) {
    for (const values of [scores.score, ...Object.values(scores.parts), ...(scores.pValue ? [scores.pValue] : [])]) values[row] = NaN
    for (const flags of [scores.isAnomaly, ...Object.values(scores.alarms)]) flags[row] = 0
    for (const column of columns) if (Number.isNaN(column[row])) imputed--
  }
  return { ...scores, imputed, errors: new Map([...scores.errors, ...errors]) }
}

export interface Labelled {
  readonly scores: Float64Array
  readonly labels: Uint8Array
  readonly unscored: number
  readonly imputed: number
}

/** All scores with their labels; rows that could not be scored are left out and counted. */
export async function scoreLabelled(source: Source, model: Model, flags: LabelFlags & { readonly label: string; readonly strict: boolean }, terminal: Terminal): Promise<Labelled> {
  const parts: Float64Array[] = []
  const values: LabelValue[] = []
  let imputed = 0
  const bar = await terminal.progress('score', source.kind === 'rows' ? source.table.rowCount : undefined, 'rows')
  const options = { passthrough: source.kind === 'rows' ? [flags.label] : [], strict: flags.strict, signal: terminal.signal }
  try {
    for await (const batch of scoreSource(source, model, options)) {
      parts.push(batch.score)
      for (const value of batch.passthrough.get(flags.label) ?? []) values.push(value)
      imputed += batch.imputed
      bar.update(batch.firstRow + batch.rows)
    }
  } finally {
    bar.stop()
  }
  const scores = joined(parts)
  const labels = readLabels(source.kind === 'rows' ? values : await readSide(source, flags.label, scores.length), flags)
  const good = scores.map((score) => (Number.isNaN(score) ? 0 : 1))
  return {
    scores: scores.filter((_, row) => good[row] === 1), labels: labels.filter((_, row) => good[row] === 1),
    unscored: scores.length - good.reduce((sum, flag) => sum + flag, 0), imputed,
  }
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
