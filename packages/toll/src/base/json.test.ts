// Nesting is counted outside of strings, by lines where lines are documents, and bounded before anything walks it.

import { describe, expect, it } from 'vitest'
import { JsonDepth, maxJsonDepth, parseJson } from './index.js'

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
const depthOf = (text: string, lines = false) => {
  const gauge = new JsonDepth()
  // In two parts, cut anywhere.
  const bytes = new TextEncoder().encode(text)
  gauge.push(bytes.subarray(0, bytes.length / 3), lines)
  gauge.push(bytes.subarray(bytes.length / 3), lines)
  return gauge.deepest
}

describe('the depth of JSON', () => {
  it.each([
    ['1', 0],
    ['{"a":[{"b":[]}]}', 4],
    ['["[[[", "\\"[[", "\\\\", []]', 2],
    ['["ü{", "\u2028[", {"}": "]"}]', 2],
  ])('%s is %i', (text, depth) => {
    expect(depthOf(text)).toBe(depth)
    expect(parseJson(text)).toEqual(JSON.parse(text))
  })

  it('of lines is that of the deepest line, whatever is left open', () => {
    expect(depthOf('{"a":[1\n{"b":"\n[[1]]\n', true)).toBe(2)
  })

  it('is at most a bound', () => {
    expect(() => parseJson(nested(maxJsonDepth))).not.toThrow()
    const refused = expect.objectContaining({ reason: 'malformed-json' }) as unknown
    expect(() => parseJson(nested(maxJsonDepth + 1))).toThrow(refused)
    expect(() => parseJson(nested(1_000_000))).toThrow(refused)
    expect(() => parseJson('[1')).toThrow(refused)
  })
})
