// Why a row has its score: parts by column or pixel that add up to it, for any model.

import { RowCheck, TollError, rowCount, takeRows, type Samples } from '../base/index.js'
import type { Model } from '../model/index.js'
import type { ExplainOptions, Explanation } from './explanation.js'
import { explainByGradients } from './gradients.js'
import { explainByShapley } from './shapley.js'
import { isToll } from './toll-graph.js'
import { typicalRow, valuesOf } from './typical.js'

/**
 * Explains the scores of a table (columns are found by name) or of images (n, channels, height, width). Every row's
 * contributions, one per column or pixel in units of the score, and the base add up to its score.
 *
 * Toll: exact shares of the reconstruction error and integrated gradients of the code's norm from a typical row,
 * through the graph in the model file, on the model's engine. Other detectors: Shapley values between a typical row and
 * the row, from scores alone. What is typical is the median of each training column. A row's explanation does not
 * depend on the other rows' values.
 *
 * @throws as `Model.score`; `data` for scores that are infinite (unless `invalidRows` is `mark`); `argument` for options
 * outside their ranges; `format` for a damaged file; `aborted`.
 */
export async function explain(model: Model, data: Samples, options: ExplainOptions = {}): Promise<Explanation> {
  checkOptions(options)
  const { invalidRows = 'throw', signal } = options
  const { manifest } = model
  const scores = await model.score(data, { invalidRows, signal })
  const check = new RowCheck(invalidRows)
  scores.score.forEach((score, row) => {
    if (Number.isFinite(score) || scores.invalid.has(row)) return
    const message =
      `row ${row + 1} scores ${score}, which cannot be shared; its values are beyond what the model can ` + 'tell apart'
    check.reject(row, { reason: 'infinite-score', message }, { value: score })
  })
  const invalid = new Map([...scores.invalid, ...check.invalid])
  const places = Array.from({ length: rowCount(data) }, (_, row) => row).filter((row) => !invalid.has(row))
  const kept = places.length === rowCount(data) ? data : takeRows(data, places)
  const typical = typicalRow(manifest)
  const scored = { data: kept, places, scores, typical }
  const byGradients = isToll(manifest)
  const result: Pick<Explanation, 'base' | 'rows'> & Partial<Pick<Explanation, 'invalid'>> = byGradients
    ? await explainByGradients(model, scored, options)
    : await explainByShapley(model, scored, options)
  const { input } = manifest
  return {
    method: byGradients ? 'gradients' : 'shapley',
    columns: input.kind === 'table' ? input.columns.map(({ name }) => name) : [],
    ...(input.kind === 'image' && { shape: input.shape }),
    typical: valuesOf(typical),
    base: result.base,
    rows: result.rows,
    invalid: new Map([...invalid, ...(result.invalid ?? [])]),
  }
}

function checkOptions({ tolerance = 1e-3, points = 1100, evaluations = 2048, seed = 0 }: ExplainOptions): void {
  if (!(tolerance > 0 && tolerance <= 1))
    throw new TollError('out-of-domain', `tolerance must be above 0 and at most 1, got ${tolerance}`)
  for (const [name, value, low, high] of [
    ['points', points, 11, 1e6],
    ['evaluations', evaluations, 1, 1e9],
    ['seed', seed, 0, 2 ** 32 - 1],
  ] as const) {
    if (!(Number.isInteger(value) && value >= low && value <= high))
      throw new TollError('out-of-domain', `${name} must be an integer from ${low} to ${high}, got ${value}`)
  }
}
