// The demo on this machine.
export { runDemo, type DemoMeasures, type DemoOptions, type DemoResult } from './run.js'
