// Fitted transforms from raw columns and pixels to samples, as graph pieces.
export {
  categorySummary,
  numberSummary,
  summarize,
  type CategorySummary,
  type ColumnSummary,
  type NumberSummary,
} from './summary.js'
export { columnAs, dropEmpty, inferSchema, leftOut, selectColumns, type LeftOut, type Schema } from './schema.js'
export { tableParameters, type TableParameters } from './numbers.js'
export {
  fitTablePreprocessing,
  positionsOf,
  prepareTable,
  restoreTable,
  tablePreprocessing,
  type ColumnEncoder,
  type TablePreprocessing,
} from './table.js'
export {
  fitImagePreprocessing,
  imageParameters,
  imagePreprocessing,
  imageShape,
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
  readProfiles,
  storedProfile,
  storeProfile,
  type CategoryProfile,
  type ColumnProfile,
  type NumberProfile,
} from './profile.js'
