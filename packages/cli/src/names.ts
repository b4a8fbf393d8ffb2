// Lists of names on the command line.

import { TollError } from 'toll/base'

/** Names from a list with commas, each once, in its order; without a list all. Error: `argument`. */
export function readNames(flag: string, text: string | undefined, known: readonly string[]): string[] {
  if (text === undefined) return [...known]
  const names = [
    ...new Set(
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    ),
  ]
  if (names.length === 0) throw new TollError('missing-argument', `${flag} names nothing; known: ${known.join(', ')}`)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new TollError('unknown-parameter', `${flag}: there is no '${unknown}'; known: ${known.join(', ')}`)
  return names
}
