// What is noted of a training, from models that were fitted.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { Random, tableFromColumns, type ColumnValues } from '../base/index.js'
import { meanDistance, toll } from '../detectors/index.js'
import { fit, type FitOptions } from '../model/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { reviewTraining } from './index.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)
const random = Random.seeded(2)
const a = Float64Array.from(upTo(100), () => random.normal())

async function notesOf(columns: Readonly<Record<string, ColumnValues>>, options: Partial<FitOptions> = {}) {
  const model = await fit(tableFromColumns(columns), { engine, detector: meanDistance, ...options })
  await model.close()
  return reviewTraining(model.manifest)
}

it('says nothing of what was expected', async () => {
  expect(await notesOf({ a })).toEqual([])
})

it('says which columns were left out, turned into categories, never change, or had gaps', async () => {
  const columns = {
    a: a.map((value, row) => (row % 50 === 3 ? NaN : value)),
    same: upTo(100).map(() => 1),
    key: upTo(100).map((row) => `k${row}`),
    kind: upTo(100).map((row) => 'abc'[row % 3]),
    kept: upTo(100).map(() => 4),
  }
  expect(await notesOf(columns, { types: { kept: 'number' } })).toEqual([
    { code: 'columns-left-out', reason: 'constant', columns: ['same'] },
    { code: 'columns-left-out', reason: 'identifier', columns: ['key'] },
    { code: 'strings-as-categories', columns: [{ column: 'kind', categories: 3 }] },
    { code: 'constant-columns', columns: ['kept'] },
    { code: 'missing-numbers', columns: [{ column: 'a', missing: expect.any(Number) }] },
  ])
})

it('says how rows were held out, or that none were', async () => {
  const groups = upTo(100).map((row) => row % 5)
  expect(await notesOf({ a }, { groups, holdOut: 0.2 })).toEqual([
    { code: 'groups-held-out', samples: 'rows', heldOut: 20, groups: 1 },
  ])
  expect(await notesOf({ a }, { time: upTo(100) })).toEqual([{ code: 'latest-held-out', samples: 'rows', heldOut: 10 }])
  expect(await notesOf({ a }, { window: { size: 5 } })).toEqual([
    { code: 'latest-held-out', samples: 'windows', heldOut: 10 },
  ])
  expect(await notesOf({ a: a.subarray(0, 20) })).toEqual([{ code: 'threshold-from-training' }])
})

it('says that there were fewer rows than a batch should have', async () => {
  expect(await notesOf({ a }, { detector: toll, parameters: { batch: 100, steps: 2 } })).toEqual([
    { code: 'small-batch', rows: 90, batch: 100 },
  ])
})
