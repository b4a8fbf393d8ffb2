// What every detector promises, run over the registry: the library's side of scikit-learn's estimator checks.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as ort from 'onnxruntime-node'
import { Random, tableFromRows, takeRows, type Domains, type NdArray, type Table } from '../base/index.js'
import { detectors, type Detector } from '../detectors/index.js'
import { readModel, interpret } from '../graph/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import type { Model} from './index.js';
import { fit, type FitOptions } from './index.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

const refusal = (code: string, message: RegExp) => expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error

/** Correlated columns of different scales; the last one is constant. */
function normalTable(rows: number, seed = 1): Table {
  const random = Random.seeded(seed)
  return tableFromRows(Array.from({ length: rows }, () => {
    const [a, b] = [random.normal(), random.normal()]
    return [a, 1000 + 20 * b, a + b + 0.1 * random.normal(), 3]
  }), ['pressure', 'speed', 'score', 'constant'])
}

const quick: Readonly<Record<string, Record<string, number>>> = { toll: { steps: 150 } }
const fitQuickly = (detector: Detector, data: Table | NdArray, more: Partial<FitOptions<Domains>> = {}) =>
  fit(data, { engine, detector, parameters: quick[detector.name] ?? {}, seed: 3, ...more })

describe.each([...detectors.values()].map((detector) => [detector.name, detector] as const))('%s', (_, detector) => {
  let model: Model
  const data = normalTable(300)
  const probe = normalTable(40, 2)
  beforeAll(async () => {
    model = await fitQuickly(detector, data)
  })

  it('ranks planted outliers above every normal row', async () => {
    const outliers = tableFromRows([[9, 1000, 0, 3], [0, 1300, 0, 3], [2, 1040, -4, 3]], probe.names)
    const [normal, planted] = [await model.score(probe), await model.score(outliers)]
    expect(Math.min(...planted.score)).toBeGreaterThan(Math.max(...normal.score))
    expect([...planted.isAnomaly]).toEqual([1, 1, 1])
  })

  it('gives scores that differ, and a latent code that varies', async () => {
    const { score, parts } = await model.score(probe)
    expect(new Set(score).size).toBe(40)
    if (parts.latent_norm) expect(new Set(parts.latent_norm).size).toBeGreaterThan(30)
  })

  it('is the same for the same seed, and for the same detector fitted twice', async () => {
    const again = await fitQuickly(detector, data)
    expect(again.bytes).toEqual(model.bytes)
  })

  it('does not change its inputs', async () => {
    const copy = { ...probe, columns: probe.columns.map((column) => column.slice()) }
    await model.score(probe)
    expect(probe).toEqual(copy)
  })

  it('scores a row the same alone, in any batch, in any order, and next to its duplicate', async () => {
    const { score } = await model.score(probe)
    const order = Array.from({ length: 40 }, (_, i) => (i * 7) % 40)
    const shuffled = (await model.score(takeRows(probe, order))).score
    order.forEach((row, i) => expect(shuffled[i]).toBeCloseTo(score[row], 5))
    const doubled = (await model.score(takeRows(probe, [5, 5, 9, 5]))).score
    expect(doubled[1]).toBe(doubled[0])
    for (let row = 0; row < 10; row++) {
      const alone = (await model.score(takeRows(probe, [row]))).score[0]
      expect(Math.abs(alone - score[row])).toBeLessThanOrEqual(2e-6 * Math.abs(score[row]))
    }
    const streamed: number[] = []
    for await (const part of model.scoreBatches([takeRows(probe, [0, 1, 2]), takeRows(probe, order.slice(0, 17))])) streamed.push(...part.score)
    expect(streamed).toHaveLength(20)
    expect(streamed[1]).toBeCloseTo(score[1], 5)
  })

  it('finds columns by name, ignores others, and says which are missing', async () => {
    const { score } = await model.score(probe)
    const reordered = { names: ['extra', ...probe.names.toReversed()], columns: [new Float64Array(40), ...probe.columns.toReversed()], rows: 40 }
    expect((await model.score(reordered)).score).toEqual(score)
    const renamed = { ...probe, names: ['pressure', 'velocity', 'score', 'constant'] }
    await expect(model.score(renamed)).rejects.toEqual(refusal('not-found', /lacks column speed.*has pressure, velocity, score, constant/))
  })

  it('fills missing numbers with the training median and counts them', async () => {
    const median = model.manifest.input.kind === 'table' ? model.manifest.input.columns[1].median : NaN
    const row = tableFromRows([[0.2, NaN, 0.3, 3], [0.2, median, 0.3, 3]], probe.names)
    const { score, imputed } = await model.score(row)
    expect(score[0]).toBe(score[1])
    expect(imputed).toBe(1)
  })

  it('refuses infinity with its row and column, or marks the row', async () => {
    const table = tableFromRows([[0, 1000, 0, 3], [0, -Infinity, 0, 3]], probe.names)
    await expect(model.score(table)).rejects.toEqual(refusal('data', /column 'speed' is -Infinity in row 2/))
    const { score, errors, isAnomaly } = await model.score(table, { badRows: 'mark' })
    expect([...errors]).toEqual([[1, "column 'speed' is -Infinity in row 2"]])
    expect([Number.isFinite(score[0]), Number.isNaN(score[1]), isAnomaly[1]]).toEqual([true, true, 0])
  })

  it('scores absurd but finite numbers without NaN', async () => {
    const { score } = await model.score(tableFromRows([[1e308, -1e308, 1e300, -1e15], [5e-324, 0, -0, 1e-300]], probe.names))
    expect(score.some(Number.isNaN)).toBe(false)
    expect(score[0]).toBeGreaterThan(score[1])
  })

  it('is one plain ONNX file that scores the same in ONNX Runtime, named column by column', async () => {
    const session = await ort.InferenceSession.create(model.bytes)
    expect(session.inputNames).toEqual(['pressure', 'speed', 'score_', 'constant'])
    expect(session.outputNames).toEqual(['score', ...model.manifest.parts, 'is_anomaly'])
    const feeds = Object.fromEntries(session.inputNames.map((name, i) => [name, new ort.Tensor('float64', probe.columns[i], [40, 1])]))
    const outputs = await session.run(feeds)
    const { score, isAnomaly, parts } = await model.score(probe)
    ;(outputs.score.data as Float64Array).forEach((value, row) => expect(Math.abs(value - score[row])).toBeLessThanOrEqual(1e-6 * Math.abs(score[row])))
    expect([...(outputs.is_anomaly.data as Uint8Array)]).toEqual([...isAnomaly])
    expect(outputs.is_anomaly.dims).toEqual([40])
    for (const name of Object.keys(parts)) expect(outputs[name].dims).toEqual([40])
  })

  it('comes back from the file as the same graph', async () => {
    const { outputs } = readModel(model.bytes)
    const columns = Object.fromEntries(['pressure', 'speed', 'score_', 'constant'].map((name, i) => [name, { shape: [40, 1], data: probe.columns[i] }]))
    const { score } = interpret({ score: outputs.score }, columns)
    const expected = (await model.score(probe)).score
    score.data.forEach((value, row) => expect(Math.abs(value - expected[row])).toBeLessThanOrEqual(1e-4 * Math.abs(expected[row])))
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

  it('refuses parameters outside their domain by name', async () => {
    for (const [name, domain] of Object.entries(detector.parameters)) {
      const bad = domain.kind === 'choice' ? 'no such value' : domain.kind === 'flag' ? 3 : domain.min === undefined ? NaN : domain.min - 1
      await expect(fit(probe, { engine, detector, parameters: { [name]: bad } as Record<string, number> })).rejects.toEqual(refusal('argument', new RegExp(`'${name}' must be`)))
    }
    await expect(fit(probe, { engine, detector, parameters: { nonsense: 1 } })).rejects.toEqual(refusal('argument', /'nonsense' does not exist/))
    for (const seed of [-1, 1.5, NaN, 2 ** 32]) await expect(fitQuickly(detector, probe, { seed })).rejects.toEqual(refusal('argument', /seed/))
  })

  it('refuses data that nothing can be learned from', async () => {
    const one = tableFromRows([[1, 2, 3, 4]])
    await expect(fitQuickly(detector, one)).rejects.toEqual(refusal('data', /at least 2 rows, got 1/))
    await expect(fitQuickly(detector, tableFromRows([]))).rejects.toMatchObject({ code: 'data' })
    const infinite = tableFromRows([[1, 2], [3, Infinity], [0, 1]], ['a', 'b'])
    await expect(fitQuickly(detector, infinite)).rejects.toEqual(refusal('data', /column 'b' is Infinity in row 2/))
    const empty = tableFromRows([[1, NaN], [3, NaN], [0, NaN]], ['a', 'b'])
    await expect(fitQuickly(detector, empty)).rejects.toEqual(refusal('data', /column 'b' has no numbers/))
  })

  it('fits one column, two rows, duplicates and constants', async () => {
    for (const table of [
      tableFromRows(Array.from({ length: 60 }, (_, i) => [Math.sin(i)])),
      tableFromRows([[1, 2], [2, 1]]),
      tableFromRows(Array.from({ length: 60 }, () => [5, -1, 1e6])),
    ]) {
      const fitted = await fitQuickly(detector, table)
      const { score } = await fitted.score(table)
      expect(score.every((value) => Number.isFinite(value))).toBe(true)
      await fitted.close()
    }
  })

  it('leaves labelled anomalies out, and refuses labels that are no labels', async () => {
    const rows = 120
    const polluted = normalTable(rows)
    const labels = Uint8Array.from({ length: rows }, (_, i) => Number(i % 10 === 0))
    labels.forEach((label, i) => {
      if (label) polluted.columns[0][i] = 500
    })
    const fitted = await fitQuickly(detector, polluted, { labels })
    expect(fitted.manifest.rows).toEqual({ given: 120, trained: 97, anomalies: 12 })
    expect(fitted.manifest.input.kind === 'table' && fitted.manifest.input.columns[0].max).toBeLessThan(10)
    await expect(fitQuickly(detector, polluted, { labels: labels.map((label) => label * 2) })).rejects.toEqual(refusal('data', /must be 0 .* or 1/))
    await expect(fitQuickly(detector, polluted, { labels: labels.subarray(1) })).rejects.toEqual(refusal('shape', /expected 120 labels.*got 119/))
    await expect(fitQuickly(detector, polluted, { labels: labels.fill(1) })).rejects.toEqual(refusal('data', /at least 2 normal rows.*labelled as anomalies/))
  })

  it('takes weights, and refuses negative ones', async () => {
    const weights = Float32Array.from({ length: 300 }, (_, i) => Number(i % 2))
    const fitted = await fitQuickly(detector, data, { weights })
    expect(Number.isFinite((await fitted.score(probe)).score[0])).toBe(true)
    await expect(fitQuickly(detector, data, { weights: weights.map(() => -1) })).rejects.toEqual(refusal('data', /weights must be finite and not negative/))
  })

  it('stops when asked to', async () => {
    const controller = new AbortController()
    const slow = fitQuickly(detector, data, { parameters: { steps: 1e6 }, signal: controller.signal, onProgress: () => controller.abort() })
    await expect(slow).rejects.toMatchObject({ code: 'aborted' })
    await expect(model.score(probe, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' })
  })

  it('fits and scores images of any size it accepts', async () => {
    if (!detector.accepts.includes('image')) return
    const random = Random.seeded(4)
    const images: NdArray = { shape: [60, 1, 9, 7], data: Float32Array.from({ length: 60 * 63 }, (_, i) => 100 + 20 * Math.sin(i % 63) + random.normal()) }
    const fitted = await fitQuickly(detector, images)
    const odd: NdArray = { shape: [2, 1, 9, 7], data: Float32Array.from({ length: 126 }, (_, i) => (i < 63 ? 100 + 20 * Math.sin(i) : 20 * random.normal())) }
    const { score } = await fitted.score(odd)
    expect(score[1]).toBeGreaterThan(score[0])
    const back = await fitted.reconstruct(odd)
    expect(back.shape).toEqual(odd.shape)
    await expect(fitted.score(probe)).rejects.toEqual(refusal('shape', /scores images of shape \(n, 1, 9, 7\), got a table/))
    await expect(fitted.score({ shape: [1, 1, 7, 9], data: new Float32Array(63) })).rejects.toMatchObject({ code: 'shape' })
    await expect(model.score(odd)).rejects.toEqual(refusal('shape', /scores tables/))
    const broken: NdArray = { shape: [1, 1, 9, 7], data: new Float32Array(63).fill(NaN) }
    await expect(fitted.score(broken)).rejects.toEqual(refusal('data', /image 1 has a pixel that is NaN/))
  })
})
