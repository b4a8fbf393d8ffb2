// Engines: run a program, and keep the state of a loop where it computes.
export { checkEngines, runOnEngines } from '../evaluate/index.js'
export {
  expectedBytes,
  expectedSeconds,
  float32,
  float64,
  int64,
  measureMachine,
  openReference,
  openWebEngine,
  strings,
  type HostTensor,
  type HostTensors,
  type LoopOptions,
  type MachineRates,
  type Program,
  type Session,
} from '../runtime/index.js'
