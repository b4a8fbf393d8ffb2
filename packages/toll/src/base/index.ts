// The ground floor: errors, arrays, parameter domains, seeded randomness. Knows nothing of graphs or files.
export {
  TollError,
  errorReasons,
  invariant,
  locate,
  messageOf,
  throwIfAborted,
  type ErrorCode,
  type ErrorData,
  type ErrorDetails,
  type ErrorReason,
} from './errors.js'
export { JsonDepth, maxJsonDepth, parseJson, tooDeep } from './json.js'
export { count, finite, positiveCount, range, requireSchema, type Infer } from './schema.js'
export { sha256 } from '#sha256'
export { concatenate, ndarray, sizeOf, takeColumns, takeSamples, type FloatArray, type NdArray } from './array.js'
export { columnKinds, listNames, namesOf, type Column, type ColumnKind, type NumericKind } from './column.js'
export { RowCheck, cellsOf, type CellValue, type InvalidRow, type InvalidRows, type RowBatch } from './rows.js'
export {
  table,
  tableFromArray,
  tableFromColumns,
  tableFromRows,
  tableToArray,
  type CategoryColumn,
  type CellLike,
  type ColumnValues,
  type NumericColumn,
  type Table,
  type TableColumn,
} from './table.js'
export {
  images,
  joinRows,
  rowCount,
  samplesOf,
  takeRows,
  type Images,
  type Samples,
  type SamplesLike,
} from './samples.js'
export { readBytes, writeBytes } from '#files'
export { nameOfSource, type ByteSource, type FileSource, type FileTarget, type WritableFile } from './file-source.js'
export {
  choice,
  describeDomain,
  flag,
  integer,
  list,
  parseParameter,
  real,
  resolveParameters,
  type ChoiceDomain,
  type Domain,
  type Domains,
  type FlagDomain,
  type ListDomain,
  type ParameterValue,
  type RealDomain,
  type Values,
} from './domain.js'
export { cholesky, inverseOfLower, logDeterminant } from './linear-algebra/cholesky.js'
export { centre, covarianceOf } from './linear-algebra/covariance.js'
export {
  addScaled,
  checkMatrix,
  diagonal,
  frobenius,
  identity,
  matrixOf,
  multiplyInto,
  product,
  relativeDistance,
  trace,
  zeroMatrix,
  type Matrix,
  type Transposed,
} from './linear-algebra/matrix.js'
export { reading, type Reading } from './reading.js'
export { covarianceEigen, symmetricEigen, symmetricEigenSteps, type Eigen } from './linear-algebra/symmetric-eigen.js'
export {
  orthonormalBasis,
  singularValues,
  subspaceAngle,
  thinSvd,
  type ThinSvd,
} from './linear-algebra/singular-values.js'
export {
  missingPackage,
  notInstalled,
  optionalPackages,
  unusablePackage,
  type OptionalPackageName,
} from './packages.js'
export type { PhaseProgress, Watched } from './progress.js'
export { Random, type RandomState } from './random.js'
export { legacyPermutation } from './mersenne.js'
export { quantile, quantileOfSorted, type QuantileMethod } from './quantile.js'
export {
  orderColumns,
  readOrder,
  timeUnits,
  type OrderColumns,
  type ReadOrderOptions,
  type RowOrder,
  type TimeUnit,
} from './row-order.js'
export { isoTime, looksLikeTime, parseTime } from './time.js'
export { version } from './version.js'
