// onnxruntime-web where bundlers find it and put it beside the program.

import type * as Ort from 'onnxruntime-web'
import { notInstalled } from '../base/index.js'

/** Loads the package's build for one device. Error: `device` (`missing-package`). */
export function loadOrtWeb(device: 'wasm' | 'webgpu'): Promise<typeof Ort> {
  return device === 'webgpu'
    ? import('onnxruntime-web/webgpu').catch(notInstalled('onnxruntime-web'))
    : import('onnxruntime-web/wasm').catch(notInstalled('onnxruntime-web'))
}
