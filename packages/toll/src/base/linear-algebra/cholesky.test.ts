import { describe, expect, it } from 'vitest'
import {
  Random,
  cholesky,
  identity,
  inverseOfLower,
  logDeterminant,
  matrixOf,
  product,
  relativeDistance,
  type Matrix,
} from '../index.js'

describe('the Cholesky factor', () => {
  const a = matrixOf([
    [4, 12, -16],
    [12, 37, -43],
    [-16, -43, 98],
  ])
  const l = matrixOf([
    [2, 0, 0],
    [6, 1, 0],
    [-8, 5, 3],
  ])

  it('of a matrix with a whole factor is exact, and so are its inverse and determinant', () => {
    expect(cholesky(a)).toEqual(l)
    expect(relativeDistance(product(inverseOfLower(l), l), identity(3))).toBeLessThan(1e-15)
    expect(logDeterminant(l)).toBeCloseTo(Math.log(36), 14)
  })

  it('reads the lower triangle alone', () => {
    const lower = matrixOf([
      [4, 9, 9],
      [12, 37, 9],
      [-16, -43, 98],
    ])
    expect(cholesky(lower)).toEqual(l)
  })

  it.each<[string, number[][]]>([
    [
      'indefinite',
      [
        [1, 2],
        [2, 1],
      ],
    ],
    [
      'singular',
      [
        [1, 1],
        [1, 1],
      ],
    ],
    [
      'singular to rounding',
      [
        [1e8, 1e8],
        [1e8, 1e8 * (1 + 1e-16)],
      ],
    ],
    ['zero', [[0]]],
    ['negative', [[-1]]],
  ])('does not exist for a matrix that is %s', (_, rows) => expect(cholesky(matrixOf(rows))).toBeUndefined())

  it('gives back a random matrix of 60 rows to rounding', () => {
    const random = Random.seeded(3)
    const x: Matrix = { shape: [200, 60], data: Float64Array.from({ length: 200 * 60 }, () => random.normal()) }
    const gram = product(x, x, { transposeA: true })
    const factor = cholesky(gram)!
    expect(relativeDistance(product(factor, factor, { transposeB: true }), gram)).toBeLessThan(1e-14)
    expect(relativeDistance(product(factor, inverseOfLower(factor)), identity(60))).toBeLessThan(1e-13)
  })

  it('refuses what is not square or not finite', () => {
    expect(() => cholesky(matrixOf([[1, 2]]))).toThrow(expect.objectContaining({ code: 'shape' }))
    expect(() => cholesky({ shape: [1, 1], data: Float64Array.of(NaN) })).toThrow(
      expect.objectContaining({ code: 'data' }),
    )
  })
})
