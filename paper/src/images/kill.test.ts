// A sweep whose process is killed in the middle of a trial and started again ends in the log of an undisturbed one.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readImageRecord } from './index.js'
import { numbersOf, sweep } from './made-images.harness.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-kill-'))
})
afterAll(() => rm(folder, { recursive: true }))

it('gives the same log after kill -9 and a restart', async () => {
  const undisturbed = await sweep(join(folder, 'whole.ndjson'))
  const log = join(folder, 'killed.ndjson')
  const harness = new URL('./made-images.harness.js', import.meta.url).href
  // Steps reached are printed: the second trial is killed after its first checkpoint and before its end.
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { sweep } from ${JSON.stringify(harness)}
    await sweep(${JSON.stringify(log)}, { onProgress: ({ done }) => console.log(done) })`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (text.split('\n').some((line) => Number(line) >= 9)) child.kill('SIGKILL')
  })
  const [, signal] = (await once(child, 'close')) as unknown[]
  expect(signal).toBe('SIGKILL')
  expect((await readFile(log, 'utf8')).trim().split('\n')).toHaveLength(1)
  expect(await readdir(`${log}.running`)).toEqual([expect.stringMatching(/\.safetensors$/)])

  const reached: number[] = []
  await sweep(log, { onProgress: ({ done }) => reached.push(done) })
  expect(reached[0]).toBeGreaterThan(6 + 2)
  const lines = (await readFile(log, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => readImageRecord(JSON.parse(line)))
  expect(numbersOf(lines)).toEqual(numbersOf(undisturbed))
  expect((await readdir(folder)).sort()).toEqual(['killed.ndjson', 'whole.ndjson'])
}, 240_000)
