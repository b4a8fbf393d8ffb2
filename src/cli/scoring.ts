// Rows of a source scored in order, in bounded memory: while a batch is in the engine, the one before is used and the next one is read.

import { availableParallelism } from 'node:os'
import { TollError, type Table } from '../base/index.js'
import type { CellValue } from '../data/node/index.js'
import type { Model, Scores } from '../model/index.js'
import { requireColumns } from './columns.js'
import type { EngineFlags } from './engine.js'
import type { Source } from './source.js'

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
    for (const values of [scores.score, ...Object.values(scores.parts)]) values[row] = NaN
    scores.isAnomaly[row] = 0
    for (const column of columns) if (Number.isNaN(column[row])) imputed--
  }
  return { ...scores, imputed, errors: new Map([...scores.errors, ...errors]) }
}
