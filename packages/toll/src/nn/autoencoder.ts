// An autoencoder: an encoder to a code, a decoder back. Samples of shape `sampleShape`, codes of width `latent`.

import { TollError, sizeOf } from '../base/index.js'
import type { Tensor } from '../graph/index.js'
import type { BufferSpec, Layer, ParameterSpec, Scope } from './layer.js'
import { within } from './sequential.js'

export interface Autoencoder {
  /** Name of the architecture, such as `tabular`. */
  readonly name: string
  /** Shape of one sample, without the batch axis. */
  readonly sampleShape: readonly number[]
  /** Width of the code. */
  readonly latent: number
  readonly encoder: Layer
  readonly decoder: Layer
  readonly parameters: readonly ParameterSpec[]
  readonly buffers: readonly BufferSpec[]
}

export function autoencoder(
  spec: Pick<Autoencoder, 'name' | 'sampleShape' | 'latent' | 'encoder' | 'decoder'>,
): Autoencoder {
  const both = [
    ['encoder', spec.encoder],
    ['decoder', spec.decoder],
  ] as const
  return {
    ...spec,
    parameters: both.flatMap(([part, layer]) => layer.parameters.map((p) => ({ ...p, name: `${part}.${p.name}` }))),
    buffers: both.flatMap(([part, layer]) => layer.buffers.map((b) => ({ ...b, name: `${part}.${b.name}` }))),
  }
}

/** The code (n, latent) of x (n, ...sampleShape) and the reconstruction in x's shape. */
export function reconstruct(network: Autoencoder, x: Tensor, scope: Scope): { code: Tensor; reconstruction: Tensor } {
  const given = x.shape.slice(1)
  if (given.length !== network.sampleShape.length || given.some((dim, i) => dim !== network.sampleShape[i])) {
    throw new TollError(
      'shape-mismatch',
      `network '${network.name}' takes samples of (${network.sampleShape.join(', ')}), got (${given.join(', ')})`,
      { value: given, expected: `(${network.sampleShape.join(', ')})` },
    )
  }
  const code = network.encoder.apply(x, within(scope, 'encoder'))
  return { code, reconstruction: network.decoder.apply(code, within(scope, 'decoder')) }
}

/** Trainable numbers in all. */
export function parameterCount(network: Autoencoder): number {
  return network.parameters.reduce((count, { shape }) => count + sizeOf(shape), 0)
}
