// Several engines side by side.
export { openEngines, closeEngines, type EnginesOptions } from './engines.js'
