// What an engine does to the process around it: it ends by itself, and nothing but our words reaches the terminal.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = (body: string, env: Record<string, string> = {}) =>
  promisify(execFile)(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `
  import { float32, openEngine } from ${JSON.stringify(new URL('./index.js', import.meta.url).href)}
  import { exp, gather, input, matmul } from ${JSON.stringify(new URL('../../graph/index.js', import.meta.url).href)}
  ${body}
`,
    ],
    { timeout: 250_000, env: { ...process.env, ...env } },
  )

const load = `
  const engine = await openEngine({ device: 'cpu' })
  const session = await engine.load({ outputs: { y: exp(input('x', [1])) } })
  const loop = await session.loop({ constants: {}, state: { x: float32([1], [0]) }, carry: { x: 'y' } })
`

it('an engine that is not closed does not keep the process alive', async () => {
  expect(await run(`${load} await loop.advance([{}]); console.log('end')`)).toMatchObject({
    stdout: 'end\n',
    stderr: '',
  })
})

it('a pending run does, until it is done', async () => {
  const body =
    `${load} loop.advance(Array.from({ length: 2000 }, () => ({}))).then((all) => console.log('ran', ` + 'all.length))'
  expect(await run(body)).toMatchObject({ stdout: 'ran 2000\n', stderr: '' })
})

it('the process ends after closing', async () => {
  expect(await run(`${load} await engine.close(); console.log('end')`)).toMatchObject({ stdout: 'end\n', stderr: '' })
})

it('failures print nothing of their own', async () => {
  const body = `${load}
    const bad = await engine.load({ outputs: { y: gather(input('t', [3]), input('i', [1], 'int64'), 0) } })
    const feeds = { t: float32([3], [0, 0, 0]), i: { dtype: 'int64', shape: [1], data: BigInt64Array.of(7n) } }
    const codes = []
    await bad.run(feeds).catch((error) => codes.push(error.code))
    await engine.load({ model: new Uint8Array(100) }).catch((error) => codes.push(error.code))
    for (const device of ['cuda', 'webgpu']) {
      await openEngine({ device }).then(() => codes.push('device'), (error) => codes.push(error.code))
    }
    console.log(codes.join())`
  expect(await run(body)).toMatchObject({ stdout: 'data,format,device,device\n', stderr: '' })
})

describe.each(['a run', 'a fit'])('a process that leaves in the middle of %s', (what) => {
  // Runs follow each other without a pause, so that one is always under way.
  const working = `
    const engine = await openEngine({ device: 'cpu', threads: 2 })
    const wide = input('x', [600, 600])
    const heavy = await engine.load({ outputs: { y: matmul(matmul(matmul(wide, wide), wide), wide) } })
    const x = float32([600, 600], new Float32Array(360000).fill(0.01))
    const runs = Promise.all(Array.from({ length: 500 }, () => heavy.run({ x })))
    runs.catch((error) => console.log(error.code))
    await new Promise((resolve) => setTimeout(resolve, 300))`
  const fitting = `
    const { fit, tableFromRows } = await import(${JSON.stringify(new URL('../../index.js', import.meta.url).href)})
    const rows = Array.from({ length: 2000 }, (_, i) => [Math.sin(i), Math.cos(i), i % 7])
    fit(tableFromRows(rows, ['a', 'b', 'c']), { seed: 1, parameters: { steps: 100000 } }).catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 1000))`
  const body = what === 'a run' ? working : fitting

  it.each([
    ['process.exit(7)', 7, ''],
    ['process.exitCode = 5; process.exit()', 5, ''],
    [`process.on('SIGTERM', () => process.exit(6)); process.kill(process.pid, 'SIGTERM')`, 6, ''],
    [`setTimeout(() => { throw new Error('of its owner') })`, 1, 'of its owner'],
    [`Promise.reject(new Error('of its owner'))`, 1, 'of its owner'],
  ])('%s gives the exit code of its owner', async (leaving, code, words) => {
    const ended = await run(`${body}\n${leaving}`).catch((error: unknown) => error)
    expect(ended).toMatchObject({ code, signal: null, stderr: expect.stringContaining(words) })
    expect(ended).toMatchObject({ stderr: expect.not.stringMatching(/terminate called|Abort/) })
  })
})

// Chromium brings a Vulkan loader and a software rasteriser that WebGPU accepts.
const rasteriser = '/usr/lib/chromium/vk_swiftshader_icd.json'
if (!existsSync(rasteriser)) console.log(`WebGPU in two threads skipped: no software adapter at ${rasteriser}`)

it.skipIf(!existsSync(rasteriser))('two engines share the one WebGPU context of the process', async () => {
  const body = `
    const outputs = { y: exp(input('x', [1])) }
    const engines = await Promise.all([openEngine({ device: 'webgpu' }), openEngine({ device: 'webgpu' })])
    const sessions = await Promise.all(engines.map((engine) => engine.load({ outputs })))
    const runs = sessions.flatMap((session) => Array.from({ length: 20 }, () => session.run({ x: float32([1], [0]) })))
    const results = await Promise.all(runs)
    await Promise.all(engines.map((engine) => engine.close()))
    const alike = results.every(({ y }) => y.data[0] === 1)
    console.log(engines.map((engine) => engine.device).join(), results.length, alike)`
  expect(
    await run(body, {
      LD_LIBRARY_PATH: '/usr/lib/chromium',
      VK_ICD_FILENAMES: rasteriser,
      VK_DRIVER_FILES: rasteriser,
    }),
  ).toMatchObject({ stdout: 'webgpu,webgpu 40 true\n' })
})
