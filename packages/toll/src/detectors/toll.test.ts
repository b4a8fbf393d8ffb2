// Toll's objective with part of the batch trimmed, and what that does to training data that hold anomalies.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random, resolveParameters, type Values } from '../base/index.js'
import { constant, gradients, input, interpret, printGraph, type Tensor } from '../graph/index.js'
import { auroc } from '../metrics/index.js'
import { dense, type Scope } from '../nn/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { toll, tollObjective, tollParameters } from './toll.js'

const network = dense([3, 2])
const rows = [
  [1, 0, -1],
  [0.5, 2, 0.25],
  [-3, 1, 2],
  [0.1, -0.2, 0.3],
  [2, 2, -4],
]
const weights = [1, 2, 0.5, 3, 1]

/** Loss, parts and gradients of rows, in float64. */
function evaluate(
  chosen: readonly number[],
  trim: number,
  weighted: boolean,
  trimBeyond = 0,
  given: readonly number[] = weights,
): Record<string, number[]> {
  const random = Random.seeded(4)
  const parameters = new Map(
    network.parameters.map(({ name, shape, initialize }) => {
      const values = new Float32Array(shape.reduce((product, size) => product * size, 1))
      initialize(random, values)
      return [name, constant(Float64Array.from(values), shape, 'float64')] as const
    }),
  )
  const scope: Scope = {
    training: true,
    parameter: (name) => parameters.get(name)!,
    buffer: () => {
      throw new Error('no buffers')
    },
    update: () => {},
    mask: () => {
      throw new Error('no masks')
    },
  }
  const x = constant(
    chosen.flatMap((row) => rows[row]),
    [chosen.length, 3],
    'float64',
  )
  const w = weighted
    ? constant(
        chosen.map((row) => given[row]),
        [chosen.length],
        'float64',
      )
    : undefined
  const { loss, parts } = tollObjective(network, 2, { trim, trimBeyond })(x, scope, w)
  const flows = gradients(loss, [...parameters.values()])
  const outputs: Record<string, Tensor> = {
    loss,
    ...parts,
    ...Object.fromEntries(flows.map((gradient, i) => [`gradient${i}`, gradient])),
  }
  return Object.fromEntries(Object.entries(interpret(outputs, {})).map(([name, { data }]) => [name, [...data]]))
}

