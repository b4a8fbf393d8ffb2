// Experiments on Node: engines, data of this machine, files.
export { loadArrhythmia } from './arrhythmia.js'
export { closeEngines, openEngines, type EnginesOptions } from './engines.js'
export { trialFile } from './trial-file.js'
export { runDemo, type DemoMeasures, type DemoOptions, type DemoResult } from './demo.js'
