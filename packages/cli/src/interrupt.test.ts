import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from 'toll-test/spawn'
import { runToll, startToll, writeExample } from './spawn.test.suite.js'

let folder = ''
const at = (name: string) => join(folder, name)
const fit = (output: string, ...more: string[]) => [
  'fit',
  'example.csv',
  '--columns',
  'a,b,c',
  '-o',
  output,
  '--steps',
  '20000',
  '--threads',
  '1',
  ...more,
]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-stop-'))
  await writeExample(folder)
})
afterAll(() => rm(folder, { recursive: true }))

test('Ctrl-C during fit keeps a checkpoint; the same command ends in the bytes of an uninterrupted fit', async () => {
  const started = startToll(fit('model.onnx'), { cwd: folder, input: '' })
  await until(() => existsSync(at('model.onnx.checkpoint')))
  started.process.kill('SIGINT')
  expect(await started.outcome).toEqual({
    code: 130,
    out: '',
    err:
      'toll: stopped; model.onnx.checkpoint keeps the last checkpoint, and the same command again goes on ' +
      'from there\n',
  })
  expect((await readdir(folder)).sort()).toEqual(['example.csv', 'model.onnx.checkpoint'])

  const refused = await runToll(fit('model.onnx', '--beta', '3'), { cwd: folder })
  expect([refused.code, refused.err]).toEqual([
    2,
    expect.stringMatching(
      /model\.onnx\.checkpoint belongs to a run with other data, settings, device or threads.*--restart/,
    ),
  ])

  const [resumed, whole] = await Promise.all([
    runToll(fit('model.onnx'), { cwd: folder }),
    runToll(fit('whole.onnx', '--no-checkpoint'), { cwd: folder }),
  ])
  expect([resumed.code, resumed.err, whole.code]).toEqual([
    0,
    'going on from model.onnx.checkpoint (--restart starts again)\n',
    0,
  ])
  expect(await readFile(at('model.onnx'))).toEqual(await readFile(at('whole.onnx')))
  expect((await readdir(folder)).sort()).toEqual(['example.csv', 'model.onnx', 'whole.onnx'])

  await writeFile(at('model.onnx.checkpoint'), 'damaged')
  const damaged = await runToll(fit('model.onnx'), { cwd: folder })
  expect([damaged.code, damaged.err]).toEqual([
    1,
    expect.stringMatching(/^(going on.*\n)?toll: model\.onnx\.checkpoint: not a whole checkpoint/),
  ])
  expect(
    (
      await runToll(['fit', 'example.csv', '--columns', 'a', '-o', 'model.onnx', '--steps', '2', '--restart'], {
        cwd: folder,
      })
    ).code,
  ).toBe(0)
})

test('Ctrl-C in the middle of a step that takes long does not wait for it', async () => {
  const pixels = Array.from({ length: 100 * 28 * 28 }, (_, i) => (i * 37) % 256)
  await writeFile(
    at('pictures-idx3-ubyte'),
    Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 100, 0, 0, 0, 28, 0, 0, 0, 28, ...pixels]),
  )
  const started = startToll(
    [
      'fit',
      'pictures-idx3-ubyte',
      '-o',
      'slow.onnx',
      '--network',
      'mnist',
      '--steps',
      '1000',
      '--checkpoint-every',
      '1',
    ],
    { cwd: folder, input: '' },
  )
  await until(() => existsSync(at('slow.onnx.checkpoint')))
  await sleep(50)
  started.process.kill('SIGINT')
  const { code, out, err } = await started.outcome
  expect([code, out, err]).toEqual([
    130,
    '',
    'toll: stopped; slow.onnx.checkpoint keeps the last checkpoint, and the same command again goes on from there\n',
  ])
  expect((await readdir(folder)).filter((name) => name.startsWith('slow'))).toEqual(['slow.onnx.checkpoint'])
})

test('Ctrl-C while score writes a file leaves the old one; while it waits for input it leaves at once', async () => {
  await writeFile(at('old.csv'), 'old')
  await runToll(['fit', 'example.csv', '--columns', 'a,b,c', '-o', 'small.onnx', '--steps', '2'], { cwd: folder })
  await writeFile(at('long.csv'), `a,b,c\n${'1,2,5\n'.repeat(1_000_000)}`)
  const writing = startToll(['score', 'small.onnx', 'long.csv', '-o', 'old.csv'], { cwd: folder, input: '' })
  const before = await readdir(folder)
  await until(
    () =>
      writing.process.exitCode !== null ||
      readdirSync(folder).some((name) => name.startsWith(`.old.csv.${writing.process.pid}-`)),
  )
  writing.process.kill('SIGINT')
  expect(await writing.outcome).toEqual({ code: 130, out: '', err: expect.stringMatching(/^toll: .*\n$/) })
  expect(await readFile(at('old.csv'), 'utf8')).toBe('old')
  expect(await readdir(folder)).toEqual(before)

  const waiting = startToll(['score', 'small.onnx', '-'], { cwd: folder, env: { TMPDIR: at('') } })
  waiting.process.stdin?.write('a,b,c\n')
  await until(() => waiting.process.exitCode !== null || spools(folder).length > 0)
  waiting.process.kill('SIGINT')
  expect(await waiting.outcome).toEqual({ code: 130, out: '', err: 'toll: stopped before the source was read\n' })
  expect(spools(folder)).toEqual([])
})

test.skipIf(process.platform === 'win32')('a closed terminal stops a command as SIGTERM does', async () => {
  const started = startToll(fit('hung.onnx'), { cwd: folder, input: '' })
  await until(() => existsSync(at('hung.onnx.checkpoint')))
  started.process.kill('SIGHUP')
  expect((await started.outcome).code).toBe(129)
  expect((await readdir(folder)).filter((name) => name.includes('hung'))).toEqual(['hung.onnx.checkpoint'])
})

test('a signal that waits for its turn is not lost when a command asks again to be guarded', async () => {
  const program = `
    import { listenForStop } from ${JSON.stringify(new URL('interrupt.js', import.meta.url).href)}
    const stop = listenForStop(() => {})
    process.kill(process.pid, 'SIGINT')
    stop.guard()
    setTimeout(() => process.exit(stop.signal.aborted ? stop.code() : 1), 300)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'ignore' })
  expect(await once(child, 'exit')).toEqual([130, null])
})

function spools(path: string): string[] {
  return readdirSync(path).filter((name) => name.startsWith('toll-'))
}
