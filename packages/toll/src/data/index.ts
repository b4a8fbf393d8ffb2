// The data room's door for every platform: file parsers from bytes, splits, labels, the registry. Files and tables are
// read in node/.
export {
  elementBytes,
  joinImages,
  takeImages,
  toFloat64,
  toIndices,
  type ElementType,
  type ImageSet,
  type NumberArray,
  type NumberData,
} from './array.js'
export { cifar100CoarseLayout, cifar100Layout, cifar10Layout, readCifar, type CifarLayout } from './cifar.js'
export { chooseColumns, type TrainingColumns } from './choose-columns.js'
export { readIdx, readIdxImages } from './idx.js'
export { sniffKind, type FileKind } from './kinds.js'
export { listMat, readMat, type MatVariable } from './mat.js'
export { readNpy } from './npy.js'
export { listNpz, readNpz } from './npz.js'
export { datasets, type Dataset, type DatasetDownload, type DatasetFile } from './registry.js'
export { readTable } from '#tables'
export type { ReadTableOptions, TableLocation } from './table-location.js'
export {
  anomalyLabels,
  otherRows,
  rowsWith,
  splitRows,
  type LabelOptions,
  type LabelValue,
  type Split,
} from './splits.js'
