// What belongs to models, whatever their detector: names, refusals, streams, thresholds, labels, images.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as ort from 'onnxruntime-node'
import { Random, namesOf, takeRows, tableFromRows, type Table } from '../base/index.js'
import type { NumberSummary } from '../preprocess/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { fit, scoreStream, type Model } from './index.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

/** Correlated columns of different scales; the last one is constant, and one is called like an output of the file. */
function normalTable(rows: number, seed = 1): Table {
  const random = Random.seeded(seed)
  return tableFromRows(
    Array.from({ length: rows }, () => {
      const [a, b] = [random.normal(), random.normal()]
      return [a, 1000 + 20 * b, a + b + 0.1 * random.normal(), 3]
    }),
    ['pressure', 'speed', 'score', 'constant'],
  )
}

describe('a model', () => {
  let model: Model
  const probe = normalTable(40, 2)
  beforeAll(async () => {
    model = await fit(normalTable(300), { engine, parameters: { steps: 150 }, seed: 3 })
  })

  it('names its inputs like the columns, with an underscore where an output has the name', async () => {
    const session = await ort.InferenceSession.create(model.bytes)
    expect(session.inputNames).toEqual(['pressure', 'speed', 'score_'])
    expect(session.outputNames).toEqual(['score', 'reconstruction_error', 'latent_norm', 'p_value', 'is_anomaly'])
    await session.release()
  })

  it('says which columns are missing, which there are, and where infinity stands', async () => {
    const names = ['pressure', 'velocity', 'score', 'constant']
    const renamed = { ...probe, columns: probe.columns.map((column, c) => ({ ...column, name: names[c] })) }
    await expect(model.score(renamed)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/lacks column speed.*has pressure, velocity, score, constant/),
    })
    const table = tableFromRows(
      [
        [0, 1000, 0, 3],
        [0, -Infinity, 0, 3],
      ],
      namesOf(probe.columns),
    )
    await expect(model.score(table)).rejects.toMatchObject({
      code: 'data',
      message: expect.stringMatching(/column 'speed' is -Infinity in row 2/),
    })
    const { invalid } = await model.score(table, { invalidRows: 'mark' })
    expect([...invalid]).toEqual([
      [1, { reason: 'not-finite', column: 'speed', message: "column 'speed' is -Infinity in row 2" }],
    ])
    await expect(model.score({ kind: 'images', shape: [1, 1, 2, 2], data: new Float32Array(4) })).rejects.toMatchObject(
      {
        code: 'shape',
        message: expect.stringMatching(/scores tables/),
      },
    )
  })

  it('has a code that varies, and rows that differ in it', async () => {
    const { parts } = await model.score(probe)
    expect(new Set(parts.latent_norm).size).toBe(40)
  })

  it('scores a stream as it scores its batches', async () => {
    const streamed: number[] = []
    for await (const part of scoreStream(model, [takeRows(probe, [0, 1, 2]), takeRows(probe, [7])]))
      streamed.push(...part.score)
    const { score } = await model.score(takeRows(probe, [0, 1, 2, 7]))
    expect(streamed).toHaveLength(4)
    streamed.forEach((value, i) => expect(Math.abs(value - score[i])).toBeLessThanOrEqual(2e-6 * score[i]))
  })

  it('moves its threshold without training, in the file too', async () => {
    const lower = model.withThreshold({ kind: 'quantile', quantile: 0.5 })
    const { scores } = model.manifest.heldBack
    expect(scores).toHaveLength(30)
    expect(lower.manifest.threshold.value).toBeCloseTo((scores[14] + scores[15]) / 2, 12)
    const { score, isAnomaly } = await lower.score(probe)
    expect([...isAnomaly]).toEqual([...score].map((value) => Number(value > lower.manifest.threshold.value)))
    expect((await lower.score(probe)).score).toEqual((await model.score(probe)).score)
    const fixed = lower.withThreshold({ kind: 'fixed', value: score[7] })
    expect((await fixed.score(takeRows(probe, [7]))).isAnomaly[0]).toBe(0)
  })

  it('learns from what is not labelled, and counts the rest', async () => {
    const polluted = normalTable(120)
    const labels = Uint8Array.from({ length: 120 }, (_, i) => Number(i % 10 === 0))
    labels.forEach((label, i) => {
      if (label) polluted.columns[0].values[i] = 500
    })
    const { manifest } = await fit(polluted, { engine, parameters: { steps: 150 }, seed: 3, labels })
    expect(manifest.rows).toEqual({ given: 120, trained: 97, anomalies: 12 })
    expect(manifest.input.kind === 'table' && (manifest.input.columns[0] as NumberSummary).max).toBeLessThan(10)
  })

  it('reconstructs images in their shape and units', async () => {
    const images = {
      shape: [60, 1, 9, 7],
      data: Float32Array.from({ length: 60 * 63 }, (_, i) => 100 + 20 * Math.sin(i % 63)),
    }
    const fitted = await fit({ kind: 'images', ...images }, { engine, parameters: { steps: 150 }, seed: 3 })
    const back = await fitted.reconstruct({ kind: 'images', shape: [1, 1, 9, 7], data: images.data.subarray(0, 63) })
    expect(back.shape).toEqual([1, 1, 9, 7])
    const error = Array.from(back.data, (value, i) => Math.abs(value - images.data[i]) / 63).reduce(
      (total, part) => total + part,
    )
    expect(error).toBeLessThan(10)
  })
})
