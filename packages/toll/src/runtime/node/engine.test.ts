import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { messageOf } from '../../base/index.js'
import { broadcastTo, compile, exp, input, not, sum } from '../../graph/index.js'
import { describeEngine, descent } from '../contract.test.suite.js'
import { float32, hostTensor, openEngine } from './index.js'

describeEngine('cpu, one thread', () => openEngine({ device: 'cpu', threads: 1 }), {
  checksIndices: true,
  busySize: 512,
})
describeEngine('cpu, two threads', () => openEngine({ device: 'cpu', threads: 2 }), {
  checksIndices: true,
  busySize: 512,
})

for (const device of ['webgpu', 'cuda'] as const) {
  const missing = await openEngine({ device }).then((engine) => engine.close(), messageOf)
  if (missing === undefined) {
    describeEngine(device, () => openEngine({ device }), { checksIndices: false, busySize: 256 })
  } else {
    console.log(`engine ${device} skipped: ${missing}`)
    it(`says in one line why there is no ${device}`, async () => {
      await expect(openEngine({ device })).rejects.toThrow(
        expect.objectContaining({
          code: 'device',
          message: expect.stringMatching(
            new RegExp(`^device '${device}' is not available: .+; choose the device cpu$`),
          ),
        }),
      )
    })
  }
}

describe('options', () => {
  it('auto finds a device, in the order that was asked for', async () => {
    const auto = await openEngine()
    expect(['cuda', 'webgpu', 'cpu']).toContain(auto.device)
    await auto.close()
    const first = await openEngine({ order: ['cpu', 'webgpu'] })
    expect(first.device).toBe('cpu')
    await first.close()
  })

  it('opens the reference too', async () => {
    expect(await openEngine({ device: 'reference' })).toMatchObject({ device: 'reference', threads: 1 })
  })

  it('refuses what is outside its domain', async () => {
    for (const options of [
      { device: 'tpu' },
      { threads: 0 },
      { threads: 1.5 },
      { threads: NaN },
      { order: [] },
      { order: ['wasm'] },
    ]) {
      await expect(openEngine(options as never)).rejects.toThrow(expect.objectContaining({ code: 'argument' }))
    }
  })

  it('writes a profile per program', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'toll-profile-'))
    const engine = await openEngine({ device: 'cpu', profile: join(folder, 'deep') })
    const { program, options, feeds } = descent()
    const loop = await (await engine.load(program)).loop(options)
    await loop.advance(feeds)
    await engine.close()
    const files = await readdir(join(folder, 'deep'))
    expect(files).toEqual([expect.stringMatching(/^toll.*\.json$/)])
    const events: { name: string }[] = JSON.parse(await readFile(join(folder, 'deep', files[0]), 'utf8'))
    expect(events.filter(({ name }) => name === 'model_run')).toHaveLength(feeds.length)
    await rm(folder, { recursive: true })
    await expect(openEngine({ profile: '/dev/null/deep' })).rejects.toThrow(expect.objectContaining({ code: 'io' }))
  })
})

it('leaves a Buffer that it is given as it was', async () => {
  const engine = await openEngine({ device: 'cpu' })
  const flag = input('flag', [3], 'bool')
  const model = Buffer.from(compile({ flipped: not(flag) }))
  const data = Buffer.from([1, 0, 1])
  const session = await engine.load({ model })
  expect(await session.run({ flag: hostTensor('bool', [3], data) })).toEqual({
    flipped: hostTensor('bool', [3], Uint8Array.of(0, 1, 0)),
  })
  expect([model.length > 0, ...data]).toEqual([true, 1, 0, 1])
  await engine.close()
})

it('says that memory ran out, and goes on', async () => {
  const engine = await openEngine({ device: 'cpu' })
  const session = await engine.load({ outputs: { y: sum(exp(broadcastTo(input('x', [1, 1]), [1 << 20, 1 << 21]))) } })
  await expect(session.run({ x: float32([1, 1], [1]) })).rejects.toThrow(
    expect.objectContaining({
      code: 'device',
      message: expect.stringContaining('ran out of memory'),
      cause: expect.any(Error),
    }),
  )
  const small = await engine.load({ outputs: { y: exp(input('x', [1])) } })
  expect((await small.run({ x: float32([1], [0]) })).y).toEqual(float32([1], [1]))
  await engine.close()
})
