// Eigenvalues and eigenvectors of a large symmetric matrix: Householder reflections to tridiagonal form, then implicit
// QL steps with Wilkinson's shift (Martin, Reinsch and Wilkinson 1968; Dubrulle, Martin and Wilkinson 1968; Golub and
// Van Loan, section 8.3). About 4 d^3 multiplications in all, against 30 d^3 of Jacobi's rotations. Errors of
// eigenvalues are absolute: a few eps times the largest one, so that tiny eigenvalues beside large ones keep fewer
// digits than Jacobi's.

import { TollError } from '../errors.js'

export interface Unsorted {
  /** Eigenvalues in no order, (d). */
  readonly values: Float64Array
  /** Row i is the unit eigenvector of values[i], (d, d) row-major. */
  readonly rows: Float64Array
}

/** QL steps that an eigenvalue may take; it usually takes less than two. */
const largestSteps = 60

/**
 * The eigenpairs of the symmetric matrix `a` (d, d), which is overwritten. Yields between pieces of O(d^2) to O(d^3) /
 * 8 multiplications, so that a caller can let other work through or stop.
 */
export function* tridiagonalEigen(a: Float64Array, d: number): Generator<void, Unsorted> {
  const { diagonal, beside, halfSquares } = yield* tridiagonalize(a, d)
  const rows = yield* accumulate(a, halfSquares, d)
  yield* diagonalize(diagonal, beside, rows, d)
  return { values: diagonal, rows }
}

/**
 * A = Q T Q' with T tridiagonal and Q = H_{d-1} ... H_2, where the reflection H_i = I - v v' / h annihilates row i left
 * of its sub-diagonal and v, of length i, replaces that row in `a`; h = v'v / 2, and 0 stands for no reflection. Only
 * lower triangles are kept.
 */
function* tridiagonalize(
  a: Float64Array,
  d: number,
): Generator<void, { diagonal: Float64Array; beside: Float64Array; halfSquares: Float64Array }> {
  const diagonal = new Float64Array(d)
  /** beside[i] couples i and i + 1. */
  const beside = new Float64Array(d)
  const halfSquares = new Float64Array(d)
  const p = new Float64Array(d)
  for (let i = d - 1; i >= 1; i--) {
    const row = i * d
    diagonal[i] = a[row + i]
    let scale = 0
    for (let j = 0; j < i - 1; j++) scale = Math.max(scale, Math.abs(a[row + j]))
    if (scale === 0) {
      beside[i - 1] = a[row + i - 1]
      continue
    }
    scale = Math.max(scale, Math.abs(a[row + i - 1]))
    let square = 0
    for (let j = 0; j < i; j++) {
      a[row + j] /= scale
      square += a[row + j] ** 2
    }
    const last = a[row + i - 1]
    const reflected = last > 0 ? -Math.sqrt(square) : Math.sqrt(square)
    beside[i - 1] = scale * reflected
    const h = square - last * reflected
    a[row + i - 1] = last - reflected
    halfSquares[i] = h
    reflectBothSides(a, p, d, i, h)
    yield
  }
  diagonal[0] = a[0]
  return { diagonal, beside, halfSquares }
}

/** Replaces the leading i x i block B by H B H: with p = B v / h, q = p - v (v'p / 2h), it is B - v q' - q v'. */
function reflectBothSides(a: Float64Array, p: Float64Array, d: number, i: number, h: number): void {
  const v = i * d
  p.fill(0, 0, i)
  for (let r = 0; r < i; r++) {
    const row = r * d
    const vr = a[v + r]
    let sum = a[row + r] * vr
    for (let c = 0; c < r; c++) {
      sum += a[row + c] * a[v + c]
      p[c] += a[row + c] * vr
    }
    p[r] += sum
  }
  let overlap = 0
  for (let r = 0; r < i; r++) {
    p[r] /= h
    overlap += a[v + r] * p[r]
  }
  const half = overlap / (2 * h)
  for (let r = 0; r < i; r++) p[r] -= half * a[v + r]
  for (let r = 0; r < i; r++) {
    const row = r * d
    const [vr, qr] = [a[v + r], p[r]]
    for (let c = 0; c <= r; c++) a[row + c] -= vr * p[c] + qr * a[v + c]
  }
}