describe('a trimmed objective', () => {
  const all = rows.map((_, row) => row)
  const losses = all.map((row) => evaluate([row], 0, false).loss[0])
  const byLoss = all.toSorted((a, b) => losses[a] - losses[b])

  it.each([
    [0.2, 4, false],
    [0.4, 3, false],
    [0.49, 3, false],
    [0.4, 3, true],
  ])('of share %d is the objective of the %d rows of lowest loss (weighted: %s)', (trim, left, weighted) => {
    const kept = byLoss.slice(0, left)
    const [trimmed, expected] = [evaluate(all, trim, weighted), evaluate(kept, 0, weighted)]
    expect(Object.keys(trimmed)).toEqual([
      'loss',
      'reconstruction',
      'latentNorm',
      'gradient0',
      'gradient1',
      'gradient2',
      'gradient3',
    ])
    for (const [name, values] of Object.entries(expected))
      values.forEach((value, i) => expect(trimmed[name][i]).toBeCloseTo(value, 12))
    expect(Math.abs(trimmed.loss[0] - evaluate(all, 0, weighted).loss[0])).toBeGreaterThan(0.1)
  })

  it.each([false, true])('counts the rows within the fence of the batch (weighted: %s)', (weighted) => {
    // Quartiles by the nearest rank of five rows: the second and the fourth.
    const fence = (reach: number) => losses[byLoss[3]] + reach * (losses[byLoss[3]] - losses[byLoss[1]])
    const within = (reach: number) => all.filter((row) => losses[row] <= fence(reach))
    const reach = (losses[byLoss[4]] - losses[byLoss[3]]) / (losses[byLoss[3]] - losses[byLoss[1]])
    for (const [times, left] of [
      [0.99, 4],
      [1.01, 5],
    ]) {
      const [fenced, expected] = [
        evaluate(all, 0, weighted, times * reach),
        evaluate(within(times * reach), 0, weighted),
      ]
      expect(within(times * reach)).toHaveLength(left)
      expect(fenced.leftOut[0]).toBeCloseTo(1 - left / 5, 12)
      for (const [name, values] of Object.entries(expected))
        values.forEach((value, i) => expect(fenced[name][i]).toBeCloseTo(value, 12))
    }
  })

  it('sets the fence by the rows that the share leaves, and takes a batch that weighs nothing as no lesson', () => {
    // Four rows are left of five; of these the quartiles by the nearest rank are the second and the third.
    const [q1, q3, highest] = [1, 2, 3].map((place) => losses[byLoss[place]])
    const reach = (highest - q3) / (q3 - q1)
    const [within, beyond] = [evaluate(all, 0.2, false, 1.01 * reach), evaluate(all, 0.2, false, 0.99 * reach)]
    expect([within.leftOut[0], beyond.leftOut[0]]).toEqual([0, 0.25])
    expect(beyond.loss[0]).toBeCloseTo(evaluate(byLoss.slice(0, 3), 0, false).loss[0], 12)
    const idle = evaluate(all, 0.2, true, 0, [0, 0, 0, 0, 0])
    expect([idle.loss[0], Math.max(...idle.gradient0.map(Math.abs))]).toEqual([0, 0])
  })

  it("is the paper's where the share is less than a row", () => {
    const text = (trim: number) => {
      const port = (name: string, shape: readonly number[]) => input(name, shape)
      const shapes = new Map(network.parameters.map(({ name, shape }) => [name, shape]))
      const scope: Scope = {
        training: true,
        parameter: (name) => port(name, shapes.get(name)!),
        buffer: (name) => port(name, []),
        update: () => {},
        mask: (shape) => port('mask', shape),
      }
      const { loss, parts } = tollObjective(network, 10, { trim })(input('x', [5, 3]), scope, undefined)
      return printGraph({ loss, ...parts })
    }
    expect(text(0.19)).toBe(text(0))
    expect(text(0.2)).not.toBe(text(0))
  })

  it('refuses half of the batch and more', () => {
    for (const trim of [0.5, -0.1, NaN])
      expect(() => resolveParameters(tollParameters, { trim })).toThrow(
        /'trim' must be a finite number at least 0 and below 0.5/,
      )
  })
})

describe('training on rows with anomalies among them', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await openEngine({ device: 'cpu', threads: 1 })
  })
  afterAll(() => engine.close())

  /** 300 rows near a plane in six dimensions, after `outlying` rows near another one, three times as far out. */
  function contaminated(outlying: number): Float32Array {
    const random = Random.seeded(8)
    return Float32Array.from(
      Array.from({ length: 300 + outlying }, (_, row) => {
        const [a, b] = [random.normal(), random.normal()]
        const signal = row < outlying ? [3 * a, -3 * a, 3 * b, 3 * b, 3 * a, -3 * b] : [a, a, b, a + b, a - b, b]
        return signal.map((value) => value + 0.1 * random.normal())
      }).flat(),
    )
  }

  async function aurocOf(given: Partial<Values<typeof tollParameters>>): Promise<number> {
    const outlying = 45
    const samples = { shape: [300 + outlying, 6], data: contaminated(outlying) }
    const fitted = await toll.fit(
      { samples },
      resolveParameters(tollParameters, { beta: 1, steps: 400, schedule: 'cosine', ...given }),
      { engine, seed: 2 },
    )
    const x = input('x', ['batch', 6])
    const session = await engine.load({ outputs: { score: fitted.score(x).score }, inputs: [x] })
    const { score } = await session.run({ x: { dtype: 'float32', ...samples } })
    await session.close()
    return auroc(
      score.data as Float64Array,
      Uint8Array.from({ length: 300 + outlying }, (_, row) => Number(row < outlying)),
    )
  }

  it('finds them by leaving the rows of highest loss out', async () => {
    const [plain, trimmed, fenced] = [
      await aurocOf({}),
      await aurocOf({ trim: 0.2 }),
      await aurocOf({ trimBeyond: 1.5 }),
    ]
    expect(trimmed).toBeGreaterThan(0.98)
    expect(fenced).toBeGreaterThan(0.98)
    expect(plain).toBeLessThan(0.95)
  })
})
