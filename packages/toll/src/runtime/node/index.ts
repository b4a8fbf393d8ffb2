// The door for Node: everything of the runtime, and the engine on ONNX Runtime for Node.
export * from '../index.js'
export { openEngine, type EngineOptions } from './ort-node.js'
export type { Accelerator } from './accelerators.js'
export { engineVersions } from './versions.js'
