import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { EngineColumns } from './kernel-columns.js'
import { hashedRows } from './kernels.harness.js'
import { columnMeans, type Kernel } from './kernels.js'
import { solveOneClass, type KernelColumns } from './smo.js'

/** Columns of a given matrix, of which only the last `kept` loads stay. */
function columnsOf(matrix: readonly (readonly number[])[], kept = Infinity): KernelColumns {
  const held = new Map<number, Float64Array>()
  return {
    diagonal: Float64Array.from(matrix, (row, i) => row[i]),
    column: (i) => held.get(i),
    atOnce: 1,
    load: async ([row]) => {
      if (held.size >= kept) held.delete(held.keys().next().value!)
      held.set(
        row,
        Float64Array.from(matrix, (other) => other[row]),
      )
    },
  }
}

function times(matrix: readonly (readonly number[])[], alpha: ArrayLike<number>): Float64Array {
  return Float64Array.from(matrix, (row) => row.reduce((total, value, i) => total + value * alpha[i], 0))
}

const solve = (
  matrix: readonly (readonly number[])[],
  start: readonly number[],
  columns = columnsOf(matrix),
  tolerance = 1e-12,
) => solveOneClass(columns, { alpha: Float64Array.from(start), gradient: times(matrix, start), tolerance })

describe('the one-class dual', () => {
  it('of a diagonal matrix shares the sum by the inverse diagonal', async () => {
    // K a = rho: a_i = rho / K_ii, so that 1 = rho (1 + 1/2 + 1/4).
    const { alpha, rho } = await solve(
      [
        [1, 0, 0],
        [0, 2, 0],
        [0, 0, 4],
      ],
      [1, 0, 0],
    )
    ;[4 / 7, 2 / 7, 1 / 7].forEach((expected, i) => expect(alpha[i]).toBeCloseTo(expected, 11))
    expect(rho).toBeCloseTo(4 / 7, 11)
  })

  it('meets bounds exactly, and puts the offset between the rows at both', async () => {
    // With sum 1 over rows of norms 1 and 3, all weight goes to neither bound: a = (3/4, 1/4). With K_01 = 2 the first
    // row takes all.
    expect(
      await solve(
        [
          [1, 2],
          [2, 9],
        ],
        [0, 1],
      ),
    ).toMatchObject({ alpha: Float64Array.of(1, 0), rho: 1.5, steps: 1 })
    expect(
      (
        await solve(
          [
            [1, 0],
            [0, 3],
          ],
          [0, 1],
        )
      ).alpha[1],
    ).toBeCloseTo(0.25, 12)
  })

  it('takes the largest gradient as offset when every row is at its upper bound', async () => {
    expect(
      await solve(
        [
          [1, 0.5],
          [0.5, 2],
        ],
        [1, 1],
      ),
    ).toMatchObject({ rho: 2.5, steps: 0, violation: -Infinity })
  })

  it('is solved at once when all rows are the same', async () => {
    expect(
      await solve(
        [
          [1, 1, 1],
          [1, 1, 1],
          [1, 1, 1],
        ],
        [1, 0.5, 0],
      ),
    ).toMatchObject({ rho: 1.5, steps: 0, violation: 0 })
    expect(
      await solve(
        [
          [0, 0],
          [0, 0],
        ],
        [1, 0],
      ),
    ).toMatchObject({ rho: 0, steps: 0 })
  })

  it('does not depend on how many columns stay', async () => {
    const { data } = hashedRows(40, 3, 1)
    const matrix = Array.from({ length: 40 }, (_, i) =>
      Array.from({ length: 40 }, (_, j) =>
        Math.exp(-0.3 * [0, 1, 2].reduce((total, c) => total + (data[3 * i + c] - data[3 * j + c]) ** 2, 0)),
      ),
    )
    const start = Array.from({ length: 40 }, (_, i) => (i < 8 ? 1 : 0))
    const all = await solve(matrix, start)
    expect(await solve(matrix, start, columnsOf(matrix, 2))).toEqual(all)
    expect(all.steps).toBeGreaterThan(20)
    // The conditions of Karush, Kuhn and Tucker, and the sum.
    const gradient = times(matrix, all.alpha)
    all.alpha.forEach((a, i) => {
      if (a > 0) expect(gradient[i]).toBeLessThan(all.rho + 1e-10)
      if (a < 1) expect(gradient[i]).toBeGreaterThan(all.rho - 1e-10)
    })
    expect(all.alpha.reduce((total, a) => total + a, 0)).toBeCloseTo(8, 12)
  })

  it('stops when asked to, and after too many steps', async () => {
    const signal = AbortSignal.abort()
    await expect(
      solveOneClass(
        columnsOf([
          [1, 0],
          [0, 1],
        ]),
        { alpha: Float64Array.of(1, 0), gradient: Float64Array.of(1, 0), tolerance: 1e-3, signal },
      ),
    ).rejects.toMatchObject({ code: 'aborted' })
    // Columns that promise half of what they do: every step overshoots by its own length, and the next one takes it
    // back.
    const circling: KernelColumns = {
      diagonal: Float64Array.of(1, 1),
      atOnce: 1,
      load: async () => {},
      column: (i) => (i === 0 ? Float64Array.of(2, 0) : Float64Array.of(0, 2)),
    }
    await expect(
      solveOneClass(circling, {
        alpha: Float64Array.of(0.5, 0.5),
        gradient: Float64Array.of(0, 0.125),
        tolerance: 1e-3,
      }),
    ).rejects.toEqual(
      expect.objectContaining({
        code: 'diverged',
        message: expect.stringMatching(/2 rows was not solved to 0.001 in 1000000 steps/) as string,
      }),
    )
  })
})

