// One file, raw texts and numbers in: the same scores in every engine and in onnxruntime itself, whatever the kinds of
// columns.

import { afterAll, beforeAll, expect, it } from 'vitest'
import * as ort from 'onnxruntime-node'
import { Random, joinRows, tableFromColumns, takeRows, type Table } from '../base/index.js'
import { detectorNamed, detectors } from '../detectors/index.js'
import { openReference, openWebEngine, type Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { Model, fit } from './index.js'

const start = Date.UTC(2024, 4, 1)

function rows(count: number, seed: number) {
  const random = Random.seeded(seed)
  const cells = Array.from({ length: count }, (_, i) => {
    const site = ['Zürich', '東京', 'a b'][random.integer(3)]
    const load = random.normal() + (site === '東京' ? 3 : 0)
    return {
      at: new Date(start + 3_600_000 * i),
      site: random.uniform() < 0.1 ? null : site,
      load: random.uniform() < 0.1 ? null : load,
      on: load > 1,
    }
  })
  return {
    at: cells.map(({ at }) => at),
    site: cells.map(({ site }) => site),
    load: cells.map(({ load }) => load),
    on: cells.map(({ on }) => on),
  }
}

const training = tableFromColumns(rows(400, 1))
const odd = { at: [new Date(0), new Date(start)], site: ['nowhere', ''], load: [1e9, null], on: [true, null] }
const probe = joinRows([tableFromColumns(rows(30, 2)), tableFromColumns(odd)]) as Table

let engine: Engine
let model: Model
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
  model = await fit(training, { engine, seed: 1, parameters: { steps: 200 } })
})
afterAll(() => engine.close())

it('scores in wasm and in the interpreter as in Node', async () => {
  const { score, unseen, imputed } = await model.score(probe)
  expect(score.every(Number.isFinite)).toBe(true)
  expect(unseen).toBe(1)
  const { values: load } = probe.columns[2]
  expect(imputed).toBe(load.filter(Number.isNaN).length + 1)
  for (const other of [await openWebEngine({ device: 'wasm' }), openReference()]) {
    const same = await new Model(model.bytes, other).score(probe)
    same.score.forEach((value, row) =>
      expect(Math.abs(value - score[row]), `${other.device}, row ${row}`).toBeLessThan(1e-4 * score[row]),
    )
    await other.close()
  }
})

it('scores in onnxruntime from raw columns', async () => {
  const session = await ort.InferenceSession.create(model.bytes)
  const n = 3
  const float = (values: number[]) => new ort.Tensor('float64', Float64Array.from(values), [n, 1])
  const feeds = {
    at: float([0, start / 1000, NaN]),
    site: new ort.Tensor('string', ['nowhere', '', '東京'], [n, 1]),
    load: float([1e9, NaN, 3]),
    on: float([1, NaN, 1]),
  }
  const { score } = await session.run(feeds)
  const ours = await model.score(
    tableFromColumns({
      at: [new Date(0), new Date(start), null],
      site: ['nowhere', null, '東京'],
      load: [1e9, null, 3],
      on: [true, null, true],
    }),
  )
  expect(Array.from(score.data as Float64Array, (value, row) => Math.abs(value / ours.score[row] - 1) < 1e-6)).toEqual([
    true,
    true,
    true,
  ])
  await session.release()
})

it('does not depend on the numbers that texts have in a table, nor on their company', async () => {
  const { score } = await model.score(probe)
  const order = [31, 3, 17, 0, 30]
  const some = await model.score(joinRows(order.map((row) => takeRows(probe, [row]))))
  some.score.forEach((value, i) => expect(Math.abs(value - score[order[i]])).toBeLessThan(1e-6 * value))
})

it('takes numbers for categories by the texts that they print as, and refuses texts for numbers', async () => {
  const coded = await fit(
    tableFromColumns({
      code: Array.from({ length: 200 }, (_, i) => i % 4),
      x: Array.from({ length: 200 }, (_, i) => Math.sin(i)),
    }),
    { engine, types: { code: 'category' }, parameters: { steps: 20 } },
  )
  const [numbers, texts] = [
    await coded.score(tableFromColumns({ code: [1, 7], x: [0, 0] })),
    await coded.score(tableFromColumns({ code: ['1', '7'], x: [0, 0] })),
  ]
  expect([...numbers.score]).toEqual([...texts.score])
  expect([numbers.unseen, texts.unseen]).toEqual([1, 1])
  await expect(coded.score(tableFromColumns({ code: ['1'], x: ['low'] }))).rejects.toMatchObject({
    code: 'data',
    message: "column 'x' holds texts, but the model was trained on numbers there",
  })
})

it('leaves out a column that is empty in the rows that train', async () => {
  const time = Float64Array.from({ length: 100 }, (_, i) => i)
  const late = tableFromColumns({ x: Array.from(time, Math.sin), z: Array.from(time, (i) => (i < 92 ? null : i)) })
  const { manifest } = await fit(late, { engine, time, parameters: { steps: 5 } })
  expect(manifest.input.kind === 'table' && manifest.input.leftOut).toEqual([{ name: 'z', reason: 'empty' }])
})

it('counts missing texts where training had none', async () => {
  const full = await fit(
    tableFromColumns({
      c: Array.from({ length: 100 }, (_, i) => 'ab'[i % 2]),
      x: Array.from({ length: 100 }, (_, i) => i),
    }),
    { engine, parameters: { steps: 5 } },
  )
  expect((await full.score(tableFromColumns({ c: ['a', null, ''], x: [1, 2, 3] }))).unseen).toBe(2)
})

it.each(
  [...detectors.values()]
    .filter(({ accepts, name }) => accepts.includes('table') && !['toll', 'toll-auto', 'ensemble'].includes(name))
    .map(({ name }) => name),
)('%s takes mixed tables', async (name) => {
  const fitted = await fit(training, { engine, detector: detectorNamed(name), seed: 1 })
  const { score } = await fitted.score(probe)
  expect(score.some(Number.isNaN)).toBe(false)
  expect(score[30]).toBeGreaterThan([...score].sort((a, b) => a - b)[10])
  await fitted.close()
})
