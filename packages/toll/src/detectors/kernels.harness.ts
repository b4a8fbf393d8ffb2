// What the tests of the kernel methods share: hashed rows that every language rebuilds, and one call that fits and
// scores.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { resolveParameters, type Domains, type NdArray, type Values } from '../base/index.js'
import { input } from '../graph/index.js'
import type { Engine } from '../runtime/index.js'
import type { Detector, FitContext } from './contract.js'

/** u(k, i) in [-1, 1): an integer hash. */
function hashed(k: number, i: number): number {
  let h = (Math.imul(i, 0x9e3779b1) + Math.imul(k + 1, 0x85ebca77)) >>> 0
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad)
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97)
  return ((h ^ (h >>> 15)) >>> 0) / 2 ** 31 - 1
}

/** (n, d) sums of four uniform numbers, plus `shift`. */
export function hashedRows(n: number, d: number, seed: number, shift = 0): NdArray<Float64Array> {
  const at = (i: number) => hashed(seed, i) + hashed(seed + 1, i) + hashed(seed + 2, i) + hashed(seed + 3, i)
  return { shape: [n, d], data: Float64Array.from({ length: n * d }, (_, i) => at(i) + shift) }
}

export function rowsOf(rows: readonly (readonly number[])[]): NdArray<Float64Array> {
  return { shape: [rows.length, rows[0].length], data: Float64Array.from(rows.flat()) }
}

export interface Given<D extends Domains> extends Partial<Omit<FitContext, 'engine'>> {
  readonly parameters?: Partial<Values<D>>
  readonly labels?: Uint8Array
}

/** Fits on `train` (n, d) and scores `queries` (m, d), without preprocessing. */
export async function fitAndScore<D extends Domains>(
  engine: Engine,
  detector: Detector<D>,
  train: NdArray,
  queries: NdArray,
  { parameters = {}, labels, ...context }: Given<D> = {},
): Promise<{ scores: number[]; summary: Readonly<Record<string, unknown>> }> {
  const fitted = await detector.fit(
    { samples: train, ...(labels && { labels }) },
    resolveParameters(detector.parameters, parameters),
    { engine, seed: 0, ...context },
  )
  const x = input('x', ['batch', queries.shape[1]], 'float64')
  const session = await engine.load({ inputs: [x], outputs: { score: fitted.score(x).score } })
  const { score } = await session.run({
    x: { dtype: 'float64', shape: queries.shape, data: Float64Array.from(queries.data) },
  })
  await session.close()
  return { scores: Array.from(score.data as Float64Array), summary: fitted.summary }
}

export interface KernelGolden {
  readonly train: NdArray
  readonly test: NdArray
  readonly ocsvm: readonly { nu: number; gamma: number; supportVectors: number; rho: number; scores: number[] }[]
  readonly kde: readonly { bandwidth: number; scores: number[] }[]
}

/**
 * The reference scores of scikit-learn and the rows they belong to, or undefined, with the reason printed by `print`.
 */
export function kernelGolden(print: (reason: string) => void): KernelGolden | undefined {
  const file = process.env.TOLL_GOLDEN && join(process.env.TOLL_GOLDEN, 'classical.json')
  if (!file || !existsSync(file)) {
    print('golden scores skipped: TOLL_GOLDEN names no folder with classical.json')
    return undefined
  }
  const golden = JSON.parse(readFileSync(file, 'utf8')) as { seed: number; train: number[]; test: number[] } & Pick<
    KernelGolden,
    'ocsvm' | 'kde'
  >
  const build = ([n, d]: number[], seed: number, stretch: boolean) => {
    const { data } = hashedRows(n, d, seed)
    for (let row = 0; row < n; row++) {
      data[row * d + 1] = 0.7 * data[row * d] + 0.3 * data[row * d + 1]
      for (let c = 0; c < d && stretch && row % 5 === 0; c++) data[row * d + c] *= 1.8
    }
    return { shape: [n, d], data: Float64Array.from(Float32Array.from(data)) }
  }
  return { ...golden, train: build(golden.train, golden.seed, false), test: build(golden.test, golden.seed + 10, true) }
}

/** Largest absolute difference over the largest absolute value of the reference. */
export function deviation(ours: readonly number[], reference: readonly number[]): number {
  const largest = Math.max(...reference.map(Math.abs))
  return Math.max(...reference.map((value, i) => Math.abs(ours[i] - value))) / largest
}
