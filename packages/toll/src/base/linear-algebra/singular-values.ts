// Singular values, orthonormal bases and angles between subspaces, all by one-sided Jacobi rotations (Hestenes 1958):
// columns are rotated against each other until they are orthogonal; their norms are the singular values, small ones to
// full relative precision.

import { TollError } from '../errors.js'
import { addScaled, checkMatrix, frobenius, product, type Matrix } from './matrix.js'

export interface ThinSvd {
  /** Singular values in descending order, (min(rows, columns)). */
  readonly values: Float64Array
  /** Left singular vectors as columns, (rows, min(rows, columns)); zero columns where the singular value is 0. */
  readonly left: Matrix
}

const largestSweeps = 64

/** Singular values and left singular vectors of a matrix (n, m). */
export function thinSvd(matrix: Matrix): ThinSvd {
  checkMatrix(matrix, 'the matrix')
  const [n, m] = matrix.shape
  // Rows of `work` are the columns of the matrix, so that a rotation runs over neighbours in memory.
  const work = Array.from({ length: m }, (_, c) => Float64Array.from({ length: n }, (_, r) => matrix.data[r * m + c]))
  const noise = Number.EPSILON * Math.max(n, m) * frobenius(matrix)
  for (let sweep = 0, rotated = true; rotated; sweep++) {
    if (sweep === largestSweeps)
      throw new TollError('internal', `Jacobi rotations did not settle within ${largestSweeps} sweeps for ${n} x ${m}`)
    rotated = false
    for (let p = 0; p < m - 1; p++)
      for (let q = p + 1; q < m; q++) rotated = orthogonalize(work[p], work[q], noise) || rotated
  }
  const rank = Math.min(n, m)
  const columns = work
    .map((column) => ({ column, norm: Math.hypot(...column) }))
    .sort((a, b) => b.norm - a.norm)
    .slice(0, rank)
  const left = new Float64Array(n * rank)
  columns.forEach(({ column, norm }, c) => {
    if (norm > 0) for (let r = 0; r < n; r++) left[r * rank + c] = column[r] / norm
  })
  return { values: Float64Array.from(columns, ({ norm }) => norm), left: { shape: [n, rank], data: left } }
}

/** Singular values of a matrix in descending order, (min(rows, columns)). */
export function singularValues(matrix: Matrix): Float64Array {
  return thinSvd(matrix).values
}

/**
 * The largest principal angle between the column spans of two matrices (d, k), in radians, [0, pi / 2] (Bjorck and
 * Golub 1973): from the sine below 45 degrees and from the cosine above, so that both tiny and nearly right angles keep
 * their digits. Columns that are dependent span too little, which makes a right angle.
 */
export function subspaceAngle(a: Matrix, b: Matrix): number {
  checkMatrix(b, 'the second span', a.shape[0], a.shape[1])
  const [first, second] = [thinSvd(a), thinSvd(b)]
  if (!independent(a, first.values) || !independent(b, second.values)) return Math.PI / 2
  const overlap = product(first.left, second.left, { transposeA: true })
  const sine = Math.min(singularValues(addScaled(second.left, product(first.left, overlap), -1))[0], 1)
  return sine < Math.SQRT1_2 ? Math.asin(sine) : Math.acos(Math.min(singularValues(overlap).at(-1)!, 1))
}

/** An orthonormal basis (d, k) of the span of k columns; code `data` when they are dependent. */
export function orthonormalBasis(matrix: Matrix): Matrix {
  const { values, left } = thinSvd(matrix)
  if (!independent(matrix, values)) {
    throw new TollError(
      'dependent-columns',
      `a basis needs independent columns, the singular values of (${matrix.shape.join(', ')}) run from ` +
        `${values[0]} to ${values[values.length - 1]}`,
      { value: values[values.length - 1] },
    )
  }
  return left
}

function independent({ shape: [rows, columns] }: Matrix, values: Float64Array): boolean {
  return columns <= rows && values[columns - 1] > Number.EPSILON * rows * values[0]
}

/**
 * Rotates two columns until they are orthogonal. False when they already are, to rounding, or when one is no longer
 * than `noise`: what rounding leaves of dependent columns has no direction to settle on.
 */
function orthogonalize(x: Float64Array, y: Float64Array, noise: number): boolean {
  let [xx, yy, xy] = [0, 0, 0]
  for (let i = 0; i < x.length; i++) {
    xx += x[i] * x[i]
    yy += y[i] * y[i]
    xy += x[i] * y[i]
  }
  // The rounding of a sum of n products grows like sqrt(n).
  if (Math.abs(xy) <= (8 + Math.sqrt(x.length)) * Number.EPSILON * Math.sqrt(xx) * Math.sqrt(yy)) return false
  const zeta = (yy - xx) / (2 * xy)
  const t = Math.sign(zeta || 1) / (Math.abs(zeta) + Math.hypot(zeta, 1))
  const c = 1 / Math.hypot(t, 1)
  const s = t * c
  for (let i = 0; i < x.length; i++) {
    const [xi, yi] = [x[i], y[i]]
    x[i] = c * xi - s * yi
    y[i] = s * xi + c * yi
  }
  return Math.min(xx, yy) > noise * noise
}
