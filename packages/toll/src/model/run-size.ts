// How many rows one run of a scoring graph takes, from what the graph costs: counted on the graph itself, so that a
// file from elsewhere cannot ask for more memory or time than its size tells.

import { TollError } from '../base/index.js'
import { costOf, type Tensor } from '../graph/index.js'

/** The named size of the batch axis in every model file. */
export const batch = 'batch'

/** Memory that one run may take for what lies between inputs and outputs. */
const scoringBytes = 256 * 2 ** 20
/** What caches hold of it: above, kernel values and distances take two to three times as long each. */
const cachedBytes = 16 * 2 ** 20
/** Fewer rows than this make a product with a large constant slow, since each run reads all of it. */
const minTogether = 64
/** What one row may take at most, constants included: some minutes of one core. */
const most = { bytes: 4 * 2 ** 30, operations: 1e12 }

/**
 * Rows that one run takes at most, so that its memory stays bounded whatever the number of rows and mostly fits a
 * cache: at least 1.
 *
 * @throws `memory` (`too-large`) for a graph of which a single row would take more than 4 GiB, or 1e12 operations.
 */
export function rowsPerRun(inputs: readonly Tensor[], outputs: Readonly<Record<string, Tensor>>): number {
  const cost = (rows: number) => costOf(outputs, { inputs, sizes: { [batch]: rows } })
  const one = cost(1)
  const operations = one.products + one.elementwise
  if (!(one.peakBytes <= most.bytes && operations <= most.operations)) {
    throw new TollError(
      'too-large',
      `scoring one row would take ${one.peakBytes} bytes and ${operations} operations, at most ${most.bytes} bytes ` +
        `and ${most.operations} operations are run`,
      { value: one.peakBytes, limit: most.bytes },
    )
  }
  const probe = 1024
  const perRow = (cost(1 + probe).peakBytes - one.peakBytes) / probe
  return Math.max(1, Math.floor(Math.min(scoringBytes / perRow, Math.max(cachedBytes / perRow, minTogether))))
}
