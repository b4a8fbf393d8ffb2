// Rows of a SOURCE scored as they are read, with labels or without.

import { availableParallelism } from 'node:os'
import { isTrainingSource } from 'toll/audit'
import { TollError, concatenate, locate, orderColumns, readOrder, type RowOrder } from 'toll/base'
import type { LabelValue } from 'toll/data'
import type { ResampledUnit } from 'toll/evaluate'
import { scoreStream, type Model, type RowStream, type ScoredBatch } from 'toll/model'
import { labelWindows } from 'toll/preprocess'
import type { EngineFlags } from './engine.js'
import { readLabels, readSide, type LabelFlags } from './labels.js'
import type { OrderFlags, TimeUnitFlags } from './order.js'
import type { Source } from './source.js'
import type { Terminal } from './terminal.js'

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

export interface Labelled extends RowOrder {
  /** NaN where a row could not be scored. */
  readonly scores: Float64Array
  readonly labels: Uint8Array
  readonly imputed: number
  /** Windows without groups and times are in the order of their rows, and depend on those before them. */
  readonly resample?: ResampledUnit
}

/**
 * All scores with their labels, groups and times. For a model of windows a row is an anomaly when one is in its window,
 * and groups and times are those of the windows unless others are named.
 */
export async function scoreLabelled(
  source: Source,
  model: Model,
  flags: LabelFlags & OrderFlags & { readonly label: string; readonly strict: boolean } & TimeUnitFlags,
  terminal: Terminal,
): Promise<Labelled> {
  const { window } = model.manifest
  if (window && flags.group !== undefined && flags.group !== window.group) {
    throw new TollError(
      'conflicting-options',
      "the model's windows " +
        `${window.group === undefined ? 'were fitted without groups' : `follow the groups of '${window.group}'`}; ` +
        `leave --group ${flags.group} out`,
    )
  }
  const order: OrderFlags = { group: flags.group ?? window?.group, time: flags.time ?? window?.time }
  if (source.kind === 'array' && orderColumns(order).length > 0)
    throw new TollError('unsupported-input', `--group and --time name columns of a table; ${source.name} is an array`)
  const orders: RowOrder[] = []
  const parts: Float64Array[] = []
  const values: LabelValue[] = []
  let imputed = 0
  const bar = await terminal.progress('score', source.kind === 'rows' ? source.table.rowCount : undefined, 'rows')
  const options = {
    passthrough: source.kind === 'rows' ? [flags.label, ...orderColumns(order)] : [],
    strict: flags.strict,
    signal: terminal.signal,
  }
  try {
    for await (const batch of scoreSource(source, model, options)) {
      parts.push(batch.score)
      for (const value of batch.passthrough.get(flags.label) ?? []) values.push(value)
      orders.push(
        readOrder(batch.passthrough, order, {
          file: source.name,
          timeUnit: flags.timeUnit,
          firstRow: batch.firstRow,
        }),
      )
      imputed += batch.imputed
      bar.update(batch.firstRow + batch.score.length)
    }
  } finally {
    bar.stop()
  }
  const scores = joined(parts)
  const labels = readLabels(source.kind === 'rows' ? values : await readSide(source, flags.label, scores.length), flags)
  const groups = order.group === undefined ? undefined : orders.flatMap((part) => Array.from(part.groups!))
  const time = order.time === undefined ? undefined : joined(orders.map((part) => part.time as Float64Array))
  return {
    scores,
    labels: window ? labelWindows(labels, window.size, { ...(groups && { groups }) }) : labels,
    ...(groups && { groups }),
    ...(time && { time }),
    ...(window && !groups && !time && { resample: 'blocks' as const }),
    imputed,
  }
}

function joined(parts: readonly Float64Array[]): Float64Array {
  return concatenate(parts, new Float64Array(parts.reduce((sum, { length }) => sum + length, 0)))
}
