// Why the norm term needs a scale control, and which one gives it a true minimum. Beyond the paper; derived in
// docs/theory.md.
//
// W / s and s V reconstruct as W and V do while the norm term falls with s: without a control the loss has no minimum
// but an infimum at infinite V. For a given V the best encoder is the ridge encoder W = V'(VV' + beta I)^-1, and with M
// = V'V (rank at most k) what is left is
//   min_W L = beta tr(S (M + beta I)^-1) / 2,        squared score = beta x (M + beta I)^-1 x'.
// Weight decay gamma |V|^2 / 2 aligns M with the principal directions and gives M = diag(m),
//   m_i = sqrt(beta l_i / gamma) - beta for those of the first k directions with l_i > beta gamma, 0 for all others.
// Rows of V of norm 1 fix tr M = k, and nothing else (Schur and Horn), which is the same with the gamma that makes the
// m_i sum to k.

import { TollError } from 'toll'
import { checkMatrix, product, symmetricEigen, type Eigen, type Matrix } from 'toll/base'
import type { Derivative } from './dormand-prince.js'
import { checkBeta } from './linear-autoencoder.js'

/**
 * `none`: the loss as it is. `weight-decay`: gamma |V|^2 / 2 is added. `unit-norm`: the rows of V stay on the unit
 * sphere.
 */
export type ScaleControl = 'none' | 'weight-decay' | 'unit-norm'

export interface Minimum {
  /** m_i, the eigenvalues of V'V along the principal directions, (d). */
  readonly energies: Float64Array
  /** beta / (m_i + beta), (d): the squared score's weight of each principal direction. 1 where nothing is kept. */
  readonly scoreWeights: Float64Array
  /** Equation (9) there, without the decay term. */
  readonly loss: number
  /** gamma: the decay given, or the multiplier of the unit norms. */
  readonly decay: number
}

/**
 * The encoder (d, k) that minimises (9) for a decoder (k, d): V'(VV' + beta I)^-1, whatever the covariance. beta above
 * 0.
 */
export function ridgeEncoder(decoder: Matrix, beta: number): Matrix {
  checkMatrix(decoder, 'the decoder')
  checkPositive('beta', beta)
  const k = decoder.shape[0]
  const { values, vectors } = symmetricEigen(product(decoder, decoder, { transposeB: true }))
  const scaled: Matrix = {
    shape: [k, k],
    data: vectors.data.map((value, i) => value / (Math.max(values[i % k], 0) + beta)),
  }
  return product(decoder, product(scaled, vectors, { transposeB: true }), { transposeA: true })
}

/** The decoder diag(sqrt(m)) U_k' (k, d) with the given energies along the first k principal directions. */
export function decoderWithEnergies(eigen: Eigen, energies: ArrayLike<number>, k: number): Matrix {
  const d = eigen.values.length
  const data = Float64Array.from(
    { length: k * d },
    (_, i) => Math.sqrt(energies[Math.floor(i / d)]) * eigen.vectors.data[(i % d) * d + Math.floor(i / d)],
  )
  return { shape: [k, d], data }
}

/**
 * The global minimum of (9) plus decay |V|^2 / 2, for beta and decay above 0 and k from 1 to d. Only beta times decay
 * shapes the score.
 */
export function minimumUnderDecay(eigen: Eigen, k: number, beta: number, decay: number): Minimum {
  checkCode(eigen, k)
  checkPositive('beta', beta)
  checkPositive('the decay', decay)
  return minimumWith(
    eigen,
    beta,
    decay,
    eigen.values.map((value, i) => (i < k && value > beta * decay ? Math.sqrt((beta * value) / decay) - beta : 0)),
  )
}

/** The global minimum of (9) over decoders whose k rows have norm 1, for beta above 0 and k from 1 to d. */
export function minimumAtUnitNorm(eigen: Eigen, k: number, beta: number): Minimum {
  checkCode(eigen, k)
  checkPositive('beta', beta)
  if (eigen.values[0] === 0)
    throw new TollError('constant-data', 'the covariance is zero: every decoder is as good as any other')
  // m_i = c sqrt(l_i) - beta over the largest number of directions whose last m is above 0, and c from their sum, k.
  const roots = eigen.values.map(Math.sqrt)
  let [used, level] = [0, 0]
  for (let count = 1, sum = 0; count <= k; count++) {
    sum += roots[count - 1]
    const candidate = (k + count * beta) / sum
    if (candidate * roots[count - 1] > beta) [used, level] = [count, candidate]
  }
  return minimumWith(
    eigen,
    beta,
    beta / level ** 2,
    roots.map((root, i) => (i < used ? level * root - beta : 0)),
  )
}

/**
 * A descent on packed layers (W, then V) with a scale control added: -decay V, or the component of every row's velocity
 * along the row removed, which keeps its norm.
 */
export function controlScale(
  descent: Derivative,
  d: number,
  k: number,
  control: ScaleControl,
  decay: number,
): Derivative {
  checkBeta(decay)
  if (control === 'none') return descent
  return (state, into, time) => {
    descent(state, into, time)
    for (let row = 0; row < k; row++) {
      const start = d * k + row * d
      let [along, length] = [decay, 1]
      if (control === 'unit-norm') {
        along = length = 0
        for (let i = start; i < start + d; i++) {
          along += into[i] * state[i]
          length += state[i] * state[i]
        }
      }
      for (let i = start; i < start + d; i++) into[i] -= (along / length) * state[i]
    }
  }
}

/** The matrix with every row divided by its norm; code `data` for a zero row. */
export function withUnitRows(matrix: Matrix): Matrix {
  checkMatrix(matrix, 'the decoder')
  const [k, d] = matrix.shape
  const norms = Array.from({ length: k }, (_, row) => Math.hypot(...matrix.data.subarray(row * d, (row + 1) * d)))
  const zero = norms.indexOf(0)
  if (zero >= 0)
    throw new TollError(
      'invalid-matrix',
      `a row of norm 1 cannot start from zero, row ${zero} of the decoder is zero`,
      { row: zero },
    )
  return { shape: [k, d], data: matrix.data.map((value, i) => value / norms[Math.floor(i / d)]) }
}

function minimumWith({ values }: Eigen, beta: number, decay: number, energies: Float64Array): Minimum {
  const scoreWeights = energies.map((energy) => beta / (energy + beta))
  return {
    energies,
    scoreWeights,
    decay,
    loss: values.reduce((sum, value, i) => sum + (value * scoreWeights[i]) / 2, 0),
  }
}

function checkCode({ values }: Eigen, k: number): void {
  if (!(Number.isSafeInteger(k) && k >= 1 && k <= values.length)) {
    throw new TollError('out-of-domain', `the code dimension must be an integer from 1 to ${values.length}, got ${k}`)
  }
}

function checkPositive(what: string, value: number): void {
  if (!(Number.isFinite(value) && value > 0))
    throw new TollError('out-of-domain', `${what} must be finite and above 0 for a minimum to exist, got ${value}`)
}
