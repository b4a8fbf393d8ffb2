// Which rows of a stream to act on, so that of these at most a given share is normal, in expectation: decided over all
// of them (Benjamini and Hochberg 1995).

import { TollError } from '../base/index.js'
import { discoveries } from '../threshold/index.js'
import type { ScoredBatch } from './stream.js'

/** Scores of consecutive rows, without the rows. */
export interface DiscoveryBatch extends Omit<ScoredBatch, 'data' | 'samples'> {
  /** (n), 1 where a row is a discovery; 0 for rows without a score. */
  readonly isDiscovery: Uint8Array
}

/**
 * The batches of a stream once all of them are scored, with their discoveries. Scores and values that came along are
 * kept in memory until then; the rows are not.
 *
 * @param rate of the discoveries at most this share is normal, in expectation; in (0, 1)
 * @throws what the stream throws; `argument` for a rate outside its range; `data` for a model without p-values, which
 * had no rows to hold out.
 */
export async function* findDiscoveries(
  scored: AsyncIterable<ScoredBatch> | Iterable<ScoredBatch>,
  rate: number,
): AsyncGenerator<DiscoveryBatch, void, void> {
  const batches: Omit<DiscoveryBatch, 'isDiscovery'>[] = []
  const pValues: number[] = []
  for await (const { data: _, samples: __, ...batch } of scored) {
    if (!batch.pValue)
      throw new TollError(
        'no-held-out-scores',
        'discoveries are found by p-values, which the model lacks: no rows were held out when it was fitted',
      )
    // Rows without a score are no hypotheses.
    batch.pValue.forEach((value, row) => {
      if (!batch.invalid.has(row)) pValues.push(value)
    })
    batches.push(batch)
  }
  const found = discoveries(pValues, rate)
  let next = 0
  for (const batch of batches)
    yield { ...batch, isDiscovery: batch.isAnomaly.map((_, row) => (batch.invalid.has(row) ? 0 : found[next++])) }
}
