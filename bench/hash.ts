// Numbers that any language rebuilds bit for bit: one integer hash of an index, and the tensors made of it.
//
//     u(k, i):  h = i * 0x9E3779B1 + (k + 1) * 0x85EBCA77      uint32, wrapping
//               h ^= h >>> 16;  h *= 0x21F0AAAD;  h ^= h >>> 15;  h *= 0x735A2D97;  h ^= h >>> 15
//               u = h / 2^31 - 1                               in [-1, 1)
//
// (multipliers of the lowbias32 family, C. Wellons).

import { sizeOf } from 'toll/base'
import type { ParameterKind } from 'toll/train'

export function hashed(k: number, i: number): number {
  let h = (Math.imul(i, 0x9e3779b1) + Math.imul(k + 1, 0x85ebca77)) | 0
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad)
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97)
  return ((h ^ (h >>> 15)) >>> 0) / 2 ** 31 - 1
}

/**
 * First values of parameter `k`: weights u / sqrt(elements per slice of the first axis), batch norm scales 1 + 0.1 u,
 * everything else 0.05 u.
 */
export function hashedParameter(k: number, kind: ParameterKind, shape: readonly number[]): Float32Array {
  const values = new Float32Array(sizeOf(shape))
  const spread = 1 / Math.sqrt(sizeOf(shape.slice(1)))
  for (let i = 0; i < values.length; i++) {
    const u = hashed(k, i)
    values[i] = kind === 'weight' ? u * spread : kind === 'batchnorm-weight' ? 1 + 0.1 * u : 0.05 * u
  }
  return values
}

/** Writes the batch of step `step` (from 0), row-major: sums of four hashes, nearly normal with variance 4/3. */
export function fillBatch(step: number, values: Float32Array): void {
  const k = 1000 + 4 * step
  for (let i = 0; i < values.length; i++) {
    values[i] = hashed(k, i) + hashed(k + 1, i) + hashed(k + 2, i) + hashed(k + 3, i)
  }
}
