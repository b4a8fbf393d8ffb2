// The same training loop in headless Chromium, on wasm and on WebGPU, as in Node.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random } from '../base/index.js'
import { add, compile, gather, gradients, input, matmul, mean, mul, rowNorm, sub, tanh } from '../graph/index.js'
import { findChromium, noChromium, openPage, type BrowserPage } from 'toll-test/browser'
import { float32, int64 } from './index.js'
import { openEngine } from './node/index.js'

const executable = findChromium()
if (!executable) console.log(`browser tests skipped: ${noChromium}`)

const steps = 50
const random = Random.seeded(11)
const normal = (n: number, scale: number) => Array.from({ length: n }, () => Math.fround(scale * random.normal()))
const setup = {
  model: [...training()],
  x: normal(40 * 6, 1),
  a: normal(6 * 3, 0.4),
  b: normal(3 * 6, 0.4),
  rows: Array.from({ length: steps }, () => [...random.sample(40, 8)]),
}

/** One step of gradient descent of a small autoencoder with a norm on its code. */
function training(): Uint8Array {
  const [a, b] = [input('a', [6, 3]), input('b', [3, 6])]
  const x = gather(input('x', [40, 6]), input('rows', [8], 'int64'), 0)
  const code = tanh(matmul(x, a))
  const loss = add(mean(rowNorm(sub(x, matmul(code, b)))), mean(rowNorm(code)))
  const [ga, gb] = gradients(loss, [a, b])
  return compile({ a2: sub(a, mul(ga, 0.1)), b2: sub(b, mul(gb, 0.1)), loss })
}

const inPage = (device: string) => `
  const { float32, int64, openWebEngine } = await import('toll/runtime')
  const engine = await openWebEngine({ device: '${device}', threads: 1 })
  const session = await engine.load({ model: Uint8Array.from(argument.model) })
  const loop = await session.loop({
    constants: { x: float32([40, 6], argument.x) },
    state: { a: float32([6, 3], argument.a), b: float32([3, 6], argument.b) },
    carry: { a: 'a2', b: 'b2' },
  })
  const results = await loop.advance(argument.rows.map((rows) => ({ rows: int64([8], rows) })))
  const state = await loop.state()
  await engine.close()
  return { device: engine.device, losses: results.map(({ loss }) => loss.data[0]), b: [...state.b.data] }
`

const textsInPage = (device: 'reference' | 'wasm' | 'webgpu') => `
  const { add, cast, compile, input, lookup, mul } = await import('toll/graph')
  const { openReference, openWebEngine, strings } = await import('toll/runtime')
  const engine =
    '${device}' === 'reference' ? openReference() : await openWebEngine({ device: '${device}', threads: 1 })
  const places = lookup(input('city', ['n', 1], 'string'), ['東京', 'Zürich'])
  const session = await engine.load({ model: compile({ y: mul(add(cast(places, 'float32'), 1), 3) }) })
  const results = []
  for (const city of [['Zürich', '', 'Zürich ', '東京'], []]) {
    const { y } = await session.run({ city: strings([city.length, 1], city) })
    results.push(Array.from(y.data, (value) => value / 3 - 1))
  }
  await engine.close()
  return results
`

interface Trained {
  readonly device: string
  readonly losses: number[]
  readonly b: number[]
}

async function inNode(): Promise<Trained> {
  const engine = await openEngine({ device: 'cpu', threads: 1 })
  const session = await engine.load({ model: Uint8Array.from(setup.model) })
  const loop = await session.loop({
    constants: { x: float32([40, 6], setup.x) },
    state: { a: float32([6, 3], setup.a), b: float32([3, 6], setup.b) },
    carry: { a: 'a2', b: 'b2' },
  })
  const results = await loop.advance(setup.rows.map((rows) => ({ rows: int64([8], rows) })))
  const state = await loop.state()
  await engine.close()
  return {
    device: engine.device,
    losses: results.map(({ loss }) => Number(loss.data[0])),
    b: Array.from(state.b.data, Number),
  }
}

function expectSame(there: Trained, here: Trained): void {
  expect(there.losses).toHaveLength(steps)
  const apart = (a: number[], b: number[]) => Math.max(...a.map((value, i) => Math.abs(value - b[i])))
  expect(apart(there.losses, here.losses)).toBeLessThan(1e-4)
  expect(apart(there.b, here.b)).toBeLessThan(1e-4)
}

describe.skipIf(!executable)('in a browser', () => {
  let page: BrowserPage
  beforeAll(async () => {
    page = await openPage(executable!)
  })
  afterAll(() => page?.close())

  it('trains on wasm as Node does on the CPU', async () => {
    const here = await inNode()
    expect(here.losses.at(-1)).toBeLessThan(here.losses[0] - 0.2)
    const there = await page.run<Trained>(inPage('wasm'), setup)
    expect(there.device).toBe('wasm')
    expectSame(there, here)
  })

  it('takes wasm by itself where the page has no GPU, and builds and interprets graphs', async () => {
    expect(
      await page.run(`
      const { add, compile, input } = await import('toll/graph')
      const { float32, openReference, openWebEngine } = await import('toll/runtime')
      const outputs = { y: add(input('x', ['n']), 1) }
      const answers = []
      for (const engine of [openReference(), await openWebEngine({ threads: 1 })]) {
        const session = await engine.load({ model: compile(outputs) })
        answers.push([engine.device, ...(await session.run({ x: float32([2], [1, 2]) })).y.data])
        await engine.close()
      }
      return answers
    `),
    ).toEqual([
      ['reference', 2, 3],
      ['wasm', 2, 3],
    ])
  })

  it('takes texts on wasm and in the interpreter', async () => {
    const expected = [[1, 2, 2, 0], []]
    expect(await page.run(textsInPage('reference'))).toEqual(expected)
    expect(await page.run(textsInPage('wasm'))).toEqual(expected)
  })

  it('says in one line why there is no WebGPU', async () => {
    expect(
      await page.run(`
      const { openWebEngine } = await import('toll/runtime')
      return openWebEngine({ device: 'webgpu' }).then(() => 'opened', (error) => error.code + ': ' + error.message)
    `),
    ).toMatch(/^device: device 'webgpu' is not available: .+; choose the device wasm$/)
  })
})

describe.skipIf(!executable)('in a browser with WebGPU', () => {
  let page: BrowserPage
  beforeAll(async () => {
    page = await openPage(executable!, { webgpu: true })
  })
  afterAll(() => page?.close())

  it('trains on WebGPU as Node does on the CPU', async (context) => {
    const adapter = await page.run<boolean>('return Boolean(await navigator.gpu?.requestAdapter())')
    if (!adapter) {
      console.log('WebGPU in the browser skipped: Chromium gives no software adapter')
      context.skip()
    }
    const there = await page.run<Trained>(inPage('webgpu'), setup)
    expect(there.device).toBe('webgpu')
    expectSame(there, await inNode())
    expect(await page.run(textsInPage('webgpu'))).toEqual([[1, 2, 2, 0], []])
  })
})
