import { expect, it } from 'vitest'
import { input, mul } from '../graph/index.js'
import { float32, openReference, release, sharedEngine, shareOf } from './index.js'

const doubled = { outputs: { y: mul(input('x', [1]), 2) } }
const closed = { code: 'aborted' }

it('opens one engine for all, and closes it with the last', async () => {
  const [a, b] = await Promise.all([sharedEngine(), sharedEngine()])
  const c = shareOf(a)
  const session = await b.load(doubled)
  await release(a)
  await release(a)
  await release(b)
  // c is still there.
  expect((await session.run({ x: float32([1], [3]) })).y.data).toEqual(Float32Array.of(6))
  await expect(a.load(doubled)).rejects.toMatchObject(closed)
  expect(() => shareOf(a)).toThrow(expect.objectContaining(closed))
  await release(c)
  await expect(session.run({ x: float32([1], [3]) })).rejects.toMatchObject(closed)
  const later = await sharedEngine()
  expect((await (await later.load(doubled)).run({ x: float32([1], [1]) })).y.data).toEqual(Float32Array.of(2))
  await later.close()
})

it('leaves an engine of the caller alone', async () => {
  const own = openReference()
  expect(shareOf(own)).toBe(own)
  await release(own)
  expect(await own.load(doubled)).toBeDefined()
  await own.close()
})
