// Detectors on tables of others: PyOD's benchmark, and Toll's settings chosen without labels. Reading data stands in
// ./node.
export { pyodParameters, pyodSweep, type PyodDataset, type PyodSweepTrial, type PyodWanted } from './pyod.js'
export { pyodMethod } from './pyod-methods.js'
export { pyodBenchmark } from './pyod-published.js'
export { pyodFormat, type StoredPyodTrial } from './pyod-record.js'
export { renderPyod } from './pyod-render.js'
export { pyodTableOf, reproducePyod, type PyodTable } from './pyod-table.js'
export { autoParameters, autoSweep, compareChoices, tableOfTrials, type AutoTable, type AutoWanted } from './auto.js'
export { autoFormat, type StoredAutoTrial } from './auto-record.js'
export { renderAuto } from './auto-render.js'
export { runStandardized } from './standardize.js'
