// Seeds and splits as people name them: how many from 0, or which ones, so that several machines can share a sweep.

import { TollError } from 'toll'
import { describeDomain, type RealDomain } from 'toll/base'

/** 0, 1, ..., count - 1. */
export function firstOf(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

/**
 * `5` as 0 to 4, `0-4` and `0-2,7` as they say, ascending and each once. `domain` is that of the count; no number may
 * reach its maximum. Error: `argument`, which calls the range `name`.
 */
export function readRange(name: string, domain: RealDomain, text: string): number[] {
  const { min = 0, max = Infinity } = domain
  const refuse = () =>
    new TollError(
      'out-of-domain',
      `${name} must be ${describeDomain(domain)}, or ranges such as 0-4,7 below ${max}, got '${text}'`,
      { option: name, value: text, expected: describeDomain(domain) },
    )
  if (/^\s*\d+\s*$/.test(text)) {
    const count = Number(text)
    if (count < min || count > max) throw refuse()
    return firstOf(count)
  }
  const numbers = text.split(',').flatMap((part) => {
    const [, from, to] = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(part) ?? []
    const [first, last] = [Number(from), Number(to ?? from)]
    if (from === undefined || first > last || last >= max) throw refuse()
    return firstOf(last - first + 1).map((i) => first + i)
  })
  return [...new Set(numbers)].sort((a, b) => a - b)
}

/** Checks a list of seeds or splits. Error: `argument`. */
export function checkNumbers(name: string, { min = 0, max = Infinity }: RealDomain, numbers: readonly number[]): void {
  const bad = numbers.find((value) => !(Number.isInteger(value) && value >= 0 && value < max))
  if (bad !== undefined || numbers.length < min || new Set(numbers).size < numbers.length)
    throw new TollError(
      'out-of-domain',
      `'${name}' must be at least ${min} different integers from 0 and below ${max}, got ` +
        `${numbers.join(', ') || 'none'}`,
      { option: name, value: numbers, limit: max },
    )
}
