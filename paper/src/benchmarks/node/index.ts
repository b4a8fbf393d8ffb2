// The labelled tables of this machine.
export { loadOtherTables } from './other-tables.js'
export { loadPyodDatasets } from './pyod-data.js'
