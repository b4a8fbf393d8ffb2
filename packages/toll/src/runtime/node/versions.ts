// What computes, as records of results name it.

import { readFileSync } from 'node:fs'
import { packageFile } from '../../base/node/index.js'

/** Versions of Node and of ONNX Runtime. Error: `device` where that is not installed. */
export function engineVersions(): Record<string, string> {
  const manifest = readFileSync(packageFile('onnxruntime-node', '/package.json'), 'utf8')
  return { node: process.versions.node, 'onnxruntime-node': (JSON.parse(manifest) as { version: string }).version }
}
