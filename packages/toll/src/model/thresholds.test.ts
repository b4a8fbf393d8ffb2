// Thresholds and p-values of a model: in the library, in the file as ONNX Runtime runs it, and after the file is read
// again.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as ort from 'onnxruntime-node'
import { Random, tableFromRows, type Table } from '../base/index.js'
import { fitThreshold, pValues } from '../threshold/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { fit, Model } from './index.js'

let engine: Engine
let model: Model
const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error

function rows(count: number, seed: number, shift = 0): Table {
  const random = Random.seeded(seed)
  return tableFromRows(
    Array.from({ length: count }, () => {
      const a = random.normal() + shift
      return [a, a + 0.3 * random.normal(), random.normal()]
    }),
    ['a', 'b', 'is_anomaly_x'],
  )
}

beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
  model = await fit(rows(800, 1), { engine, parameters: { steps: 150 }, seed: 3, holdOut: 0.25 })
})
afterAll(() => engine.close())

async function inOrt(bytes: Uint8Array, table: Table): Promise<Record<string, ArrayLike<number>>> {
  const session = await ort.InferenceSession.create(bytes)
  const outputs = await session.run(
    Object.fromEntries(
      session.inputNames.map((name, i) => [name, new ort.Tensor('float64', table.columns[i].values, [table.rows, 1])]),
    ),
  )
  await session.release()
  return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, tensor.data as Float64Array]))
}

describe('p-values', () => {
  it('are conformal, in the library and in the file', async () => {
    const probe = rows(50, 2, 1)
    const { score, pValue } = await model.score(probe)
    expect(model.manifest.heldBack.scores).toHaveLength(200)
    expect(pValue).toEqual(pValues(score, model.manifest.heldBack.scores))
    const outputs = await inOrt(model.bytes, probe)
    expect(Array.from(outputs.p_value)).toEqual([...pValue!])
  })

  it('are at least 1 / (n + 1), also for rows beyond all numbers, and absent when nothing was held back', async () => {
    const { pValue } = await model.score(tableFromRows([[1e300, -1e300, 0]], ['a', 'b', 'is_anomaly_x']))
    expect([...pValue!]).toEqual([1 / 201])
    const small = await fit(rows(40, 5), { engine, parameters: { steps: 10 } })
    expect((await small.score(rows(3, 6))).pValue).toBeUndefined()
    expect(Object.keys(await inOrt(small.bytes, rows(3, 6)))).not.toContain('p_value')
    await small.close()
  })

  it('keep the promised rate of false alarms over 200 random splits of held-out normal rows', async () => {
    const { score } = await model.score(rows(1200, 77))
    const random = Random.seeded(5)
    for (const rate of [0.01, 0.05, 0.1]) {
      const realised = Array.from({ length: 200 }, () => {
        const order = random.permutation(1200)
        const { value } = fitThreshold(
          { kind: 'conformal', rate },
          Array.from(order.subarray(0, 400), (row) => score[row]),
        )
        return order.subarray(400).filter((row) => score[row] > value).length / 800
      })
      const mean = realised.reduce((sum, share) => sum + share / 200, 0)
      const deviation = Math.sqrt(realised.reduce((sum, share) => sum + (share - mean) ** 2 / 199, 0))
      // In expectation floor(rate (n + 1)) / (n + 1): at most the rate, and less than 1 / (n + 1) below it.
      expect(mean).toBeLessThan(rate + (3 * deviation) / Math.sqrt(200))
      expect(mean).toBeGreaterThan(rate - 1 / 401 - (3 * deviation) / Math.sqrt(200))
    }
  })
})

describe('several thresholds', () => {
  it('each have an output of their own, survive the file, and can be moved and taken out', async () => {
    const probe = rows(60, 8, 1.5)
    const several = model
      .withThreshold({ kind: 'conformal', rate: 0.1 })
      .withThreshold({ kind: 'tail', rate: 1e-4 }, { name: 'page' })
      .withThreshold({ kind: 'fixed', value: 0 }, { name: 'all' })
    const again = new Model(several.bytes, engine)
    expect(again.manifest.thresholds).toEqual(several.manifest.thresholds)
    const { score, isAnomaly, alarms } = await again.score(probe)
    expect(Object.keys(alarms)).toEqual(['page', 'all'])
    expect([...alarms.page]).toEqual([...score].map((value) => Number(value > again.manifest.thresholds!.page.value)))
    expect([...alarms.all]).toEqual(new Array(60).fill(1))
    expect([...isAnomaly]).toEqual([...score].map((value) => Number(value > again.manifest.threshold.value)))
    const outputs = await inOrt(again.bytes, probe)
    expect(Object.keys(outputs)).toEqual([
      'score',
      'reconstruction_error',
      'latent_norm',
      'p_value',
      'is_anomaly',
      'is_anomaly_page',
      'is_anomaly_all',
    ])
    expect(Array.from(outputs.is_anomaly_page)).toEqual([...alarms.page])
    const moved = again.withThreshold({ kind: 'fixed', value: 1e9 }, { name: 'all' }).withoutThreshold('page')
    const rest = await moved.score(probe)
    expect(Object.keys(rest.alarms)).toEqual(['all'])
    expect([...rest.alarms.all]).toEqual(new Array(60).fill(0))
    expect(rest.score).toEqual(score)
    await Promise.all([again, moved, several].map((one) => one.close()))
  })

  it('refuse names that cannot be outputs, and removal of what is not there', () => {
    const rule = { kind: 'fixed', value: 1 } as const
    expect(() => model.withThreshold(rule, { name: 'a b' })).toThrow(refusal('argument', /letters, digits/))
    expect(() => model.withThreshold(rule, { name: 'x' })).toThrow(
      refusal('argument', /a column called 'is_anomaly_x'/),
    )
    expect(() => model.withoutThreshold('page')).toThrow(refusal('not-found', /has no threshold 'page'/))
  })
})

describe('rules about labels', () => {
  it('use the labelled anomalies beside the held-back rows when fitting, or labelled scores later', async () => {
    const data = rows(400, 9)
    const labels = Uint8Array.from({ length: 400 }, (_, i) => Number(i % 20 === 0))
    labels.forEach((label, i) => {
      if (label) data.columns[0].values[i] += 6
    })
    const fitted = await fit(data, { engine, parameters: { steps: 100 }, labels, threshold: { kind: 'f-score' } })
    expect(fitted.manifest.threshold).toMatchObject({ kind: 'f-score', labelled: 38 + 20 })
    const { score } = await fitted.score(data)
    const later = fitted.withThreshold({ kind: 'cost', miss: 20 }, { labelled: { scores: score, labels } })
    expect(later.manifest.threshold).toMatchObject({ kind: 'cost', labelled: 400 })
    expect(() => fitted.withThreshold({ kind: 'f-score' })).toThrow(refusal('data', /needs rows with labels/))
    await fitted.close()
    await later.close()
  })
})
