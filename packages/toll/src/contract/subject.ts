// A detector under examination: the data that all checks use, fits through the library and past it, and the means to
// say what is wrong.

import {
  Random,
  TollError,
  messageOf,
  resolveParameters,
  tableFromRows,
  tableToArray,
  type Domains,
  type ErrorCode,
  type NdArray,
  type ParameterValue,
  type Table,
  type Values,
  type Samples,
} from '../base/index.js'
import type { Detector, FitContext, FittedDetector, TrainingData } from '../detectors/index.js'
import { input } from '../graph/index.js'
import { fit, type FitOptions, type Model } from '../model/index.js'
import type { Engine, HostTensors } from '../runtime/index.js'

export interface CheckOptions {
  readonly engine: Engine
  /** The detector's parameters in all checks; choose them so that a fit of 300 rows takes well below a second. */
  readonly parameters?: Readonly<Record<string, ParameterValue>>
  /** Scores a plain ONNX file in another runtime: feeds by input name to outputs by name. Default: the engine. */
  readonly scoreOnnx?: (file: Uint8Array, feeds: HostTensors) => Promise<HostTensors>
  readonly signal?: AbortSignal
}

export interface Check {
  /** What an exception names. */
  readonly name: string
  /** What the detector promises, in one sentence. */
  readonly promise: string
  /** Throws when the promise is broken. */
  run(subject: Subject): Promise<void>
}

/** Everything is deterministic, the seed of the fits too. */
export const seed = 3
const columns = ['pressure', 'speed', 'score', 'constant']

/** Correlated columns of different scales; the last one is constant, and one is called like an output of the file. */
export function normalTable(rows: number, dataSeed = 1): Table {
  const random = Random.seeded(dataSeed)
  return tableFromRows(
    Array.from({ length: rows }, () => {
      const [a, b] = [random.normal(), random.normal()]
      return [a, 1000 + 20 * b, a + b + 0.1 * random.normal(), 3]
    }),
    columns,
  )
}

/** Rows of the same columns. */
export function rowsOf(...rows: readonly (readonly number[])[]): Table {
  return tableFromRows(rows, columns)
}

/** Standard normal samples (n, d), multiples of 2^-20 so that a shift by an integer is exact. */
export function gridSamples(n: number, d: number, dataSeed = 1, shift = 0): NdArray<Float64Array> {
  const random = Random.seeded(dataSeed)
  return {
    shape: [n, d],
    data: Float64Array.from({ length: n * d }, () => Math.round(random.normal() * 2 ** 20) / 2 ** 20 + shift),
  }
}

export class Subject {
  readonly detector: Detector
  readonly #options: CheckOptions
  readonly #open = new Set<Model>()
  #model: Promise<Model> | undefined

  /** Errors: `argument` for a detector that takes no tables. */
  constructor(detector: Detector, options: CheckOptions) {
    if (!detector.accepts.includes('table'))
      throw new TollError(
        'unsupported-input',
        `the checks need a detector of tables, '${detector.name}' takes ${detector.accepts.join(' and ')}s`,
        { value: detector.name, expected: 'table' },
      )
    this.detector = detector
    this.#options = options
  }

  get engine(): Engine {
    return this.#options.engine
  }
  get signal(): AbortSignal | undefined {
    return this.#options.signal
  }
  get scoreOnnx(): CheckOptions['scoreOnnx'] {
    return this.#options.scoreOnnx
  }

  get parameters(): Values<Domains> {
    return resolveParameters(
      this.detector.parameters,
      this.#options.parameters ?? {},
      `${this.detector.name} parameter`,
    )
  }

  /** 300 rows that the model learns from, and 40 others like them. */
  readonly data = normalTable(300)
  readonly probe = normalTable(40, 2)

  /** The model of `data`, fitted once and shared by all checks. */
  model(): Promise<Model> {
    return (this.#model ??= this.#fit(this.data))
  }

  /** A fit through the library; the model lives until the check ends. */
  async fit(data: Samples, more: Partial<FitOptions<Domains>> = {}): Promise<Model> {
    const model = await this.#fit(data, more)
    this.#open.add(model)
    return model
  }

  #fit(data: Samples, more: Partial<FitOptions<Domains>> = {}): Promise<Model> {
    // The shared rows keep their constant column: a detector meets such columns, since some are constant in the rows
    // that train alone.
    const types: FitOptions['types'] =
      data.kind === 'table' && data.columns.some(({ name }) => name === 'constant') ? { constant: 'number' } : {}
    return fit(data, {
      engine: this.engine,
      detector: this.detector,
      parameters: this.parameters,
      seed,
      signal: this.signal,
      types,
      ...more,
    })
  }

