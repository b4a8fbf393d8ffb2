// Fitted transforms from raw columns and pixels to samples, as graph pieces.
export { summarize, type CategorySummary, type ColumnSummary, type NumberSummary } from './summary.js'
export { columnAs, dropEmpty, inferSchema, selectColumns, type LeftOut, type Schema } from './schema.js'
export { tableParameters, type TableParameters } from './numbers.js'
export {
  fitTablePreprocessing,
  positionsOf,
  prepareTable,
  readTablePreprocessing,
  restoreTable,
  type ColumnEncoder,
  type TablePreprocessing,
} from './table.js'
export {
  fitImagePreprocessing,
  imageParameters,
  prepareImage,
  restoreImage,
  type ImageParameters,
  type ImagePreprocessing,
} from './image.js'
export { sequencesOf } from './sequences.js'
export { readTypicalImage, typicalImage } from './typical-image.js'
export {
  labelWindows,
  slideWindows,
  windowColumns,
  windowParameters,
  WindowStream,
  type Windows,
  type WindowSettings,
} from './windows.js'
export {
  countBins,
  countCategories,
  profileColumns,
  type CategoryProfile,
  type ColumnProfile,
  type NumberProfile,
} from './profile.js'
