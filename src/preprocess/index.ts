// Fitted transforms from raw columns and pixels to samples, as graph pieces.
export { summarize, type ColumnSummary } from './summary.js'
export { fitTablePreprocessing, prepareTable, restoreTable, tableParameters, type TableParameters, type TablePreprocessing } from './table.js'
export { fitImagePreprocessing, imageParameters, prepareImage, restoreImage, type ImageParameters, type ImagePreprocessing } from './image.js'
export { sequencesOf, type RowOrder } from './sequences.js'
export { slideWindows, windowColumns, windowParameters, WindowStream, type Windows, type WindowSettings } from './windows.js'
export { countBins, profileColumns, type ColumnProfile } from './profile.js'
