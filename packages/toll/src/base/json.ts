// JSON from outside, with its nesting bounded before anything walks it: a text of some thousand brackets would overflow
// the stack of whoever does.

import { messageOf, TollError } from './errors.js'

/** Levels of arrays and objects in one another; what this library writes has fewer than 20. */
export const maxJsonDepth = 200

const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = [...'"\\[]{}'].map((character) =>
  character.charCodeAt(0),
)

/** @throws `format` (`malformed-json`) for a text that is no JSON, or nests deeper than `maxJsonDepth`. */
export function parseJson(text: string): unknown {
  if (depthOf(text) > maxJsonDepth)
    throw new TollError('malformed-json', `the JSON nests more than ${maxJsonDepth} levels deep`, {
      limit: maxJsonDepth,
    })
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new TollError('malformed-json', `it is no JSON: ${messageOf(cause)}`, { cause })
  }
}

function depthOf(text: string): number {
  let [depth, deepest, inString] = [0, 0, false]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (inString) {
      if (code === backslash) i++
      else if (code === quote) inString = false
    } else if (code === quote) inString = true
    else if (code === openBracket || code === openBrace) deepest = Math.max(deepest, ++depth)
    else if (code === closeBracket || code === closeBrace) depth--
  }
  return deepest
}
