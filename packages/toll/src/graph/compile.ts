// From a graph to the bytes of an ONNX file: fuse (which simplifies), verify, lower, encode.

import { encodeModel } from '../onnx/index.js'
import { lower, type LoweredModel, type LowerOptions } from './lower.js'
import { fuse } from './fuse.js'
import type { Tensor } from './tensor.js'
import { verify } from './verify.js'

/** The bytes of a plain ONNX model of the named outputs; options as for `lower`. */
export function compile(outputs: Readonly<Record<string, Tensor>>, options: LowerOptions = {}): Uint8Array {
  return encodeModel(compileModel(outputs, options))
}

/** The same model before it is bytes, with its slots. */
export function compileModel(outputs: Readonly<Record<string, Tensor>>, options: LowerOptions = {}): LoweredModel {
  const ready = prepare(outputs, options.inputs)
  return lower(ready.outputs, { ...options, inputs: ready.inputs })
}

/** A program as it is lowered. */
export interface Prepared {
  readonly outputs: Readonly<Record<string, Tensor>>
  /** The declared inputs, in their order. */
  readonly inputs: readonly Tensor[]
}

/** The fused and verified graph of a program. */
export function prepare(outputs: Readonly<Record<string, Tensor>>, declared: readonly Tensor[] = []): Prepared {
  // Declared inputs pass through fusion with the outputs, so that equal input nodes stay one node. The prefixes keep
  // the two kinds of names apart.
  const fused = fuse(
    Object.fromEntries([
      ...Object.entries(outputs).map(([name, node]): [string, Tensor] => [`output ${name}`, node]),
      ...declared.map((node, i): [string, Tensor] => [`input ${i}`, node]),
    ]),
  )
  verify(fused)
  return {
    outputs: Object.fromEntries(Object.keys(outputs).map((name) => [name, fused[`output ${name}`]])),
    inputs: declared.map((_, i) => fused[`input ${i}`]),
  }
}
