// What computes, as records of results name it.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** Versions of Node and of ONNX Runtime. */
export function engineVersions(): Record<string, string> {
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json')
  return {
    node: process.versions.node,
    'onnxruntime-node': (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version,
  }
}
