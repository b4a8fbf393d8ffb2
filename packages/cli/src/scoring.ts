// Rows of a SOURCE scored as they are read.

import { availableParallelism } from 'node:os'
import { isTrainingSource, scoreStream, type Model, type RowStream, type ScoredBatch } from 'toll'
import { locate } from 'toll/base'
import type { EngineFlags } from './engine.js'
import type { Source } from './source.js'

export interface ScoringOptions {
  /** Columns whose values come along. */
  readonly passthrough?: readonly string[]
  /** Whether a row that cannot be scored is an error or is marked. */
  readonly strict?: boolean
  readonly signal: AbortSignal
}

/** Reading a table keeps a core busy: by default the engine leaves it one, which is faster than sharing it. */
export function scoringThreads<F extends EngineFlags>(flags: F, source: Source): F {
  return flags.threads === undefined && source.kind === 'rows'
    ? { ...flags, threads: Math.max(1, availableParallelism() - 1) }
    : flags
}

/** The rows of a SOURCE as the library takes them. */
export function streamOf(source: Source): RowStream {
  return source.kind === 'rows' ? source.table : [source.data]
}

/** Scores all rows of `source`. Errors as `scoreStream`, with the name of the source. */
export async function* scoreSource(
  source: Source,
  model: Model,
  { passthrough = [], strict = false, signal }: ScoringOptions,
): AsyncGenerator<ScoredBatch> {
  try {
    yield* scoreStream(model, streamOf(source), { passthrough, invalidRows: strict ? 'throw' : 'mark', signal })
  } catch (error) {
    throw source.kind === 'array' ? locate(error, source.name) : error
  }
}

/** Whether the source, of which so many rows were scored, is what the model was fitted to. */
export function isTraining(source: Source, { manifest }: Model, rows: number, signal: AbortSignal): Promise<boolean> {
  return isTrainingSource(manifest, source.kind === 'rows' ? source.table : source.data, { rows, signal })
}
