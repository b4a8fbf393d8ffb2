import { expect, it } from 'vitest'
import { WorkerLink } from './link.js'

const open = (settings = {}) => new WorkerLink(new URL('./link.test.worker.js', import.meta.url), settings)
const ask = (link: WorkerLink, argument: unknown, move: ArrayBuffer[] = []) =>
  link.call({ method: 'run', argument }, move)

it('answers by number and moves buffers', async () => {
  const link = open()
  const data = Float32Array.of(1, 2)
  expect(await Promise.all([ask(link, 'a'), ask(link, data, [data.buffer])])).toEqual(['a', Float32Array.of(1, 2)])
  expect(data.length).toBe(0)
  await link.close()
})

it('brings errors back with their code, reason, details and cause', async () => {
  const link = open()
  await expect(ask(link, 'refuse')).rejects.toThrow(
    expect.objectContaining({
      name: 'TollError',
      code: 'data',
      reason: 'not-a-number',
      details: { row: 3, column: 'a', value: ['1', Infinity], expected: ['x'] },
      message: 'no such row',
      cause: new Error('native words'),
    }),
  )
  expect(await ask(link, 1)).toBe(1)
  await link.close()
})

for (const [end, words] of [
  ['exit', 'it exited with code 3'],
  ['throw', 'out of the blue'],
]) {
  it(`fails pending and later calls when the worker dies (${end})`, async () => {
    const link = open()
    const dead = expect.objectContaining({
      code: 'device',
      message: `the engine's worker thread stopped: ${words}; open a new engine`,
    })
    const pending = [ask(link, end), ask(link, 'never answered')]
    for (const result of await Promise.allSettled(pending)) expect(result).toEqual({ status: 'rejected', reason: dead })
    await expect(ask(link, 1)).rejects.toThrow(dead)
    await link.close()
  })
}

it('fails calls when the script cannot be loaded', async () => {
  const link = new WorkerLink(new URL('./nothing-here.js', import.meta.url), {})
  await expect(ask(link, 1)).rejects.toThrow(
    expect.objectContaining({ code: 'device', message: expect.stringContaining('nothing-here.js') }),
  )
  await link.close()
})

it('close fails what is pending, raises the stop flag and waits for the end', async () => {
  const link = open()
  const pending = expect(ask(link, 'wait for stop')).rejects.toThrow(expect.objectContaining({ code: 'aborted' }))
  await Promise.all([link.close(), link.close()])
  await pending
  await expect(ask(link, 1)).rejects.toThrow(expect.objectContaining({ code: 'aborted' }))
})

it('refuses what cannot be sent, and goes on', async () => {
  const link = open()
  await expect(ask(link, () => 1)).rejects.toThrow(/could not be cloned/)
  expect(await ask(link, 2)).toBe(2)
  await link.close()
})
