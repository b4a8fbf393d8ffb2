// The demo: Toll beside a plain autoencoder on digits. Reading data and writing files stand in ./node.
export {
  compareOnDigits,
  demoParameters,
  demoSettings,
  toSamples,
  type ComparedDetector,
  type CompareOptions,
  type Comparison,
} from './compare.js'
export { renderDemoReport, tabulateDemo } from './report.js'
