// Sweeps on Node: logs of finished trials.
export { openTrialLog, readTrialLog, type TrialLog, type TrialLogOptions } from './trial-log.js'
