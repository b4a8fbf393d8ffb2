import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random, type NdArray } from '../base/index.js'
import { mean, rowNorm, sub } from '../graph/index.js'
import {
  activation,
  autoencoder,
  dense,
  dropoutLayer,
  linear,
  reconstruct,
  sequential,
  type Autoencoder,
} from '../nn/index.js'
import { adam, sgd } from '../optim/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import {
  decodeCheckpoint,
  encodeCheckpoint,
  train,
  type CheckpointStore,
  type Objective,
  type TrainOptions,
} from './index.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

function memoryStore(): CheckpointStore & { bytes?: Uint8Array; writes: number } {
  return {
    location: 'memory',
    writes: 0,
    async read() {
      return this.bytes
    },
    async write(bytes) {
      this.bytes = bytes
      this.writes++
    },
    async remove() {
      this.bytes = undefined
    },
  }
}

function normalRows(rows: number, columns: number, seed: number): NdArray<Float32Array> {
  const random = Random.seeded(seed)
  return { shape: [rows, columns], data: Float32Array.from({ length: rows * columns }, () => random.normal()) }
}

const reconstructionError =
  (network: Autoencoder): Objective =>
  (x, scope) => {
    const error = rowNorm(sub(x, reconstruct(network, x, scope).reconstruction))
    return { loss: mean(error), parts: { error: mean(error) } }
  }

const network = dense([6, 8, 2])
const withDropout = autoencoder({
  name: 'dropout',
  sampleShape: [6],
  latent: 4,
  encoder: sequential([linear({ in: 6, out: 8 }), activation('relu'), dropoutLayer(0.3), linear({ in: 8, out: 4 })]),
  decoder: sequential([linear({ in: 4, out: 6 })]),
})

function optionsFor(net: Autoencoder, more: Partial<TrainOptions> = {}): TrainOptions {
  return {
    engine,
    parameters: net.parameters,
    buffers: net.buffers,
    objective: reconstructionError(net),
    optimizer: adam(),
    data: normalRows(64, 6, 1),
    steps: 60,
    batch: 16,
    learningRate: 1e-2,
    seed: 7,
    ...more,
  }
}

const bitsOf = (values: ReadonlyMap<string, Float32Array>) =>
  [...values].map(([name, data]) => [name, [...new Uint32Array(data.buffer, data.byteOffset, data.length)]])

