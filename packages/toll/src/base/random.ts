// Seeded randomness: a stream that is an argument, never a global. Its state can be saved and restored to the bit.
// The generator is xoroshiro128+ (Blackman and Vigna 2018) from pure-rand; seeds and forks are spread by SplitMix-style
// hashing.

import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus, xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import { TollError } from './errors.js'

/** The state of a stream, plain numbers that survive JSON. */
export type RandomState = readonly number[]

export class Random {
  readonly #generator: RandomGenerator

  private constructor(generator: RandomGenerator) {
    this.#generator = generator
  }

  /** A stream from an integer seed in [0, 2^32). */
  static seeded(seed: number): Random {
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
      throw new TollError('out-of-domain', `seed must be an integer from 0 to 4294967295, got ${seed}`, {
        option: 'seed',
        value: seed,
        expected: 'an integer from 0 to 4294967295',
      })
    }
    return new Random(xoroshiro128plus(mix(seed)))
  }

  static fromState(state: RandomState): Random {
    return new Random(xoroshiro128plusFromState(state))
  }

  state(): RandomState {
    return [...this.#generator.getState()]
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    return uniformFloat64(this.#generator)
  }

  /** Uniform integer in [0, bound). */
  integer(bound: number): number {
    return uniformInt(this.#generator, 0, bound - 1)
  }

  /**
   * Standard normal, by Box and Muller's polar form; the second value of each pair is dropped so that the state stays
   * one stream.
   */
  normal(): number {
    for (;;) {
      const u = 2 * this.uniform() - 1
      const v = 2 * this.uniform() - 1
      const s = u * u + v * v
      if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s)
    }
  }

  /**
   * `k` different integers of [0, n), in random order: the head of a Fisher-Yates shuffle. Only the entries that a swap
   * moved are kept, so that drawing a batch from a million rows costs as much as the batch.
   */
  sample(n: number, k: number): Int32Array {
    if (k > n)
      throw new TollError('out-of-domain', `cannot draw ${k} different values from ${n}`, {
        option: 'k',
        value: k,
        limit: n,
      })
    const moved = new Map<number, number>()
    const drawn = new Int32Array(k)
    for (let i = 0; i < k; i++) {
      const j = i + this.integer(n - i)
      drawn[i] = moved.get(j) ?? j
      moved.set(j, moved.get(i) ?? i)
      moved.delete(i)
    }
    return drawn
  }

  permutation(n: number): Int32Array {
    return this.sample(n, n)
  }

  /** An independent stream named by `label`; this stream does not advance. */
  fork(label: string): Random {
    let h = 0x9e3779b9
    for (const word of this.state()) h = mix(h ^ word)
    for (let i = 0; i < label.length; i++) h = mix(h ^ label.charCodeAt(i))
    return new Random(xoroshiro128plus(h))
  }
}

/** A bijective 32-bit hash (the finaliser of SplitMix32), so that neighbouring seeds give unrelated streams. */
function mix(value: number): number {
  let h = (value + 0x9e3779b9) | 0
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad)
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97)
  return h ^ (h >>> 15)
}
