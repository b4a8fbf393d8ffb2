// Kernels k(x, y) of rows against fixed rows, as one matrix product and one function per element.
// Source: Schölkopf and Smola, "Learning with Kernels" (MIT Press 2002), section 2.3; names and constants as in libsvm.

import type { NdArray } from '../base/index.js'
import {
  add,
  broadcastTo,
  concat,
  constant,
  exp,
  log,
  matmul,
  min,
  mul,
  slice,
  square,
  sub,
  tanh,
  type Tensor,
} from '../graph/index.js'

export const kernelKinds = ['rbf', 'linear', 'polynomial', 'sigmoid'] as const

/**
 * rbf: exp(-gamma ||x - y||^2), linear: <x, y>, polynomial: (gamma <x, y> + coef0)^degree, sigmoid: tanh(gamma <x, y> +
 * coef0). `gamma` is above 0 and finite, `degree` a positive integer.
 */
export interface Kernel {
  readonly kind: (typeof kernelKinds)[number]
  readonly gamma: number
  readonly degree: number
  readonly coef0: number
}

/**
 * k of every row of x (batch, d) with every row y (m, d), both float64: (batch, m). `origin` (d) is taken from both
 * sides where the kernel depends on differences alone, so that a common offset costs no digits.
 *
 * With u = sqrt(2 gamma) (x - origin) and v the same of y, -gamma ||x - y||^2 = <u, v> - |u|^2 / 2 - |v|^2 / 2 = <(u,
 * -|u|^2 / 2, 1), (v, 1, -|v|^2 / 2)>: the exponent is a single product. Rounding can lift it above 0 when both norms
 * are large, hence the bound.
 */
export function kernelAgainst(kernel: Kernel, x: Tensor, y: NdArray<Float64Array>, origin: Float64Array): Tensor {
  const { kind, gamma, degree, coef0 } = kernel
  if (kind === 'linear') return matmul(x, fixed(y), { transposeB: true })
  if (kind === 'rbf') {
    const scale = Math.sqrt(2 * gamma)
    const u = mul(sub(x, constant(origin, [1, origin.length], 'float64')), scale)
    const exponents = matmul(concat([u, mul(halfSquares(u), -1), ones(x)], 1), fixed(extendByNorm(y, origin, scale)), {
      transposeB: true,
    })
    return exp(min(exponents, constant(0, [], 'float64')))
  }
  const products = add(mul(matmul(x, fixed(y), { transposeB: true }), gamma), coef0)
  return kind === 'sigmoid' ? tanh(products) : power(products, degree)
}

/** k(y, y) of every row (m, d). */
export function kernelDiagonal(
  { kind, gamma, degree, coef0 }: Kernel,
  { shape: [m, d], data }: NdArray<Float64Array>,
): Float64Array {
  return Float64Array.from({ length: m }, (_, row) => {
    if (kind === 'rbf') return 1
    let squares = 0
    for (let c = row * d; c < (row + 1) * d; c++) squares += data[c] ** 2
    if (kind === 'linear') return squares
    return kind === 'sigmoid' ? Math.tanh(gamma * squares + coef0) : (gamma * squares + coef0) ** degree
  })
}

/**
 * |u|^2 / 2 of every row (n, d): (n, 1). A product, since an engine's sums may add in an order that depends on where in
 * memory a row begins.
 */
export function halfSquares(u: Tensor): Tensor {
  const d = u.shape[1] as number
  return matmul(square(u), constant(new Float64Array(d).fill(0.5), [d, 1], 'float64'))
}

/**
 * Columns of a matrix that an engine takes exp, log or tanh of: it computes several elements at once and single ones
 * where their number does not divide, and the two differ in the last bit. At a multiple of this no row has leftovers,
 * on one, two, four or eight threads, and equal rows get equal scores.
 */
const evenWidth = 64

/** Fixed rows (m, d) with their weights (m), made up to an even width by copies of the last row of weight 0. */
export function evenRows(
  { shape: [m, d], data }: NdArray<Float64Array>,
  weights: Float64Array,
): { rows: NdArray<Float64Array>; weights: Tensor } {
  const width = Math.ceil(m / evenWidth) * evenWidth
  const rows = new Float64Array(width * d)
  rows.set(data)
  for (let row = m; row < width; row++) rows.set(data.subarray((m - 1) * d), row * d)
  const all = new Float64Array(width)
  all.set(weights)
  return { rows: { shape: [width, d], data: rows }, weights: constant(all, [width, 1], 'float64') }
}

/** log of (n, 1), the same bits for the same number in any row. */
export function evenLog(x: Tensor): Tensor {
  return slice(log(matmul(x, constant(new Float64Array(evenWidth).fill(1), [1, evenWidth], 'float64'))), 1, 0, 1)
}

/** The mean of every column of (n, d), taken twice, so that rounding of the first is gone. */
export function columnMeans({ shape: [n, d], data }: NdArray): Float64Array {
  const means = new Float64Array(d)
  for (let pass = 0; pass < 2; pass++) {
    const rest = new Float64Array(d)
    for (let i = 0; i < n * d; i += d) for (let c = 0; c < d; c++) rest[c] += (data[i + c] - means[c]) / n
    for (let c = 0; c < d; c++) means[c] += rest[c]
  }
  return means
}

/** The biased variance of every column of (n, d). */
export function columnVariances({ shape: [n, d], data }: NdArray, means: Float64Array): Float64Array {
  const variances = new Float64Array(d)
  for (let i = 0; i < n * d; i += d) for (let c = 0; c < d; c++) variances[c] += (data[i + c] - means[c]) ** 2 / n
  return variances
}

/** The rows (v, 1, -|v|^2 / 2) with v = scale (y - origin): (m, d + 2). */
function extendByNorm(
  { shape: [m, d], data }: NdArray<Float64Array>,
  origin: Float64Array,
  scale: number,
): NdArray<Float64Array> {
  const rows = new Float64Array(m * (d + 2))
  for (let row = 0; row < m; row++) {
    const to = row * (d + 2)
    let squares = 0
    for (let c = 0; c < d; c++) {
      const v = scale * (data[row * d + c] - origin[c])
      rows[to + c] = v
      squares += v * v
    }
    rows[to + d] = 1
    rows[to + d + 1] = -squares / 2
  }
  return { shape: [m, d + 2], data: rows }
}

function ones(x: Tensor): Tensor {
  return broadcastTo(constant(1, [1, 1], 'float64'), [x.shape[0], 1])
}

/** x^n by repeated squaring: exact signs for odd n, and far cheaper than a general power. */
function power(x: Tensor, n: number): Tensor {
  if (n === 1) return x
  const half = power(square(x), n >> 1)
  return n % 2 === 0 ? half : mul(half, x)
}

function fixed({ shape, data }: NdArray<Float64Array>): Tensor {
  return constant(data, shape, 'float64')
}
