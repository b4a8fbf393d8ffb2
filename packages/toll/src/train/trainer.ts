// The fit loop: random batches without replacement inside a batch, one engine run per step (or per few steps), state
// resident in the engine. Checkpoints hold everything that the rest of a run depends on, so that a run killed anywhere
// and resumed ends in the same bits.

import { Random, TollError, locate, sizeOf, throwIfAborted, type NdArray, type RandomState } from '../base/index.js'
import { printGraph } from '../graph/index.js'
import { constantRate, type Schedule } from '../optim/index.js'
import { float32, type Engine, type HostTensor, type HostTensors, type Loop } from '../runtime/index.js'
import { decodeCheckpoint, encodeCheckpoint, type CheckpointStore } from './checkpoint.js'
import { initialValues, packValues, unpackValues, type Block, type NamedValues } from './layout.js'
import { buildStep, type StepProgram, type StepSpec } from './step.js'

/** Reported values step by step; `loss` is always there. */
export type History = Record<string, number[]>

export interface TrainingProgress {
  readonly step: number
  readonly steps: number
  /** Reported values of the last step. */
  readonly values: Readonly<Record<string, number>>
}

export interface TrainOptions extends Omit<StepSpec, 'rows' | 'sampleShape' | 'dtype' | 'weighted'> {
  readonly engine: Engine
  /** (rows, ...sample); at least 2 rows. */
  readonly data: NdArray<Float32Array>
  /** One non-negative weight per row. */
  readonly weights?: Float32Array
  readonly steps: number
  readonly learningRate: number
  readonly schedule?: Schedule
  readonly seed: number
  /** Parameters and buffers to start from instead of fresh ones. */
  readonly initial?: NamedValues
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: TrainingProgress) => void
  /**
   * Written every `every` steps, if the store says that it is due, and whenever the last one is 30 seconds old, however
   * long a step takes; read at the start: a run that was stopped goes on where it was. Removed at the end.
   */
  readonly checkpoint?: { readonly store: CheckpointStore; readonly every: number }
  readonly monitor?: Monitor
}

/** Milliseconds after which a checkpoint is written whatever the step. */
const maxAge = 30_000

export interface Monitor {
  /** Steps between two looks. */
  readonly every: number
  /** Named measures of the values after `step`; NaN is refused with code `data`. */
  readonly evaluate: (values: NamedValues, step: number) => Measures | Promise<Measures>
  /** Names of measures: for each, the values where it was highest (the first at a tie) are kept. */
  readonly keep: readonly string[]
}

export type Measures = Readonly<Record<string, number>>

export interface Monitored {
  /** The steps looked at, and every measure at each of them. */
  readonly steps: readonly number[]
  readonly measures: readonly Measures[]
  /** By name of the measure: where it was highest. */
  readonly best: ReadonlyMap<string, { readonly step: number; readonly values: NamedValues }>
}

export interface Trained {
  /** Parameters and buffers by name, after the last step. */
  readonly values: NamedValues
  readonly history: History
  readonly steps: number
  readonly monitored?: Monitored
}

interface RunRecord {
  readonly version: 2
  readonly fingerprint: string
  readonly step: number
  readonly random: RandomState
  readonly history: History
  /** `best` holds steps; their values are tensors `best@STEP/NAME`. */
  readonly monitored: { steps: number[]; measures: Measures[]; best: Record<string, number> }
}

/** Longest stretch between looks at the abort signal and progress events, in milliseconds. */
const stretch = 100

export async function train(options: TrainOptions): Promise<Trained> {
  const run = new Run(options)
  const session = await options.engine.load({ outputs: run.program.outputs, inputs: run.program.inputs })
  try {
    await run.resume()
    const loop = await session.loop({ constants: run.constants(), state: run.state, carry: run.program.carry })
    try {
      return await run.finish(loop)
    } finally {
      await loop.close()
    }
  } finally {
    await session.close()
  }
}

class Run {
  readonly program: StepProgram
  state: HostTensors
  readonly #options: TrainOptions
  readonly #batch: number
  readonly #rows: number
  readonly #fingerprint: string
  #random: Random
  #step = 0
  #history: History
  #monitored: RunRecord['monitored'] = { steps: [], measures: [], best: {} }
  /** Values by step, of the steps in `#monitored.best`. */
  #kept = new Map<number, NamedValues>()

