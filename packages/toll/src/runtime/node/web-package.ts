// onnxruntime-web in Node, where few need it: found when it is asked for, and never part of a bundle.

import type * as Ort from 'onnxruntime-web'
import { loadPackage } from '../../base/node/index.js'

/** Loads the package's build for one device. Error: `device` (`missing-package`). */
export function loadOrtWeb(device: 'wasm' | 'webgpu'): Promise<typeof Ort> {
  return loadPackage('onnxruntime-web', `/${device}`)
}
