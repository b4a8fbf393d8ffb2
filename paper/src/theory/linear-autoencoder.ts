// The linear autoencoder with a norm term, and its gradient flow: Lemma 1 and Theorem 2 of Ghafourian et al. (arXiv
// 2306.12627), section 3.3.
//
// Rows of X are samples, S = X'X / n, the code is X W, the reconstruction X W V; W is (d, k), V is (k, d). With R = I -
// W V
//   L = tr(R' S R) / 2 + beta tr(W' S W) / 2                                  (9)
//   dW/dt = -dL/dW = S R V' - beta S W                                        (10a)
//   dV/dt = -dL/dV = W' S R                                                   (10b)
// Only the covariance enters, so that the same functions serve samples and a distribution.

import { TollError } from 'toll'
import { addScaled, checkMatrix, covarianceEigen, identity, multiplyInto, product, trace, type Matrix } from 'toll/base'
import type { Derivative } from './dormand-prince.js'

/** Two linear layers without bias. */
export interface Layers {
  /** W, (d, k). */
  readonly encoder: Matrix
  /** V, (k, d). */
  readonly decoder: Matrix
}

export interface LossParts {
  readonly total: number
  /** tr(R' S R) / 2. */
  readonly reconstruction: number
  /** tr(W' S W) / 2, without beta. */
  readonly norm: number
}

/** Equation (9). */
export function linearLoss(covariance: Matrix, layers: Layers, beta: number): LossParts {
  checkLayers(layers, covariance.shape[0])
  checkBeta(beta)
  const residual = residualOf(layers)
  const reconstruction = trace(product(residual, product(covariance, residual), { transposeA: true })) / 2
  const norm = trace(product(layers.encoder, product(covariance, layers.encoder), { transposeA: true })) / 2
  return { total: reconstruction + beta * norm, reconstruction, norm }
}

/** The right sides of (10a) and (10b): minus the gradients of (9). */
export function linearDescent(covariance: Matrix, layers: Layers, beta: number): Layers {
  const [d, k] = checkLayers(layers, covariance.shape[0])
  const into = new Float64Array(2 * d * k)
  autoencoderFlow(covariance, k, beta)(packLayers(layers), into, 0)
  return unpackLayers(into, d, k)
}

/** Equation (6), dW/dt = -S W, on the packed encoder. */
export function normFlow(covariance: Matrix, k: number): Derivative {
  covarianceEigen(covariance)
  const d = covariance.shape[0]
  checkCodeDimension(k)
  return (state, into) => {
    multiplyInto(into, covariance.data, state, [d, d, k])
    for (let i = 0; i < into.length; i++) into[i] = -into[i]
  }
}

/**
 * Equations (10a) and (10b) on packed layers (`packLayers`).
 *
 * @throws `shape`, or `data` for a covariance that is not symmetric positive semi-definite; `argument` for beta below 0
 * or not finite.
 */
export function autoencoderFlow(covariance: Matrix, k: number, beta: number): Derivative {
  covarianceEigen(covariance)
  checkBeta(beta)
  checkCodeDimension(k)
  const s = covariance.data
  const d = covariance.shape[0]
  const size = d * k
  const [sw, sv, swvv] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)]
  const [vv, wsw, wswv] = [new Float64Array(k * k), new Float64Array(k * k), new Float64Array(size)]
  return (state, into) => {
    const [w, v] = [state.subarray(0, size), state.subarray(size)]
    multiplyInto(sw, s, w, [d, d, k])
    multiplyInto(sv, s, v, [d, d, k], { transposeB: true })
    multiplyInto(vv, v, v, [k, d, k], { transposeB: true })
    multiplyInto(swvv, sw, vv, [d, k, k])
    multiplyInto(wsw, w, sw, [k, d, k], { transposeA: true })
    multiplyInto(wswv, wsw, v, [k, k, d])
    for (let i = 0; i < size; i++) into[i] = sv[i] - swvv[i] - beta * sw[i]
    for (let a = 0; a < k; a++) for (let i = 0; i < d; i++) into[size + a * d + i] = sw[i * k + a] - wswv[a * d + i]
  }
}

/** I - W V, (d, d): what the autoencoder leaves of a sample. */
export function residualOf({ encoder, decoder }: Layers): Matrix {
  return addScaled(identity(encoder.shape[0]), product(encoder, decoder), -1)
}

/** W, then V, each row by row: the state that the flows work on. */
export function packLayers({ encoder, decoder }: Layers): Float64Array {
  const state = new Float64Array(encoder.data.length + decoder.data.length)
  state.set(encoder.data)
  state.set(decoder.data, encoder.data.length)
  return state
}

export function unpackLayers(state: Float64Array, d: number, k: number): Layers {
  if (state.length !== 2 * d * k)
    throw new TollError('shape-mismatch', `layers of d = ${d}, k = ${k} have ${2 * d * k} numbers, got ${state.length}`)
  return {
    encoder: { shape: [d, k], data: state.slice(0, d * k) },
    decoder: { shape: [k, d], data: state.slice(d * k) },
  }
}

/** Refuses layers that do not fit each other or the data's dimension; returns [d, k]. */
export function checkLayers({ encoder, decoder }: Layers, d: number): [number, number] {
  checkMatrix(encoder, 'the encoder', d)
  checkMatrix(decoder, 'the decoder', encoder.shape[1], d)
  return [d, encoder.shape[1]]
}

export function checkBeta(beta: number): void {
  if (!(Number.isFinite(beta) && beta >= 0))
    throw new TollError('out-of-domain', `beta must be finite and at least 0, got ${beta}`)
}

function checkCodeDimension(k: number): void {
  if (!(Number.isSafeInteger(k) && k >= 1))
    throw new TollError('out-of-domain', `the code dimension must be a positive integer, got ${k}`)
}