  constructor(options: TrainOptions) {
    this.#options = options
    this.#rows = options.data.shape[0]
    if (this.#rows < 2)
      throw new TollError('too-few-rows', `training needs at least 2 rows, got ${this.#rows}`, {
        value: this.#rows,
        limit: 2,
      })
    this.#batch = Math.min(options.batch, this.#rows)
    const spec = {
      ...options,
      rows: this.#rows,
      sampleShape: options.data.shape.slice(1),
      batch: this.#batch,
      weighted: options.weights !== undefined,
    }
    const every = [options.steps, options.monitor?.every ?? 0, options.checkpoint?.every ?? 0].reduce(
      greatestCommonDivisor,
    )
    this.program = buildStep({ ...spec, stepsPerRun: largestDivisor(every, options.stepsPerRun ?? 1) })
    const seeded = Random.seeded(options.seed)
    const values = new Map([
      ...initialValues(options.parameters, seeded.fork('parameters')),
      ...options.buffers.map(
        ({ name, shape, initial }) => [name, new Float32Array(sizeOf(shape)).fill(initial)] as const,
      ),
      ...(options.initial ?? []),
    ])
    this.#random = seeded.fork('batches')
    this.state = this.#stateOf(values)
    this.#history = Object.fromEntries(this.program.reports.map((name) => [name, []]))
    // Hashing the data is worth its time only where a checkpoint could be confused.
    this.#fingerprint = options.checkpoint ? fingerprintOf(options, this.program) : ''
  }

  constants(): HostTensors {
    const { data, weights } = this.#options
    return { data: float32(data.shape, data.data), ...(weights && { weights: float32([weights.length], weights) }) }
  }

  /** Takes over a checkpoint, if there is one; refuses one of another run. */
  async resume(): Promise<void> {
    const { checkpoint } = this.#options
    const bytes = await checkpoint?.store.read()
    if (!checkpoint || !bytes) return
    const { record, tensors } = this.#decode(bytes, checkpoint.store.location)
    if (record.fingerprint !== this.#fingerprint) {
      throw new TollError(
        'checkpoint-mismatch',
        `${checkpoint.store.location} belongs to a run with other data, settings, device or threads; delete ` +
          'it or choose another file',
        { file: checkpoint.store.location, option: 'checkpoint' },
      )
    }
    this.state = Object.fromEntries(
      Object.keys(this.state).map((name) => {
        const tensor = tensors.get(name)
        if (!tensor)
          throw new TollError(
            'damaged-file',
            `${checkpoint.store.location} lacks '${name}'; delete it to start again`,
            { file: checkpoint.store.location, part: name },
          )
        return [name, float32(tensor.shape, tensor.data)]
      }),
    )
    this.#step = record.step
    this.#random = Random.fromState(record.random)
    this.#history = record.history
    this.#monitored = record.monitored
    this.#kept = new Map(
      [...new Set(Object.values(record.monitored.best))].map((step) => {
        const prefix = `best@${step}/`
        const kept = [...tensors].filter(([name]) => name.startsWith(prefix))
        return [step, new Map(kept.map(([name, { data }]) => [name.slice(prefix.length), data]))]
      }),
    )
  }

