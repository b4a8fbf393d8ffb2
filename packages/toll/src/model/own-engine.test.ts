// Models that were given no engine: what they share, and that they neither hold the process nor bring it down.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { Random, tableFromRows } from '../base/index.js'
import { fit } from './index.js'

const random = Random.seeded(3)
const rows = Array.from({ length: 60 }, () => [random.normal(), random.normal(), random.normal()])
const probe = tableFromRows([[0, 0, 0]])
const settings = { seed: 1, parameters: { steps: 5 } }

it('score on one engine until the last of them is closed', async () => {
  const first = await fit(tableFromRows(rows), settings)
  const second = first.withThreshold({ kind: 'quantile', quantile: 0.5 })
  const { score } = await first.score(probe)
  await first.close()
  expect((await second.score(probe)).score).toEqual(score)
  await second[Symbol.asyncDispose]()
  await expect(second.score(probe)).rejects.toMatchObject({ code: 'aborted' })
})

const run = async (body: string) => {
  const program = `
    import { fit, tableFromRows } from ${JSON.stringify(new URL('../index.js', import.meta.url).href)}
    const table = tableFromRows(${JSON.stringify(rows)})
    ${body}`
  return promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { timeout: 250_000 })
}

it('do not keep the process alive', async () => {
  const body = `
    const model = await fit(table, ${JSON.stringify(settings)})
    console.log((await model.score(table)).score.length)`
  expect(await run(body)).toEqual({ stdout: '60\n', stderr: '' })
})

it('do not bring the process down when it leaves during a fit', async () => {
  const body = `
    void fit(table, { seed: 1, parameters: { steps: 100000 }, onProgress: ({ step }) => step > 3 && process.exit(0) })`
  expect(await run(body)).toEqual({ stdout: '', stderr: '' })
})
