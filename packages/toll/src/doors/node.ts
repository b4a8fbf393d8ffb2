// What only Node has: tables through DuckDB, folders of data sets, written rows, files that appear whole,
// checkpoints.
export {
  cannotRead,
  cannotWrite,
  checkFolder,
  claim,
  makeFolder,
  openAtomic,
  takeLock,
  writeFileAtomic,
} from '../base/node/index.js'
export {
  cacheFolder,
  downloadDataset,
  loadImages,
  openRowWriter,
  openTable,
  queryRecords,
  readArrayFile,
  readDatasetFile,
  readPictures,
  readTraining,
  type DataFolders,
  type LocatedDataset,
  type OutputValues,
  type QueryResult,
  type QueryValue,
  type ReadTrainingOptions,
  type ReadOptions,
  type RowFormat,
  type RowWriter,
  type SourceColumn,
  type TableFormat,
  type TableInput,
  type TableOptions,
  type TableSource,
  type TrainingRows,
  type WholeTable,
  locateDataset,
} from '../data/node/index.js'
export { closeEngines, openEngines } from '../evaluate/node/index.js'
export { engineVersions } from '../runtime/node/index.js'
export { fileCheckpoint } from '../train/node/index.js'
