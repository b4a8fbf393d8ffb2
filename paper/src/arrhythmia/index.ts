// Table 3 of the paper: Arrhythmia. Reading data stands in ./node.
export { table3Format, type Table3Record } from './record.js'
export { renderTable3Json, renderTable3Markdown, renderTable3Text } from './render.js'
export type { ArrhythmiaData } from './splits.js'
export {
  resolveTable3,
  table3Parameters,
  table3Sweep,
  type Table3Setting,
  type Table3Trial,
  type Table3Wanted,
} from './sweep.js'
export { reproduceTable3, summarizeTable3, type Table3 } from './table3.js'
