// A model: the bytes of a model file, its manifest, and an engine that runs them. A model just fitted and one read from
// a file are the same thing, so that what ships scores as what was trained.

import {
  RowCheck,
  TollError,
  rowCount,
  sizeOf,
  throwIfAborted,
  type InvalidRow,
  type InvalidRows,
  type NdArray,
  type Samples,
} from '../base/index.js'
import { fitThreshold, pValues, type LabelledScores, type Threshold, type ThresholdRule } from '../threshold/index.js'
import { release, shareOf, type Engine, type HostTensor, type Session } from '../runtime/index.js'
import { decisionOutput, moveThresholds, readManifest, withOutputs } from './rewrite.js'
import { feedTable, fedColumns, type Feeding } from './feeding.js'
import type { Manifest } from './manifest.js'

export interface ScoreOptions {
  readonly invalidRows?: InvalidRows
  readonly signal?: AbortSignal
}

export interface Scores {
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
  /** Missing numbers that were replaced by the training median. */
  readonly imputed: number
  /** Texts that training did not see, or too rarely to tell them from others; they count as one category. */
  readonly unseen: number
  /** Rows (from 0) that could not be scored, with the reason; empty unless `invalidRows` is `mark`. */
  readonly invalid: ReadonlyMap<number, InvalidRow>
}

/** Numbers that one engine run takes at most: bounds memory, and keeps a run long enough to be worth its overhead. */
const valuesPerRun = { table: 1 << 19, image: 1 << 18 }

export class Model {
  readonly manifest: Manifest
  /** The model file, as `onnxruntime` in any language reads it. */
  readonly bytes: Uint8Array
  readonly #engine: Engine
  readonly #sessions = new Map<string, Promise<Session>>()

  /** @throws `format` for bytes that are no model of ours, `version` for a newer format. */
  constructor(bytes: Uint8Array, engine: Engine) {
    this.bytes = bytes
    this.manifest = readManifest(bytes)
    this.#engine = shareOf(engine)
  }

  /**
   * Scores a table (columns are found by name; others are ignored) or images (n, channels, height, width). A row's
   * score does not depend on the other rows. A model of windows takes the columns of `slideWindows`. Errors:
   * `not-found` for missing columns, `shape`, `data` for infinite values with their row.
   */
  async score(data: Samples, options: ScoreOptions = {}): Promise<Scores> {
    const { parts, thresholds = {}, heldBack } = this.manifest
    const rows = rowCount(data)
    const source = this.feeding(data, options)
    const numbers = ['score', ...parts]
    const levels = [undefined, ...Object.keys(thresholds)].map(decisionOutput)
    const scored = Object.fromEntries(numbers.map((name) => [name, new Float64Array(rows)]))
    const called = Object.fromEntries(levels.map((name) => [name, new Uint8Array(rows)]))
    const session = await this.#session([...numbers, ...levels])
    const size = this.#rowsPerRun(source.rowSize)
    for (let start = 0; start < rows; start += size) {
      throwIfAborted(options.signal)
      const outputs = await session.run(source.feeds(start, Math.min(start + size, rows)))
      for (const name of numbers) scored[name].set(outputs[name].data as Float64Array, start)
      for (const name of levels) called[name].set(outputs[name].data as Uint8Array, start)
    }
    const { score, ...rest } = scored
    const pValue =
      heldBack.source === 'held-back' && heldBack.scores.length > 0 ? pValues(score, heldBack.scores) : undefined
    for (const row of source.invalid.keys()) {
      for (const values of [score, ...Object.values(rest), ...(pValue ? [pValue] : [])]) values[row] = NaN
      for (const flags of Object.values(called)) flags[row] = 0
    }
    return {
      score,
      parts: rest,
      ...(pValue && { pValue }),
      isAnomaly: called.is_anomaly,
      alarms: Object.fromEntries(Object.keys(thresholds).map((name) => [name, called[decisionOutput(name)]])),
      imputed: source.imputed,
      unseen: source.unseen,
      invalid: source.invalid,
    }
  }

