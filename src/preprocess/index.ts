// Fitted transforms from raw columns and pixels to samples, as graph pieces.
export { summarize, type ColumnSummary } from './summary.js'
export { fitTablePreprocessing, prepareTable, restoreTable, tableParameters, type TableParameters, type TablePreprocessing } from './table.js'
export { fitImagePreprocessing, imageParameters, prepareImage, restoreImage, type ImageParameters, type ImagePreprocessing } from './image.js'
export { readTypicalImage, typicalImage } from './typical-image.js'
