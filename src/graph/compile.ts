// From a graph to the bytes of an ONNX file: fuse (which simplifies), verify, lower, encode.

import { encodeModel } from '../onnx/index.js'
import { lower, type LowerOptions } from './lower.js'
import { fuse } from './fuse.js'
import type { Tensor } from './tensor.js'
import { verify } from './verify.js'

/** The bytes of a plain ONNX model of the named outputs; options as for `lower`. */
export function compile(outputs: Readonly<Record<string, Tensor>>, options: LowerOptions = {}): Uint8Array {
  // Declared inputs pass through fusion with the outputs, so that equal input nodes stay one node. The prefixes keep the two
  // kinds of names apart.
  const declared = options.inputs ?? []
  const fused = fuse(Object.fromEntries([
    ...Object.entries(outputs).map(([name, node]): [string, Tensor] => [`output ${name}`, node]),
    ...declared.map((node, i): [string, Tensor] => [`input ${i}`, node]),
  ]))
  verify(fused)
  const results = Object.fromEntries(Object.keys(outputs).map((name) => [name, fused[`output ${name}`]]))
  return encodeModel(lower(results, { ...options, inputs: declared.map((_, i) => fused[`input ${i}`]) }))
}