  /** Scores a stream, batch by batch, in order; memory does not grow with its length. */
  async *scoreBatches(
    batches: AsyncIterable<Samples> | Iterable<Samples>,
    options: ScoreOptions = {},
  ): AsyncGenerator<Scores, void, void> {
    for await (const batch of batches) yield await this.score(batch, options)
  }

  /** What the model makes of each row: for tables (n, d) in the units of the columns, for images their shape. */
  async reconstruct(data: Samples, options: ScoreOptions = {}): Promise<NdArray> {
    const { kind } = this.manifest.input
    const rows = rowCount(data)
    const source = this.feeding(data, options)
    const session = await this.#session(['reconstruction'])
    const result = kind === 'table' ? new Float64Array(rows * source.rowSize) : new Float32Array(rows * source.rowSize)
    const size = this.#rowsPerRun(source.rowSize)
    for (let start = 0; start < rows; start += size) {
      throwIfAborted(options.signal)
      const { reconstruction } = await session.run(source.feeds(start, Math.min(start + size, rows)))
      result.set(reconstruction.data as Float64Array & Float32Array, start * source.rowSize)
    }
    return { shape: [rows, ...source.rowShape], data: result }
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
    if (name !== undefined && !/^[\w-]{1,40}$/.test(name))
      throw new TollError('out-of-domain', `a threshold's name is 1 to 40 letters, digits, _ or -, got '${name}'`)
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
   * What the file's inputs are fed for these rows, for programs that are made from its graph. Checked as for `score`,
   * and the same errors.
   */
  feeding(data: Samples, options: ScoreOptions = {}): Feeding {
    return this.manifest.input.kind === 'table' ? this.#tableSource(data, options) : this.#imageSource(data, options)
  }

  /**
   * Frees what the model has loaded, and its share of the engine where it was given none: that engine is closed with the
   * last of its models. An engine that was given stays open, and is the caller's.
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

  #rowsPerRun(rowSize: number): number {
    const { input, largestBatch = Infinity } = this.manifest
    return Math.min(Math.max(1, Math.floor(valuesPerRun[input.kind] / rowSize)), largestBatch)
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

  #tableSource(data: Samples, { invalidRows = 'throw' }: ScoreOptions): Feeding {
    const { input, preprocessing } = this.manifest
    if (input.kind !== 'table' || data.kind !== 'table') {
      throw new TollError(
        'shape-mismatch',
        `this model scores ${input.kind === 'table' ? 'tables with named columns' : 'images'}, got ` +
          `${data.kind === 'table' ? 'a table' : 'an array'}`,
      )
    }
    return feedTable(data, preprocessing.kind === 'table' ? fedColumns(input.columns, preprocessing) : [], invalidRows)
  }

  #imageSource(data: Samples, { invalidRows = 'throw' }: ScoreOptions): Feeding {
    const { input } = this.manifest
    if (input.kind !== 'image' || data.kind === 'table' || data.shape.slice(1).join() !== input.shape.join()) {
      const expected =
        input.kind === 'image' ? `images of shape (n, ${input.shape.join(', ')})` : 'tables with named columns'
      throw new TollError(
        'shape-mismatch',
        `this model scores ${expected}, got ` +
          `${data.kind === 'table' ? 'a table' : `an array of shape (${data.shape.join(', ')})`}`,
      )
    }
    const rowSize = sizeOf(input.shape)
    const check = new RowCheck(invalidRows)
    for (let i = 0; i < data.data.length; i++) {
      if (Number.isFinite(data.data[i])) continue
      const row = Math.floor(i / rowSize)
      const message = `image ${row + 1} has a pixel that is ${data.data[i]}`
      const details = { value: data.data[i], advice: 'pixels must be finite numbers' }
      check.reject(row, { reason: 'not-finite', message }, details)
    }
    return {
      invalid: check.invalid,
      imputed: 0,
      unseen: 0,
      rowSize,
      rowShape: input.shape,
      feeds: (start, end) => {
        const pixels = Float32Array.from(data.data.subarray(start * rowSize, end * rowSize))
        const tensor: HostTensor = { dtype: 'float32', shape: [end - start, ...input.shape], data: pixels }
        return { [input.input]: tensor }
      },
    }
  }
}
