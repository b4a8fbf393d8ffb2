// Rows of any length scored in order, in bounded memory: while a batch is in the engine, the one before is used and the
// next one is read. A model of windows is given rows, and keeps the last ones of each group from batch to batch.

import {
  TollError,
  listNames,
  namesOf,
  orderColumns,
  rowCount,
  throwIfAborted,
  type CellValue,
  type Column,
  type InvalidRows,
  type NumericKind,
  type RowBatch,
  type Samples,
} from '../base/index.js'
import { requireKind, type RowInputs } from './inputs.js'
import { featuresOf, type Manifest } from './manifest.js'
import type { Model, ScoreOptions, Scores } from './model.js'
import { RowWindows } from './row-windows.js'

/** A column of a source, and what is known of its values before they are read. */
export interface RowSourceColumn extends Column {
  /** VARCHAR where the source does not say what the values are. */
  readonly type?: string
  /** Shares of the first values that can be read as each kind, in [0, 1]. */
  readonly readable?: Readonly<Record<NumericKind, number>>
}

export interface RowSourceOptions {
  readonly columns: readonly Column[]
  readonly passthrough?: readonly string[]
  readonly batchRows?: number
  readonly invalidRows: InvalidRows
  readonly signal?: AbortSignal
}

/** A table that can be read in batches, such as `openTable` of `toll/node` gives. */
export interface RowSource {
  /** How messages call it. */
  readonly name: string
  readonly columns: readonly RowSourceColumn[]
  batches(options: RowSourceOptions): AsyncIterable<RowBatch>
}

/** Rows in batches of any sizes: a source, or tables, images or batches one after the other. */
export type RowStream = RowSource | AsyncIterable<StreamItem> | Iterable<StreamItem>

type StreamItem = Samples | RowBatch<Samples>

export interface StreamOptions extends ScoreOptions {
  /** Columns of a source whose values come along with its rows, such as a key. */
  readonly passthrough?: readonly string[]
  /**
   * Rows of a source that are read at once, at least 1; default as many as one run of the engine takes, up to 16384.
   */
  readonly batchRows?: number
}

/** Consecutive rows of a stream. */
export interface StreamedRows {
  /** As they were read. */
  readonly data: Samples
  /** Rows of the stream before these. */
  readonly firstRow: number
  /** Columns that came along, by name: one value per row. */
  readonly passthrough: ReadonlyMap<string, readonly CellValue[]>
}

export interface InputBatch extends RowInputs, StreamedRows {}

/** Scores of consecutive rows. `samples` are what the model was given, one per score: `data`, or windows of it. */
export interface ScoredBatch extends Scores, StreamedRows, Pick<RowInputs, 'samples'> {}

/**
 * Scores a stream, batch by batch, in order. A batch is read at most one ahead of the one in use, and memory does not
 * grow with the length of the stream; a model of windows with groups keeps the last rows of each. However the
 * iteration ends, the stream is closed with it; a source that was opened before stays open.
 *
 * @throws what the stream throws; as `Model.score`; `not-found` for columns that a source lacks; `aborted`.
 */
export async function* scoreStream(
  model: Model,
  stream: RowStream,
  options: StreamOptions = {},
): AsyncGenerator<ScoredBatch, void, void> {
  const batches = inputStream(model, stream, options)
  const advance = async () => {
    const { value, done } = await batches.next()
    return done ? undefined : { ...value, scores: handledLater(model.scoreInputs(value, options)) }
  }
  let next = handledLater(advance())
  try {
    for (;;) {
      const batch = await next
      if (!batch) return
      next = handledLater(advance())
      const { data, samples, firstRow, passthrough, scores } = batch
      yield { ...(await scores), data, samples, firstRow, passthrough }
    }
  } finally {
    await batches.return()
    await next.then((batch) => batch?.scores).catch(() => undefined)
  }
}

