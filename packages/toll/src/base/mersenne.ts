// Permutations of NumPy's legacy generator, `RandomState(seed).permutation(n)`, to the integer: published experiments
// that were split by it are split the same way here. Mersenne Twister MT19937 (Matsumoto and Nishimura 1998), seeded by
// `init_genrand`; the shuffle goes from the last element down, and draws an integer up to `most` by masking words of 32
// bits and rejecting what is above. Not for own randomness: that is `Random`.

import { mersenne } from 'pure-rand/generator/mersenne'
import { TollError } from './errors.js'

/**
 * A permutation of 0..n-1. Error: `argument` for a seed outside [0, 2^32), or for n that is no whole number below 2^31.
 */
export function legacyPermutation(seed: number, n: number): Int32Array {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff)
    throw new TollError('out-of-domain', `seed must be an integer from 0 to 4294967295, got ${seed}`, {
      option: 'seed',
      value: seed,
      expected: 'an integer from 0 to 4294967295',
    })
  if (!Number.isInteger(n) || n < 0 || n >= 2 ** 31)
    throw new TollError('out-of-domain', `a permutation is of a whole number of items below 2^31, got ${n}`, {
      option: 'n',
      value: n,
      expected: 'a whole number below 2^31',
    })
  const generator = mersenne(seed)
  const order = Int32Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const mask = 0xffffffff >>> Math.clz32(i)
    let j: number
    do j = (generator.next() & mask) >>> 0
    while (j > i)
    const moved = order[i]
    order[i] = order[j]
    order[j] = moved
  }
  return order
}
