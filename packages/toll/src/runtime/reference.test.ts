import { expect, it } from 'vitest'
import { input, mul } from '../graph/index.js'
import { describeEngine } from './contract.test.suite.js'
import { float32, float64, openReference } from './index.js'

describeEngine('reference', () => Promise.resolve(openReference()), { checksIndices: true, busySize: 64 })

const third = () => {
  const x = input('x', [1])
  return { outputs: { next: mul(x, 1 / 3), y: mul(x, 2) } }
}
const state = { x: float32([1], [1]) }
const carry = { x: 'next' }

it('rounds a float32 graph between runs as declared', async () => {
  const loop = await (await openReference().load(third())).loop({ constants: {}, state, carry })
  await loop.advance([{}, {}])
  const f = Math.fround
  expect(await loop.state()).toEqual({ x: float32([1], [f(f(1 / 3) * f(1 / 3))]) })
})

it('gives a float32 graph in float64, unrounded between runs, where asked', async () => {
  const session = await openReference({ precision: 'float64' }).load(third())
  expect([...session.inputs, ...session.outputs].map(({ dtype }) => dtype)).toEqual(['float64', 'float64', 'float64'])
  const loop = await session.loop({ constants: {}, state, carry })
  expect(await loop.state()).toEqual({ x: float64([1], [1]) })
  const third32 = Math.fround(1 / 3)
  expect(await loop.advance([{}, {}])).toEqual([{ y: float64([1], [2]) }, { y: float64([1], [2 * third32]) }])
  expect(await loop.state()).toEqual({ x: float64([1], [third32 * third32]) })
})

it('refuses an unknown precision', () => {
  expect(() => openReference({ precision: 'single' as never })).toThrow(expect.objectContaining({ code: 'argument' }))
})
