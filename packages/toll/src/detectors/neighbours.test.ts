import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { constant, input } from '../graph/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { centreRows, nearest, neighboursWithin, refuseTooMany } from './neighbours.js'
import { hashedRows, rowsOf } from './neighbours.harness.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

/** All distances, directly. */
function byHand(data: Float64Array, d: number, row: number): { distance: number; place: number }[] {
  return Array.from({ length: data.length / d }, (_, place) => {
    let squared = 0
    for (let c = 0; c < d; c++) squared += (data[place * d + c] - data[row * d + c]) ** 2
    return { distance: Math.sqrt(squared), place }
  })
    .filter(({ place }) => place !== row)
    .sort((a, b) => a.distance - b.distance || a.place - b.place)
}

describe('neighbours among the training rows', () => {
  it('are those of all distances, in blocks of any size', async () => {
    const rows = hashedRows(5000, 3, 7)
    const done: number[] = []
    const { distances, places } = await neighboursWithin(rows, 6, { engine }, (rows) => done.push(rows))
    expect(done.length).toBeGreaterThan(3)
    expect(done.at(-1)).toBe(5000)
    for (const row of [0, 1, 838, 839, 2500, 4999]) {
      const expected = byHand(rows.data, 3, row).slice(0, 6)
      expect([...places.subarray(row * 6, row * 6 + 6)]).toEqual(expected.map(({ place }) => place))
      expected.forEach(({ distance }, j) => expect(distances[row * 6 + j]).toBeCloseTo(distance, 14))
    }
  })

  it('leave the row itself out, but not its copies, however many there are', async () => {
    const { distances, places } = await neighboursWithin(rowsOf([[1], [1], [5], [1], [1]]), 2, { engine }, () => {})
    expect([...distances]).toEqual([0, 0, 0, 0, 4, 4, 0, 0, 0, 0])
    expect([...places]).toEqual([1, 3, 0, 3, 0, 1, 0, 1, 1, 3])
  })

  it('stop between two blocks', async () => {
    const controller = new AbortController()
    const slow = neighboursWithin(hashedRows(5000, 3, 7), 6, { engine, signal: controller.signal }, () =>
      controller.abort(),
    )
    await expect(slow).rejects.toMatchObject({ code: 'aborted' })
  })
})

describe('nearest', () => {
  async function search(rows: ReturnType<typeof rowsOf>, queries: ReturnType<typeof rowsOf>, k: number) {
    const x = input('x', ['batch', queries.shape[1]], 'float64')
    const session = await engine.load({
      inputs: [x],
      outputs: { ...nearest(x, constant(rows.data, rows.shape, 'float64'), k) },
    })
    const { squared, places } = await session.run({ x: { dtype: 'float64', shape: queries.shape, data: queries.data } })
    await session.close()
    return { squared: [...squared.data].map(Number), places: [...places.data].map(Number) }
  }

  it('puts the lower place first at equal distances', async () => {
    expect(await search(rowsOf([[2], [-1], [1], [4]]), rowsOf([[0]]), 3)).toEqual({
      squared: [1, 1, 4],
      places: [1, 2, 0],
    })
  })

  it('tells rows apart whose distance is a millionth of their distance from the centre', async () => {
    const tight = Array.from({ length: 200 }, (_, i) => [1000 + ((i * 37) % 200) * 1e-3, 0])
    const { squared, places } = await search(rowsOf([...tight, [-1000, 0]]), rowsOf([[1000 - 1e-3, 0]]), 2)
    expect(places.map((place) => (place * 37) % 200)).toEqual([0, 1])
    expect(squared[0]).toBeCloseTo(1e-6, 12)
    expect(squared[1]).toBeCloseTo(4e-6, 12)
  })

  it('finds itself at distance 0 exactly, far from the centre too', async () => {
    const rows = hashedRows(300, 4, 2, 1e6)
    const { squared, places } = await search(rows, rows, 1)
    expect(squared.every((value) => value === 0)).toBe(true)
    expect(places).toEqual(Array.from({ length: 300 }, (_, i) => i))
  })
})

it('moves rows by their mean', () => {
  const { centre, rows } = centreRows(
    rowsOf([
      [1, 10],
      [3, 10],
    ]),
  )
  expect([...centre]).toEqual([2, 10])
  expect([...rows.data]).toEqual([-1, 0, 1, 0])
})

describe('too many rows', () => {
  it('are refused with the bytes and the way out', () => {
    expect(() => refuseTooMany('knn', [1e6, 200], { pairs: false })).toThrow(
      expect.objectContaining({
        code: 'memory',
        message:
          'knn keeps its training rows: 1000000 x 200 numbers take 1.5 GiB, allowed are 1.0 GiB; ' +
          'set the parameter subsample, to at most 671088, to train on a random part of the rows',
      }),
    )
    expect(() => refuseTooMany('lof', [1e6, 2], { pairs: true })).toThrow(
      expect.objectContaining({
        code: 'memory',
        message:
          'lof compares all 1000000 training rows with each other: 7450.6 GiB of distances would pass through ' +
          'memory, ' +
          'allowed are 745.1 GiB; set the parameter subsample, to at most 316227, to train on a random part of ' +
          'the rows',
      }),
    )
    expect(() => refuseTooMany('knn', [1e6, 2], { pairs: false })).toThrow(
      expect.objectContaining({
        code: 'memory',
        message:
          'knn compares every scored row with all 1000000 training rows: the distances of 256 rows take 1.9 ' +
          'GiB, allowed are 1.0 GiB; ' +
          'set the parameter subsample, to at most 524288, to train on a random part of the rows',
      }),
    )
    expect(() => refuseTooMany('feature-bagging', [2e5, 2], { pairs: true, copies: 10 })).toThrow(
      /with each other 10 times: 2980.2 GiB .* at most 100000,/,
    )
  })

  it('are not refused below', () => {
    refuseTooMany('knn', [2 ** 19, 200], { pairs: false })
    refuseTooMany('lof', [3e5, 20], { pairs: true })
  })
})
