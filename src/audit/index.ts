// What a model did with data: drift, stability over seeds, the report of a model. Runs in a browser.
export { DriftTally, measureDrift, type ColumnDrift, type ColumnTally, type Drift, type RawRows, type ScoreDrift } from './drift.js'
