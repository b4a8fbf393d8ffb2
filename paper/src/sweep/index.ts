// Sweeps: many identified trials, each run once, finished ones kept in a log.
export { fingerprintSettings } from './identity.js'
