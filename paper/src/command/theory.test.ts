// npm run paper -- theory in a process of its own: what it prints and writes, what it refuses, and Ctrl-C.

import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { untilComputed } from 'toll-test/spawn'
import { runPaper, startPaper } from './paper.harness.js'

let folder = ''
const at = (name: string) => join(folder, name)
const theory = (...args: string[]) => runPaper(['theory', ...args], { cwd: folder })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-theory-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('npm run paper -- theory', () => {
  it('writes a page, tables and charts, and prints the same numbers', async () => {
    const { code, out, err } = await theory(
      'theorem2',
      '--eigenvalues',
      '4,1',
      '--betas',
      '0,0.1,1',
      '--codes',
      '1,2',
      '--points',
      '10',
      '--stop',
      '20',
      '--tolerance',
      '1e-8',
      '-o',
      'out',
    )
    expect([code, err]).toEqual([0, expect.stringMatching(/^wrote out.theorem2\.html and 11 files beside it\n$/)])
    const files = await readdir(at('out'))
    const json = JSON.parse(await readFile(at('out/theorem2.json'), 'utf8')) as {
      settings: object
      runs: { beta: number; code: number; retained: number[][] }[]
    }
    expect(json.settings).toMatchObject({ points: 10, stop: 20, tolerance: 1e-8, seed: 0 })
    expect(json.runs.map(({ beta, code: k }) => [k, beta])).toEqual([
      [1, 0],
      [1, 0.1],
      [1, 1],
      [2, 0],
      [2, 0.1],
      [2, 1],
    ])
    expect(out).toContain(json.runs[1].retained.at(-1)![0].toFixed(4))
    const markdown = await readFile(at('out/theorem2.md'), 'utf8')
    for (const name of files.filter((file) => file.endsWith('.svg'))) expect(markdown).toContain(`(${name})`)
    expect((await readFile(at('out/theorem2.csv'), 'utf8')).split('\n')).toHaveLength(1 + 6 * 11 + 1)
    expect(out).toContain(
      '"toll theory theorem2 --eigenvalues 4,1 --betas 0,0.1,1 --codes 1,2 --stop 20 --points 10 --tolerance 1e-8"',
    )
  })

  it.each([
    ['lemma1', '--eigenvalues', '4,1', '--points', '5', '--start', 'random'],
    ['theorem1', '--dimension', '3', '--code', '2', '--condition', '10', '--covariances', '1'],
    [
      'figure2',
      '--betas',
      '0,1',
      '--samples',
      '50',
      '--points',
      '5',
      '--grid',
      '11',
      '--stop',
      '5',
      '--variances',
      '9,1',
    ],
    ['scale', '--stop', '2', '--points', '5', '--directions', '8', '--decoder-scales', '1'],
  ])('%s prints one JSON document, the same with the same seed', async (name, ...options) => {
    const { code, out, err } = await theory(name, ...options, '--json')
    expect([code, err]).toEqual([0, ''])
    expect(JSON.parse(out)).toHaveProperty('settings.seed', 0)
    if (name === 'lemma1') expect((await theory(name, ...options, '--json')).out).toBe(out)
  })

  it('prints Markdown, and nothing but results when quiet', async () => {
    const { code, out, err } = await theory('lemma1', '--points', '3', '--markdown', '--quiet')
    expect([code, out, err]).toEqual([0, expect.stringMatching(/^# Lemma 1: .*\n[^]*\| direction \|/), ''])
  })

  it('has help made from the tables of the experiments', async () => {
    const { out } = await theory('figure2', '--help')
    expect(out.replaceAll(/\s+/g, ' ')).toContain(
      '(1 to 6 values, each a finite number at least 0 and at most 1000000000; default 0,0.25,0.5,1,2,4)',
    )
    for (const option of [
      '--variances <list>',
      '--score <name>',
      '--tolerance <number>',
      '-o, --output <folder>',
      '$ npm run paper -- theory figure2 -o figure2',
    ])
      expect(out).toContain(option)
  })
})

describe('wrong values', () => {
  it.each<[string[], RegExp]>([
    [
      ['lemma1', '--eigenvalues', '4,-1'],
      /--eigenvalues must be 1 to 24 values, each a finite number at least 0 .*got '4,-1'/,
    ],
    [['lemma1', '--eigenvalues', ''], /--eigenvalues must be 1 to 24 values.*got ''/],
    [['theorem2', '--eigenvalues', 'NaN,1'], /--eigenvalues must be .*got 'NaN,1'/],
    [['theorem2', '--betas', '-0.5'], /--betas must be 1 to 6 values, each a finite number at least 0 .*got '-0.5'/],
    [
      ['theorem2', '--eigenvalues', '4,1', '--codes', '3'],
      /every value of codes must be an integer from 1 to 2, got 3/,
    ],
    [['theorem2', '--tolerance', '1e-17'], /--tolerance must be a finite number at least 2\.22.*got '1e-17'/],
    [['figure2', '--variances', '1,4'], /variances must have the larger one first, got 1,4/],
    [['scale', '--decay', '0'], /--decay must be a finite number above 0, got '0'/],
    [
      ['theorem1', '--condition', 'wide'],
      /--condition must be a finite number at least 1 and at most 1000000, got 'wide'/,
    ],
    [['theorem3'], /unknown command 'theorem3'/],
  ])('%j are refused by name, range and value', async (args, message) => {
    const { code, out, err } = await theory(...args)
    expect([code, out, err]).toEqual([2, '', expect.stringMatching(message)])
    expect(err.trim().split('\n')).toHaveLength(1)
  })

  it('leave no folder behind', async () => {
    expect((await theory('figure2', '--variances', '1,4', '-o', 'refused/here')).code).toBe(2)
    expect(await readdir(folder)).not.toContain('refused')
  })

  it('a folder that cannot be made is refused before anything is computed', async () => {
    await writeFile(at('file'), '')
    expect(await theory('theorem2', '--stop', '1000000', '-o', 'file/here')).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(/cannot make the folder file.here: /),
    })
  })
})

describe('Ctrl-C', () => {
  it('stops a long integration, and nothing is written', async () => {
    const { process: running, outcome } = startPaper(['theory', 'theorem2', '--stop', '1000000', '-o', 'stopped'], {
      cwd: folder,
      input: '',
    })
    await untilComputed(running, 1.5)
    running.kill('SIGINT')
    expect(await outcome).toEqual({ code: 130, out: '', err: 'toll: stopped before it was finished\n' })
    expect(await readdir(folder)).not.toContain('stopped')
  })
})
