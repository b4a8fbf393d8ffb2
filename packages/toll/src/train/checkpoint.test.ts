// A checkpoint is read back as it was written, or refused: no bit of it can change unseen.

import { describe, expect, it } from 'vitest'
import { Random, TollError } from '../base/index.js'
import { decodeCheckpoint, encodeCheckpoint } from './index.js'

interface Kept {
  readonly step: number
  readonly names: readonly string[]
}

const isKept = (value: unknown): value is Kept =>
  typeof value === 'object' && value !== null && typeof (value as Kept).step === 'number'

const checkpoint = {
  record: { step: 7, names: ['größe', '__proto__'] },
  tensors: new Map([
    ['w', { shape: [2, 3], data: Float32Array.of(1, -0, 1e-45, 3.5, 2, 9) }],
    ['empty', { shape: [0], data: new Float32Array(0) }],
    ['2', { shape: [], data: Float32Array.of(4) }],
    ['1', { shape: [1], data: Float32Array.of(5) }],
  ]),
}

describe('a checkpoint', () => {
  const bytes = encodeCheckpoint(checkpoint)

  it('is read back as it was written', () => {
    const { record, tensors } = decodeCheckpoint(bytes, isKept)
    expect(record).toEqual(checkpoint.record)
    expect(new Map([...tensors].sort())).toEqual(new Map([...checkpoint.tensors].sort()))
  })

  it('is refused with any bit flipped, and at any length, as a damaged file', () => {
    const outcome = (damaged: Uint8Array) => {
      try {
        return decodeCheckpoint(damaged, isKept)
      } catch (error) {
        return error
      }
    }
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const damaged = Uint8Array.from(bytes)
      damaged[bit >> 3] ^= 1 << (bit & 7)
      const problem = outcome(damaged)
      // White space after the header says nothing.
      if (problem instanceof TollError) expect(problem.reason, `bit ${bit}`).toBe('damaged-file')
      else expect(problem, `bit ${bit}`).toEqual(outcome(bytes))
    }
    for (let length = 0; length < bytes.length; length++)
      expect(outcome(bytes.subarray(0, length)), `${length} bytes`).toMatchObject({ reason: 'damaged-file' })
    const random = Random.seeded(1)
    for (let i = 0; i < 2000; i++) {
      const noise = Uint8Array.from({ length: random.integer(200) }, () => random.integer(256))
      noise.fill(0, 1, 8)
      expect(outcome(noise)).toMatchObject({ name: 'TollError', reason: 'damaged-file' })
    }
  })
})