/** The rows of a stream as the inputs of the model file, batch by batch. Errors as `scoreStream`. */
export async function* inputStream(
  model: Model,
  stream: RowStream,
  options: StreamOptions = {},
): AsyncGenerator<InputBatch, void, void> {
  const { manifest } = model
  const { invalidRows, signal } = options
  const source = 'batches' in stream ? stream : undefined
  const windows = manifest.window && new RowWindows(manifest, manifest.window, source?.name)
  let rows = 0
  for await (const given of 'batches' in stream
    ? readSource(stream, manifest, options)
    : untilAborted(stream, signal)) {
    throwIfAborted(signal)
    const data = 'kind' in given ? given : given.table
    const batch: Partial<RowBatch<Samples>> = 'kind' in given ? {} : given
    const { firstRow = rows, passthrough = new Map<string, readonly CellValue[]>(), invalid } = batch
    rows = firstRow + rowCount(data)
    requireKind(data.kind, manifest.input)
    const inputs =
      windows && data.kind === 'table'
        ? windows.push({ table: data, passthrough, firstRow, invalid }, { invalidRows })
        : model.inputs(data.kind === 'table' ? { table: data, firstRow, invalid } : data, { invalidRows })
    yield { ...inputs, data, firstRow, passthrough }
  }
}

/** Numbers in a batch: one run of the engine. */
const batchValues = 1 << 19

function readSource(
  source: RowSource,
  manifest: Manifest,
  { passthrough = [], batchRows, invalidRows = 'throw', signal }: StreamOptions,
): AsyncIterable<RowBatch> {
  const { input, window } = manifest
  requireKind('table', input, source.name)
  const features = featuresOf(manifest)
  const order = window ? orderColumns(window) : []
  requireColumns(source, namesOf(features), 'the model was trained on')
  requireColumns(source, order, 'says the order of the rows')
  requireColumns(source, passthrough, 'was asked for')
  const values = input.kind === 'table' ? Math.max(input.columns.length, 1) : 1
  return source.batches({
    columns: features,
    passthrough: [...new Set([...passthrough, ...order])],
    batchRows: batchRows ?? Math.min(16_384, Math.max(256, Math.floor(batchValues / values))),
    invalidRows,
    signal,
  })
}

/** Error: `not-found` for columns that the source lacks; `use` says what they are for. */
function requireColumns({ name, columns }: RowSource, needed: readonly string[], use: string): void {
  const known = new Set(namesOf(columns))
  const missing = needed.filter((column) => !known.has(column))
  if (missing.length === 0) return
  throw new TollError(
    'unknown-column',
    `${name} lacks ${missing.length === 1 ? 'column' : 'columns'} ${listNames(missing)}, which ${use}; it has ` +
      listNames([...known]),
    { file: name, column: missing[0], columns: missing, expected: [...known] },
  )
}

/** The same promise; a failure that nobody waits for yet is not unhandled. */
function handledLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}

/** The same items, until the signal fires, even while the next one is waited for. */
async function* untilAborted<T>(items: AsyncIterable<T> | Iterable<T>, signal?: AbortSignal): AsyncGenerator<T> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  let giveUp: () => void = () => undefined
  const onAbort = () => giveUp()
  signal?.addEventListener('abort', onAbort, { once: true })
  let state: 'open' | 'waiting' | 'ended' = 'open'
  try {
    for (;;) {
      throwIfAborted(signal)
      state = 'waiting'
      // A promise of its own for each item: many waits for one that never comes would keep all of them.
      const result = await new Promise<IteratorResult<T, unknown> | undefined>((resolve, reject) => {
        giveUp = () => resolve(undefined)
        Promise.resolve(iterator.next())
          .catch((error: unknown) => {
            state = 'ended'
            throw error
          })
          .then(resolve, reject)
      })
      if (!result) continue
      state = result.done ? 'ended' : 'open'
      if (result.done) return
      yield result.value
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    if (state !== 'ended') {
      const closing = handledLater(Promise.resolve(iterator.return?.()))
      // What is waited for may never come.
      if (state === 'open') await closing
    }
  }
}
