// What programs have in place of tables: rows, objects, arrays, the name of a detector; and what is nothing of that.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TollError, tableFromRows } from '../base/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { fit, loadModel, type Model } from './index.js'

let engine: Engine
let model: Model
const rows = Array.from({ length: 80 }, (_, i) => [Math.sin(i), i % 7])
const objects = rows.map(([a, b], i) => ({
  a,
  b: i === 3 ? null : b,
  site: i % 3 ? 'north' : 'south',
  on: i % 2 === 0,
  at: new Date(Date.UTC(2024, 0, 1, i)),
}))

beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
  model = await fit(objects, { engine, detector: 'pca', seed: 1 })
})
afterAll(() => engine.close())

describe('rows', () => {
  it('of values are a table', async () => {
    const byRows = await fit(rows, { engine, detector: 'pca', seed: 1 })
    const byTable = await fit(tableFromRows(rows), { engine, detector: 'pca', seed: 1 })
    expect(byRows.bytes).toEqual(byTable.bytes)
    const { score } = await byTable.score(tableFromRows(rows))
    expect((await byRows.score(rows)).score).toEqual(score)
    expect((await byRows.score(rows.map((row) => Float64Array.from(row)))).score).toEqual(score)
    expect((await byRows.score({ shape: [80, 2], data: Float64Array.from(rows.flat()) })).score).toEqual(score)
  })

  it('of objects are one, whatever order their keys have, and what one lacks is missing', async () => {
    expect(model.manifest.input).toMatchObject({
      columns: [
        { name: 'a', kind: 'number' },
        { name: 'b', kind: 'number', missing: 1 },
        { name: 'site', kind: 'category' },
        { name: 'on', kind: 'boolean' },
        { name: 'at', kind: 'time' },
      ],
    })
    const [{ at, ...first }, second] = objects
    const { score, imputed } = await model.score([
      { at, ...first },
      { ...second, b: undefined },
    ])
    expect(score[0]).toBe((await model.score(objects)).score[0])
    expect(imputed).toBe(1)
  })

  it('of values are in the order of the columns of the model', async () => {
    const values = objects.map(({ a, b, site, on, at }) => [a, b, site, on, at])
    expect((await model.score(values)).score).toEqual((await model.score(objects)).score)
  })

  it('have codes where the detector has them', async () => {
    const toll = await fit(rows, { engine, seed: 1, parameters: { steps: 5 } })
    const { shape, data } = await toll.encode(rows)
    const { parts } = await toll.score(rows)
    expect(shape[0]).toBe(80)
    const norms = Array.from({ length: 80 }, (_, i) =>
      Math.hypot(...(data as Float64Array).subarray(i * shape[1], (i + 1) * shape[1])),
    )
    norms.forEach((norm, i) => expect(norm).toBeCloseTo(parts.latent_norm[i], 4))
    await expect(model.encode(objects)).rejects.toMatchObject({ reason: 'unknown-output' })
  })
})

describe('anything else is refused with an error of ours', () => {
  const others: readonly [string, unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a path', 'rows.csv'],
    ['a number', 7],
    ['a list of numbers', [1, 2]],
    ['an empty list', []],
    ['one object', { a: 1 }],
    ['rows of different lengths', [[1, 2], [1]]],
    ['a column of two kinds', [[1], ['x'], [2]]],
    ['a table without columns', { kind: 'table' }],
    ['a function', () => rows],
    ['an array of three axes', { shape: [2, 2, 2], data: new Float64Array(8) }],
  ]

  it.each(others)('%s', async (_, value) => {
    for (const attempt of [
      () => fit(value as never, { engine, detector: 'pca' }),
      () => model.score(value as never),
      () => model.reconstruct(value as never),
      async () => model.inputs(value as never),
    ])
      await expect(attempt()).rejects.toBeInstanceOf(TollError)
  })

  it.each<[string, object]>([
    ['no such detector', { detector: 'pcaa' }],
    ['an engine that is none', { engine: {} }],
    ['no engine', { engine: null }],
  ])('%s', async (_, options) => {
    await expect(fit(rows, { engine, ...options })).rejects.toBeInstanceOf(TollError)
  })

  it('a model is loaded on an engine', async () => {
    await expect(loadModel(model.bytes, { engine: 'cpu' as never })).rejects.toMatchObject({ reason: 'wrong-type' })
  })
})
