// Why a row has its score: parts by column or pixel that add up to it, for any model.

import { RowCheck, TollError, rowCount, takeRows, type RowBatch, type SamplesLike } from '../base/index.js'
import { detectorOf, type Detector } from '../detectors/index.js'
import type { Model } from '../model/index.js'
import type { ExplainOptions, Explanation } from './explanation.js'
import { explainByGradients } from './gradients.js'
import { explains, readScoreGraph, type ScoreGraph } from './score-graph.js'
import { explainByShapley } from './shapley.js'
import { typicalRow, valuesOf } from './typical.js'

/**
 * Explains the scores of a table (columns are found by name) or of images (n, channels, height, width), for a model of
 * windows those of the window that ends in each row. Every row's contributions, one per column or pixel in units of the
 * score, and the base add up to its score.
 *
 * A detector may say what terms make its score (`Detector.explanation`): these are shared exactly or by integrated
 * gradients from a typical row, through the graph in the model file, on the model's engine. Other detectors: Shapley
 * values between a typical row and the row, from scores alone. What is typical is the median of each training column. A
 * row's explanation does not depend on the other rows' values.
 *
 * @throws as `Model.score`; `data` for scores that are infinite (unless `invalidRows` is `mark`); `argument` for
 * options outside their ranges, and for a detector that is not the model's or whose terms are not its score; `format`
 * for a damaged file; `aborted`.
 */
export async function explain(
  model: Model,
  rows: SamplesLike | RowBatch,
  options: ExplainOptions = {},
): Promise<Explanation> {
  checkOptions(options)
  const { invalidRows = 'throw', signal } = options
  const { manifest } = model
  const graph = scoreGraphOf(model, options.detector)
  const inputs = model.inputs(rows, { invalidRows })
  const data = inputs.samples
  const scores = await model.scoreInputs(inputs, { signal })
  const check = new RowCheck(invalidRows, scores.invalid)
  scores.score.forEach((score, row) => {
    if (Number.isFinite(score) || scores.invalid.has(row)) return
    const message =
      `row ${row + 1} scores ${score}, which cannot be shared; its values are beyond what the model can ` + 'tell apart'
    check.reject(row, { reason: 'score-not-finite', message }, { value: score })
  })
  const { invalid } = check
  const places = Array.from({ length: rowCount(data) }, (_, row) => row).filter((row) => !invalid.has(row))
  const kept = places.length === rowCount(data) ? data : takeRows(data, places)
  const typical = typicalRow(manifest)
  const scored = { data: kept, places, scores, typical }
  const result: Pick<Explanation, 'base' | 'rows'> & Partial<Pick<Explanation, 'invalid'>> = graph
    ? await explainByGradients(model, graph, scored, options)
    : await explainByShapley(model, scored, options)
  const { input } = manifest
  return {
    method: graph ? 'gradients' : 'shapley',
    terms: graph ? graph.terms.map(({ name, title, by }) => ({ name, title, by })) : [],
    columns: input.kind === 'table' ? input.columns.map(({ name }) => name) : [],
    ...(input.kind === 'image' && { shape: input.shape }),
    typical: valuesOf(typical),
    base: result.base,
    rows: result.rows,
    invalid: new Map([...invalid, ...(result.invalid ?? [])]),
  }
}

/** Undefined where the detector does not say what makes its score, or is another one of the same name. */
function scoreGraphOf({ bytes, manifest }: Model, given: Detector | undefined): ScoreGraph | undefined {
  const detector = detectorOf(manifest, given)
  if (!explains(detector)) return undefined
  const declared = [true, false].map((weighted) => detector.components?.(manifest.parameters, { weighted }) ?? [])
  if (!declared.some((names) => names.join() === manifest.parts.join())) return undefined
  return readScoreGraph({ bytes, manifest }, detector)
}

function checkOptions({ tolerance = 1e-3, points = 1100, evaluations = 2048, seed = 0 }: ExplainOptions): void {
  if (!(tolerance > 0 && tolerance <= 1))
    throw new TollError('out-of-domain', `tolerance must be above 0 and at most 1, got ${tolerance}`, {
      option: 'tolerance',
      value: tolerance,
      expected: 'a number above 0 and at most 1',
    })
  for (const [name, value, low, high] of [
    ['points', points, 11, 1e6],
    ['evaluations', evaluations, 1, 1e9],
    ['seed', seed, 0, 2 ** 32 - 1],
  ] as const) {
    if (!(Number.isInteger(value) && value >= low && value <= high))
      throw new TollError('out-of-domain', `${name} must be an integer from ${low} to ${high}, got ${value}`, {
        option: name,
        value,
        expected: `an integer from ${low} to ${high}`,
      })
  }
}
