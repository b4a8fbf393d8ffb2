// Sweeps: many identified trials, each run once, finished ones kept in a log. Logs stand in ./node.
export {
  finishedOf,
  missingOf,
  type Bench,
  type Sweep,
  type SweepPlan,
  type SweepTrial,
  type TrialStore,
  type TrialWatch,
} from './sweep.js'
export { anyOf, readRecord, type RecordFormat, type TrialTime, type TrialView } from './format.js'
export { runSweep, type FailedTrial, type SweepOptions, type SweepOutcome } from './run.js'
export { forecastTrials, type Forecast } from './forecast.js'
export { checkNumbers, firstOf, readRange } from './ranges.js'
export { fingerprintSettings } from './identity.js'
