import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { TollError, errorReasons, locate, messageOf, type ErrorData } from './errors.js'

const page = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8')

it('reasons are listed on the page, each with its code and what to do', () => {
  const rows = [...page.matchAll(/^\| `([a-z0-9-]+)` \| `([a-z-]+)` \| (.+) \| (.+) \|$/gm)]
  expect(rows.map(([, reason, code]) => [reason, code])).toEqual(Object.entries(errorReasons))
})

it('details are listed on the page', () => {
  const [, table] = /## Details\n(.*?)\n## /s.exec(page)!
  const listed = [...table.matchAll(/^\| (`.+`) \|/gm)].flatMap(([, names]) => names.replaceAll('`', '').split(', '))
  // Every field has a type of its own there: what does not is no detail.
  const all = {
    file: '',
    line: 1,
    offset: 0,
    part: '',
    row: 0,
    column: '',
    columns: [],
    option: '',
    value: 0,
    expected: '',
    limit: 0,
    suggestion: 0,
    package: '',
  } satisfies Required<ErrorData['details']>
  expect(listed).toEqual(Object.keys(all))
})

describe('an error', () => {
  it('has the code of its reason, its details, and nothing where nothing is known', () => {
    const cause = new Error('native words')
    const error = new TollError('not-a-number', 'no number', { row: 3, column: undefined, cause })
    expect(error).toMatchObject({
      name: 'TollError',
      code: 'data',
      reason: 'not-a-number',
      message: 'no number',
      cause,
    })
    expect(error.details).toStrictEqual({ row: 3 })
    expect('cause' in new TollError('aborted', 'stopped')).toBe(false)
    expect(new TollError('internal', 'x')).toMatchObject({ code: 'internal', message: 'internal: x' })
  })

  it('takes on the place that its caller knows, once', () => {
    const error = new TollError('not-finite', 'infinite', { row: 1 })
    const placed = error.within('a.csv')
    expect(placed).toMatchObject({ reason: 'not-finite', message: 'a.csv: infinite', cause: error })
    expect(placed.details).toStrictEqual({ row: 1, file: 'a.csv' })
    expect(placed.within('b.csv')).toBe(placed)
    expect(placed.within('array x', {})).toMatchObject({ message: 'array x: a.csv: infinite' })
    expect(placed.within('node 3', { part: 'node 3' }).details).toStrictEqual({ row: 1, file: 'a.csv', part: 'node 3' })
    expect(new TollError('internal', 'x').within('y')).toMatchObject({ message: 'internal: y: x' })
    expect(locate(error, 'a.csv')).toMatchObject({ message: 'a.csv: infinite' })
    expect(locate('not ours', 'a.csv')).toBe('not ours')
  })

  it('is plain data, and the same again from it', () => {
    const details = {
      value: { shape: Float64Array.of(1, 2), big: 2n ** 60n, made: new Date(0), run: () => 1 },
      expected: ['a', 'b'],
      limit: Infinity,
    }
    for (const reason of ['out-of-domain', 'internal'] as const) {
      const error = new TollError(reason, 'words', details)
      const data = error.toJSON()
      expect(data.details).toStrictEqual({
        value: { shape: [1, 2], big: '1152921504606846976', made: 'Date', run: 'function' },
        expected: ['a', 'b'],
        limit: Infinity,
      })
      expect(structuredClone(data)).toEqual(data)
      expect(JSON.parse(JSON.stringify(error))).toEqual({ ...data, details: { ...data.details, limit: null } })
      const again = TollError.fromJSON(data, 'why')
      expect(again.toJSON()).toEqual(data)
      expect([again.message, again.cause]).toEqual([error.message, 'why'])
    }
  })

  it('has a message to be shown, as everything that is thrown', () => {
    expect([new Error('a'), { message: 'b' }, 'c', undefined].map(messageOf)).toEqual(['a', 'b', 'c', 'undefined'])
  })
})
