import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random, resolveParameters, type NdArray } from '../base/index.js'
import { input, interpret } from '../graph/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { isolationForest } from './isolation-forest.js'
import { growForest, meanSearchPath } from './isolation-trees.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

const normals = (n: number, d: number, seed: number, offset = 0): NdArray<Float64Array> => {
  const random = Random.seeded(seed)
  return { shape: [n, d], data: Float64Array.from({ length: n * d }, () => random.normal() + offset) }
}

async function fitted(samples: NdArray, given: Record<string, number> = {}, seed = 1) {
  return isolationForest.fit({ samples }, resolveParameters(isolationForest.parameters, given), { engine, seed })
}

/** Scores in ONNX Runtime, or in the interpreter. */
async function scored(
  samples: NdArray,
  rows: NdArray<Float64Array>,
  given: Record<string, number> = {},
  seed = 1,
  how: 'onnx' | 'interpreter' = 'onnx',
): Promise<number[]> {
  const detector = await fitted(samples, given, seed)
  const x = input('x', ['batch', rows.shape[1]], 'float64')
  const { score } = detector.score(x)
  if (how === 'interpreter') return [...interpret({ score }, { x: rows }).score.data]
  const session = await engine.load({ inputs: [x], outputs: { score } })
  const result = await session.run({ x: { dtype: 'float64', shape: rows.shape, data: rows.data } })
  await session.close()
  return [...(result.score.data as Float64Array)]
}

describe('path lengths', () => {
  it('have the mean of an unsuccessful search: 0, 1, then 2 H(n-1) - 2(n-1)/n', () => {
    expect([0, 1, 2].map(meanSearchPath)).toEqual([0, 0, 1])
    expect(meanSearchPath(256)).toBeCloseTo(10.2448, 4)
  })

  it('are exact on two rows: one split, so that every row scores 2^-1', async () => {
    const two = { shape: [2, 1], data: Float64Array.of(0, 1) }
    expect(await scored(two, { shape: [3, 1], data: Float64Array.of(-5, 0.5, 7) })).toEqual([0.5, 0.5, 0.5])
  })
})

describe('trees', () => {
  it('split strictly above the smallest value, left below the threshold, children behind parents', async () => {
    const samples = normals(64, 3, 2)
    const { roots, feature, value, left, right, heightLimit } = await growForest(
      samples,
      { trees: 5, sampled: 16, extension: 0 },
      Random.seeded(3),
    )
    expect([roots.length, heightLimit]).toEqual([5, 4])
    feature.forEach((column, node) => {
      if (column < 0) return
      expect(left[node]).toBe(node + 1)
      expect(right[node]).toBeGreaterThan(left[node])
      expect(Math.abs(value[node])).toBeLessThan(5)
    })
  })

  it('split doubles that have nothing between them', async () => {
    const samples = { shape: [2, 1], data: Float64Array.of(1, 1 + 2 ** -52) }
    const { value, feature } = await growForest(samples, { trees: 3, sampled: 2, extension: 0 }, Random.seeded(0))
    expect(value.filter((_, node) => feature[node] === 0)).toEqual([1 + 2 ** -52, 1 + 2 ** -52, 1 + 2 ** -52])
  })

  it('never draw a constant column', async () => {
    const samples = {
      shape: [32, 3],
      data: Float64Array.from({ length: 96 }, (_, i) => (i % 3 === 1 ? Math.sin(i) : 4)),
    }
    const { feature } = await growForest(samples, { trees: 20, sampled: 32, extension: 0 }, Random.seeded(1))
    expect(new Set(feature)).toEqual(new Set([-1, 1]))
    const { normals: planes } = await growForest(samples, { trees: 2, sampled: 32, extension: 2 }, Random.seeded(1))
    for (const plane of planes) expect([plane[0], plane[2]]).toEqual([0, 0])
  })
})

