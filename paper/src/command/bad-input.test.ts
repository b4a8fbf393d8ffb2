// What the paper's command refuses, and how it says so; its help; and a rehearsal of the demo.

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commands } from './commands.js'
import { runPaper } from './paper.harness.js'

let folder = ''
const at = (name: string) => join(folder, name)
const paper = (...args: string[]) => runPaper(args, { cwd: folder })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-paper-bad-'))
  await writeFile(at('text.csv'), 'a,city,day\n1,Ulm,2020-01-01\n2,Bonn,2020-01-02\n')
  await writeFile(at('example.csv'), 'a,b\n1,2\n3,4\n')
})
afterAll(() => rm(folder, { recursive: true }))

const cases: readonly (readonly [args: readonly string[], exit: number, code: string, message: RegExp])[] = [
  [['table3'], 1, 'not-found', /toll datasets get /],
  [
    ['table2', '--trials', 'new.ndjson'],
    1,
    'not-found',
    /cifar-10' is not here; get it with "toll datasets get cifar-10"/,
  ],
  [['table1', '--render-only'], 1, 'not-found', /no such trial is finished in toll-trials\.ndjson/],
  [
    ['table1', '--render-only', '--trials', 'text.csv', '--quiet'],
    1,
    'not-found',
    /no such trial is finished in text\.csv/,
  ],
  [['trials', 'nope.ndjson'], 1, 'not-found', /there is no trial log nope\.ndjson/],
  [['trials', 'example.csv', '--quiet'], 1, 'data', /no finished trial is in example\.csv/],
  [['table1', '--classes', '3,10'], 2, 'argument', /--classes takes numbers from 0 to 9, .*'10' is none of them/],
  [['table2', '--classes', 'truk'], 2, 'argument', /names \(airplane, .*'truk' is none of them/],
  [['table2', '--classes', '5-3'], 2, 'argument', /'5-3' is none of them/],
  [['table1', '--beta', 'much'], 2, 'argument', /--beta takes numbers from 0, such as 10 or 0,10,100; 'much' is none/],
  [['table1', '--beta', '1,10'], 2, 'argument', /table1 takes one --beta, got 1,10; figure4 takes several/],
  [['table4', '--beta', '0'], 2, 'argument', /compares with beta 0: --beta must be above 0/],
  [['table1', '--steps', '30'], 2, 'argument', /steps must be a multiple .* got 30 and 20/],
  [['table1', '--dataset', 'cifar-10'], 2, 'argument', /--dataset must be one of mnist, fashion-mnist/],
  [['table2', '--validation', '10001'], 2, 'argument', /--validation must be an integer at least 20 and at most 10000/],
  [['figure3', '-o', 'out', '--per-class', '0'], 2, 'argument', /--per-class must be/],
  [['table2', '--seeds', '0'], 2, 'argument', /--seeds must be/],
]

describe('bad input is refused in one line, and nothing is written', () => {
  test.each(cases)('%j', async (args, exit, code, message) => {
    const before = await readdir(folder)
    const said = await paper(...args)
    expect(said.err).toMatch(message)
    expect([said.code, said.out, said.err.trimEnd().split('\n').at(-1)]).toEqual([
      exit,
      '',
      expect.stringMatching(/^toll: /),
    ])
    const asJson = await paper(...args.filter((arg) => arg !== '--quiet'), '--json')
    expect([asJson.code, JSON.parse(asJson.out)]).toEqual([
      exit,
      { error: { code, message: expect.stringMatching(message) } },
    ])
    expect(await readdir(folder)).toEqual(before)
  })
})

test('help has examples for every command', async () => {
  const helps = await Promise.all(commands.map(({ name }) => paper(name, '--help')))
  helps.forEach(({ code, out, err }, i) => {
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(new RegExp(`Examples:\n  \\$ npm run paper -- ${commands[i].name}`))
  })
})

test('a rehearsal of the demo writes a model and a report', async () => {
  const { code, out } = await paper('demo', '--steps', '2', '-o', 'demo', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ digit: 8, seed: 0, toll: { beta: 1000 }, plain: { beta: 0 } })
  expect(await readdir(at('demo'))).toEqual(['model.onnx', 'report.html'])
})
