// Columns standardised by their training rows, as the protocols of the paper's baselines and of PyOD's benchmark do.

import { runDetector, type DetectorRun, type DetectorRunOptions, type Rows } from 'toll/detectors'

/** Mean and divisor of each column by training rows. */
export interface Standardization {
  readonly centre: Float64Array
  /** Standard deviation with divisor n, 1 for a constant column. */
  readonly divisor: Float64Array
}

export function fitStandardization({ shape: [n, d], data }: Rows): Standardization {
  // Whole sums are divided, so that whole numbers have the mean that others compute too: bins of histograms begin at
  // such numbers.
  const sums = new Float64Array(d)
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) sums[j] += data[i * d + j]
  const centre = sums.map((sum) => sum / n)
  const squares = new Float64Array(d)
  const largest = new Float64Array(d)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      squares[j] += (data[i * d + j] - centre[j]) ** 2
      largest[j] = Math.max(largest[j], Math.abs(data[i * d + j]))
    }
  }
  // A spread that is only rounding noise of a constant column would blow that noise up.
  return {
    centre,
    divisor: squares.map((sum, j) => (Math.sqrt(sum / n) > 1e-12 * largest[j] ? Math.sqrt(sum / n) : 1)),
  }
}

export function standardize({ shape, data }: Rows, { centre, divisor }: Standardization): Rows {
  const d = shape[1]
  return { shape, data: data.map((value, i) => (value - centre[i % d]) / divisor[i % d]) }
}

export interface StandardizedRunOptions extends Pick<
  DetectorRunOptions,
  'detector' | 'parameters' | 'engine' | 'seed' | 'signal' | 'train'
> {
  readonly test: Rows
}

export interface StandardizedRun extends Pick<DetectorRun, 'fitSeconds' | 'scoreSeconds'> {
  /** Of the test rows. */
  readonly scores: Float64Array
}

/** Fits a detector on rows that their own columns standardise, and scores others by the same means and divisors. */
export async function runStandardized({ train, test, ...options }: StandardizedRunOptions): Promise<StandardizedRun> {
  const scaling = fitStandardization(train)
  const { scores, ...seconds } = await runDetector({
    ...options,
    train: standardize(train, scaling),
    scored: [standardize(test, scaling)],
  })
  return { scores: scores[0], ...seconds }
}
