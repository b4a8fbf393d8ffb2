// A model: the bytes of a model file, its manifest, and an engine that runs them. A model just fitted and one read from
// a file are the same thing, so that what ships scores as what was trained.

import {
  TollError,
  concatenate,
  rowCount,
  sizeOf,
  throwIfAborted,
  type Images,
  type InvalidRow,
  type InvalidRows,
  type NdArray,
  type RowBatch,
  type RowOrder,
  type SamplesLike,
} from '../base/index.js'
import type { TablePreprocessing } from '../preprocess/index.js'
import { release, shareOf, type Engine, type NumberTensor, type Session } from '../runtime/index.js'
import { fitThreshold, pValues, type LabelledScores, type Threshold, type ThresholdRule } from '../threshold/index.js'
import { columnInputs, encodeImages, encodeTable, requireKind, type Replaced, type RowInputs } from './inputs.js'
import { decisionOutput, isThresholdName, samplesFor, type Manifest, type ModelInput } from './manifest.js'
import { readModelFile } from './read-file.js'
import { moveThresholds, withOutputs } from './rewrite.js'
import { RowWindows } from './row-windows.js'

export interface ScoreOptions {
  /** What a row that cannot be scored does: stops everything (default), or is marked while the others are scored. */
  readonly invalidRows?: InvalidRows
  readonly signal?: AbortSignal
}

export interface Scores extends Replaced {
  /** (n), float64; higher is more anomalous. NaN only in rows that `invalid` lists. */
  readonly score: Float64Array
  /** (n), 1 where the score is above the model's threshold. */
  readonly isAnomaly: Uint8Array
  /** (n), the same for each further threshold, by its name. */
  readonly alarms: Readonly<Record<string, Uint8Array>>
  /**
   * (n), in (0, 1]: a normal row's is at most t with probability at most t (split conformal). Absent when no rows were
   * held back. NaN only in rows that `invalid` lists.
   */
  readonly pValue?: Float64Array
  /** The parts of the score, (n) each: for Toll `reconstruction_error` and `latent_norm`. */
  readonly parts: Readonly<Record<string, Float64Array>>
  /**
   * Rows (from 0) that could not be scored, with the reason. Without `invalidRows: 'mark'` only rows before the first
   * full window of their group, and those that were marked before.
   */
  readonly invalid: ReadonlyMap<number, InvalidRow>
}

/** Numbers that one engine run takes at most: bounds memory, and keeps a run long enough to be worth its overhead. */
const valuesPerRun = { table: 1 << 19, image: 1 << 18 }

type ImageInput = Extract<ModelInput, { kind: 'image' }>

export class Model {
  readonly manifest: Manifest
  /** The model file, as `onnxruntime` in any language reads it. */
  readonly bytes: Uint8Array
  /**
   * Whether the file has a checksum of all that is in it, which was verified. A file that another program wrote, or an
   * early version, has none.
   */
  readonly hasChecksum: boolean
  readonly #maxRows: number
  readonly #engine: Engine
  readonly #sessions = new Map<string, Promise<Session>>()

  /**
   * @throws `format` for bytes that are no model of ours, or whose graph is not what the manifest says; `version` for a
   * newer format; `checksum` for a file that was changed; `memory` for a graph that would take too much to run.
   */
  constructor(bytes: Uint8Array, engine: Engine) {
    const { manifest, hasChecksum, maxRows } = readModelFile(bytes)
    this.bytes = bytes
    this.manifest = manifest
    this.hasChecksum = hasChecksum
    this.#maxRows = maxRows
    this.#engine = shareOf(engine)
  }

  /**
   * Scores rows of a table (columns are found by name; others are ignored), rows of values (in the order of the model's
   * columns), objects with values by column, or images (n, channels, height, width). A
   * row's score does not depend on the other rows, but in a model of windows: there a row is scored with the rows
   * before it, and the first ones of a group have no score. Groups and times of such a model are the columns that it
   * names, or those in `options`. Errors: `not-found` for missing columns, `shape`, `data` for infinite values with
   * their row and for rows that are not in the order of their times.
   */
  async score(rows: SamplesLike | RowBatch, options: ScoreOptions & RowOrder = {}): Promise<Scores> {
    return this.scoreInputs(this.inputs(rows, options), options)
  }

