// One whole fit of a table in headless Chromium, through the public door: the losses are those of Node, and the model
// file scores there and here alike.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random, tableFromRows } from '../base/index.js'
import { findChromium, noChromium, openPage, type BrowserPage } from 'toll-test/browser'
import { openEngine } from '../runtime/node/index.js'
import { fit, Model } from './index.js'

const executable = findChromium()
if (!executable) console.log(`browser fit skipped: ${noChromium}`)

const random = Random.seeded(5)
const rows = Array.from({ length: 120 }, () => {
  const [a, b] = [random.normal(), random.normal()]
  return [a, 100 + 10 * b, a - b, 2 * a + 0.1 * random.normal()]
})
const probe = [
  [0, 100, 0, 0],
  [0, 100, 4, 0],
  [3, 90, 0, -6],
]
// Rounding differs between the two engines, and training amplifies it: after some thirty steps a single unit that
// switches sides shows.
const settings = { seed: 2, parameters: { steps: 25, batch: 32, latent: 3 } }

interface Outcome {
  readonly losses: number[]
  readonly scores: number[]
  readonly bytes: Uint8Array
}

const inPage = `
  const { fit, openEngine, tableFromRows } = await import('toll')
  const engine = await openEngine({ device: 'wasm', threads: 1 })
  const model = await fit(tableFromRows(argument.rows), { engine, ...argument.settings })
  const { score } = await model.score(tableFromRows(argument.probe))
  await engine.close()
  return { losses: model.manifest.training.history.loss, scores: [...score], bytes: model.bytes }
`

/**
 * The first program of a page: no engine, a model saved to a file that was chosen and loaded from it and an address.
 */
const alone = `
  const { fit, loadModel, openEngine, readTable, saveModel, tableFromRows } = await import('toll')
  const csv = ['x0,x1,x2,x3', ...argument.rows.map((row) => row.join())].join('\\n')
  const model = await fit(await readTable(new File([csv], 'rows.csv')), argument.settings)
  const parts = []
  const writable = { write: async (bytes) => parts.push(bytes), close: async () => {} }
  await saveModel(model, { createWritable: async () => writable })
  const file = new File(parts, 'model.onnx')
  const models = [model, await loadModel(file), await loadModel(URL.createObjectURL(file))]
  const scores = []
  for (const each of models) {
    scores.push([...(await each.score(tableFromRows(argument.probe))).score])
    await each.close()
  }
  const refusals = []
  for (const options of [{ device: 'cpu' }, { profile: 'folder' }, { device: 'tpu' }])
    await openEngine(options).catch(({ reason, details }) => refusals.push([reason, details.option]))
  await loadModel('nothing.onnx').catch(({ reason }) => refusals.push(reason))
  return { scores, refusals }
`

describe.skipIf(!executable)('a fit in a browser', () => {
  let page: BrowserPage
  beforeAll(async () => {
    page = await openPage(executable!)
  })
  afterAll(() => page?.close())

  it('has the losses of Node, and makes a file that scores in Node as it did there', async () => {
    const engine = await openEngine({ device: 'cpu', threads: 1 })
    const [there, here] = [
      await page.run<Outcome>(inPage, { rows, probe, settings }),
      await fit(tableFromRows(rows), { engine, ...settings }),
    ]
    const { loss } = here.manifest.training.history as { loss: number[] }
    const apart = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]) / Math.abs(b[i])))
    expect(there.losses).toHaveLength(25)
    expect(apart(there.losses, loss)).toBeLessThan(1e-4)
    const { score } = await new Model(there.bytes, engine).score(tableFromRows(probe))
    expect(apart(score, there.scores)).toBeLessThan(1e-5)
    await engine.close()
    expect(page.strangers).toEqual([])
  })

  it('would be seen to ask for what is elsewhere', async () => {
    const another = await openPage(executable!)
    const address = 'https://example.org/model.onnx'
    await another.run(`await fetch('${address}').catch(() => undefined)`)
    expect(another.strangers).toEqual([address])
    await another.close()
  })

  it('needs no engine, and reads and writes files as a page has them', async () => {
    const another = await openPage(executable!)
    const { scores, refusals } = await another.run<{ scores: number[][]; refusals: unknown[] }>(alone, {
      rows,
      probe,
      settings,
    })
    expect(another.strangers).toEqual([])
    await another.close()
    expect(scores[0]).toHaveLength(3)
    expect(scores[1]).toEqual(scores[0])
    expect(scores[2]).toEqual(scores[0])
    expect(refusals).toEqual([
      ['no-device', 'device'],
      ['not-applicable', 'profile'],
      ['out-of-domain', 'device'],
      'unknown-file',
    ])
  })
})
