// Engines: load a program, run it, advance a loop whose state stays with the engine. This door runs in a browser;
// ./node adds Node's.
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
export { openWebEngine, type WebEngineOptions } from './ort-web.js'
export { cachedBytes, expectedBytes, expectedSeconds, measureMachine, type MachineRates } from './rates.js'