describe('isolation forest', () => {
  it.each([0, 2])(
    'scores the same to the bit in ONNX Runtime and in the interpreter, extension %i',
    async (extension) => {
      const rows = normals(50, 3, 9)
      rows.data.set([1e15, -1e15, 0], 0)
      const given = { extension, trees: 40 }
      expect((await scored(normals(300, 3, 1), rows, given)).map(Math.fround)).toEqual(
        (await scored(normals(300, 3, 1), rows, given, 1, 'interpreter')).map(Math.fround),
      )
    },
  )

  it.each([0, 1])('ranks a far row first, and gives duplicates the same score, extension %i', async (extension) => {
    const rows = { shape: [4, 2], data: Float64Array.of(8, -8, 0, 0, 0.5, 0, 0, 0) }
    const score = await scored(normals(400, 2, 5), rows, { extension })
    expect(score.indexOf(Math.max(...score))).toBe(0)
    expect(score[3]).toBe(score[1])
  })

  it('has no use for an offset', async () => {
    const plain = await scored(normals(300, 4, 7), normals(40, 4, 8))
    const shifted = await scored(normals(300, 4, 7, 1e4), normals(40, 4, 8, 1e4))
    shifted.forEach((score, i) => expect(Math.abs(score - plain[i])).toBeLessThanOrEqual(1e-6 * plain[i]))
  })

  it('scores 1/2 where all rows are the same', async () => {
    const same = { shape: [20, 2], data: new Float64Array(40).fill(3) }
    for (const score of await scored(same, same)) expect(score).toBeCloseTo(0.5, 7)
  })

  it('refuses what it cannot grow from', async () => {
    await expect(fitted(normals(1, 2, 1))).rejects.toMatchObject({
      code: 'data',
      message: 'isolation-forest needs at least 2 normal rows, got 1',
    })
    await expect(fitted(normals(9, 2, 1), { extension: 2 })).rejects.toMatchObject({
      code: 'argument',
      message: expect.stringMatching(/at most the number of columns less one, 1, got 2/) as string,
    })
    await expect(fitted(normals(5000, 2, 1), { trees: 1e5, sampled: 4096 })).rejects.toMatchObject({
      code: 'argument',
      message: expect.stringMatching(/MiB.*lower trees or sampled/) as string,
    })
    await expect(
      isolationForest.fit({ samples: normals(9, 2, 1) }, resolveParameters(isolationForest.parameters), {
        engine,
        seed: 0,
        signal: AbortSignal.abort(),
      }),
    ).rejects.toMatchObject({ code: 'aborted' })
  })

  const golden = process.env.TOLL_GOLDEN && join(process.env.TOLL_GOLDEN, 'classical.json')
  const missing = !golden || !existsSync(golden)
  if (missing) console.warn("skipped: scikit-learn's mean scores; TOLL_GOLDEN has no classical.json")
  it.skipIf(missing)("has scikit-learn's mean scores over 20 seeds, within 0.02", async () => {
    const { train, test, seed, iforest } = JSON.parse(readFileSync(golden!, 'utf8')) as {
      train: number[]
      test: number[]
      seed: number
      iforest: { meanScores: number[] }
    }
    const samples = hashed(train as [number, number], seed)
    const rows = hashed(test as [number, number], seed + 10)
    for (let i = 0; i < rows.data.length; i++) {
      if (Math.floor(i / test[1]) % 5 === 0) rows.data[i] = Math.fround(rows.data[i] * 1.8)
    }
    const runs = await Promise.all(Array.from({ length: 20 }, (_, run) => scored(samples, rows, {}, run)))
    iforest.meanScores.forEach((expected, row) => {
      const mean = runs.reduce((sum, run) => sum + run[row] / runs.length, 0)
      expect(Math.abs(mean - expected)).toBeLessThan(0.02)
    })
  })
})

/** The rows of the golden file: sums of four hashes; column 1 follows column 0. */
function hashed([n, d]: readonly [number, number], seed: number): NdArray<Float64Array> {
  const u = (k: number, i: number) => {
    let h = (Math.imul(i, 0x9e3779b1) + Math.imul(k + 1, 0x85ebca77)) | 0
    h = Math.imul(h ^ (h >>> 16), 0x21f0aaad)
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97)
    return ((h ^ (h >>> 15)) >>> 0) / 2 ** 31 - 1
  }
  const data = Float64Array.from(
    { length: n * d },
    (_, i) => u(seed, i) + u(seed + 1, i) + u(seed + 2, i) + u(seed + 3, i),
  )
  for (let row = 0; row < n; row++) data[row * d + 1] = 0.7 * data[row * d] + 0.3 * data[row * d + 1]
  return { shape: [n, d], data: data.map(Math.fround) }
}
