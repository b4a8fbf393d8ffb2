// Groups and times from cells.

import { describe, expect, it } from 'vitest'
import { readOrder, type TimeUnit } from './index.js'

const read = (cells: (string | number | null | boolean)[], timeUnit?: TimeUnit) =>
  Array.from(readOrder(new Map([['t', cells]]), { time: 't' }, { file: 's', timeUnit }).time!)
const thrown = (reason: string, details: object, message: RegExp) =>
  expect.objectContaining({
    reason,
    details: expect.objectContaining(details) as object,
    message: expect.stringMatching(message) as string,
  }) as Error

describe('times and groups', () => {
  it('are read from numbers in their unit, and from dates, UTC without a zone', () => {
    expect(read([3, '4.5'], 'h')).toEqual([10_800, 16_200])
    expect(
      read([
        '1970-01-02',
        '1970-01-01T00:01',
        '1970-01-01 00:00:02.500000',
        '1970-01-01T01:00:00+01',
        '1970-01-01 01:00:01+0100',
        '1970-01-01T00:00:09Z',
      ]),
    ).toEqual([86_400, 60, 2.5, 0, 1, 9])
    expect(readOrder(new Map([['g', [' a', 7, true]]]), { group: 'g' })).toEqual({ groups: ['a', '7', 'true'] })
    expect(readOrder(new Map(), {})).toEqual({})
  })

  it('are refused with their row when they are none', () => {
    expect(() => read([1, 'soon'])).toThrow(
      thrown(
        'not-a-time',
        { file: 's', row: 1, column: 't', value: 'soon' },
        /^s, row 2: column 't' holds 'soon', which is no time; expected a number, or a date/,
      ),
    )
    expect(() => read([null])).toThrow(thrown('not-a-time', { row: 0 }, /holds nothing/))
    expect(() => read(['2024-13-01'])).toThrow(thrown('not-a-time', { row: 0 }, /no time/))
    expect(() => readOrder(new Map([['g', ['a', ' ']]]), { group: 'g' }, { file: 's', firstRow: 10 })).toThrow(
      thrown('missing-group', { row: 11, column: 'g' }, /^s, row 12: column 'g' is empty/),
    )
    expect(() => readOrder(new Map([['g', [null]]]), { group: 'g' })).toThrow(
      thrown('missing-group', { row: 0 }, /^row 1: column 'g' is empty/),
    )
  })
})
