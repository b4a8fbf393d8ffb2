// Measures of scores against labels (1 = anomaly, higher score = more anomalous), their intervals, and plain sample
// statistics.
export { countByScore, type Labels, type ScoreCounts } from './counts.js'
export { auroc, aurocOf, rocCurve, rocCurveOf, type RocCurve } from './roc.js'
export {
  averagePrecision,
  averagePrecisionOf,
  precisionRecallCurve,
  type PrecisionRecallCurve,
} from './precision-recall.js'
export {
  confusion,
  confusionAt,
  confusionOf,
  f1Score,
  precision,
  predictShare,
  recall,
  type Confusion,
} from './decisions.js'
export {
  bootstrapInterval,
  bootstrapIntervals,
  bootstrapParameters,
  type BootstrapInterval,
  type BootstrapOptions,
  type Interval,
  type Measure,
} from './bootstrap.js'
export { clusterIntervals, timeBlocks } from './clusters.js'
export { alertRate, precisionAtOf, type AlertRate } from './workload.js'
export { compareBins, chiSquaredTail, countTest, outsideTest, type BinComparison } from './bins.js'
export { superiority, kolmogorovSmirnov, type KolmogorovSmirnov } from './two-sample.js'
export { meanInterval, studentQuantile, type MeanInterval } from './mean-interval.js'
export { rankCorrelation } from './rank-correlation.js'
export { histogram, type Histogram, type HistogramOptions } from './histogram.js'
