// Seeds and splits as they are typed, and as functions take them.

import { describe, expect, it } from 'vitest'
import { integer } from 'toll/base'
import { checkNumbers, readRange } from './index.js'

const domain = integer({ default: 10, min: 1, max: 20, doc: 'Seeds.' })

describe('a range', () => {
  it.each<[string, number[]]>([
    ['3', [0, 1, 2]],
    ['20', Array.from({ length: 20 }, (_, i) => i)],
    ['3-3', [3]],
    ['0-2,7', [0, 1, 2, 7]],
    [' 9 , 4 - 6,5', [4, 5, 6, 9]],
    ['18-19', [18, 19]],
  ])('%j', (text, expected) => {
    expect(readRange('--seeds', domain, text)).toEqual(expected)
  })

  it.each(['', '0', '21', '-1', '1.5', 'x', '4-2', '5,', '0-20', '0-99999999999', '1e1', '0x3'])(
    'refuses %j by name, domain and value',
    (text) => {
      expect(() => readRange('--seeds', domain, text)).toThrow(
        expect.objectContaining({
          reason: 'out-of-domain',
          message:
            '--seeds must be an integer at least 1 and at most 20, or ranges such as 0-4,7 below 20, got ' +
            `'${text}'`,
          details: expect.objectContaining({ option: '--seeds', value: text }),
        }),
      )
    },
  )

  it('may be empty where the count may be 0', () => {
    expect(readRange('--splits', integer({ ...domain, min: 0 }), '0')).toEqual([])
  })
})

describe('a list of numbers', () => {
  it.each([[[]], [[1, 1]], [[-1]], [[20]], [[0.5]]])('refuses %j', (numbers) => {
    expect(() => checkNumbers('seeds', domain, numbers)).toThrow(expect.objectContaining({ reason: 'out-of-domain' }))
  })

  it('takes others', () => {
    expect(() => checkNumbers('seeds', domain, [0, 7, 19])).not.toThrow()
  })
})
