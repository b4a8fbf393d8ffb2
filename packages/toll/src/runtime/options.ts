// The options of an engine, the same in Node and in a browser. What belongs to the other platform is refused by name.

import type { Device } from './engine.js'

/** Devices of onnxruntime-node. */
export type Accelerator = 'cpu' | 'webgpu' | 'cuda'

/** A folder (URL ending in /), or the exact addresses of onnxruntime-web's .wasm and .mjs files. */
export type WasmPaths = string | { readonly wasm?: string | URL; readonly mjs?: string | URL }

export interface EngineOptions {
  /**
   * Where to run; default `auto`: in Node the first of `order` that works, in a browser WebGPU where there is an
   * adapter, else WebAssembly. `reference` is the interpreter. `cpu` and `cuda` are Node's; `wasm` works in Node too
   * where onnxruntime-web is installed.
   */
  readonly device?: 'auto' | Device
  /** Node: what `auto` tries; default cuda, webgpu, cpu. */
  readonly order?: readonly Accelerator[]
  /**
   * Threads of one run on the CPU, 1 to 1024, of WebAssembly at most 64. Default: as many as the machine runs at once,
   * but 1 in a page that is not cross-origin isolated, which is all that a browser allows there. Part of a result:
   * other numbers give other bits. The first engine of a page sets the number for all later ones.
   */
  readonly threads?: number
  /**
   * Node: folder where ONNX Runtime writes one profile (JSON, chrome://tracing) per program when it is closed; made if
   * missing. Default none.
   */
  readonly profile?: string
  /** WebAssembly and WebGPU in a browser: where onnxruntime-web's files are; default beside its script. */
  readonly wasmPaths?: WasmPaths
}
