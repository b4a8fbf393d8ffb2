// Large matrices, which go through tridiagonal form, against spectra that are known exactly; the small ones are tested
// with the theory.

import { describe, expect, it } from 'vitest'
import {
  Random,
  diagonal,
  identity,
  product,
  relativeDistance,
  symmetricEigen,
  symmetricEigenSteps,
  zeroMatrix,
  type Matrix,
} from '../index.js'

const largestError = (values: Float64Array, exact: (i: number) => number) =>
  values.reduce((most, value, i) => Math.max(most, Math.abs(value - exact(i))), 0)

/** Random rows (n, d), columns of very different size. */
function samples(n: number, d: number): Matrix {
  const random = Random.seeded(7)
  return {
    shape: [n, d],
    data: Float64Array.from({ length: n * d }, (_, i) => random.normal() * Math.exp((-6 * (i % d)) / d)),
  }
}

function expectDecomposition(a: Matrix): void {
  const d = a.shape[0]
  const { values, vectors } = symmetricEigen(a)
  expect(relativeDistance(product(vectors, vectors, { transposeA: true }), identity(d))).toBeLessThan(1e-13)
  expect(relativeDistance(product(product(vectors, diagonal(values)), vectors, { transposeB: true }), a)).toBeLessThan(
    1e-13,
  )
  expect(Array.from(values)).toEqual(Array.from(values).sort((x, y) => y - x))
}

describe('eigenvalues and eigenvectors beyond a hundred rows', () => {
  it('of the second difference are 2 - 2 cos(k pi / (d + 1))', () => {
    const d = 150
    const a = zeroMatrix(d, d)
    for (let i = 0; i < d; i++) {
      a.data[i * (d + 1)] = 2
      if (i > 0) a.data[i * d + i - 1] = a.data[(i - 1) * d + i] = -1
    }
    expect(largestError(symmetricEigen(a).values, (i) => 2 - 2 * Math.cos(((d - i) * Math.PI) / (d + 1)))).toBeLessThan(
      2e-14,
    )
    expectDecomposition(a)
  })

  it('of a matrix of ones are d and zeros', () => {
    const d = 120
    const { values, vectors } = symmetricEigen({ shape: [d, d], data: new Float64Array(d * d).fill(1) })
    expect(largestError(values, (i) => (i === 0 ? d : 0))).toBeLessThan(1e-13)
    for (let r = 0; r < d; r++) expect(vectors.data[r * d]).toBeCloseTo(1 / Math.sqrt(d), 14)
  })

  it('of a diagonal matrix are its elements, unchanged', () => {
    const d = 130
    const elements = Float64Array.from({ length: d }, (_, i) => ((i * 37) % d) - 60)
    const { values, vectors } = symmetricEigen(diagonal(elements))
    expect(values).toEqual(elements.slice().sort().reverse())
    expect(vectors.data.reduce((sum, value) => sum + value, 0)).toBe(d)
    expect(symmetricEigen(zeroMatrix(d, d)).values).toEqual(new Float64Array(d))
  })

  it('give the matrix back: full rank, rank far below its size, very large and very small numbers', () => {
    const x = samples(200, 140)
    const gram = product(x, x, { transposeA: true })
    expectDecomposition(gram)
    expectDecomposition({ shape: gram.shape, data: gram.data.map((value) => value * 1e200) })
    expectDecomposition({ shape: gram.shape, data: gram.data.map((value) => value * 1e-200) })
    const thin = samples(20, 140)
    expectDecomposition(product(thin, thin, { transposeA: true }))
  })

  it('agree with those of Jacobi rotations', () => {
    const x = samples(200, 100)
    const small = product(x, x, { transposeA: true })
    const padded = zeroMatrix(101, 101)
    for (let i = 0; i < 100; i++) padded.data.set(small.data.subarray(i * 100, (i + 1) * 100), i * 101)
    const [jacobi, tridiagonal] = [symmetricEigen(small), symmetricEigen(padded)]
    expect(largestError(tridiagonal.values.subarray(0, 100), (i) => jacobi.values[i]) / jacobi.values[0]).toBeLessThan(
      1e-14,
    )
    for (const c of [0, 40, 99]) {
      for (let r = 0; r < 100; r++)
        expect(Math.abs(tridiagonal.vectors.data[r * 101 + c] - jacobi.vectors.data[r * 100 + c])).toBeLessThan(1e-9)
    }
  })

  it('come in pieces, so that a caller can stop', () => {
    const x = samples(200, 140)
    let pieces = 0
    for (const steps = symmetricEigenSteps(product(x, x, { transposeA: true })); !steps.next().done;) pieces++
    expect(pieces).toBeGreaterThan(3 * 140)
  })
})
