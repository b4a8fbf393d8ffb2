// What the tests of the neighbour methods share: hashed rows that every language rebuilds, and one call that fits and
// scores.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { resolveParameters, sizeOf, type Domains, type NdArray, type Values } from '../base/index.js'
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

/** (n, d) sums of four uniform numbers, times `scale`: about normal with variance 4/3. */
export function hashedRows(n: number, d: number, seed: number, scale = 1): NdArray<Float64Array> {
  const at = (i: number) => hashed(seed, i) + hashed(seed + 1, i) + hashed(seed + 2, i) + hashed(seed + 3, i)
  return { shape: [n, d], data: Float64Array.from({ length: n * d }, (_, i) => scale * at(i)) }
}

export function rowsOf(rows: readonly (readonly number[])[]): NdArray<Float64Array> {
  return { shape: [rows.length, rows[0].length], data: Float64Array.from(rows.flat()) }
}

export function joined(...parts: readonly NdArray[]): NdArray<Float64Array> {
  const shape = [parts.reduce((total, part) => total + part.shape[0], 0), parts[0].shape[1]]
  const data = new Float64Array(sizeOf(shape))
  let at = 0
  for (const part of parts) {
    data.set(part.data, at)
    at += part.data.length
  }
  return { shape, data }
}

export interface Given<D extends Domains> extends Partial<Omit<FitContext, 'engine'>> {
  readonly parameters?: Partial<Values<D>>
  /** Rows per run of the scorer; default all. */
  readonly batch?: number
}

/** Fits on `train` (n, d) and scores `queries` (m, d), without preprocessing. */
export async function fitAndScore<D extends Domains>(
  engine: Engine,
  detector: Detector<D>,
  train: NdArray,
  queries: NdArray,
  { parameters = {}, batch = queries.shape[0], ...context }: Given<D> = {},
): Promise<{ scores: Float64Array; summary: Readonly<Record<string, unknown>> }> {
  const fitted = await detector.fit({ samples: train }, resolveParameters(detector.parameters, parameters), {
    engine,
    seed: 0,
    ...context,
  })
  const [m, d] = queries.shape
  const x = input('x', ['batch', d], 'float64')
  const session = await engine.load({ inputs: [x], outputs: { score: fitted.score(x).score } })
  const scores = new Float64Array(m)
  for (let start = 0; start < m; start += batch) {
    const end = Math.min(m, start + batch)
    const data = Float64Array.from(queries.data.subarray(start * d, end * d))
    const { score } = await session.run({ x: { dtype: 'float64', shape: [end - start, d], data } })
    scores.set(score.data as Float64Array, start)
  }
  await session.close()
  return { scores, summary: fitted.summary }
}

/** The reference scores of scikit-learn and the rows they belong to, or undefined with a printed reason. */
export function classicalGolden():
  | {
      readonly train: NdArray
      readonly test: NdArray
      readonly knn5: readonly number[]
      readonly lof20: readonly number[]
    }
  | undefined {
  const file = process.env.TOLL_GOLDEN && join(process.env.TOLL_GOLDEN, 'classical.json')
  if (!file || !existsSync(file)) {
    process.stderr.write('golden scores skipped: TOLL_GOLDEN names no folder with classical.json\n')
    return undefined
  }
  const golden = JSON.parse(readFileSync(file, 'utf8')) as {
    seed: number
    train: number[]
    test: number[]
    knn5: { scores: number[] }
    lof20: { scores: number[] }
  }
  const build = ([n, d]: number[], seed: number, stretch: boolean) => {
    const { data } = hashedRows(n, d, seed)
    for (let row = 0; row < n; row++) {
      data[row * d + 1] = 0.7 * data[row * d] + 0.3 * data[row * d + 1]
      for (let c = 0; c < d && stretch && row % 5 === 0; c++) data[row * d + c] *= 1.8
    }
    return { shape: [n, d], data: Float64Array.from(Float32Array.from(data)) }
  }
  return {
    train: build(golden.train, golden.seed, false),
    test: build(golden.test, golden.seed + 10, true),
    knn5: golden.knn5.scores,
    lof20: golden.lof20.scores,
  }
}

/** Largest absolute difference over the largest absolute value of the reference. */
export function deviation(ours: ArrayLike<number>, reference: readonly number[]): number {
  const largest = Math.max(...reference.map(Math.abs))
  return Math.max(...reference.map((value, i) => Math.abs(ours[i] - value))) / largest
}
