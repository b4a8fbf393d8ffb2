// A model file from anywhere, read and checked: the checksum, the manifest, and the graph against the manifest.

import { decodeModel } from '../onnx/index.js'
import { checkGraph } from './check-graph.js'
import { decodeManifest, type Manifest } from './manifest.js'
import { checksumKey, verifySeal } from './seal.js'

export interface CheckedFile {
  readonly manifest: Manifest
  /** Rows that one run takes at most. */
  readonly maxRows: number
  /** Whether the file has a checksum, which fits. */
  readonly hasChecksum: boolean
}

/** @throws `format`, `version`, `checksum`; `memory` for a graph that would take too much. */
export function readModelFile(bytes: Uint8Array): CheckedFile {
  const model = decodeModel(bytes)
  const hasChecksum = verifySeal(bytes, model.metadata[checksumKey])
  const manifest = decodeManifest(model.metadata)
  return { manifest, hasChecksum, maxRows: Math.min(checkGraph(model, manifest), manifest.largestBatch ?? Infinity) }
}

/** The manifest in the bytes of a model file; the graph is not looked at. Errors as `readModelFile`. */
export function readManifest(bytes: Uint8Array): Manifest {
  const { metadata } = decodeModel(bytes)
  verifySeal(bytes, metadata[checksumKey])
  return decodeManifest(metadata)
}
