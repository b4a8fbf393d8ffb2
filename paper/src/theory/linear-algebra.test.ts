// Matrices, eigenvalues, singular values, angles, covariances: against numbers from LAPACK (through numpy and scipy)
// and exact identities.

import { describe, expect, it } from 'vitest'
import { Random } from 'toll/base'
import {
  centre,
  checkMatrix,
  covarianceEigen,
  covarianceOf,
  diagonal,
  frobenius,
  identity,
  logSpectrum,
  matrixOf,
  normalMatrix,
  orthonormalBasis,
  product,
  randomCovariance,
  relativeDistance,
  samplesWithSpectrum,
  singularValues,
  subspaceAngle,
  symmetricEigen,
  thinSvd,
  type Matrix,
} from './index.js'
import { refusalOf } from './refusal.harness.js'

const hilbert = (d: number) =>
  matrixOf(Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => 1 / (i + j + 1))))
const transposed = (a: Matrix) => product(a, identity(a.shape[0]), { transposeA: true })

describe('matrices', () => {
  it('multiply, transposed or not', () => {
    const [a, b] = [
      matrixOf([
        [1, 2, 3],
        [4, 5, 6],
      ]),
      matrixOf([
        [1, 0, -1],
        [2, 1, 0],
      ]),
    ]
    expect([...product(a, b, { transposeB: true }).data]).toEqual([-2, 4, -2, 13])
    expect([...product(a, b, { transposeA: true }).data]).toEqual([9, 4, -1, 12, 5, -2, 15, 6, -3])
    expect([...product(transposed(a), b).data]).toEqual([9, 4, -1, 12, 5, -2, 15, 6, -3])
  })

  it('have norms without overflow', () => {
    expect(
      frobenius(
        matrixOf([
          [3e200, 0],
          [0, 4e200],
        ]),
      ) / 5e200,
    ).toBeCloseTo(1, 15)
    expect(frobenius(new Float64Array(10_000).fill(1))).toBeCloseTo(100, 12)
    expect(relativeDistance(matrixOf([[0]]), matrixOf([[0]]))).toBe(0)
  })

  it('are refused when ragged, empty, of another size or not finite', async () => {
    expect(await refusalOf(() => matrixOf([[1, 2], [3]]))).toMatch(
      /^shape: row 1 of the matrix has 1 values, row 0 has 2/,
    )
    expect(await refusalOf(() => matrixOf([]))).toMatch(/^shape: /)
    expect(await refusalOf(() => matrixOf([[1, NaN]]))).toMatch(/^data: .*row 0, column 1 is NaN/)
    expect(await refusalOf(() => checkMatrix(identity(2), 'it', 3))).toMatch(
      /^shape: it must be a matrix of shape \(3, columns\).*got \(2, 2\)/,
    )
    expect(await refusalOf(() => product(identity(2), identity(3)))).toMatch(/^shape: /)
  })
})

describe('symmetricEigen', () => {
  it('gives the eigenvalues of the Hilbert matrix, the smallest too', () => {
    const expected = [1.5002142800592426, 0.16914122022145, 0.00673827360576061, 9.67023040226e-5]
    symmetricEigen(hilbert(4)).values.forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(1e-15))
  })

  it('rebuilds random matrices of 50 rows to rounding, from orthonormal vectors', () => {
    const a = randomCovariance(logSpectrum(50, 1e4), Random.seeded(3))
    const { values, vectors } = symmetricEigen(a)
    expect(
      relativeDistance(product(product(vectors, diagonal(values)), vectors, { transposeB: true }), a),
    ).toBeLessThan(1e-13)
    expect(relativeDistance(product(vectors, vectors, { transposeA: true }), identity(50))).toBeLessThan(1e-13)
    logSpectrum(50, 1e4).forEach((value, i) => expect(Math.abs(values[i] - value)).toBeLessThan(1e-14))
  })

  it('handles diagonals, repeated and zero eigenvalues, and huge and tiny scales', () => {
    expect(symmetricEigen(diagonal([1, 4, 0, -2]))).toEqual({
      values: Float64Array.of(4, 1, 0, -2),
      vectors: matrixOf([
        [0, 1, 0, 0],
        [1, 0, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
      ]),
    })
    expect([
      ...symmetricEigen(
        matrixOf([
          [0, 1],
          [1, 0],
        ]),
      ).values,
    ]).toEqual([1, -1])
    for (const scale of [1e-150, 1e150]) {
      const { values } = symmetricEigen(
        matrixOf([
          [2 * scale, scale],
          [scale, 2 * scale],
        ]),
      )
      expect(values[0] / scale).toBeCloseTo(3, 14)
      expect(values[1] / scale).toBeCloseTo(1, 14)
    }
  })

  it('refuses what is not square, symmetric, finite or positive semi-definite', async () => {
    expect(
      await refusalOf(() =>
        symmetricEigen(
          matrixOf([
            [1, 2, 3],
            [4, 5, 6],
          ]),
        ),
      ),
    ).toMatch(/^shape: .*\(2, 2\), got \(2, 3\)|^shape: /)
    expect(
      await refusalOf(() =>
        covarianceEigen(
          matrixOf([
            [1, 0.5],
            [0.4, 1],
          ]),
        ),
      ),
    ).toMatch(/^data: the covariance must be symmetric, element \(0, 1\) is 0.5 and \(1, 0\) is 0.4/)
    expect(
      await refusalOf(() =>
        covarianceEigen(
          matrixOf([
            [1, 2],
            [2, 1],
          ]),
        ),
      ),
    ).toMatch(/^data: the covariance must be positive semi-definite, its smallest eigenvalue is -1/)
    expect(await refusalOf(() => covarianceEigen({ shape: [1, 1], data: Float64Array.of(Infinity) }))).toMatch(
      /^data: the covariance must be finite/,
    )
    expect([
      ...covarianceEigen(
        matrixOf([
          [1, 1],
          [1, 1 - 1e-16],
        ]),
      ).values,
    ]).toEqual([2, 0])
  })
})

