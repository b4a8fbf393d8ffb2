// Columns whose numbers are too large to learn from are named by the error.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { tableFromColumns } from '../base/index.js'
import { detectorNamed } from '../detectors/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { fit } from './index.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

const rows = Array.from({ length: 60 }, (_, i) => i)
const a = rows.map(Math.sin)

it.each(['toll', 'pca', 'knn'])('of a fit of %s', async (name) => {
  const huge = rows.map((i) => Math.cos(i) * 1e308)
  const parameters = name === 'toll' ? { steps: 3 } : {}
  await expect(
    fit(tableFromColumns({ a, huge, also: huge }), { engine, detector: detectorNamed(name), parameters }),
  ).rejects.toMatchObject({
    reason: 'overflow',
    message:
      'columns huge, also hold numbers beyond 1e+150, which cannot be scaled; correct them, or leave the columns out',
    details: { columns: ['huge', 'also'], limit: 1e150 },
  })
})

it('but not where the reason is another', async () => {
  const toll = { engine, detector: detectorNamed('toll'), parameters: { steps: 3, learningRate: 1e30 } }
  await expect(fit(tableFromColumns({ a }), toll)).rejects.toMatchObject({ reason: 'loss-not-finite' })
  const infinite = tableFromColumns({ a: rows.map((i) => (i === 7 ? Infinity : i)) })
  await expect(fit(infinite, { engine, detector: detectorNamed('pca') })).rejects.toMatchObject({
    reason: 'not-finite',
    details: { column: 'a' },
  })
})
