// Tables read for training: features, and what the other columns are for.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { namesOf } from '../../base/index.js'
import { openTable, readTraining, type ReadTrainingOptions } from './index.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-training-'))
  const rows = ['k1,0.5,red,1,usual,a,2024-01-01', 'k2,1.5,blue,2,odd,b,2024-01-03', 'k3,,red,0,usual,a,2024-01-02']
  await writeFile(join(folder, 'rows.csv'), `key,load,colour,weight,kind,machine,at\n${rows.join('\n')}\n`)
})
afterAll(() => rm(folder, { recursive: true }))

async function read(options: ReadTrainingOptions = {}) {
  await using source = await openTable(join(folder, 'rows.csv'))
  return readTraining(source, options)
}
const uses = {
  id: ['key'],
  label: 'kind',
  anomaly: 'odd',
  weight: 'weight',
  group: 'machine',
  time: 'at',
  rowNames: 'key',
} as const

describe('readTraining', () => {
  it('reads all columns, each as what it is', async () => {
    const { data, ...others } = await read()
    expect(data.columns.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'key category',
      'load number',
      'colour category',
      'weight number',
      'kind category',
      'machine category',
      'at time',
    ])
    expect(others).toEqual({ types: {}, leftOut: [] })
  })

  it('learns from no column that has another use', async () => {
    const day = 86_400
    const start = Date.UTC(2024, 0, 1) / 1000
    const { data, ...others } = await read(uses)
    expect(namesOf(data.columns)).toEqual(['load', 'colour'])
    expect(data.columns[0].values).toEqual(Float64Array.of(0.5, 1.5, NaN))
    expect(others).toEqual({
      types: {},
      leftOut: [],
      labels: Uint8Array.of(0, 1, 0),
      weights: Float64Array.of(1, 2, 0),
      groups: ['a', 'b', 'a'],
      time: Float64Array.of(start, start + 2 * day, start + day),
      rowNames: ['k1', 'k2', 'k3'],
    })
  })

  it('takes the columns, their order and their kinds that are asked for', async () => {
    const { data } = await read({
      columns: ['weight', 'load', 'colour'],
      exclude: ['colour'],
      types: { weight: 'category' },
    })
    expect(data.columns.map(({ name, kind }) => `${name} ${kind}`)).toEqual(['weight category', 'load number'])
  })

  it.each<[string, ReadTrainingOptions, object]>([
    [
      'a label that is no column',
      { label: 'nope' },
      { reason: 'unknown-column', message: /has no column 'nope'; it has key, load/, details: { option: 'label' } },
    ],
    [
      'a kind of a column that is not learned from',
      { id: ['key'], types: { key: 'category' } },
      { reason: 'unknown-column', message: /no column 'key' to learn from/, details: { option: 'types' } },
    ],
    [
      'nothing to learn from',
      { columns: ['key'], id: ['key'] },
      { reason: 'no-columns', message: /no columns are left/, details: {} },
    ],
    [
      'labels that do not say which is the anomaly',
      { label: 'kind' },
      {
        reason: 'ambiguous-labels',
        message: /^label column 'kind': labels 'usual' and 'odd'/,
        details: { column: 'kind' },
      },
    ],
    [
      'a time that is none',
      { time: 'colour' },
      { reason: 'not-a-time', message: /row 1: column 'colour' holds 'red'/, details: { row: 0, column: 'colour' } },
    ],
  ])('refuses %s', async (_, options, expected) => {
    const { message, ...data } = expected as { message: RegExp }
    await expect(read(options)).rejects.toMatchObject({ ...data, message: expect.stringMatching(message) })
  })
})
