// The Arrhythmia data of this machine.
export { loadArrhythmia } from './data.js'
