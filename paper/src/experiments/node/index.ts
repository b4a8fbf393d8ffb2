// Experiments on Node: engines, data of this machine, trial logs, files.
export { loadArrhythmia } from './arrhythmia.js'
export { openTrialLog, readTrialLog, type TrialLog, type TrialLogOptions } from './trial-log.js'
export { openImageStore, type ImageStoreOptions, type OpenImageStore } from './image-store.js'
export { loadImageData, loadValidationRows } from './image-data.js'
export { runLoggedTrials, type LoggedTrialsOptions } from './image-trials.js'
export { loadOtherTables } from './other-tables.js'
export { loadPyodDatasets } from './pyod-data.js'
export { runLoggedBaselines, type LoggedBaselinesOptions } from './image-baselines.js'
export { describeMachine } from './machine.js'
export { runDemo, type DemoMeasures, type DemoOptions, type DemoResult } from './demo.js'
export {
  defaultTrialQuery,
  queryTrials,
  readBaselineLogs,
  readImageLogs,
  readTrialLogs,
  trialViews,
} from './trial-query.js'
