// Explanations: parts of a score by column or pixel that add up to it, and the nearest rows of a table. Runs in a
// browser.
export { explain } from './explain.js'
export {
  ranked,
  type Explanation,
  type ExplanationMethod,
  type ExplainOptions,
  type RowExplanation,
  type TypicalValue,
} from './explanation.js'
export { nearestRows, type Neighbour, type NeighbourOptions } from './neighbours.js'
export {
  describeExplanation,
  describeMethod,
  heatOf,
  type ExplainedColumn,
  type ExplainedRow,
  type ExplainedTable,
} from './document.js'
export { columnTable, explanationReport, neighbourTable, showValue, type PageOptions } from './page.js'