  /** Scores what `inputs` made of rows. */
  async scoreInputs(inputs: RowInputs, { signal }: Pick<ScoreOptions, 'signal'> = {}): Promise<Scores> {
    const { parts, thresholds = {}, heldBack } = this.manifest
    const { invalid, imputed, unseen } = inputs
    const rows = rowCount(inputs.samples)
    const numbers = ['score', ...parts]
    const decisions = [undefined, ...Object.keys(thresholds)].map(decisionOutput)
    const scored = Object.fromEntries(numbers.map((name) => [name, new Float64Array(rows)]))
    const flagged = Object.fromEntries(decisions.map((name) => [name, new Uint8Array(rows)]))
    await this.#run(inputs, [...numbers, ...decisions], signal, (outputs, start) => {
      for (const name of numbers) scored[name].set(outputs[name].data as Float64Array, start)
      for (const name of decisions) flagged[name].set(outputs[name].data as Uint8Array, start)
    })
    const { score, ...rest } = scored
    const pValue =
      heldBack.source === 'held-back' && heldBack.scores.length > 0 ? pValues(score, heldBack.scores) : undefined
    for (const row of invalid.keys()) {
      for (const values of [score, ...Object.values(rest), ...(pValue ? [pValue] : [])]) values[row] = NaN
      for (const flags of Object.values(flagged)) flags[row] = 0
    }
    return {
      score,
      parts: rest,
      ...(pValue && { pValue }),
      isAnomaly: flagged.is_anomaly,
      alarms: Object.fromEntries(Object.keys(thresholds).map((name) => [name, flagged[decisionOutput(name)]])),
      imputed,
      unseen,
      invalid,
    }
  }

  /**
   * What the model makes of each row: for tables (n, d) in the units of the columns, for images their shape. Rows that
   * are marked as invalid are NaN.
   */
  async reconstruct(rows: SamplesLike | RowBatch, options: ScoreOptions & RowOrder = {}): Promise<NdArray> {
    const inputs = this.inputs(rows, options)
    const { rowSize, rowShape, invalid } = inputs
    const count = rowCount(inputs.samples)
    const size = count * rowSize
    const data = this.manifest.input.kind === 'table' ? new Float64Array(size) : new Float32Array(size)
    await this.#run(inputs, ['reconstruction'], options.signal, ({ reconstruction }, start) => {
      data.set(reconstruction.data as Float64Array & Float32Array, start * rowSize)
    })
    for (const row of invalid.keys()) data.fill(NaN, row * rowSize, (row + 1) * rowSize)
    return { shape: [count, ...rowShape], data }
  }

  /**
   * The latent codes of each row (n, k), for models of Toll; rows that are marked as invalid are NaN. Errors: as
   * `score`; `not-found` (`unknown-output`) for a detector without codes.
   */
  async encode(rows: SamplesLike | RowBatch, options: ScoreOptions & RowOrder = {}): Promise<NdArray> {
    const inputs = this.inputs(rows, options)
    const parts: NdArray[] = []
    await this.#run(inputs, ['code'], options.signal, ({ code: { shape, data } }) => {
      parts.push({ shape, data: Float64Array.from(data as ArrayLike<number>) })
    })
    const width = sizeOf(parts[0].shape.slice(1))
    const data = concatenate(
      parts.map((part) => part.data as Float64Array),
      new Float64Array(rowCount(inputs.samples) * width),
    )
    for (const row of inputs.invalid.keys()) data.fill(NaN, row * width, (row + 1) * width)
    return { shape: [data.length / width, width], data }
  }

  /**
   * The same model with another threshold, found from the held-back scores in the file or from labelled scores; nothing
   * is trained again.
   *
   * @param name a further threshold with an output of its own; without it the one that makes `is_anomaly`. Letters,
   * digits, _ and -.
   * @throws as `fitThreshold`; `argument` for a name that cannot be one.
   */
  withThreshold(
    rule: ThresholdRule,
    { name, labelled }: { readonly name?: string; readonly labelled?: LabelledScores } = {},
  ): Model {
    if (name !== undefined && !isThresholdName(name))
      throw new TollError('out-of-domain', `a threshold's name is 1 to 40 letters, digits, _ or -, got '${name}'`, {
        option: 'name',
        value: name,
        expected: '1 to 40 letters, digits, _ or -',
      })
    const threshold = fitThreshold(rule, this.manifest.heldBack.scores, labelled)
    return this.#withThresholds(
      name === undefined ? { threshold } : { thresholds: { ...this.manifest.thresholds, [name]: threshold } },
    )
  }

  /** The same model without a further threshold. @throws `not-found` when there is none of that name. */
  withoutThreshold(name: string): Model {
    const { [name]: gone, ...thresholds } = this.manifest.thresholds ?? {}
    if (!gone)
      throw new TollError(
        'unknown-threshold',
        `the model has no threshold '${name}'; it has ${Object.keys(thresholds).join(', ') || 'none beside its own'}`,
        { value: name, expected: Object.keys(thresholds) },
      )
    return this.#withThresholds({ thresholds })
  }

  #withThresholds(change: {
    readonly threshold?: Threshold
    readonly thresholds?: Readonly<Record<string, Threshold>>
  }): Model {
    return new Model(moveThresholds(this.bytes, { ...this.manifest, ...change }), this.#engine)
  }

  /** Where the model runs. */
  get engine(): Engine {
    return this.#engine
  }

  /**
   * Rows as the inputs of the model file, checked as for `score`: for programs that are made from its graph, and what
   * `samples` of a model of windows are.
   */
  inputs(rows: SamplesLike | RowBatch, { invalidRows, ...order }: ScoreOptions & RowOrder = {}): RowInputs {
    const { input, preprocessing, window } = this.manifest
    const batch = isBatch(rows) ? rows : undefined
    const samples = isBatch(rows) ? rows.table : samplesFor(this.manifest, rows)
    requireKind(samples.kind, input)
    if (samples.kind !== 'table' || input.kind !== 'table')
      return encodeImages(samples as Images, input as ImageInput, { invalidRows })
    if (window && samples.windowSize === undefined)
      return new RowWindows(this.manifest, window).push({ ...batch, table: samples }, { invalidRows }, order)
    if (window && samples.windowSize !== window.size)
      throw new TollError(
        'shape-mismatch',
        `this model takes windows of ${window.size} rows, got windows of ${samples.windowSize}`,
        { expected: `windows of ${window.size} rows`, value: samples.windowSize },
      )
    const { invalid, firstRow } = batch ?? {}
    return encodeTable(samples, columnInputs(input.columns, preprocessing as TablePreprocessing), {
      invalidRows,
      invalid,
      firstRow,
    })
  }

  /**
   * Frees what the model has loaded, and its share of the engine where it was given none: that engine is closed with
   * the last of its models. An engine that was given stays open, and is the caller's.
   */
  async close(): Promise<void> {
    const open = [...this.#sessions.values()]
    this.#sessions.clear()
    await Promise.all(open.map(async (session) => (await session).close()))
    await release(this.#engine)
  }

  /** `close`, for `await using model = await fit(...)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Runs the model on all rows, in runs of bounded size. */
  async #run(
    inputs: RowInputs,
    outputs: readonly string[],
    signal: AbortSignal | undefined,
    onOutputs: (outputs: Readonly<Record<string, NumberTensor>>, start: number) => void,
  ): Promise<void> {
    const { input } = this.manifest
    const rows = rowCount(inputs.samples)
    const session = await this.#session(outputs)
    const size = Math.min(Math.max(1, Math.floor(valuesPerRun[input.kind] / inputs.rowSize)), this.#maxRows)
    for (let start = 0; start < rows; start += size) {
      throwIfAborted(signal)
      onOutputs(await session.run(inputs.tensors(start, Math.min(start + size, rows))), start)
    }
  }

  #session(outputs: readonly string[]): Promise<Session> {
    const key = outputs.join()
    const known = this.#sessions.get(key)
    if (known) return known
    const loading = this.#engine.load({
      model: outputs.includes('score') ? this.bytes : withOutputs(this.bytes, outputs),
    })
    this.#sessions.set(key, loading)
    loading.catch(() => this.#sessions.delete(key))
    return loading
  }
}

function isBatch(rows: SamplesLike | RowBatch): rows is RowBatch {
  return typeof rows === 'object' && rows !== null && 'table' in rows
}
