// Rows of a SOURCE scored as they are read.

import { availableParallelism } from 'node:os'
import { isTrainingSource, loadModel, scoreStream, type Model, type RowStream, type ScoredBatch } from 'toll'
import { locate, TollError } from 'toll/base'
import { withEngine, type EngineFlags } from './engine.js'
import { arrayFormatOf, requireSource, withSource, type Source, type SourceFlags } from './source.js'
import type { Terminal } from './terminal.js'

export interface ScoringOptions {
  /** Columns whose values come along. */
  readonly passthrough?: readonly string[]
  /** Whether a row that cannot be scored is an error or is marked. */
  readonly strict?: boolean
  readonly signal: AbortSignal
}

/**
 * Opens a model, and SOURCE as it says. Reading a table keeps a core busy: by default the engine leaves it one, which
 * is faster than sharing it.
 */
export async function withModelAndSource<T>(
  path: string,
  sources: readonly string[],
  flags: SourceFlags & EngineFlags,
  terminal: Terminal,
  work: (model: Model, source: Source) => Promise<T>,
): Promise<T> {
  requireSource(sources, flags)
  await terminal.files.reads('MODEL', [path])
  const shared = flags.threads === undefined && arrayFormatOf(sources, flags) === undefined
  const threads = shared ? Math.max(1, availableParallelism() - 1) : flags.threads
  return withEngine({ ...flags, threads }, async (engine) => {
    const model = await loadModel(path, { engine })
    return withSource(sources, flags, terminal, (source) => work(model, source), model.manifest)
  })
}

/** The rows of a SOURCE as the library takes them. */
export function streamOf(source: Source): RowStream {
  if (source.kind === 'rows') return source.table
  return source.names ? [{ table: source.data, passthrough: source.names }] : [source.data]
}

/**
 * The columns that come along by name, as --id says; pictures are known by their files. Error: `argument` for an array,
 * which has none.
 */
export function keysOf(source: Source, id: readonly string[]): readonly string[] {
  if (source.kind === 'rows') return id
  const names = [...(source.names?.keys() ?? [])]
  const unknown = id.find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new TollError(
      'unsupported-input',
      source.names
        ? `--id of pictures is ${names.join(' or ')}, got '${unknown}'`
        : `--id names a column of a table; ${source.name} is an array`,
      { option: 'id', value: unknown, file: source.name },
    )
  return id.length > 0 ? id : names.slice(0, 1)
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
