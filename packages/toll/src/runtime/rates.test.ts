// Seconds and bytes from made-up rates and counts, exactly; a measurement by the interpreter, whose rates must be
// numbers that can be used.

import { expect, it } from 'vitest'
import { add, constant, conv, costOf, input, matmul } from '../graph/index.js'
import {
  cachedBytes,
  expectedBytes,
  expectedSeconds,
  measureMachine,
  openReference,
  type MachineRates,
} from './index.js'

const rates: MachineRates = {
  productsPerSecond: 1000,
  bytesPerSecond: 100,
  cachedBytesPerSecond: 200,
  secondsPerPiece: 0.5,
  secondsPerNode: 0.25,
  secondsPerRun: 8,
}

it('takes the larger of arithmetic and traffic for every node, and overhead', () => {
  // The sum takes its traffic's time, the product that of its traffic or of its arithmetic.
  const cost = costOf({ a: add(input('x', [20]), input('y', [20])), b: matmul(input('p', [2, 6]), input('q', [6, 4])) })
  expect(cost.nodes.map(({ products, bytes }) => [products, bytes])).toEqual([
    [0, 240],
    [96, 176],
  ])
  expect(expectedSeconds(cost, rates)).toBeCloseTo(8 + 2 * 0.25 + 1.2 + 0.88, 12)
  expect(expectedSeconds(cost, { ...rates, cachedBytesPerSecond: 1e6, productsPerSecond: 96 })).toBeCloseTo(
    8 + 2 * 0.25 + 240e-6 + 1,
    12,
  )
})

it('reads what no cache holds at the rate of large tensors', () => {
  const seconds = (length: number) =>
    expectedSeconds(costOf({ z: add(input('x', [length]), input('y', [length])) }), rates) - 8.25
  expect(seconds(2 ** 16)).toBeCloseTo(cachedBytes / 200, 6)
  expect(seconds(2 ** 16 + 1)).toBeCloseTo((cachedBytes + 12) / 100, 6)
})

it('charges a convolution for its product and for the pieces that it copies', () => {
  const cost = costOf({ y: conv(input('x', [1, 1, 3, 3]), input('w', [1, 1, 2, 2])) })
  // 4 weights at 4 positions; 4 weights times 2 rows.
  expect(expectedSeconds(cost, { ...rates, cachedBytesPerSecond: Infinity })).toBeCloseTo(
    8 + 0.25 + 32 / 1000 + 8 * 0.5,
    12,
  )
})

it('expects constants several times, and room in the arena', () => {
  const x = input('x', [1000])
  const wide = add(add(x, input('y', [1000])), constant(Float32Array.from({ length: 1000 }, (_, i) => i)))
  const cost = costOf({ wide })
  expect(cost).toMatchObject({ constantBytes: 4000, inputBytes: 8000, outputBytes: 4000, peakBytes: 20_000 })
  expect(expectedBytes(cost)).toBe(60e6 + 5 * 4000 + 8000 + 4000 + 1.4 * 4000)
})

it('measures an engine', async () => {
  const measured = await measureMachine(openReference())
  expect(Object.keys(measured).sort()).toEqual(Object.keys(rates).sort())
  for (const rate of Object.values(measured)) expect(Number.isFinite(rate) && rate >= 0).toBe(true)
  expect(measured.productsPerSecond).toBeGreaterThan(0)
  expect(measured.bytesPerSecond).toBeGreaterThan(0)
})
