// What a model did with data: drift, stability over seeds, the report of a model. Runs in a browser.
export { reviewAlarms, type AlarmWarning } from './alarms.js'
export {
  measureDrift,
  type ColumnDrift,
  type ColumnTally,
  type Drift,
  type DriftOptions,
  type Retyped,
  type ScoreDrift,
} from './drift.js'
export { modelReport, type ModelReportOptions } from './model-report.js'
export type { CommandLine } from './report-origin.js'
export { siftRows, siftTraining, type Sifted, type SiftedRow, type SiftOptions } from './sift.js'
export {
  fittingOf,
  measureStability,
  type SeedAgreement,
  type Stability,
  type StabilityOptions,
  type TrainingSource,
} from './stability.js'