describe('thinSvd', () => {
  it('gives singular values as LAPACK does, and left vectors that rebuild the matrix', () => {
    const b = matrixOf([
      [1, 2],
      [0, 1],
      [1, 0],
      [0, 1],
    ])
    const { values, left } = thinSvd(b)
    expect(values[0]).toBeCloseTo(2.6131259297527523, 14)
    expect(values[1]).toBeCloseTo(1.0823922002923945, 14)
    expect(relativeDistance(product(left, product(left, b, { transposeA: true })), b)).toBeLessThan(1e-15)
    const wide = singularValues(transposed(b))
    expect(wide).toHaveLength(2)
    wide.forEach((value, i) => expect(value).toBeCloseTo(values[i], 14))
    const dependent = singularValues(
      product(
        matrixOf([
          [1, 2],
          [3, 4],
          [5, 7],
        ]),
        matrixOf([
          [1, 2, 3],
          [4, 5, 6],
        ]),
      ),
    )
    expect(dependent[2]).toBeLessThan(1e-14)
  })

  it('keeps the digits of tiny singular values', () => {
    const random = Random.seeded(4)
    const [u, v] = [orthonormalBasis(normalMatrix(20, 3, random)), orthonormalBasis(normalMatrix(3, 3, random))]
    // Scaled columns of an orthonormal matrix: the singular values are the scales, over sixteen decades.
    const scaled = product(u, diagonal([1e-16, 1, 1e-8]))
    ;[1, 1e-8, 1e-16].forEach((value, i) => expect(singularValues(scaled)[i] / value).toBeCloseTo(1, 13))
    expect(singularValues(product(u, v))[2]).toBeCloseTo(1, 14)
  })
})

describe('subspaceAngle', () => {
  it('agrees with scipy.linalg.subspace_angles', () => {
    expect(
      subspaceAngle(
        matrixOf([
          [1, 0],
          [0, 1],
          [1, 1],
          [2, 0],
        ]),
        matrixOf([
          [1, 2],
          [0, 1],
          [1, 0],
          [0, 1],
        ]),
      ),
    ).toBeCloseTo(1.280387117278611, 14)
  })

  it('keeps the digits of small angles, whatever the basis', () => {
    for (const angle of [1e-12, 1e-5, 0.3, Math.PI / 4, 1.2]) {
      const [a, b] = [
        matrixOf([
          [1, 0],
          [0, 1],
          [0, 0],
        ]),
        matrixOf([
          [3, 3],
          [Math.cos(angle), 0],
          [Math.sin(angle), 0],
        ]),
      ]
      expect(subspaceAngle(a, b) / angle).toBeCloseTo(1, 11)
    }
    expect(subspaceAngle(matrixOf([[1], [0]]), matrixOf([[0], [-2]]))).toBeCloseTo(Math.PI / 2, 15)
    expect(
      subspaceAngle(
        matrixOf([
          [1, 1],
          [1, 1],
          [0, 0],
        ]),
        matrixOf([
          [1, 0],
          [0, 1],
          [0, 0],
        ]),
      ),
    ).toBe(Math.PI / 2)
  })
})

describe('covariance', () => {
  it('divides by n after centring', () => {
    expect([
      ...covarianceOf(
        matrixOf([
          [1, 2],
          [3, 5],
          [4, 1],
          [0, -2],
        ]),
      ).data,
    ]).toEqual([2.5, 2.25, 2.25, 6.25])
  })

  it('is not lost under a large offset', () => {
    const offset = matrixOf([[1e9 + 1], [1e9 + 2], [1e9 + 3]])
    expect(covarianceOf(offset).data[0]).toBeCloseTo(2 / 3, 14)
    expect([...centre(offset).data]).toEqual([-1, 0, 1])
  })

  it('of made samples has the spectrum asked for', () => {
    const spectrum = logSpectrum(8, 1e4)
    expect(spectrum[0] / spectrum[7]).toBeCloseTo(1e4, 8)
    const { values } = covarianceEigen(covarianceOf(samplesWithSpectrum(30, spectrum, Random.seeded(1))))
    values.forEach((value, i) => expect(value / spectrum[i]).toBeCloseTo(1, 10))
  })

  it('refuses spectra and sizes that cannot be', async () => {
    expect(await refusalOf(() => randomCovariance([], Random.seeded(1)))).toMatch(/^argument: /)
    expect(await refusalOf(() => randomCovariance([1, -1], Random.seeded(1)))).toMatch(
      /^argument: .*eigenvalue 1 is -1/,
    )
    expect(await refusalOf(() => samplesWithSpectrum(3, [1, 1, 1], Random.seeded(1)))).toMatch(
      /^argument: .*more than 3 samples, got 3/,
    )
    expect(
      await refusalOf(() =>
        orthonormalBasis(
          matrixOf([
            [1, 2],
            [2, 4],
          ]),
        ),
      ),
    ).toMatch(/^data: a basis needs independent columns/)
    expect(await refusalOf(() => covarianceOf(matrixOf([[1e200], [-1e200]])))).toMatch(/^data: .*must be finite/)
  })
})
