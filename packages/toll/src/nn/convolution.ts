// Convolution and transposed convolution of images (n, channels, height, width), with PyTorch's weight layouts and
// defaults.

import { add, conv, convTranspose, reshape, type ConvTransposeOptions, type WindowOptions } from '../graph/index.js'
import { uniformFan, type Layer, type ParameterSpec } from './layer.js'

interface ChannelOptions {
  readonly in: number
  readonly out: number
  readonly kernel: number
  /** Default true. */
  readonly bias?: boolean
}

/** Strides, pads and dilations default to 1, 0 and 1. */
export type ConvOptions = ChannelOptions & WindowOptions
export type ConvTransposeLayerOptions = ChannelOptions & ConvTransposeOptions

/** Weight (out, in, k, k). */
export function conv2d(options: ConvOptions): Layer {
  const { in: inputs, out, kernel, bias = true } = options
  return {
    title: `conv ${inputs} -> ${out}, kernel ${kernel}${describe(options)}`,
    parameters: parameters([out, inputs, kernel, kernel], out, inputs * kernel * kernel, bias),
    buffers: [],
    apply: (x, scope) => {
      const y = conv(x, scope.parameter('weight'), options)
      return bias ? add(y, reshape(scope.parameter('bias'), [1, out, 1, 1])) : y
    },
  }
}

/** Weight (in, out, k, k). */
export function convTranspose2d(options: ConvTransposeLayerOptions): Layer {
  const { in: inputs, out, kernel, bias = true } = options
  return {
    title: `transposed conv ${inputs} -> ${out}, kernel ${kernel}${describe(options)}`,
    parameters: parameters([inputs, out, kernel, kernel], out, out * kernel * kernel, bias),
    buffers: [],
    apply: (x, scope) => {
      const y = convTranspose(x, scope.parameter('weight'), options)
      return bias ? add(y, reshape(scope.parameter('bias'), [1, out, 1, 1])) : y
    },
  }
}

function parameters(shape: readonly number[], out: number, fanIn: number, bias: boolean): ParameterSpec[] {
  const initialize = uniformFan(fanIn)
  return [
    { name: 'weight', kind: 'weight', shape, initialize },
    ...(bias ? [{ name: 'bias', kind: 'bias', shape: [out], initialize } as const] : []),
  ]
}

function describe({ strides = 1, pads = 0 }: WindowOptions): string {
  const stride = String(strides) === '1' ? '' : `, stride ${String(strides)}`
  return String(pads) === '0' ? stride : `${stride}, pad ${String(pads)}`
}