  /** A fit of the detector alone, without preprocessing, on samples (n, d). */
  async fitDirectly(
    data: Omit<TrainingData, 'samples'> & { samples: NdArray },
    more: Partial<FitContext> = {},
  ): Promise<FittedDetector> {
    const context = { engine: this.engine, seed, signal: this.signal, ...more }
    return this.detector.fit({ ...data, samples: this.#precise(data.samples) }, this.parameters, context)
  }

  /** The scores of samples (n, d), without preprocessing. */
  async scoreDirectly(fitted: FittedDetector, samples: NdArray): Promise<Float64Array> {
    const x = input('x', ['batch', ...samples.shape.slice(1)], this.detector.precision)
    const session = await this.engine.load({ inputs: [x], outputs: { score: fitted.score(x).score } })
    try {
      const { shape, data } = this.#precise(samples)
      const feed =
        data instanceof Float32Array
          ? ({ dtype: 'float32', shape, data } as const)
          : ({ dtype: 'float64', shape, data } as const)
      return (await session.run({ x: feed })).score.data as Float64Array
    } finally {
      await session.close()
    }
  }

  #precise({ shape, data }: NdArray): NdArray {
    return { shape, data: this.detector.precision === 'float32' ? Float32Array.from(data) : Float64Array.from(data) }
  }

  /** Ends a check: closes its models. */
  async release(): Promise<void> {
    const models = [...this.#open]
    this.#open.clear()
    await Promise.all(models.map((model) => model.close()))
  }

  async close(): Promise<void> {
    await this.release()
    await this.#model?.then(
      (model) => model.close(),
      () => {},
    )
  }
}

/** A promise that is broken: never an error of the library, so that a check cannot take one for the other. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise'
}

/** Throws unless what the contract says holds. */
export function demand(holds: boolean, message: string): asserts holds {
  if (!holds) throw new BrokenPromise(message)
}

/** Demands equal numbers to a share of their size and of the spread of `expected`. */
export function demandClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  demand(actual.length === expected.length, `${what}: expected ${expected.length} scores, got ${actual.length}`)
  const finite = Array.from(expected).filter(Number.isFinite)
  const spread = finite.length > 0 ? Math.max(...finite) - Math.min(...finite) : 0
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i])) continue
    const allowed = tolerance * (Math.abs(expected[i]) + spread)
    demand(
      Math.abs(actual[i] - expected[i]) <= allowed,
      `${what}: row ${i} scores ${actual[i]}, expected ${expected[i]} to within ${allowed}`,
    )
  }
}

/** Demands that `work` is refused by an error of the library with one of these codes; returns it. */
export async function demandRefusal(
  work: Promise<unknown>,
  codes: readonly ErrorCode[],
  what: string,
): Promise<TollError> {
  try {
    await work
  } catch (error) {
    return demandTyped(error, codes, what)
  }
  throw new BrokenPromise(`${what}: expected a refusal of code ${codes.join(' or ')}, but nothing was refused`)
}

/** Demands that what was thrown is an error of the library with one of these codes; returns it. */
export function demandTyped(error: unknown, codes: readonly ErrorCode[], what: string): TollError {
  demand(
    error instanceof TollError,
    `${what}: expected a TollError of code ${codes.join(' or ')}, got ` +
      `${error instanceof Error ? error.name : typeof error}: ${messageOf(error)}`,
  )
  demand(
    codes.includes(error.code),
    `${what}: expected the code ${codes.join(' or ')}, got ${error.code}: ${messageOf(error)}`,
  )
  return error
}

/**
 * A table as samples (n, d), each column of mean 0 and standard deviation 1 (constant columns 0): what the library's
 * own preprocessing gives.
 */
export function standardized(table: Table): NdArray<Float64Array> {
  return tableToArray({
    ...table,
    columns: table.columns.map((column) => {
      const { values } = column
      const mean = values.reduce((total, value) => total + value, 0) / values.length
      const sd = Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length)
      return { ...column, values: values.map((value) => (value - mean) / (sd > 1e-12 * Math.abs(mean) ? sd : 1)) }
    }),
  })
}

/** Area under the ROC curve: the chance that an anomaly scores above a normal row, ties counting half. */
export function rankingOf(normal: ArrayLike<number>, anomalous: ArrayLike<number>): number {
  const wins = Array.from(anomalous).reduce(
    (total, a) => total + Array.from(normal).reduce((sum, b) => sum + (a > b ? 1 : a === b ? 0.5 : 0), 0),
    0,
  )
  return wins / (normal.length * anomalous.length)
}
