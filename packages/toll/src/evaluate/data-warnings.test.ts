// Warnings about the columns of a table, each with a table that has it and one that just has not.

import { describe, expect, it } from 'vitest'
import { Random, table, tableFromColumns } from '../base/index.js'
import { reviewTable } from './index.js'

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)
const labels = upTo(60).map((row) => Number(row % 6 === 0))
const random = Random.seeded(1)
const noise = Float64Array.from(labels, () => random.normal())
const review = (columns: Parameters<typeof tableFromColumns>[0], options?: Parameters<typeof reviewTable>[1]) =>
  reviewTable(tableFromColumns({ noise, ...columns }), options)

describe('a column that tells every label', () => {
  it('is one of numbers that order the classes, or of categories that each belong to one', () => {
    const columns = {
      refund: labels.map((label, row) => (label ? 5 : -(row % 5))),
      inverse: labels.map((label) => 1 - label),
      state: labels.map((label, row) => (label ? 'bad' : row % 2 ? 'fine' : 'good')),
      almost: labels.map((label, row) => (row === 0 ? 0 : label)),
      key: labels.map((_, row) => `k${row}`),
      constant: labels.map(() => 1),
    }
    expect(review(columns, { labels })).toEqual(
      ['refund', 'inverse', 'state'].map((column) => ({ code: 'label-leak', column })),
    )
    // With fewer than five rows of a class, it may be chance.
    expect(review(columns, { labels: labels.map((label, row) => (row < 24 ? label : 0)) })).toEqual([])
  })
})

describe('a column that is named like a label', () => {
  it('is warned of, with other labels and without', () => {
    const flags = labels.map((label) => label)
    const columns = {
      Label: flags,
      is_fraud: flags,
      'Attack class': labels.map((_, row) => ['dos', 'none', 'probe'][row % 3]),
      labels_of: flags,
      target: upTo(60).map((row) => row % 7),
      outcome: labels.map((_, row) => `text ${row}`),
    }
    const expected = ['Label', 'is_fraud', 'Attack class'].map((column) => ({ code: 'label-like', column }))
    expect(review(columns)).toEqual(expected)
    expect(review(columns, { labels: labels.map((_, row) => Number(row > 30)) })).toEqual(expected)
  })
})

describe('strings', () => {
  it('that are dates in another form than ISO 8601', () => {
    const many = (text: string) => labels.map(() => text)
    for (const text of ['31/05/2024', '5.31.24', '2024/5/31', '31 May 2024', '10-MAY-24 09:10', 'May 31, 2024'])
      expect(review({ at: many(text) })).toEqual([{ code: 'dates-as-strings', column: 'at', example: text }])
    for (const text of ['31/05', 'May', 'Ulm 24', '1-2-3-4']) expect(review({ at: many(text) })).toEqual([])
  })

  it('that are numbers in another form, and whether a decimal comma explains them', () => {
    const columns = {
      load: labels.map((_, row) => (row === 0 ? '7' : `${row},25`)),
      price: labels.map((_, row) => `$${row}.50`),
      share: labels.map((_, row) => `${row} %`),
      plain: labels.map((_, row) => (row === 59 ? 'n' : `${row},5`)),
    }
    const expected = [
      { code: 'numbers-as-strings', column: 'load', example: '1,25', decimalComma: true },
      { code: 'numbers-as-strings', column: 'price', example: '$0.50', decimalComma: false },
      { code: 'numbers-as-strings', column: 'share', example: '0 %', decimalComma: false },
    ]
    expect(review(columns)).toEqual(expected)
    expect(review(columns, { types: { load: 'category', price: 'category' } })).toEqual(expected.slice(2))
  })
})

describe('numbers that rise with every row', () => {
  it('are warned of, but not where their kind was said', () => {
    const id = Float64Array.from(upTo(60), (row) => 1000 + 3 * row)
    const columns = [id, id.map((value, row) => (row === 9 ? value + 0.5 : value)), id.map((value) => -value)]
    const rising = table(['id', 'broken', 'falling'], columns)
    expect(reviewTable(rising)).toEqual([{ code: 'increasing-column', column: 'id' }])
    expect(reviewTable(rising, { types: { id: 'number' } })).toEqual([])
    // Fewer than 50 rows may rise by chance.
    expect(reviewTable(table(['id'], [id.subarray(0, 49)]))).toEqual([])
  })
})
