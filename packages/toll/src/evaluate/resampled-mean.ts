// The mean over random splits of one data set. Splits share rows, so their values are not independent, and the plain
// interval of a mean is too narrow. Nadeau and Bengio ("Inference for the generalization error", Machine Learning 52,
// 2003) replace s^2 / J by s^2 (1 / J + test / train), with J splits, the sample variance s^2, and the numbers of rows
// that test and train.

import { meanInterval, studentQuantile, type Interval } from '../metrics/index.js'

export interface ResampledMean {
  readonly splits: number
  readonly mean: number
  /** Sample standard deviation over splits (divisor J - 1); absent for one split. */
  readonly sd?: number
  /** 95 %; absent for one split. */
  readonly interval?: Interval
}

/** `testPerTrain` is the number of test rows over that of training rows. Errors as `meanInterval`. */
export function resampledMean(values: readonly number[], testPerTrain: number): ResampledMean {
  const { count, mean, sampleSd } = meanInterval(values)
  if (sampleSd === undefined) return { splits: count, mean }
  const half = studentQuantile(0.95, count - 1) * sampleSd * Math.sqrt(1 / count + testPerTrain)
  return { splits: count, mean, sd: sampleSd, interval: { low: mean - half, high: mean + half } }
}
