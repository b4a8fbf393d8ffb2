// The data room's door on Node: tables through DuckDB, array files, written rows, data sets on disk.
export { missingStrings, type ColumnRequest, type SourceColumn, type TableBatch } from '../columns.js'
export { readPictures, type PictureOptions, type Pictures } from './pictures.js'
export { readArrayFile, type ArrayFileOptions } from './arrays.js'
export {
  cacheFolder,
  downloadDataset,
  findDataset,
  loadImages,
  locateDataset,
  readDatasetFile,
  type DataFolders,
  type DatasetOptions,
  type DatasetProgress,
  type ImageOptions,
  type LocatedDataset,
} from './datasets.js'
export type { DownloadProgress } from './download.js'
export type { TableFormat } from '../table-format.js'
export { openRowWriter, type OutputValues, type RowFormat, type RowWriter, type RowWriterOptions } from './rows.js'
export {
  openTable,
  type BatchOptions,
  type ReadOptions,
  type TableInput,
  type TableOptions,
  type TableSource,
  type WholeTable,
} from './table.js'
export { readTraining, type ReadTrainingOptions, type TrainingRows } from './training.js'
export { queryRecords, type Query, type QueryResult, type QueryValue } from './query.js'
