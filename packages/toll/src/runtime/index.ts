// Engines: load a program, run it, advance a loop whose state stays with the engine.
export { openEngine } from '#engine'
export type {
  Device,
  Engine,
  HostTensor,
  HostTensors,
  Loop,
  LoopOptions,
  NumberTensor,
  PortType,
  Program,
  Session,
} from './engine.js'
export { float32, float64, hostTensor, int64, strings } from './host.js'
export { pauseEvery } from './pause.js'
export { openReference, type ReferenceOptions } from './reference.js'
export type { Accelerator, EngineOptions, WasmPaths } from './options.js'
export { checkEngine, release, shareOf, sharedEngine } from './shared.js'
export { openWebEngine, type WebEngineOptions } from './ort-web.js'
export { cachedBytes, expectedBytes, expectedSeconds, measureMachine, type MachineRates } from './rates.js'
