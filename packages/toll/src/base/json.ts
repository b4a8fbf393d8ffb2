// JSON from outside, with its nesting bounded before anything walks it: a text of some thousand brackets would overflow
// the stack of whoever does.

import { messageOf, TollError } from './errors.js'

/** Levels of arrays and objects in one another; what this library writes has fewer than 20. */
export const maxJsonDepth = 200

const quote = 0x22
const backslash = 0x5c
const lineFeed = 0x0a
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/** How deep JSON nests, told as its bytes, or the units of its text, go by. */
export class JsonDepth {
  #depth = 0
  #inString = false
  #escaped = false
  /** The deepest level so far. */
  deepest = 0

  /** @param lines whether every line is a document of its own */
  push(units: Uint8Array | Uint16Array, lines = false): void {
    let [depth, deepest, inString, escaped] = [this.#depth, this.deepest, this.#inString, this.#escaped]
    for (let i = 0; i < units.length; i++) {
      const unit = units[i]
      if (lines && unit === lineFeed) {
        depth = 0
        inString = escaped = false
      } else if (escaped) escaped = false
      else if (inString) {
        if (unit === backslash) escaped = true
        else if (unit === quote) inString = false
      } else if (unit === quote) inString = true
      else if (unit === openBracket || unit === openBrace) {
        if (++depth > deepest) deepest = depth
      } else if (unit === closeBracket || unit === closeBrace) depth--
    }
    this.#depth = depth
    this.deepest = deepest
    this.#inString = inString
    this.#escaped = escaped
  }
}

/** The error for JSON that nests deeper than `maxJsonDepth`. */
export function tooDeep(): TollError {
  return new TollError('malformed-json', `the JSON nests more than ${maxJsonDepth} levels deep`, {
    limit: maxJsonDepth,
  })
}

/** @throws `format` (`malformed-json`) for a text that is no JSON, or nests deeper than `maxJsonDepth`. */
export function parseJson(text: string): unknown {
  const gauge = new JsonDepth()
  gauge.push(Uint16Array.from({ length: text.length }, (_, i) => text.charCodeAt(i)))
  if (gauge.deepest > maxJsonDepth) throw tooDeep()
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new TollError('malformed-json', `it is no JSON: ${messageOf(cause)}`, { cause })
  }
}
