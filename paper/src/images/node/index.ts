// Image trials on this machine: data, logs, questions to logs.
export { loadImageData, loadValidationRows } from './data.js'
export { runLoggedBaselines, type LoggedBaselinesOptions } from './detector-trials.js'
export { describeMachine } from './machine.js'
export { defaultTrialQuery, queryTrials, readBaselineLogs, readImageLogs, readTrialLogs, trialViews } from './query.js'
export { openImageStore, type ImageStoreOptions, type OpenImageStore } from './store.js'
export { runLoggedTrials, type LoggedTrialsOptions } from './trials.js'
