import { expect, it } from 'vitest'
import { describeEngine } from './contract.test.suite.js'
import { openWebEngine } from './index.js'

describeEngine('wasm', () => openWebEngine({ device: 'wasm' }), { checksIndices: true, busySize: 384 })

it('falls back to wasm where there is no WebGPU, and says why when asked for it', async () => {
  const engine = await openWebEngine()
  expect([engine.device, engine.threads]).toEqual(['wasm', 1])
  await engine.close()
  await expect(openWebEngine({ device: 'webgpu' })).rejects.toThrow(
    expect.objectContaining({
      code: 'device',
      message: expect.stringMatching(/^device 'webgpu' is not available: .*navigator\.gpu.*; choose the device wasm$/),
    }),
  )
})

it('refuses what is outside its domain, and a second number of threads', async () => {
  for (const options of [{ device: 'cpu' }, { threads: 0 }, { threads: 65 }, { threads: 2.5 }]) {
    await expect(openWebEngine(options as never)).rejects.toThrow(expect.objectContaining({ code: 'argument' }))
  }
  await expect(openWebEngine({ device: 'wasm', threads: 2 })).rejects.toThrow(
    expect.objectContaining({
      code: 'argument',
      message: expect.stringContaining('already runs with 1 threads'),
    }),
  )
})
