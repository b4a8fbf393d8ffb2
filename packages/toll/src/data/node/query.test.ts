import { describe, expect, it } from 'vitest'
import { queryRecords } from './index.js'

const records = [
  { name: 'a', place: { x: 1, y: [1, 2] }, big: 9007199254740993n.toString() },
  { name: "b'\n", place: { x: 2.5, y: [] }, late: true },
]

describe('queries over records', () => {
  it('answers with columns and rows, nested parts as JSON', async () => {
    const result = await queryRecords({
      records,
      views: { flat: 'SELECT name, place.x AS x FROM records', more: 'SELECT x FROM flat' },
      sql: 'SELECT * FROM flat ORDER BY x DESC',
    })
    expect(result).toEqual({
      columns: ['name', 'x'],
      rows: [
        ["b'\n", 2.5],
        ['a', 1],
      ],
    })
    expect((await queryRecords({ records, sql: 'SELECT place, late, big FROM records ORDER BY name' })).rows).toEqual([
      [{ x: 1, y: [1, 2] }, null, '9007199254740993'],
      [{ x: 2.5, y: [] }, true, null],
    ])
    expect(
      (
        await queryRecords({
          records,
          sql: "SELECT count(*), 1 / 0.0, 9007199254740993, DATE '2020-01-02' FROM records",
        })
      ).rows,
    ).toEqual([[2, null, '9007199254740993', '2020-01-02T00:00:00.000Z']])
  })

  it('says what is wrong with a query, in one line', async () => {
    await expect(queryRecords({ records, sql: 'SELECT nothing FROM records' })).rejects.toMatchObject({
      code: 'argument',
      message: expect.stringMatching(/^the query failed: .*"nothing" not found/),
    })
    await expect(queryRecords({ records, sql: 'SELEC 1' })).rejects.toMatchObject({
      code: 'argument',
      message: expect.not.stringContaining('\n'),
    })
    await expect(queryRecords({ records: [], sql: 'SELECT 1' })).rejects.toMatchObject({ code: 'data' })
  })
})
