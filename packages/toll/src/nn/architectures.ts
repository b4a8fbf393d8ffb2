// The three networks of the paper (appendix B and its reference implementation) and two defaults that fit any width and
// any image size.

import { TollError } from '../base/index.js'
import { convSize, windowOf } from '../graph/index.js'
import { activation, flatten, leakyReluLayer, outputBias, unflatten } from './activation.js'
import { autoencoder, type Autoencoder } from './autoencoder.js'
import { conv2d, convTranspose2d } from './convolution.js'
import type { Layer } from './layer.js'
import { linear } from './linear.js'
import { batchNorm } from './normalization.js'
import { sequential } from './sequential.js'

/**
 * Fully connected: widths[0] is the number of columns, the last one the code; the decoder mirrors the encoder.
 * Batch norm and ReLU follow every hidden layer. The paper's network for Arrhythmia is `dense([274, 256, 128, 16])`.
 */
export function dense(widths: readonly number[], name = 'dense'): Autoencoder {
  if (widths.length < 2)
    throw new TollError('out-of-domain', 'a dense autoencoder needs the number of columns and a code width', {
      option: 'widths',
      value: widths,
      limit: 2,
    })
  return autoencoder({
    name,
    sampleShape: [widths[0]],
    latent: widths[widths.length - 1],
    encoder: sequential(denseStack(widths)),
    decoder: sequential(denseStack(widths.toReversed())),
  })
}

function denseStack(widths: readonly number[]): Layer[] {
  return widths.slice(1).flatMap((out, i) => {
    const layer = linear({ in: widths[i], out })
    return i === widths.length - 2 ? [layer] : [layer, batchNorm({ features: out }), activation('relu')]
  })
}

/**
 * The default for tables of `columns` columns: two hidden layers of 128 and 64 units, of 256 and 128 for tables wider
 * than 128 columns (the paper's network for 274 columns).
 */
export function tabularDefault(columns: number, latent = 16): Autoencoder {
  const hidden = columns > 128 ? [256, 128] : [128, 64]
  return dense([columns, ...hidden, latent], 'tabular')
}

/**
 * The paper's network for MNIST and Fashion-MNIST, 1 x 28 x 28: five convolutions and one linear layer each way, leaky
 * ReLU 0.2.
 */
export function mnistNetwork(latent = 128): Autoencoder {
  const down = (inputs: number, out: number, strides: number) => [
    conv2d({ in: inputs, out, kernel: 4, strides }),
    batchNorm({ features: out }),
    leakyReluLayer(0.2),
  ]
  const up = (inputs: number, out: number, strides: number) => [
    convTranspose2d({ in: inputs, out, kernel: 4, strides }),
    batchNorm({ features: out }),
    leakyReluLayer(0.2),
  ]
  return autoencoder({
    name: 'mnist',
    sampleShape: [1, 28, 28],
    latent,
    encoder: sequential([
      ...down(1, 64, 1),
      ...down(64, 128, 1),
      ...down(128, 256, 2),
      ...down(256, 512, 1),
      conv2d({ in: 512, out: 64, kernel: 4 }),
      flatten(),
      linear({ in: 1024, out: latent }),
    ]),
    decoder: sequential([
      linear({ in: latent, out: 1024 }),
      unflatten([64, 4, 4]),
      ...up(64, 512, 1),
      ...up(512, 256, 1),
      ...up(256, 128, 2),
      ...up(128, 64, 1),
      convTranspose2d({ in: 64, out: 1, kernel: 4 }),
    ]),
  })
}

/**
 * The paper's network for CIFAR-10 and CIFAR-100, 3 x 32 x 32: the encoder and generator of ALI (Dumoulin et al. 2017),
 * leaky ReLU 0.1.
 */
export function cifarNetwork(latent = 64): Autoencoder {
  const block = (layer: Layer, features: number) => [layer, batchNorm({ features }), leakyReluLayer(0.1)]
  const down = (inputs: number, out: number, kernel: number, strides = 1) =>
    block(conv2d({ in: inputs, out, kernel, strides, bias: false }), out)
  const up = (inputs: number, out: number, kernel: number, strides = 1) =>
    block(convTranspose2d({ in: inputs, out, kernel, strides, bias: false }), out)
  return autoencoder({
    name: 'cifar10',
    sampleShape: [3, 32, 32],
    latent,
    encoder: sequential([
      ...down(3, 32, 5),
      ...down(32, 64, 4, 2),
      ...down(64, 128, 4),
      ...down(128, 256, 4, 2),
      ...down(256, 512, 4),
      ...down(512, 512, 1),
      conv2d({ in: 512, out: latent, kernel: 1 }),
      flatten(),
    ]),
    decoder: sequential([
      unflatten([latent, 1, 1]),
      ...up(latent, 256, 4),
      ...up(256, 128, 4, 2),
      ...up(128, 64, 4),
      ...up(64, 32, 4, 2),
      ...up(32, 32, 5),
      ...down(32, 32, 1),
      conv2d({ in: 32, out: 3, kernel: 1, bias: false }),
      outputBias([3, 32, 32]),
    ]),
  })
}

export interface ImageShape {
  readonly channels: number
  readonly height: number
  readonly width: number
}

/**
 * The default for images of any size: convolutions of kernel 3 and stride 2, doubling 16 channels up to 64 until the
 * picture is at most 4 pixels wide and high, then one linear layer to the code; the decoder mirrors them. A side is
 * never shrunk below 1.
 */
export function imageDefault({ channels, height, width }: ImageShape, latent = 32): Autoencoder {
  const sizes: [number, number][] = [[height, width]]
  const features = [channels]
  const halve = windowOf({ strides: 2, pads: 1 })
  while (Math.max(...sizes[sizes.length - 1]) > 4 && features.length < 8) {
    const [h, w] = sizes[sizes.length - 1]
    sizes.push([convSize(h, 3, 0, halve), convSize(w, 3, 1, halve)])
    features.push(Math.min(16 * 2 ** (features.length - 1), 64))
  }
  const last = features.length - 1
  const bottom = [features[last], ...sizes[last]]
  const flat = bottom.reduce((product, dim) => product * dim, 1)
  const down = Array.from({ length: last }, (_, i) => [
    conv2d({ in: features[i], out: features[i + 1], kernel: 3, strides: 2, pads: 1, bias: false }),
    batchNorm({ features: features[i + 1] }),
    leakyReluLayer(0.1),
  ]).flat()
  const up = Array.from({ length: last }, (_, k) => {
    const i = last - 1 - k
    // (in - 1) * 2 - 2 + 2 + 1 + extra = out
    const outputPadding = ([0, 1] as const).map((axis) => sizes[i][axis] - ((sizes[i + 1][axis] - 1) * 2 + 1)) as [
      number,
      number,
    ]
    const layer = convTranspose2d({
      in: features[i + 1],
      out: features[i],
      kernel: 3,
      strides: 2,
      pads: 1,
      outputPadding,
      bias: i === 0,
    })
    return i === 0 ? [layer] : [layer, batchNorm({ features: features[i] }), leakyReluLayer(0.1)]
  }).flat()
  return autoencoder({
    name: 'image',
    sampleShape: [channels, height, width],
    latent,
    encoder: sequential([...down, flatten(), linear({ in: flat, out: latent })]),
    decoder: sequential([
      linear({ in: latent, out: flat }),
      unflatten(bottom),
      ...(last > 0 ? [batchNorm({ features: features[last] }), leakyReluLayer(0.1), ...up] : []),
    ]),
  })
}