/** Q' (d, d), row-major: from the left, block by block, since H_i only touches the first i rows and columns. */
function* accumulate(a: Float64Array, halfSquares: Float64Array, d: number): Generator<void, Float64Array> {
  const rows = new Float64Array(d * d)
  for (let i = 0; i < d; i++) rows[i * (d + 1)] = 1
  for (let i = 2; i < d; i++) {
    if (halfSquares[i] === 0) continue
    const v = i * d
    for (let r = 0; r < i; r++) {
      const row = r * d
      let dot = 0
      for (let c = 0; c < i; c++) dot += rows[row + c] * a[v + c]
      const factor = dot / halfSquares[i]
      for (let c = 0; c < i; c++) rows[row + c] -= factor * a[v + c]
    }
    yield
  }
  return rows
}

/**
 * QL steps on the tridiagonal matrix until nothing is left beside the diagonal; every rotation also turns two rows of
 * `rows`.
 */
function* diagonalize(
  diagonal: Float64Array,
  beside: Float64Array,
  rows: Float64Array,
  d: number,
): Generator<void, void> {
  let norm = 0
  for (let i = 0; i < d; i++) norm = Math.max(norm, Math.abs(diagonal[i]) + Math.abs(beside[i]))
  // Below eps^2 of the whole matrix a coupling is nothing even between two eigenvalues that are 0.
  const nothing = Number.EPSILON ** 2 * norm
  for (let low = 0; low < d; low++) {
    for (let step = 0; ; step++) {
      let high = low
      while (
        high < d - 1 &&
        Math.abs(beside[high]) >
          Math.max(Number.EPSILON * (Math.abs(diagonal[high]) + Math.abs(diagonal[high + 1])), nothing)
      )
        high++
      if (high < d - 1) beside[high] = 0
      if (high === low) break
      if (step === largestSteps)
        throw new TollError('internal', `QL steps did not settle within ${largestSteps} for eigenvalue ${low} of ${d}`)
      stepQL(diagonal, beside, rows, d, low, high)
      yield
    }
  }
}

/** One implicit QL step on the unreduced block low..high. */
function stepQL(
  diagonal: Float64Array,
  beside: Float64Array,
  rows: Float64Array,
  d: number,
  low: number,
  high: number,
): void {
  // Wilkinson's shift: the eigenvalue of the leading 2 x 2 that is nearer to its first element.
  const theta = (diagonal[low + 1] - diagonal[low]) / (2 * beside[low])
  const root = Math.hypot(theta, 1)
  let bulge = diagonal[high] - diagonal[low] + beside[low] / (theta + (theta < 0 ? -root : root))
  let [sine, cosine, shift] = [1, 1, 0]
  for (let i = high - 1; i >= low; i--) {
    const across = sine * beside[i]
    const along = cosine * beside[i]
    const length = Math.hypot(across, bulge)
    beside[i + 1] = length
    if (length === 0) {
      // The block has come apart here.
      diagonal[i + 1] -= shift
      beside[high] = 0
      return
    }
    sine = across / length
    cosine = bulge / length
    const shifted = diagonal[i + 1] - shift
    const turned = (diagonal[i] - shifted) * sine + 2 * cosine * along
    shift = sine * turned
    diagonal[i + 1] = shifted + shift
    bulge = cosine * turned - along
    turn(rows, i * d, (i + 1) * d, d, cosine, sine)
  }
  diagonal[low] -= shift
  beside[low] = bulge
  beside[high] = 0
}

function turn(rows: Float64Array, first: number, second: number, d: number, cosine: number, sine: number): void {
  for (let k = 0; k < d; k++) {
    const [x, y] = [rows[first + k], rows[second + k]]
    rows[second + k] = sine * x + cosine * y
    rows[first + k] = cosine * x - sine * y
  }
}