  #decode(bytes: Uint8Array, location: string) {
    try {
      return decodeCheckpoint(bytes, isRecord)
    } catch (error) {
      throw locate(error, location)
    }
  }

  async finish(loop: Loop): Promise<Trained> {
    const { steps, signal, onProgress, monitor, checkpoint } = this.#options
    let perRun = 1
    let saved = performance.now()
    while (this.#step < steps) {
      throwIfAborted(signal)
      const runs = Math.min(perRun, (this.#nextStop() - this.#step) / this.program.stepsPerRun)
      const started = performance.now()
      this.#record(await loop.advance(this.#feeds(runs)))
      perRun = Math.max(1, Math.floor((runs * stretch) / Math.max(performance.now() - started, 1)))
      if (monitor && this.#step % monitor.every === 0) await this.#evaluate(monitor, loop)
      if (checkpoint && this.#step < steps) {
        const { store, every } = checkpoint
        const isOld = performance.now() - saved >= maxAge
        if (isOld || (this.#step % every === 0 && (store.due?.() ?? true))) {
          await this.#save(store, loop)
          saved = performance.now()
        }
      }
      onProgress?.({ step: this.#step, steps, values: this.#latest() })
    }
    const values = await this.#finiteValues(loop)
    await checkpoint?.store.remove()
    return { values, history: this.#history, steps, ...(monitor && { monitored: this.#results() }) }
  }

  #results(): Monitored {
    const { steps, measures, best } = this.#monitored
    return {
      steps,
      measures,
      best: new Map(Object.entries(best).map(([name, step]) => [name, { step, values: this.#kept.get(step)! }])),
    }
  }

  /** The next step at which something other than training happens. */
  #nextStop(): number {
    const { steps, monitor, checkpoint } = this.#options
    const after = (every: number) => (Math.floor(this.#step / every) + 1) * every
    return Math.min(steps, ...[monitor?.every, checkpoint?.every].flatMap((every) => (every ? [after(every)] : [])))
  }

  #feeds(runs: number): HostTensors[] {
    const { optimizer, learningRate, schedule = constantRate, steps } = this.#options
    const { stepsPerRun, masks } = this.program
    return Array.from({ length: runs }, (_, run) => {
      const indices = new BigInt64Array(stepsPerRun * this.#batch)
      const scalars = new Float32Array(stepsPerRun * optimizer.scalarCount)
      for (let k = 0; k < stepsPerRun; k++) {
        this.#random.sample(this.#rows, this.#batch).forEach((row, i) => {
          indices[k * this.#batch + i] = BigInt(row)
        })
        const t = this.#step + run * stepsPerRun + k + 1
        scalars.set(optimizer.scalars(t, learningRate * schedule(t, steps)), k * optimizer.scalarCount)
      }
      const drawn = masks.map(({ name, shape, keep }) => {
        const data = Uint8Array.from({ length: sizeOf(shape) }, () => Number(this.#random.uniform() < keep))
        return [name, { dtype: 'bool', shape, data }] as const
      })
      return {
        indices: { dtype: 'int64', shape: [stepsPerRun, this.#batch], data: indices },
        scalars: float32([stepsPerRun, optimizer.scalarCount], scalars),
        ...Object.fromEntries(drawn),
      }
    })
  }

  #record(outputs: readonly Record<string, HostTensor>[]): void {
    const firstStep = this.#step + 1
    for (const output of outputs) {
      for (const name of this.program.reports) this.#history[name].push(...(output[name].data as Float32Array))
      this.#step += this.program.stepsPerRun
    }
    const bad = this.#history.loss.slice(firstStep - 1).findIndex((loss) => !Number.isFinite(loss))
    if (bad >= 0) throw this.#diverged(firstStep + bad, `the loss became ${this.#history.loss[firstStep - 1 + bad]}`)
  }

  #diverged(step: number, what: string): TollError {
    const { checkpoint } = this.#options
    const every = checkpoint?.every ?? 0
    const kept = checkpoint && step > every ? `; the last good checkpoint is kept at ${checkpoint.store.location}` : ''
    return new TollError(
      'loss-not-finite',
      `${what} at step ${step} of ${this.#options.steps}; try a lower learning rate, gradient clipping or ` +
        `scaled columns${kept}`,
      { value: what },
    )
  }

  async #evaluate({ evaluate, keep }: Monitor, loop: Loop): Promise<void> {
    const values = await this.#finiteValues(loop)
    const measures = await evaluate(values, this.#step)
    const bad = Object.keys(measures).find((name) => Number.isNaN(measures[name]))
    if (bad !== undefined)
      throw new TollError('undefined-measure', `the monitored ${bad} is NaN at step ${this.#step}`, { value: bad })
    const { steps, best, measures: earlier } = this.#monitored
    for (const name of keep) {
      if (!Object.hasOwn(measures, name))
        throw new TollError(
          'out-of-domain',
          `the monitor keeps the best '${name}' but measures ${Object.keys(measures).join(', ')}`,
          { option: 'keep', value: name, expected: Object.keys(measures) },
        )
      const so = Object.hasOwn(best, name) ? earlier[steps.indexOf(best[name])][name] : -Infinity
      if (measures[name] > so || !Object.hasOwn(best, name)) best[name] = this.#step
    }
    steps.push(this.#step)
    earlier.push(measures)
    const kept = new Set(Object.values(best))
    if (kept.has(this.#step)) this.#kept.set(this.#step, values)
    for (const step of this.#kept.keys()) if (!kept.has(step)) this.#kept.delete(step)
  }

  async #save(store: CheckpointStore, loop: Loop): Promise<void> {
    const state = await this.#finiteState(loop)
    const record: RunRecord = {
      version: 2,
      fingerprint: this.#fingerprint,
      step: this.#step,
      random: this.#random.state(),
      history: this.#history,
      monitored: this.#monitored,
    }
    const best = [...this.#kept].flatMap(([step, values]) =>
      [...values].map(([name, data]) => [`best@${step}/${name}`, { shape: [data.length], data }] as const),
    )
    const tensors = new Map([
      ...Object.entries(state).map(([name, { shape, data }]) => [name, { shape, data: data as Float32Array }] as const),
      ...best,
    ])
    await store.write(encodeCheckpoint({ record, tensors }))
  }

  /** Parameters and buffers, without the optimiser's slots. */
  async #finiteValues(loop: Loop): Promise<NamedValues> {
    const { parameterBlocks, bufferBlocks } = this.program
    return this.#valuesOf(
      await this.#finiteState(
        loop,
        [...parameterBlocks, ...bufferBlocks].map(({ name }) => name),
      ),
    )
  }

  async #finiteState(loop: Loop, names?: readonly string[]): Promise<Record<string, HostTensor>> {
    const state = await loop.state(names)
    for (const { data } of Object.values<HostTensor>(state)) {
      if (!allFinite(data as Float32Array)) throw this.#diverged(this.#step, 'a parameter became NaN or infinite')
    }
    return state
  }

  #latest(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.#history).map(([name, values]) => [name, values[values.length - 1]]))
  }

  #stateOf(values: NamedValues): HostTensors {
    const { parameterBlocks, bufferBlocks } = this.program
    const blocks = [...parameterBlocks, ...bufferBlocks].map(
      (block) => [block.name, float32(block.shape, packValues(block, values))] as const,
    )
    const slots = parameterBlocks.flatMap((block) =>
      this.program
        .slotNames(block)
        .map((name) => [name, float32(block.shape, new Float32Array(sizeOf(block.shape)))] as const),
    )
    return Object.fromEntries([...blocks, ...slots])
  }

  #valuesOf(state: HostTensors): NamedValues {
    const read = (block: Block) => state[block.name].data as Float32Array
    return unpackValues([...this.program.parameterBlocks, ...this.program.bufferBlocks], read)
  }
}

/**
 * Identifies what a checkpoint belongs to: the program, the data, the seed, the length of the run, and what gives equal
 * bits.
 */
function fingerprintOf(
  { data, weights, seed, steps, learningRate, schedule = constantRate, engine }: TrainOptions,
  program: StepProgram,
): string {
  let hash = 0x811c9dc5
  const take = (word: number) => {
    hash = Math.imul(hash ^ word, 0x01000193)
  }
  for (const values of [data.data, weights ?? new Float32Array()]) {
    const words = new Uint32Array(values.buffer, values.byteOffset, values.length)
    words.forEach(take)
  }
  for (const char of printGraph(program.outputs)) take(char.codePointAt(0)!)
  const rates = new Set([1, Math.ceil(steps / 2), steps].map((step) => learningRate * schedule(step, steps)))
  return [(hash >>> 0).toString(16), seed, steps, ...rates, engine.device, engine.threads].join('-')
}

function isRecord(value: unknown): value is RunRecord {
  const record = value as Partial<RunRecord> | null
  return (
    typeof record === 'object' &&
    record?.version === 2 &&
    Number.isInteger(record.step) &&
    Array.isArray(record.random) &&
    typeof record.history === 'object' &&
    typeof record.monitored === 'object' &&
    typeof record.fingerprint === 'string'
  )
}

/**
 * 0 x is NaN for NaN and infinity, and 0 for the rest: one pass without a branch, since states are looked at every few
 * steps.
 */
function allFinite(values: Float32Array): boolean {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += 0 * values[i]
  return sum === 0
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}

function largestDivisor(of: number, atMost: number): number {
  for (let d = Math.min(of, atMost); d > 1; d--) if (of % d === 0) return d
  return 1
}
