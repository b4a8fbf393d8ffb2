// Folders of pictures through the commands: a class per folder, files as keys, sizes.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { Random } from 'toll/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runToll } from './spawn.test.suite.js'

const folder = mkdtempSync(join(tmpdir(), 'toll-pictures-'))
afterAll(() => rmSync(folder, { recursive: true }))
const toll = (...args: string[]) => runToll(args, { cwd: folder })

async function draw(name: string, random: Random, scratched: boolean, side = 12): Promise<void> {
  const data = Uint8Array.from({ length: 3 * side * side }, (_, i) => {
    const x = Math.floor(i / 3) % side
    return scratched && x === side / 2 ? 250 : Math.round(80 + (60 * x) / side + 8 * random.uniform())
  })
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  await sharp(data, { raw: { width: side, height: side, channels: 3 } }).toFile(join(folder, name))
}

beforeAll(async () => {
  const random = Random.seeded(5)
  for (let i = 0; i < 60; i++) await draw(`train/good/${i}.png`, random, false)
  for (let i = 0; i < 4; i++) await draw(`test/good/${i}.png`, random, false)
  for (let i = 0; i < 4; i++) await draw(`test/scratch/${i}.jpg`, random, true)
  await draw('large.png', random, false, 24)
  const { code, err } = await toll('fit', 'train', '-o', 'm.onnx', '--steps', '200', '--threads', '1')
  expect(code, err).toBe(0)
})

test('fitted on a folder, eval finds the other class', async () => {
  const { code, out, err } = await toll('eval', 'm.onnx', 'test', '--label', 'class', '--normal', 'good', '--json')
  expect(code, err).toBe(0)
  expect((JSON.parse(out) as { measures: { auroc: { value: number } } }).measures.auroc.value).toBe(1)
})

test('scores come with the file, or with the class', async () => {
  const { out } = await toll('score', 'm.onnx', 'test')
  const lines = out.trim().split('\n')
  expect(lines[0]).toMatch(/^file,score,/)
  expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual([
    ...[0, 1, 2, 3].map((i) => `test/good/${i}.png`),
    ...[0, 1, 2, 3].map((i) => `test/scratch/${i}.jpg`),
  ])
  expect((await toll('score', 'm.onnx', 'test', '--id', 'class')).out).toMatch(/^class,score.*\ngood,/)
  expect(await toll('score', 'm.onnx', 'test', '--id', 'name')).toMatchObject({
    code: 2,
    err: "toll: --id of pictures is file or class, got 'name'\n",
  })
  expect((await toll('explain', 'm.onnx', 'test/scratch/1.jpg')).out).toMatch(/^row test\/scratch\/1\.jpg: score/)
})

test('pictures of another size are brought to the size of the model, with a note', async () => {
  const { code, err } = await toll('score', 'm.onnx', 'large.png', 'test/good/1.png')
  expect([code, err]).toEqual([0, expect.stringMatching(/^1 of 2 pictures were resized to 12 x 12\n/)])
  const both = await toll('fit', 'large.png', 'test/good/1.png', '-o', 'n.onnx')
  expect([both.code, both.err]).toEqual([
    expect.any(Number),
    expect.stringMatching(/pictures of several sizes: large\.png has 24 x 24 .*; say which .* \(--image-size 24x24\)/),
  ])
  const other = await toll('score', 'm.onnx', 'test', '--image-size', '9x9')
  expect([other.code, other.err]).toEqual([2, expect.stringMatching(/model takes images of 12x12; leave it out/)])
})
