// What the tests of detectors share: hashed rows that any language rebuilds bit for bit, and scoring without a model
// around the detector.

import { resolveParameters, type Domains, type NdArray, type Values } from '../base/index.js'
import { input } from '../graph/index.js'
import { float64, openReference, type Engine } from '../runtime/index.js'
import type { Detector, FittedDetector, TrainingData } from './contract.js'

/** u(k, i) in [-1, 1): one integer hash. */
function hashed(k: number, i: number): number {
  let h = (Math.imul(i, 0x9e3779b1) + Math.imul(k + 1, 0x85ebca77)) | 0
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad)
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97)
  return ((h ^ (h >>> 15)) >>> 0) / 2 ** 31 - 1
}

/**
 * Sums of four hashes, column 1 = 0.7 column 0 + 0.3 column 1, rounded to float32; then every fifth row times
 * `outlying`, rounded again: (n, d).
 */
export function hashedRows(seed: number, n: number, d: number, outlying = 1): NdArray<Float64Array> {
  const data = Float64Array.from(
    { length: n * d },
    (_, i) => hashed(seed, i) + hashed(seed + 1, i) + hashed(seed + 2, i) + hashed(seed + 3, i),
  )
  for (let row = 0; row < n; row++) data[row * d + 1] = 0.7 * data[row * d] + 0.3 * data[row * d + 1]
  return {
    shape: [n, d],
    data: data.map((value, i) => Math.fround((Math.floor(i / d) % 5 === 0 ? outlying : 1) * Math.fround(value))),
  }
}

export function rowsOf(rows: readonly (readonly number[])[]): NdArray<Float64Array> {
  return { shape: [rows.length, rows[0].length], data: Float64Array.from(rows.flat()) }
}

export function shifted({ shape, data }: NdArray<Float64Array>, by: number): NdArray<Float64Array> {
  return { shape, data: data.map((value) => value + by) }
}

export function fitted<D extends Domains>(
  detector: Detector<D>,
  data: NdArray | TrainingData,
  parameters: Partial<Values<D>> = {},
  { engine = openReference(), seed = 0 }: { engine?: Engine; seed?: number } = {},
): Promise<FittedDetector> {
  return detector.fit(
    'samples' in data ? data : { samples: data },
    resolveParameters(detector.parameters, parameters),
    { engine, seed },
  )
}

/** Scores, and their components by name, of rows. */
export async function scoresOf(
  detector: FittedDetector,
  rows: NdArray<Float64Array>,
  engine: Engine = openReference(),
): Promise<Record<string, number[]>> {
  const { score, components } = detector.score(input('x', ['batch', rows.shape[1]], 'float64'))
  const session = await engine.load({ outputs: { score, ...components } })
  const results = await session.run({ x: float64(rows.shape, rows.data) })
  await session.close()
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float64Array)]))
}

/** Largest difference divided by the largest expected value. */
export function deviation(values: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [difference, largest] = [0, 0]
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(values[i] - expected[i]))
    largest = Math.max(largest, Math.abs(expected[i]))
  }
  return difference / largest
}