describe('train', () => {
  it('lowers the loss and reports every step', async () => {
    const seen: number[] = []
    const { history, steps } = await train(optionsFor(network, { onProgress: ({ step }) => seen.push(step) }))
    expect(steps).toBe(60)
    expect(history.loss).toHaveLength(60)
    expect(history.error).toEqual(history.loss)
    expect(history.loss[59]).toBeLessThan(0.8 * history.loss[0])
    expect(seen.at(-1)).toBe(60)
  })

  it('gives the same bits for the same seed, others for another', async () => {
    const [a, b, c] = [
      await train(optionsFor(network)),
      await train(optionsFor(network)),
      await train(optionsFor(network, { seed: 8 })),
    ]
    expect(bitsOf(b.values)).toEqual(bitsOf(a.values))
    expect(bitsOf(c.values)).not.toEqual(bitsOf(a.values))
  })

  it.each([
    ['batch norm', network],
    ['dropout', withDropout],
  ])('resumed after a stop at any step ends in the same bits (%s)', async (_, net) => {
    const whole = await train(optionsFor(net))
    for (const stopAt of [1, 7, 33, 54]) {
      const store = memoryStore()
      const controller = new AbortController()
      const stopped = train(
        optionsFor(net, {
          checkpoint: { store, every: 5 },
          signal: controller.signal,
          onProgress: ({ step }) => {
            if (step >= stopAt) controller.abort()
          },
        }),
      )
      await expect(stopped).rejects.toMatchObject({ code: 'aborted' })
      const resumed = await train(optionsFor(net, { checkpoint: { store, every: 5 } }))
      expect(bitsOf(resumed.values)).toEqual(bitsOf(whole.values))
      expect(resumed.history).toEqual(whole.history)
      expect(store.bytes).toBeUndefined()
    }
  })

  it('chains steps in one run without changing what is learned', async () => {
    const [one, three] = [await train(optionsFor(network)), await train(optionsFor(network, { stepsPerRun: 3 }))]
    three.history.loss.forEach((loss, i) => expect(loss).toBeCloseTo(one.history.loss[i], 4))
  })

  it('keeps the values where each named measure was highest, the first at a tie, also across a resume', async () => {
    const up: Record<number, number> = { 10: 1, 20: 3, 30: 3, 40: 2, 50: 0, 60: -1 }
    const captured = new Map<number, unknown>()
    const evaluate = (values: ReadonlyMap<string, Float32Array>, step: number) => {
      captured.set(step, bitsOf(values))
      return { up: up[step], down: -up[step], seen: step }
    }
    const monitor = { every: 10, keep: ['up', 'down'], evaluate }
    const whole = await train(optionsFor(network, { monitor }))
    expect(whole.monitored!.steps).toEqual([10, 20, 30, 40, 50, 60])
    expect(whole.monitored!.measures[2]).toEqual({ up: 3, down: -3, seen: 30 })
    expect([...whole.monitored!.best].map(([name, { step }]) => [name, step])).toEqual([
      ['up', 20],
      ['down', 60],
    ])
    for (const { step, values } of whole.monitored!.best.values()) expect(bitsOf(values)).toEqual(captured.get(step))
    expect(bitsOf(whole.values)).toEqual(captured.get(60))

    const store = memoryStore()
    const controller = new AbortController()
    const options = { monitor, checkpoint: { store, every: 10 } }
    await expect(
      train(
        optionsFor(network, {
          ...options,
          signal: controller.signal,
          onProgress: ({ step }) => {
            if (step >= 40) controller.abort()
          },
        }),
      ),
    ).rejects.toMatchObject({ code: 'aborted' })
    const resumed = await train(optionsFor(network, options))
    expect(resumed.monitored!.measures).toEqual(whole.monitored!.measures)
    const bits = ({ monitored, values }: typeof whole) => [
      bitsOf(values),
      ...[...monitored!.best].map(([name, best]) => [name, best.step, bitsOf(best.values)]),
    ]
    expect(bits(resumed)).toEqual(bits(whole))
  })

  it.each<[string, Record<string, number>, string, RegExp]>([
    ['a measure that is NaN', { good: 1, bad: NaN }, 'data', /monitored bad is NaN at step 10/],
    ['a kept measure that is not there', { other: 1 }, 'argument', /keeps the best 'good' but measures other/],
  ])('refuses %s', async (_, measures, code, message) => {
    const monitor = { every: 10, keep: ['good'], evaluate: () => measures }
    await expect(train(optionsFor(network, { monitor }))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    })
  })

  it('gathers a checkpoint only when the store says that it is due', async () => {
    const asked: boolean[] = []
    const store = { ...memoryStore(), due: () => asked.push(asked.length % 3 === 1) > 0 && asked.at(-1)! }
    await train(optionsFor(network, { checkpoint: { store, every: 10 } }))
    expect(asked).toEqual([false, true, false, false, true])
    expect(store.writes).toBe(2)
  })

  it('stops at the step whose loss is not finite and keeps the last good checkpoint', async () => {
    const store = memoryStore()
    const diverging = train(
      optionsFor(network, { optimizer: sgd(), learningRate: 1e30, checkpoint: { store, every: 1 } }),
    )
    await expect(diverging).rejects.toMatchObject({
      code: 'diverged',
      message: expect.stringMatching(/at step \d+ of 60; try a lower learning rate/) as string,
    })
    if (store.bytes) {
      const { tensors } = decodeCheckpoint(store.bytes, (record): record is object => typeof record === 'object')
      for (const { data } of tensors.values()) expect(data.every((value) => Number.isFinite(value))).toBe(true)
    }
  })

  it('refuses the checkpoint of another run and damaged ones', async () => {
    const store = memoryStore()
    const controller = new AbortController()
    await expect(
      train(
        optionsFor(network, {
          checkpoint: { store, every: 5 },
          signal: controller.signal,
          onProgress: ({ step }) => {
            if (step >= 20) controller.abort()
          },
        }),
      ),
    ).rejects.toMatchObject({ code: 'aborted' })
    const good = store.bytes!
    await expect(train(optionsFor(network, { seed: 9, checkpoint: { store, every: 5 } }))).rejects.toMatchObject({
      code: 'argument',
    })
    await expect(
      train(optionsFor(network, { data: normalRows(64, 6, 2), checkpoint: { store, every: 5 } })),
    ).rejects.toMatchObject({ code: 'argument' })
    for (const length of [0, 5, 20, 200, good.length - 1]) {
      store.bytes = good.slice(0, length)
      await expect(train(optionsFor(network, { checkpoint: { store, every: 5 } }))).rejects.toMatchObject({
        code: 'format',
      })
    }
  })

  it('refuses a single row, and shrinks the batch to the rows there are', async () => {
    await expect(train(optionsFor(network, { data: normalRows(1, 6, 1) }))).rejects.toMatchObject({ code: 'data' })
    const { history } = await train(optionsFor(network, { data: normalRows(5, 6, 1), steps: 3 }))
    expect(history.loss).toHaveLength(3)
  })
})

describe('checkpoint', () => {
  it('reads back what it wrote, and refuses every truncation', () => {
    const tensors = new Map([
      ['a', { shape: [2, 2], data: Float32Array.of(1, -2, 3.5, 0) }],
      ['b', { shape: [0], data: new Float32Array() }],
    ])
    const bytes = encodeCheckpoint({ record: { step: 3, note: 'ü' }, tensors })
    const isRecord = (record: unknown): record is { step: number } =>
      typeof record === 'object' && record !== null && 'step' in record
    expect(decodeCheckpoint(bytes, isRecord)).toEqual({ record: { step: 3, note: 'ü' }, tensors })
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeCheckpoint(bytes.slice(0, length), isRecord)).toThrow(
        expect.objectContaining({ code: 'format' }),
      )
    }
  })

  it('survives mutations with a format error or a record', () => {
    const random = Random.seeded(1)
    const bytes = encodeCheckpoint({
      record: { step: 3 },
      tensors: new Map([['a', { shape: [4], data: new Float32Array(4) }]]),
    })
    const isRecord = (record: unknown): record is { step: number } =>
      typeof record === 'object' && record !== null && 'step' in record
    for (let i = 0; i < 2000; i++) {
      const damaged = bytes.slice()
      for (let k = 0; k <= random.integer(3); k++) damaged[random.integer(damaged.length)] = random.integer(256)
      try {
        decodeCheckpoint(damaged, isRecord)
      } catch (error) {
        expect(error).toMatchObject({ name: 'TollError', code: 'format' })
      }
    }
  })
})
