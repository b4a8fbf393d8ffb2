// Sweeps on Node: logs of finished trials, the store that writes them, and questions to them.
export { openTrialLog, readTrialLog, type LineFormat, type TrialLog, type TrialLogOptions } from './trial-log.js'
export { openTrialStore, readTrials, type OpenTrialStore, type TrialStoreOptions } from './store.js'
export { queryTrials } from './query.js'
