// The paper's tables and figures of images, made of finished trials alone.
export { explainOthers, tabulateOthers } from './detector-table.js'
export { findUnevenAverages, paperTables, type PaperColumn, type PaperTable } from './published.js'
export { renderAblation, renderBetaSweep, renderImageTable, type ImageReportOptions } from './render.js'
export { renderSamplePictures, samplePictureParameters, type SamplePictureOptions } from './sample-pictures.js'
export {
  compareWithPlain,
  selectTrials,
  summarizeImages,
  type ByChoice,
  type ClassSummary,
  type ImageAblation,
  type ImageSelection,
  type ImageSummary,
  type PairedSummary,
} from './summary.js'
