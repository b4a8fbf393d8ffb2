// One training run of the Arrhythmia protocol. The network is scored on validation rows 100 times during a run: a
// session that takes the parameters as inputs serves all of them, and all trials of an engine.

import type { Engine, NdArray } from 'toll'
import { tollObjective, tollScore } from 'toll/detectors'
import { input } from 'toll/graph'
import { float32, type Session } from 'toll/runtime'
import { adam, dense, train, type NamedValues } from 'toll/train'
import { arrhythmiaProtocol, measureScores, shareF1 } from './protocol.js'
import type { Trial, TrialKey } from './record.js'
import { takeFloat32, takeLabels, type ArrhythmiaData, type ProtocolSplit } from './splits.js'

/** Several steps in one run of the engine: a step of this network is short enough that starting one counts. */
const stepsPerRun = 5

export interface TrialOptions {
  readonly key: TrialKey
  readonly split: ProtocolSplit
  readonly steps: number
  readonly signal: AbortSignal
  readonly onSteps: (finished: number) => void
}

/** Trains and tests on one engine; `close` frees its scoring session. */
export class NetworkBench {
  readonly #data: ArrhythmiaData
  readonly #engine: Engine
  readonly #network
  readonly #scorer: Promise<Session>

  constructor(data: ArrhythmiaData, engine: Engine) {
    const { hidden, latent } = arrhythmiaProtocol
    const width = data.x.shape[1]
    this.#data = data
    this.#engine = engine
    this.#network = dense([width, ...hidden, latent])
    const x = input('x', ['rows', width])
    const values = new Map(
      [...this.#network.parameters, ...this.#network.buffers].map(({ name, shape }) => [name, input(name, shape)]),
    )
    // beta enters only as a factor between the two components.
    const { components } = tollScore(this.#network, 1, x, (name) => values.get(name)!)
    this.#scorer = engine.load({ inputs: [x, ...values.values()], outputs: components })
  }

  async run({ key, split, steps, signal, onSteps }: TrialOptions): Promise<Trial> {
    const [samples, validation, test] = [split.train, split.validation, split.test].map((rows) =>
      takeFloat32(this.#data, rows),
    )
    const labels = takeLabels(this.#data, split.validation)
    const { batch, learningRate, validateEvery } = arrhythmiaProtocol
    const trained = await train({
      engine: this.#engine,
      parameters: this.#network.parameters,
      buffers: this.#network.buffers,
      objective: tollObjective(this.#network, key.beta),
      optimizer: adam(),
      data: samples,
      batch,
      learningRate,
      steps,
      stepsPerRun,
      signal,
      seed: key.seed,
      onProgress: ({ step }) => onSteps(step),
      monitor: {
        every: validateEvery,
        keep: ['f1'],
        evaluate: async (values) => ({ f1: shareF1(await this.#score(validation, values, key.beta), labels) }),
      },
    })
    const { best, steps: at, measures } = trained.monitored!
    const { step, values } = best.get('f1')!
    const scores = await this.#score(test, values, key.beta)
    return {
      ...key,
      ...measureScores(scores, takeLabels(this.#data, split.test)),
      step,
      validationF1: measures[at.indexOf(step)].f1,
    }
  }

  async close(): Promise<void> {
    await (await this.#scorer).close()
  }

  async #score(x: NdArray<Float32Array>, values: NamedValues, beta: number): Promise<Float64Array> {
    const specs = [...this.#network.parameters, ...this.#network.buffers]
    const session = await this.#scorer
    const parts = await session.run({
      x: float32(x.shape, x.data),
      ...Object.fromEntries(specs.map(({ name, shape }) => [name, float32(shape, values.get(name)!)])),
    })
    const [error, norm] = [parts.reconstruction_error.data as Float64Array, parts.latent_norm.data as Float64Array]
    return error.map((value, i) => value + beta * norm[i])
  }
}
