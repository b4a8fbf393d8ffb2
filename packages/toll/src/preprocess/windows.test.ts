import { describe, expect, it } from 'vitest'
import { Random, namesOf, tableFromRows, takeRows, type Table } from '../base/index.js'
import { labelWindows, sequencesOf, slideWindows, windowColumns, WindowStream } from './index.js'

const thrown = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })
const rowsOf = ({ columns, rows }: Table) =>
  Array.from({ length: rows }, (_, row) => columns.map(({ values }) => values[row]))
const counting = (n: number) =>
  tableFromRows(
    Array.from({ length: n }, (_, i) => [i, 10 * i]),
    ['a', 'b'],
  )

describe('sequences', () => {
  it('are the rows of each group by time, equal times in the order given', () => {
    expect(sequencesOf(3, {})).toEqual([Int32Array.of(0, 1, 2)])
    expect(sequencesOf(5, { groups: ['x', 'y', 'x', 'y', 'x'], time: [3, 2, 1, 2, 1] })).toEqual([
      Int32Array.of(2, 4, 0),
      Int32Array.of(1, 3),
    ])
  })

  it('refuse times that are none, and lists of another length', () => {
    expect(() => sequencesOf(2, { time: [1, NaN] })).toThrow(thrown('data', /time of row 2 is NaN/))
    expect(() => sequencesOf(2, { groups: [1] })).toThrow(thrown('shape', /2 groups, one per row, got 1/))
  })
})

describe('windows', () => {
  it('lay a row and those before it side by side, the earliest first', () => {
    const { table, members } = slideWindows(counting(4), { size: 3 })
    expect(namesOf(table.columns)).toEqual(['a@2', 'b@2', 'a@1', 'b@1', 'a@0', 'b@0'])
    expect(windowColumns(['a', 'b'], 3)).toEqual(namesOf(table.columns))
    expect(rowsOf(table)).toEqual([
      [0, 0, 1, 10, 2, 20],
      [1, 10, 2, 20, 3, 30],
    ])
    expect(members).toEqual([Int32Array.of(0, 1, 2), Int32Array.of(1, 2, 3)])
  })

  it('step by the stride, and never leave their group', () => {
    expect(rowsOf(slideWindows(counting(7), { size: 2, stride: 3 }).table).map(([first]) => first)).toEqual([0, 3])
    const { members } = slideWindows(counting(6), { size: 2 }, { groups: [1, 2, 1, 2, 3, 1], time: [9, 1, 8, 0, 0, 7] })
    expect(members.map((rows) => [...rows])).toEqual([
      [5, 2],
      [2, 0],
      [3, 1],
    ])
  })

  it('refuse rows that fill none, settings outside their domains, and more numbers than memory should hold', () => {
    expect(() => slideWindows(counting(4), { size: 5 })).toThrow(
      thrown('data', /windows of 5 rows need as many rows in order, got 4$/),
    )
    expect(() => slideWindows(counting(4), { size: 3 }, { groups: [1, 1, 2, 2] })).toThrow(
      thrown('data', /got 2 in the largest group/),
    )
    expect(() => slideWindows(counting(4), { size: 0 })).toThrow(thrown('argument', /'size'/))
    expect(() => slideWindows(counting(4), { stride: 1.5 })).toThrow(thrown('argument', /'stride'/))
    expect(() => slideWindows(counting(40_000), { size: 9000 })).toThrow(
      thrown('data', /558018000 numbers, more than the 268435456 that are taken; choose a larger stride/),
    )
  })
})

describe('a stream of windows', () => {
  it('gives what all rows at once would, however they are cut into batches', () => {
    const random = Random.seeded(1)
    const n = 60
    const source = counting(n)
    const groups = Array.from({ length: n }, () => random.integer(4))
    const size = 5
    const whole = slideWindows(source, { size }, { groups })
    const expected = new Map(whole.members.map((rows, w) => [rows[size - 1], rowsOf(whole.table)[w]]))
    for (const cut of [1, 2, 7, 60]) {
      const stream = new WindowStream(size)
      const found = new Map<number, number[]>()
      for (let start = 0; start < n; start += cut) {
        const rows = Array.from({ length: Math.min(cut, n - start) }, (_, i) => start + i)
        const windows = stream.push(
          takeRows(source, rows),
          rows.map((row) => groups[row]),
        )
        rows.forEach((row, i) => {
          const before = groups.slice(0, row + 1).filter((group) => group === groups[row]).length
          expect(windows.rows[i]).toBe(Math.min(size, before))
          if (windows.rows[i] === size) found.set(row, rowsOf(windows.table)[i])
        })
      }
      expect(found).toEqual(expected)
    }
  })

  it('label every row whose window holds an anomaly', () => {
    expect([...labelWindows([0, 1, 0, 0, 0], 3)]).toEqual([0, 1, 1, 1, 0])
    expect([...labelWindows([1, 0, 0, 0, 0], 2, { groups: [1, 2, 1, 2, 1] })]).toEqual([1, 0, 1, 0, 0])
  })

  it('has gaps where no row was', () => {
    const { table, rows } = new WindowStream(3).push(counting(2))
    expect([...rows]).toEqual([1, 2])
    expect(rowsOf(table)).toEqual([
      [NaN, NaN, NaN, NaN, 0, 0],
      [NaN, NaN, 0, 0, 1, 10],
    ])
  })
})
