// What a command reads, what it writes and what another process writes are never one file.

import { existsSync } from 'node:fs'
import { link, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from 'toll-test/spawn'
import { runToll, startToll, writeExample } from './spawn.test.suite.js'

let folder = ''
const at = (name: string) => join(folder, name)
const toll = (...args: string[]) => runToll(args, { cwd: folder })

/** Every file in the folder, by name, but those that are being written. */
async function contents(): Promise<Record<string, string>> {
  const names = (await readdir(folder, { withFileTypes: true })).filter(
    (entry) => !entry.isDirectory() && !entry.name.endsWith('.tmp'),
  )
  return Object.fromEntries(
    await Promise.all(names.map(async ({ name }) => [name, await readFile(at(name), 'latin1')] as const)),
  )
}

/** Sixty pictures of 4 x 4 pixels as an IDX file. */
const header = [0, 0, 8, 3, 0, 0, 0, 60, 0, 0, 0, 4, 0, 0, 0, 4]
const pictures = Uint8Array.from([...header, ...Array.from({ length: 60 * 16 }, (_, i) => (i * 37) % 256)])

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-files-'))
  await writeExample(folder, 120)
  await writeFile(at('pictures-idx3-ubyte'), pictures)
  await writeFile(at('labels.txt'), '0\n1\n'.repeat(30))
  await toll('fit', 'example.csv', '--columns', 'a,b,c', '-o', 'm.onnx', '--detector', 'mean-distance')
  await toll('fit', 'example.csv', '--columns', 'a,b', '-o', 'n.onnx', '--detector', 'mean-distance')
  await toll('fit', 'pictures-idx3-ubyte', '-o', 'p.onnx', '--steps', '2')
  await symlink('example.csv', at('link.csv'))
  await link(at('example.csv'), at('hard.csv'))
  await symlink('m.onnx', at('link.onnx'))
  await symlink('m.onnx', at('model.html'))
  await symlink('example.csv', at('data.html'))
  await symlink('labels.txt', at('labels.html'))
  await mkdir(at('sub'))
  await symlink('..', at('sub/up'))
})
afterAll(() => rm(folder, { recursive: true }))

const fit = ['fit', 'example.csv', '--columns', 'a,b,c', '--steps', '2']

describe('is refused before anything is written:', () => {
  test.each([
    [[...fit, '-o', 'example.csv'], '--output example.csv is example.csv, which is read'],
    [[...fit, '-o', 'link.csv'], '--output link.csv is example.csv'],
    [[...fit, '-o', 'hard.csv'], '--output hard.csv is example.csv'],
    [[...fit, '-o', 'sub/up/example.csv'], '--output sub/up/example.csv is example.csv'],
    [['fit', 'ex*.csv', '--columns', 'a', '-o', 'example.csv'], '--output example.csv is ./example.csv'],
    [['fit', '--sql', "select a from 'example.csv'", '-o', 'example.csv'], 'which is read'],
    [[...fit, '-o', 'new.onnx', '--checkpoint', 'example.csv', '--restart'], '--checkpoint example.csv is example.csv'],
    [[...fit, '-o', 'new.onnx', '--checkpoint', 'new.onnx'], '--output and --checkpoint name the same file'],
    [[...fit, '-o', 'new.onnx', '--checkpoint', 'sub/up/new.onnx'], '--output and --checkpoint name the same file'],
    [[...fit, '-o', 'new.html', '--report', 'new.html'], '--output and --report name the same file'],
    [[...fit, '-o', 'new.onnx', '--report', 'data.html'], '--report data.html is example.csv'],
    [['score', 'm.onnx', 'example.csv', '-o', 'm.onnx', '--format', 'csv'], '--output m.onnx is m.onnx'],
    [['score', 'm.onnx', 'example.csv', '-o', 'link.onnx', '--format', 'csv'], '--output link.onnx is m.onnx'],
    [['score', 'm.onnx', 'example.csv', '-o', 'hard.csv'], '--output hard.csv is example.csv'],
    [['explain', 'm.onnx', 'example.csv', '-o', 'model.html'], '--output model.html is m.onnx'],
    [['explain', 'm.onnx', 'example.csv', '-o', 'link.csv'], '--output link.csv is example.csv'],
    [['report', 'm.onnx', 'example.csv', '-o', 'model.html'], '--output model.html is m.onnx'],
    [['report', 'm.onnx', 'example.csv', '-o', 'data.html'], '--output data.html is example.csv'],
  ])('toll %j', async (args, message) => {
    const before = await contents()
    const { code, out, err } = await toll(...args)
    expect([code, out, err]).toEqual([2, '', expect.stringContaining(message)])
    expect(await contents()).toEqual(before)
  })
})

test('the file of labels of an array, too', async () => {
  const before = await contents()
  const { code, err } = await toll(
    'report',
    'p.onnx',
    'pictures-idx3-ubyte',
    '--label',
    'labels.txt',
    '-o',
    'labels.html',
  )
  expect([code, err]).toEqual([2, expect.stringContaining('labels.txt')])
  expect(await contents()).toEqual(before)
})

test('a device and a second run are none of these', async () => {
  expect((await toll('score', 'm.onnx', 'example.csv', '-o', '/dev/null', '--format', 'csv')).code).toBe(0)
  for (let run = 0; run < 2; run++) expect((await toll(...fit, '-o', 'twice.onnx')).code).toBe(0)
  await rm(at('twice.onnx'))
})

test('two fits to one output: the second is refused, the first is whole', async () => {
  const long = ['fit', 'example.csv', '--columns', 'a,b,c', '--steps', '100000', '-o', 'one.onnx']
  const first = startToll(long, { cwd: folder, input: '' })
  await until(() => existsSync(at('one.onnx.checkpoint')))
  const before = Object.keys(await contents())
  for (const output of ['one.onnx', 'sub/up/one.onnx']) {
    const second = await startToll([...long.slice(0, -1), output, '--no-checkpoint'], { cwd: folder, input: '' })
      .outcome
    expect([second.code, second.err]).toEqual([
      2,
      expect.stringMatching(
        new RegExp(`is being written by process ${first.process.pid} on .*; wait for it or name another`),
      ),
    ])
  }
  expect(Object.keys(await contents())).toEqual(before)
  first.process.kill('SIGINT')
  expect((await first.outcome).code).toBe(130)
  // The claim went with its process, however it ended.
  const third = startToll(long, { cwd: folder, input: '' })
  const resumed = await untilSaid(third.process, 'going on from')
  third.process.kill('SIGKILL')
  await third.outcome
  expect(resumed).toBe(true)
  const last = await toll(...fit, '-o', 'one.onnx', '--restart')
  expect(last.code).toBe(0)
})

async function untilSaid({ stderr }: { stderr: NodeJS.ReadableStream | null }, words: string): Promise<boolean> {
  let text = ''
  for await (const part of stderr!) {
    text += String(part)
    if (text.includes(words)) return true
  }
  return false
}
