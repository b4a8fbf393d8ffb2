// The store of a sweep on disk: one log that is written, others that are read beside it, and questions to all of them.

import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { anyOf, runSweep, type RecordFormat } from '../index.js'
import { madeEngines, madeFormat, madeSweep, type MadeRecord } from '../made-sweep.harness.js'
import { openTrialStore, queryTrials, readTrials } from './index.js'

let folder = ''
const at = (name: string) => join(folder, name)
const warnings: string[] = []
const options = { format: madeFormat, warn: (text: string) => void warnings.push(text) }
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-store-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function runInto(logs: readonly string[], count: number): Promise<number[]> {
  const ran: number[] = []
  const store = await openTrialStore(logs.map(at), options)
  try {
    await runSweep(madeSweep(count, ran), { engines: madeEngines.slice(0, 1), store })
  } finally {
    await store.close()
  }
  return ran
}

it('adds to the first log what none of the logs has', async () => {
  expect(await runInto(['a.ndjson'], 2)).toEqual([0, 1])
  expect(await runInto(['b.ndjson', 'a.ndjson'], 4)).toEqual([2, 3])
  expect(await runInto(['a.ndjson', 'b.ndjson'], 4)).toEqual([])
  expect((await readFile(at('b.ndjson'), 'utf8')).split('\n')).toHaveLength(3)
  const all = await readTrials([at('a.ndjson'), at('b.ndjson'), at('a.ndjson')], options)
  expect(all.map(({ n }) => n)).toEqual([0, 1, 2, 3])
  expect((await queryTrials(madeFormat, all)).rows).toEqual([
    [0, 0],
    [1, 2],
    [2, 4],
    [3, 6],
  ])
  await expect(runInto(['a.ndjson', 'none.ndjson'], 1)).rejects.toMatchObject({
    code: 'not-found',
    details: { file: at('none.ndjson') },
  })
  expect((await readdir(folder)).sort()).toEqual(['a.ndjson', 'b.ndjson'])
  expect(warnings).toEqual([])
})

interface Other {
  readonly other: string
}

it('reads trials of several kinds, and asks those that are there', async () => {
  const otherFormat: RecordFormat<Other> = {
    name: 'other trial',
    version: 1,
    begins: ['{"other":'],
    owns: (line) => 'other' in line,
    read: (value) => value as Other,
    identify: ({ other }) => other,
    took: () => undefined,
    views: [{ name: 'others', has: () => true, sql: 'SELECT other FROM records', shown: 'SELECT * FROM others' }],
  }
  const made: MadeRecord = { made: 1, n: 7, twice: 14 }
  await writeFile(at('mixed.ndjson'), `${JSON.stringify(made)}\n{"other":"x"}\n{"neither":1}\n{"made":2}\n`)
  const format = anyOf([madeFormat, otherFormat])
  const records = await readTrials([at('mixed.ndjson')], { ...options, format })
  expect(records).toEqual([made, { other: 'x' }])
  expect(warnings).toEqual([
    expect.stringMatching(/line 3 is passed over: it is no trial of any experiment/),
    expect.stringMatching(/line 4 is passed over/),
  ])
  expect((await queryTrials(format, records, 'SELECT (SELECT n FROM made), other FROM others')).rows).toContainEqual([
    7,
    'x',
  ])
  await expect(queryTrials(format, [{ other: 'x' }], 'SELECT n FROM made')).rejects.toMatchObject({ code: 'argument' })
})