describe('columns by the engine', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await openEngine({ device: 'cpu', threads: 1 })
  })
  afterAll(() => engine.close())
  const rows = hashedRows(30, 3, 1)
  const [n, d] = rows.shape
  const at = (i: number) => rows.data.subarray(i * d, (i + 1) * d)
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((total, value, c) => total + value * b[c], 0)
  const settings = { gamma: 0.3, degree: 5, coef0: 0.7 }

  it.each<[Kernel['kind'], (a: Float64Array, b: Float64Array) => number]>([
    ['rbf', (a, b) => Math.exp(-0.3 * a.reduce((total, value, c) => total + (value - b[c]) ** 2, 0))],
    ['linear', dot],
    ['polynomial', (a, b) => (0.3 * dot(a, b) + 0.7) ** 5],
    ['sigmoid', (a, b) => Math.tanh(0.3 * dot(a, b) + 0.7)],
  ])('%s: columns, diagonal and weighted sums', async (kind, by) => {
    const columns = await EngineColumns.open(engine, { kernel: { kind, ...settings }, rows, origin: columnMeans(rows) })
    await columns.load([4, 17])
    for (const i of [4, 17]) {
      const largest = Math.max(...columns.column(i)!.map(Math.abs))
      columns
        .column(i)!
        .forEach((value, t) => expect(Math.abs(value - by(at(t), at(i)))).toBeLessThan(1e-14 * Math.max(1, largest)))
      expect(columns.diagonal[i]).toBeCloseTo(by(at(i), at(i)), 10)
    }
    const sums = await columns.weightedSum([3, 9, 11], Float64Array.of(0.5, -1, 2))
    sums.forEach((value, t) =>
      expect(value).toBeCloseTo(0.5 * by(at(t), at(3)) - by(at(t), at(9)) + 2 * by(at(t), at(11)), 10),
    )
    await columns.close()
  })

  it('keeps the newest columns within its memory', async () => {
    const columns = await EngineColumns.open(
      engine,
      { kernel: { kind: 'rbf', ...settings }, rows, origin: columnMeans(rows) },
      3 * 8 * n,
    )
    expect(columns.atOnce).toBe(3)
    await columns.load([0, 1])
    await columns.load([2, 3])
    expect([0, 1, 2, 3].map((i) => columns.column(i) !== undefined)).toEqual([false, true, true, true])
    await columns.close()
  })
})
