import { describe, expect, test } from 'vitest'
import { tableFromColumns, takeRows } from './index.js'

describe('a table from columns of values', () => {
  test('numbers, strings, booleans and dates, each with what is missing', () => {
    const source = tableFromColumns({
      number: [1.5, null, undefined, NaN, -0],
      string: ['b', 'a', '', null, 'b'],
      flag: [true, false, null, undefined, true],
      day: [new Date(0), null, new Date('2024-05-31T13:00:00.250Z'), undefined, new Date(-500)],
      typed: Int16Array.of(1, 2, 3, 4, 5),
      none: [null, undefined, null, null, null],
    })
    expect(source).toEqual({
      kind: 'table',
      rows: 5,
      columns: [
        { name: 'number', kind: 'number', values: Float64Array.of(1.5, NaN, NaN, NaN, -0) },
        { name: 'string', kind: 'category', values: Float64Array.of(0, 1, NaN, NaN, 0), categories: ['b', 'a'] },
        { name: 'flag', kind: 'boolean', values: Float64Array.of(1, 0, NaN, NaN, 1) },
        { name: 'day', kind: 'time', values: Float64Array.of(0, NaN, 1717160400.25, NaN, -0.5) },
        { name: 'typed', kind: 'number', values: Float64Array.of(1, 2, 3, 4, 5) },
        { name: 'none', kind: 'number', values: new Float64Array(5).fill(NaN) },
      ],
    })
    const [, string] = takeRows(source, [1, 0]).columns
    expect(string).toEqual({ name: 'string', kind: 'category', values: Float64Array.of(1, 0), categories: ['b', 'a'] })
  })

  test.each<[Parameters<typeof tableFromColumns>[0], string, string]>([
    [{ a: [1, 2], b: [1] }, 'shape', "column 'b' has 1 rows, column 'a' has 2"],
    [
      { a: [null, 'x', 3] as never },
      'data',
      "column 'a' holds a string in row 2 and a number in row 3; a column has one kind of values",
    ],
    [{ a: [{}, {}] as never }, 'data', "column 'a' holds objects; expected numbers, strings, booleans or dates"],
    [
      { when: [new Date(0), new Date('31.05.2024')] },
      'data',
      "column 'when' holds an invalid date in row 2; give null for a missing one",
    ],
  ])('%j is refused', (columns, code, message) => {
    expect(() => tableFromColumns(columns)).toThrow(expect.objectContaining({ code, message }))
  })
})
