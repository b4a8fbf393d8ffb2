// The ground floor: errors, arrays, parameter domains, seeded randomness. Knows nothing of graphs or files.
export { TollError, invariant, messageOf, throwIfAborted, type ErrorCode } from './errors.js'
export { ndarray, rowCount, sizeOf, table, tableFromArray, tableFromRows, tableToArray, takeRows, takeSamples, type FloatArray, type NdArray, type Table } from './array.js'
export { choice, describeDomain, flag, integer, parseParameter, real, resolveParameters, type ChoiceDomain, type Domain, type Domains, type FlagDomain, type RealDomain, type Values } from './domain.js'
export type { PhaseProgress, Watched } from './progress.js'
export { Random, type RandomState } from './random.js'
export { legacyPermutation } from './mersenne.js'
export { quantile, quantileOfSorted, type QuantileMethod } from './quantile.js'
export { version } from './version.js'
